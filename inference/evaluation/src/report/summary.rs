//! The statistics as lines for a terminal.

use std::fmt::Write;

use super::format::{decimal, mean_sd_range, provenance, study_counts};
use crate::evaluation::Evaluation;

/// Returns the summary, one figure a line.
#[must_use]
pub fn summary(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("invariant: writing to a text doesn't fail");
    line(provenance(evaluation));
    line(study_counts(evaluation));
    let sums = &evaluation.sums;
    for mask in &sums.masks {
        if let (Some(dice), Some(iou)) = (mask.dice, mask.iou) {
            let pooled = decimal(mask.pooled_dice, 3);
            line(format!(
                "{}: Dice {}, pooled {pooled}; IoU {} ({} studies)",
                mask.mask,
                mean_sd_range(Some(dice), 3),
                mean_sd_range(Some(iou), 3),
                dice.studies
            ));
        }
    }
    if let Some(dice) = sums.dice_from_one_percent {
        line(format!(
            "lesions, true share at least 1 %: Dice {} ({} studies)",
            mean_sd_range(Some(dice), 3),
            dice.studies
        ));
    }
    for error in &sums.errors {
        let agreement = error.agreement;
        let limits = agreement.limits.map_or_else(String::new, |[low, high]| format!(", limits {low:.2} to {high:.2}"));
        line(format!(
            "{}: MAE {:.2} {unit}, ME {:.2} {unit}{limits} ({} studies)",
            error.quantity,
            agreement.mae,
            agreement.me,
            agreement.studies,
            unit = error.unit
        ));
    }
    if let Some(classes) = &sums.classes {
        line(format!(
            "CT-class: {} of {} right, kappa {} (linear), {} (squared)",
            classes.right,
            classes.studies,
            decimal(classes.kappa_linear, 3),
            decimal(classes.kappa_quadratic, 3)
        ));
    }
    if sums.dynamics_right + sums.dynamics_wrong + sums.dynamics_without_truth > 0 {
        line(format!(
            "change since the earlier study: {} right, {} wrong or without a verdict, {} without a reference",
            sums.dynamics_right, sums.dynamics_wrong, sums.dynamics_without_truth
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::evaluation;

    #[test]
    fn the_summary_says_what_is_counted() {
        let text = summary(&evaluation());
        assert!(text.contains("Studies: 4; measured: 3; failed: 1."), "{text}");
        assert!(text.contains("lesions: Dice 0.861"), "{text}");
        assert!(text.contains("lesion volume: MAE 73.33 mL, ME 60.00 mL, limits"), "{text}");
        assert!(text.contains("CT-class: 2 of 3 right"), "{text}");
        assert!(!text.contains("right lung:"), "{text}");
    }
}
