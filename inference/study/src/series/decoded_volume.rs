//! A decoded volume with its issues.

use corsai_report::{Found, Issue, IssueCode};
use corsai_volume::HuVolume;

/// A volume and all its issues.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedVolume {
    /// The Hounsfield units on their grid.
    pub volume: HuVolume,
    /// The issues of the series' summary and those that decoding added.
    pub issues: Vec<Issue>,
}

/// Returns whether all pixels of a slice have one value: it shows nothing.
pub(crate) fn is_blank(hu: &[i16]) -> bool {
    hu.iter().all(|value| Some(value) == hu.first())
}

/// Returns the issue of `blank` of `slices` slices that show nothing; `None` for 0.
pub(crate) fn blank_slices(blank: usize, slices: usize) -> Option<Issue> {
    (blank > 0).then(|| Issue::new(IssueCode::PixelsBlank, [Found::part(blank, slices)]))
}
