//! Reports of an evaluation: a table of the studies as CSV, a page with plots, and a summary for a
//! terminal.

mod html;
mod plots;
mod table;
mod text;
mod words;

pub use html::page;
pub use table::csv;
pub use text::summary;
