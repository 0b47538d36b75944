//! The privacy panel: the page's requests, its content security policy, its stored data, and its
//! build.

mod panel;
mod stored_data;

pub use panel::PrivacyPanel;
