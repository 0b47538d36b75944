//! Formatting that the reports share.

use std::fmt::{Arguments, Write};

use corsai_language::{Language, message};

use crate::{
    evaluation::{ClassAgreement, CohortSummary, Evaluation, Provenance},
    statistics::SummaryStatistics,
};

/// Returns a figure with `digits` decimals; a dash where there is none.
pub fn decimal(language: Language, value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| language.number(value, digits))
}

/// Returns the name of a CT-class; a dash where there is none.
pub fn ct_class(language: Language, value: Option<u8>) -> String {
    value.map_or_else(|| "–".into(), |class| language.ct_class(class))
}

/// Appends formatted text.
pub fn append(page: &mut String, text: Arguments<'_>) {
    page.write_fmt(text).expect("invariant: writing to a text doesn't fail");
}

/// Returns the text of this id, which says how many classes agree.
pub fn classes(language: Language, id: &str, agreement: &ClassAgreement) -> String {
    message!(
        language,
        id,
        right = agreement.right,
        studies = agreement.studies,
        linear = decimal(language, agreement.kappa_linear, 3),
        quadratic = decimal(language, agreement.kappa_quadratic, 3)
    )
}

/// Returns the text of this id, which says how many changes have the reference's verdict.
pub fn changes(language: Language, id: &str, sums: &CohortSummary) -> String {
    let (right, wrong, unknown) = (sums.dynamics_right, sums.dynamics_wrong, sums.dynamics_without_truth);
    message!(language, id, right = right, wrong = wrong, unknown = unknown)
}

/// Returns the program and the options of the measurements in words.
pub fn provenance(evaluation: &Evaluation, language: Language) -> String {
    let Provenance { program, manifest, tier, full_run, paper_vote, dpn_3d } = &evaluation.provenance;
    let manifest: String = manifest.chars().take(12).collect();
    let options =
        [(full_run, "evaluation-full-run"), (paper_vote, "evaluation-paper-vote"), (dpn_3d, "evaluation-dpn-3d")];
    let options = options.into_iter().filter(|(on, _)| **on).map(|(_, id)| language.text(id));
    let words: Vec<String> = [tier.as_str().to_owned()].into_iter().chain(options).collect();
    let options = words.join(", ");
    message!(language, "evaluation-provenance", program = program.as_str(), manifest = manifest, options = options)
}

/// Returns the numbers of studies in words.
pub fn study_counts(evaluation: &Evaluation, language: Language) -> String {
    let sums = &evaluation.sums;
    let (studies, measured, failed) = (sums.studies, sums.measured, sums.failed);
    let mut sentences =
        vec![message!(language, "evaluation-counts", studies = studies, measured = measured, failed = failed)];
    if sums.without_masks > 0 {
        sentences.push(message!(language, "evaluation-without-masks", studies = sums.without_masks));
    }
    if evaluation.missing > 0 {
        sentences.push(message!(language, "evaluation-missing", studies = evaluation.missing));
    }
    sentences.join(" ")
}

/// Returns the mean with the standard deviation, then the range.
pub fn mean_sd_range(language: Language, summary: Option<SummaryStatistics>, digits: usize) -> String {
    let Some(summary) = summary else { return "–".into() };
    let [mean, min, max] = [summary.mean, summary.min, summary.max].map(|value| language.number(value, digits));
    match summary.sd {
        Some(sd) => {
            message!(language, "mean-sd", mean = mean, sd = language.number(sd, digits), min = min, max = max)
        }
        None => message!(language, "mean-range", mean = mean, min = min, max = max),
    }
}

/// Returns a text of the verdict with the id `verdict-…`; a dash where there is none.
pub fn verdict(language: Language, verdict: Option<corsai_report::Verdict>) -> String {
    verdict.map_or_else(|| "–".into(), |verdict| language.verdict(verdict))
}
