//! What a visitor can check for himself: each request of the page, what the policy stopped, what is stored, and what
//! this build is made of.

pub mod panel;
pub mod stored;
pub mod witness;
