//! The evaluation as one page that can be kept and passed on: no script, nothing from outside.

use corsai_report::Verdict;

use crate::{
    evaluation::{Evaluation, Quantity, StudyOutcome, StudyRow},
    overlap::Overlap,
    report::{
        format::{append, ct_class, decimal, mean_sd_range, provenance, study_counts},
        plots::{Point, bland_altman, escape_html, scatter, strip_plot},
    },
    scores::Scores,
};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}\
th,td{padding:.2rem .7rem;border-bottom:1px solid #8886;text-align:right;white-space:nowrap}\
th:first-child,td:first-child{text-align:left}\
.wide{overflow-x:auto}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}\
figure{margin:0}svg{width:100%;height:auto;font:12px system-ui,sans-serif;fill:currentColor}\
svg .tick{font-size:11px}svg circle{fill:#2878b8;fill-opacity:.7}\
svg line{stroke:currentColor}svg .grid{stroke-opacity:.15}svg .equal,svg .zero{stroke-opacity:.5}\
svg .bias{stroke:#c0562a;stroke-width:2}svg .limit{stroke:#c0562a;stroke-dasharray:5 4}\
td.agree{font-weight:600;outline:1px solid #8886}";

/// Returns the evaluation as one HTML page.
#[must_use]
pub fn page(evaluation: &Evaluation) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>CoRSAI, evaluation</title><style>",
    );
    page.push_str(STYLE);
    page.push_str("</style></head><body><h1>CoRSAI, evaluation</h1>");
    append(&mut page, format_args!("<p>{}</p>", escape_html(evaluation.disclaimer)));
    append(&mut page, format_args!("<p>{}</p>", escape_html(&provenance(evaluation))));
    append(&mut page, format_args!("<p>{}</p>", escape_html(&study_counts(evaluation))));
    failures(&mut page, evaluation);
    masks(&mut page, evaluation);
    errors(&mut page, evaluation);
    classes(&mut page, evaluation);
    dynamics(&mut page, evaluation);
    plots(&mut page, evaluation);
    studies(&mut page, evaluation);
    page.push_str("</body></html>\n");
    page
}

/// Appends a table with a header row.
fn table(page: &mut String, names: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    page.push_str("<div class=\"wide\"><table><thead><tr>");
    for name in names {
        append(page, format_args!("<th>{}</th>", escape_html(name)));
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        page.push_str("<tr>");
        for field in row {
            append(page, format_args!("<td>{}</td>", escape_html(&field)));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn failures(page: &mut String, evaluation: &Evaluation) {
    let rows = evaluation.studies.iter().filter_map(|row| match &row.outcome {
        StudyOutcome::Failed { reasons } => Some((row, reasons)),
        StudyOutcome::Measured { .. } => None,
    });
    let rows: Vec<_> = rows
        .flat_map(|(row, reasons)| reasons.iter().map(|r| vec![row.study.clone(), r.code.clone(), r.message.clone()]))
        .collect();
    if !rows.is_empty() {
        page.push_str("<h2>Studies without numbers</h2>");
        table(page, &["study", "code", "why"], rows.into_iter());
    }
}

fn masks(page: &mut String, evaluation: &Evaluation) {
    page.push_str("<h2>Masks</h2>");
    let rows = evaluation.sums.masks.iter().filter(|mask| mask.dice.is_some() || mask.both_empty > 0);
    let names = [
        "mask",
        "studies",
        "Dice, mean ± SD (range)",
        "Dice, pooled",
        "IoU, mean ± SD (range)",
        "IoU, pooled",
        "empty in both",
    ];
    let fields = rows.map(|mask| {
        vec![
            mask.mask.into(),
            mask.dice.map_or(0, |dice| dice.studies).to_string(),
            mean_sd_range(mask.dice, 3),
            decimal(mask.pooled_dice, 3),
            mean_sd_range(mask.iou, 3),
            decimal(mask.pooled_iou, 3),
            mask.both_empty.to_string(),
        ]
    });
    table(page, &names, fields);
    if let Some(dice) = evaluation.sums.dice_from_one_percent {
        let text = format!(
            "Lesion Dice of the {} studies whose true share is at least 1 %: {}.",
            dice.studies,
            mean_sd_range(Some(dice), 3)
        );
        append(page, format_args!("<p>{}</p>", escape_html(&text)));
    }
}

fn errors(page: &mut String, evaluation: &Evaluation) {
    page.push_str("<h2>Volumes and shares</h2><p>Differences are measured − reference. Limits of agreement: bias ± 1.96 standard deviations (Bland and Altman).</p>");
    let rows = evaluation.sums.errors.iter().map(|error| {
        let agreement = error.agreement;
        let limits = agreement.limits.map_or_else(|| "–".into(), |[low, high]| format!("{low:.2} to {high:.2}"));
        vec![
            error.quantity.into(),
            error.unit.into(),
            agreement.studies.to_string(),
            decimal(Some(agreement.mae), 2),
            decimal(Some(agreement.me), 2),
            limits,
        ]
    });
    table(
        page,
        &["quantity", "unit", "studies", "mean absolute error", "mean error (bias)", "limits of agreement"],
        rows,
    );
}

fn classes(page: &mut String, evaluation: &Evaluation) {
    let Some(classes) = &evaluation.sums.classes else { return };
    page.push_str("<h2>CT-class</h2>");
    let text = format!(
        "{} of {} right; weighted kappa {} (linear), {} (squared).",
        classes.right,
        classes.studies,
        decimal(classes.kappa_linear, 3),
        decimal(classes.kappa_quadratic, 3)
    );
    append(page, format_args!("<p>{}</p><table><thead><tr><th>true \\ found</th>", escape_html(&text)));
    for found in 0..5 {
        append(page, format_args!("<th>CT-{found}</th>"));
    }
    page.push_str("</tr></thead><tbody>");
    for (truth, row) in classes.confusion.0.iter().enumerate() {
        append(page, format_args!("<tr><th>CT-{truth}</th>"));
        for (found, count) in row.iter().enumerate() {
            let agree = if truth == found { " class=\"agree\"" } else { "" };
            append(page, format_args!("<td{agree}>{count}</td>"));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
}

fn dynamics(page: &mut String, evaluation: &Evaluation) {
    let compared: Vec<_> = evaluation.studies.iter().filter_map(|row| Some((row, row.dynamics.as_ref()?))).collect();
    if compared.is_empty() {
        return;
    }
    let sums = &evaluation.sums;
    page.push_str("<h2>Change since the earlier study</h2>");
    let text = format!(
        "{} right, {} wrong or without a verdict, {} without a reference.",
        sums.dynamics_right, sums.dynamics_wrong, sums.dynamics_without_truth
    );
    append(page, format_args!("<p>{}</p>", escape_html(&text)));
    let rows = compared.into_iter().map(|(row, dynamics)| {
        let words = |verdict: Option<_>| verdict.map_or("–", Verdict::as_str).into();
        vec![
            row.study.clone(),
            decimal(dynamics.true_points, 1),
            decimal(dynamics.found_points, 1),
            words(dynamics.truth),
            words(dynamics.found),
            dynamics.failed.join(", "),
        ]
    });
    table(page, &["study", "true, points", "found, points", "true", "found", "not compared"], rows);
}

fn points(evaluation: &Evaluation, of: Quantity) -> Vec<Point> {
    let point = |row: &StudyRow| row.measured_and_reference(of).map(|(y, x)| Point { name: row.study.clone(), x, y });
    evaluation.studies.iter().filter_map(point).collect()
}

fn plots(page: &mut String, evaluation: &Evaluation) {
    page.push_str("<h2>Plots</h2><div class=\"plots\">");
    let mut figure = |caption: &str, svg: &str| {
        append(page, format_args!("<figure><figcaption>{}</figcaption>{svg}</figure>", escape_html(caption)));
    };
    for of in [Quantity::Share, Quantity::LesionMl, Quantity::LungsMl] {
        let (name, unit) = of.name_and_unit();
        let points = points(evaluation, of);
        let Some(error) = evaluation.sums.errors.iter().find(|error| error.quantity == name) else { continue };
        let caption = format!("Measured against the reference: {name}");
        figure(&caption, &scatter(&caption, &points, unit));
        let caption = format!("Bland and Altman: {name}");
        figure(&caption, &bland_altman(&caption, &points, &error.agreement, unit));
    }
    let strip = |overlap: fn(&Scores) -> Option<Overlap>| {
        let value = |row: &StudyRow| Some((row.study.clone(), overlap(row.scores()?)?.dice()?));
        evaluation.studies.iter().filter_map(value).collect::<Vec<_>>()
    };
    let groups = [
        ("lesions", strip(|scores| scores.lesion)),
        ("both lungs", strip(|scores| scores.lungs)),
        ("right", strip(|scores| scores.right)),
        ("left", strip(|scores| scores.left)),
    ];
    if groups.iter().any(|(_, values)| !values.is_empty()) {
        figure("Dice of every study; the line is the median", &strip_plot("Dice of every study", &groups, "Dice"));
    }
    page.push_str("</div>");
}

fn studies(page: &mut String, evaluation: &Evaluation) {
    page.push_str("<h2>Studies</h2>");
    let rows = evaluation.studies.iter().map(|row| {
        let scores = row.scores();
        let dice = |overlap: fn(&Scores) -> Option<Overlap>| decimal(scores.and_then(|s| overlap(s)?.dice()), 3);
        let [true_share, found_share] = Quantity::Share.reference_and_measured(row);
        let [true_ml, found_ml] = Quantity::LesionMl.reference_and_measured(row);
        let warnings = match &row.outcome {
            StudyOutcome::Measured { warnings, .. } => warnings.join(", "),
            StudyOutcome::Failed { reasons } => reasons.iter().map(|r| r.code.as_str()).collect::<Vec<_>>().join(", "),
        };
        vec![
            row.study.clone(),
            dice(|scores| scores.lesion),
            decimal(scores.and_then(|scores| scores.lungs?.iou()), 3),
            dice(|scores| scores.right),
            dice(|scores| scores.left),
            decimal(true_share, 1),
            decimal(found_share, 1),
            decimal(true_ml, 0),
            decimal(found_ml, 0),
            ct_class(row.true_class),
            ct_class(row.lungs().and_then(|lungs| lungs.both.ct_class)),
            warnings,
        ]
    });
    let names = [
        "study",
        "lesion Dice",
        "lungs IoU",
        "right Dice",
        "left Dice",
        "true share, %",
        "found share, %",
        "true lesions, mL",
        "found lesions, mL",
        "true class",
        "found class",
        "codes",
    ];
    table(page, &names, rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{Provenance, tests::evaluation};

    #[test]
    fn the_page_names_every_study_and_holds_no_script_and_no_link() {
        let mut evaluation = evaluation();
        evaluation.studies[1].study = "<script>alert(1)</script>".into();
        let page = page(&evaluation);
        for needed in
            ["<svg", "Bland and Altman", "input.nothing", "weighted kappa", "Studies: 4; measured: 3; failed: 1."]
        {
            assert!(page.contains(needed), "{needed}");
        }
        for banned in ["<script", "http://", "https://", "src=", "href=", "onload", "NaN", "@import", "url("] {
            assert!(!page.contains(banned), "{banned}");
        }
        assert_eq!(page.matches("<svg").count(), 7);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn an_empty_cohort_is_a_page() {
        let page = page(&Evaluation::new(Provenance::default(), Vec::new(), 3));
        assert!(
            page.contains("Studies: 0; measured: 0; failed: 0. The evaluation was interrupted. Not measured yet: 3.")
        );
    }
}
