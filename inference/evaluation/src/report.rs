//! Reports of an evaluation: a table of the studies as CSV, a page with plots, and a summary for a
//! terminal.

mod format;
mod html;
mod plots;
mod summary;
mod table;

pub use html::page;
pub use summary::summary;
pub use table::csv;
