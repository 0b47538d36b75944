//! The page's frame.

mod announcer;
mod layout;
mod notices;

pub use layout::Page;
