//! The issues of a study. Their own sentences are made of their codes in `corsai_language`.

use corsai_language::message;
use corsai_report::{Issue, Severity};

use crate::text::{Text, language};

pub const LABEL: Text = Text("issues-label");

/// Returns the heading of a group of issues with their count.
pub fn group_heading(severity: Severity, count: usize) -> String {
    let id = match severity {
        Severity::Stop => "issues-stop",
        Severity::Warning => "issues-warning",
        Severity::Skip => "issues-skip",
        Severity::Info => "issues-info",
    };
    message!(language(), id, count = count)
}

/// Returns the word before an issue's sentence, for a screen reader.
pub fn severity_word(severity: Severity) -> String {
    language().text(match severity {
        Severity::Stop => "issues-word-stop",
        Severity::Warning => "issues-word-warning",
        Severity::Skip => "issues-word-skip",
        Severity::Info => "issues-word-info",
    })
}

/// Returns the number of files that are not named.
pub fn more_files(count: usize) -> String {
    message!(language(), "issues-more-files", count = count)
}

/// Returns an issue's sentences: what was found, and what to do.
pub fn sentence(issue: &Issue) -> String {
    language().issue(issue)
}
