//! The page's frame.

mod announcer;
mod layout;
mod notices;
mod printed;
mod switches;

pub use layout::Page;
