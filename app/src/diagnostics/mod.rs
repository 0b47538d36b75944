//! Diagnostics: the last lines of the page's and the worker's `tracing` events, for a person to
//! read and copy. Lines hold sizes, counts, times and codes, never a header's value or a file's
//! name. Nothing of them is stored or sent.

mod line_buffer;
mod section;
mod subscriber;

pub use section::DiagnosticsSection;
pub use subscriber::{add_worker_lines, install};
