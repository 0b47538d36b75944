//! Formatting that the reports share.

use std::fmt::{Arguments, Write};

use crate::{
    evaluation::{Evaluation, Provenance},
    statistics::SummaryStatistics,
};

/// Returns a figure with `digits` decimals; a dash where there is none.
pub fn decimal(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
}

/// Returns the name of a CT-class; a dash where there is none.
pub fn ct_class(value: Option<u8>) -> String {
    value.map_or_else(|| "–".into(), |class| format!("CT-{class}"))
}

/// Appends formatted text.
pub fn append(page: &mut String, text: Arguments<'_>) {
    page.write_fmt(text).expect("invariant: writing to a text doesn't fail");
}

/// Returns the program and the options of the measurements in words.
pub fn provenance(evaluation: &Evaluation) -> String {
    let Provenance { program, manifest, tier, full_run, paper_vote, dpn_3d } = &evaluation.provenance;
    let manifest: String = manifest.chars().take(12).collect();
    let options = [(full_run, "full run"), (paper_vote, "the paper's vote"), (dpn_3d, "DPN-3D")];
    let options = options.into_iter().filter(|(on, _)| **on).map(|(_, name)| name);
    let words: Vec<&str> = [tier.as_str()].into_iter().chain(options).collect();
    format!("{program}, networks {manifest}, tier {}.", words.join(", "))
}

/// Returns the numbers of studies in words.
pub fn study_counts(evaluation: &Evaluation) -> String {
    let sums = &evaluation.sums;
    let mut text = format!("Studies: {}; measured: {}; failed: {}.", sums.studies, sums.measured, sums.failed);
    if sums.without_masks > 0 {
        append(&mut text, format_args!(" Without a mask to compare with: {}.", sums.without_masks));
    }
    if evaluation.missing > 0 {
        append(&mut text, format_args!(" The evaluation was interrupted. Not measured yet: {}.", evaluation.missing));
    }
    text
}

/// Returns the mean with the standard deviation, then the range.
pub fn mean_sd_range(summary: Option<SummaryStatistics>, digits: usize) -> String {
    let Some(summary) = summary else { return "–".into() };
    let sd = summary.sd.map_or_else(String::new, |sd| format!(" ± {sd:.digits$}"));
    let SummaryStatistics { mean, min, max, .. } = summary;
    format!("{mean:.digits$}{sd} ({min:.digits$} to {max:.digits$})")
}
