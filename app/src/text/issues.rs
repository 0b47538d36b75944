//! The issues of a study. Their own sentences are made of their codes in `corsai_report`.

use corsai_report::{Issue, Severity, text};

pub const LABEL: &str = "Problems with the input";
pub const AND: &str = "and ";

/// Returns the heading of a group of issues.
const fn group_title(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "Why there is no number",
        Severity::Warning => "To keep in mind with the numbers",
        Severity::Skip => "Files passed over",
        Severity::Info => "Good to know",
    }
}

/// Returns the heading of a group of issues with their count.
pub fn group_heading(severity: Severity, count: usize) -> String {
    format!("{} ({count})", group_title(severity))
}

/// Returns the word before an issue's sentence, for a screen reader.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "Stop: ",
        Severity::Warning => "Warning: ",
        Severity::Skip => "Passed over: ",
        Severity::Info => "Note: ",
    }
}

/// Returns an issue's sentences: what was found, and what to do.
pub fn sentence(issue: &Issue) -> String {
    text::message(issue)
}
