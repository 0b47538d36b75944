//! Words and figures that the reports share.

use std::fmt::{Arguments, Write};

use crate::{cohort::Cohort, statistics::Summary};

/// Returns a figure with `digits` decimals; a dash where there is none.
pub fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
}

/// Returns the name of a CT-class; a dash where there is none.
pub fn class(value: Option<u8>) -> String {
    value.map_or_else(|| "–".into(), |class| format!("CT-{class}"))
}

/// Appends formatted text.
pub fn put(page: &mut String, text: Arguments<'_>) {
    page.write_fmt(text).expect("invariant: writing to a text doesn't fail");
}

/// Returns which program and options the numbers are of.
pub fn how(cohort: &Cohort) -> String {
    let manifest: String = cohort.manifest.chars().take(12).collect();
    let options = [(cohort.full_run, "full run"), (cohort.paper_vote, "the paper's vote"), (cohort.dpn_3d, "DPN-3D")];
    let options: String = options.iter().filter(|(on, _)| *on).map(|(_, name)| format!(", {name}")).collect();
    format!("{}, networks {manifest}, tier {}{options}.", cohort.program, cohort.tier.as_str())
}

/// Returns how many studies the numbers are of.
pub fn counts(cohort: &Cohort) -> String {
    let sums = &cohort.sums;
    let mut text = format!("Studies: {}; measured: {}; failed: {}.", sums.studies, sums.measured, sums.failed);
    if sums.without_masks > 0 {
        put(&mut text, format_args!(" Without a mask to compare with: {}.", sums.without_masks));
    }
    if cohort.missing > 0 {
        put(&mut text, format_args!(" The evaluation was interrupted. Not measured yet: {}.", cohort.missing));
    }
    text
}

/// Returns the mean with the standard deviation, then the range.
pub fn spread(summary: Option<Summary>, digits: usize) -> String {
    let Some(summary) = summary else { return "–".into() };
    let sd = summary.sd.map_or_else(String::new, |sd| format!(" ± {sd:.digits$}"));
    let Summary { mean, min, max, .. } = summary;
    format!("{mean:.digits$}{sd} ({min:.digits$} to {max:.digits$})")
}
