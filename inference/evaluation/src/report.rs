//! Reports of an evaluation: a table of the studies as CSV, a page with plots, and a summary for a
//! terminal.

mod html;
mod plots;
mod table;
mod text;

pub use html::page;
pub use table::csv;
pub use text::summary;

use corsai_protocol::Verdict;

/// A figure with so many digits; a dash where there is none.
fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
}

/// A CT-class; a dash where there is none.
fn class(value: Option<u8>) -> String {
    value.map_or_else(|| "–".into(), |class| format!("CT-{class}"))
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PositiveResponse => "positive-response",
        Verdict::Stable => "stable",
        Verdict::Progression => "progression",
    }
}
