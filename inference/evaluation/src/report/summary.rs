//! The statistics as lines for a terminal.

use std::fmt::Write;

use corsai_language::{Argument, Language, message};

use super::format::{self, decimal, mean_sd_range, provenance, study_counts};
use crate::evaluation::Evaluation;

/// Returns the summary, one figure a line.
#[must_use]
pub fn summary(evaluation: &Evaluation, language: Language) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("invariant: writing to a text doesn't fail");
    line(provenance(evaluation, language));
    line(study_counts(evaluation, language));
    let sums = &evaluation.sums;
    for mask in &sums.masks {
        if let (Some(dice), Some(iou)) = (mask.dice, mask.iou) {
            line(message!(
                language,
                "summary-mask",
                mask = language.text(mask.text_id),
                dice = mean_sd_range(language, Some(dice), 3),
                pooled = decimal(language, mask.pooled_dice, 3),
                iou = mean_sd_range(language, Some(iou), 3),
                studies = dice.studies
            ));
        }
    }
    if let Some(dice) = sums.dice_from_one_percent {
        line(message!(
            language,
            "summary-dice-from-one-percent",
            dice = mean_sd_range(language, Some(dice), 3),
            studies = dice.studies
        ));
    }
    for error in &sums.errors {
        let agreement = error.agreement;
        let [quantity, unit] = error.of.text_ids().map(|id| language.text(id));
        let (mae, me) = (Argument::decimal(agreement.mae, 2), Argument::decimal(agreement.me, 2));
        let studies = agreement.studies;
        line(match agreement.limits {
            Some([low, high]) => message!(
                language,
                "summary-error-limits",
                quantity = quantity,
                mae = mae,
                me = me,
                unit = unit,
                low = Argument::decimal(low, 2),
                high = Argument::decimal(high, 2),
                studies = studies
            ),
            None => message!(
                language,
                "summary-error",
                quantity = quantity,
                mae = mae,
                me = me,
                unit = unit,
                studies = studies
            ),
        });
    }
    if let Some(classes) = &sums.classes {
        line(format::classes(language, "summary-classes", classes));
    }
    if sums.dynamics_right + sums.dynamics_wrong + sums.dynamics_without_truth > 0 {
        line(format::changes(language, "summary-changes", sums));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::evaluation;

    #[test]
    fn the_summary_says_what_is_counted() {
        let text = summary(&evaluation(), Language::english());
        assert!(text.contains("Studies: 4; measured: 3; failed: 1."), "{text}");
        assert!(text.contains("lesions: Dice 0.861"), "{text}");
        assert!(text.contains("lesion volume: MAE 73.33 mL, ME 60.00 mL, limits"), "{text}");
        assert!(text.contains("CT-class: 2 of 3 right"), "{text}");
        assert!(!text.contains("right lung:"), "{text}");
    }
}
