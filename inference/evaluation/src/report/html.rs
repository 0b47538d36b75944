//! The evaluation as one page that can be kept and passed on: no script, nothing from outside.

use corsai_language::{Language, message};

use crate::{
    evaluation::{Evaluation, Quantity, StudyOutcome, StudyRow},
    overlap::Overlap,
    report::{
        format::{self, append, ct_class, decimal, mean_sd_range, provenance, study_counts, verdict},
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
pub fn page(evaluation: &Evaluation, language: Language) -> String {
    let (tag, title) = (language.tag(), escape_html(&language.text("evaluation-title")));
    let mut page = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>"
    );
    page.push_str(STYLE);
    append(&mut page, format_args!("</style></head><body><h1>{title}</h1>"));
    append(&mut page, format_args!("<p>{}</p>", escape_html(&evaluation.disclaimer)));
    append(&mut page, format_args!("<p>{}</p>", escape_html(&provenance(evaluation, language))));
    append(&mut page, format_args!("<p>{}</p>", escape_html(&study_counts(evaluation, language))));
    failures(&mut page, evaluation, language);
    masks(&mut page, evaluation, language);
    errors(&mut page, evaluation, language);
    classes(&mut page, evaluation, language);
    dynamics(&mut page, evaluation, language);
    plots(&mut page, evaluation, language);
    studies(&mut page, evaluation, language);
    page.push_str("</body></html>\n");
    page
}

/// Appends a heading.
fn heading(page: &mut String, text: &str) {
    append(page, format_args!("<h2>{}</h2>", escape_html(text)));
}

/// Appends a table with a header row; `names` are ids of texts.
fn table(page: &mut String, language: Language, names: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    page.push_str("<div class=\"wide\"><table><thead><tr>");
    for name in names {
        append(page, format_args!("<th>{}</th>", escape_html(&language.text(name))));
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

fn failures(page: &mut String, evaluation: &Evaluation, language: Language) {
    let rows = evaluation.studies.iter().filter_map(|row| match &row.outcome {
        StudyOutcome::Failed { reasons } => Some((row, reasons)),
        StudyOutcome::Measured { .. } => None,
    });
    let rows: Vec<_> = rows
        .flat_map(|(row, reasons)| reasons.iter().map(|r| vec![row.study.clone(), r.code.clone(), r.message.clone()]))
        .collect();
    if !rows.is_empty() {
        heading(page, &language.text("failures-title"));
        table(page, language, &["column-study", "column-code", "column-why"], rows.into_iter());
    }
}

fn masks(page: &mut String, evaluation: &Evaluation, language: Language) {
    heading(page, &language.text("masks-title"));
    let rows = evaluation.sums.masks.iter().filter(|mask| mask.dice.is_some() || mask.both_empty > 0);
    let names = [
        "column-mask",
        "column-studies",
        "column-dice",
        "column-dice-pooled",
        "column-iou",
        "column-iou-pooled",
        "column-empty",
    ];
    let fields = rows.map(|mask| {
        vec![
            language.text(mask.text_id),
            mask.dice.map_or(0, |dice| dice.studies).to_string(),
            mean_sd_range(language, mask.dice, 3),
            decimal(language, mask.pooled_dice, 3),
            mean_sd_range(language, mask.iou, 3),
            decimal(language, mask.pooled_iou, 3),
            mask.both_empty.to_string(),
        ]
    });
    table(page, language, &names, fields);
    if let Some(dice) = evaluation.sums.dice_from_one_percent {
        let text = message!(
            language,
            "dice-from-one-percent",
            studies = dice.studies,
            dice = mean_sd_range(language, Some(dice), 3)
        );
        append(page, format_args!("<p>{}</p>", escape_html(&text)));
    }
}

fn errors(page: &mut String, evaluation: &Evaluation, language: Language) {
    heading(page, &language.text("errors-title"));
    append(page, format_args!("<p>{}</p>", escape_html(&language.text("errors-explanation"))));
    let rows = evaluation.sums.errors.iter().map(|error| {
        let agreement = error.agreement;
        let limits = agreement.limits.map_or_else(
            || "–".into(),
            |limits| {
                let [low, high] = limits.map(|limit| language.number(limit, 2));
                message!(language, "limits", low = low, high = high)
            },
        );
        let [quantity, unit] = error.of.text_ids().map(|id| language.text(id));
        vec![
            quantity,
            unit,
            agreement.studies.to_string(),
            decimal(language, Some(agreement.mae), 2),
            decimal(language, Some(agreement.me), 2),
            limits,
        ]
    });
    let names = ["column-quantity", "column-unit", "column-studies", "column-mae", "column-me", "column-limits"];
    table(page, language, &names, rows);
}

fn classes(page: &mut String, evaluation: &Evaluation, language: Language) {
    let Some(classes) = &evaluation.sums.classes else { return };
    heading(page, &language.text("classes-title"));
    let text = format::classes(language, "classes-agreement", classes);
    let corner = escape_html(&language.text("classes-corner"));
    append(page, format_args!("<p>{}</p><table><thead><tr><th>{corner}</th>", escape_html(&text)));
    for found in 0..5 {
        append(page, format_args!("<th>{}</th>", language.ct_class(found)));
    }
    page.push_str("</tr></thead><tbody>");
    for (truth, row) in (0..).zip(&classes.confusion.0) {
        append(page, format_args!("<tr><th>{}</th>", language.ct_class(truth)));
        for (found, count) in (0..).zip(row) {
            let agree = if truth == found { " class=\"agree\"" } else { "" };
            append(page, format_args!("<td{agree}>{count}</td>"));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
}

fn dynamics(page: &mut String, evaluation: &Evaluation, language: Language) {
    let compared: Vec<_> = evaluation.studies.iter().filter_map(|row| Some((row, row.dynamics.as_ref()?))).collect();
    if compared.is_empty() {
        return;
    }
    heading(page, &language.text("changes-title"));
    let text = format::changes(language, "changes-agreement", &evaluation.sums);
    append(page, format_args!("<p>{}</p>", escape_html(&text)));
    let rows = compared.into_iter().map(|(row, dynamics)| {
        vec![
            row.study.clone(),
            decimal(language, dynamics.true_points, 1),
            decimal(language, dynamics.found_points, 1),
            verdict(language, dynamics.truth),
            verdict(language, dynamics.found),
            dynamics.failed.join(", "),
        ]
    });
    let names = [
        "column-study",
        "column-true-points",
        "column-found-points",
        "column-true",
        "column-found",
        "column-not-compared",
    ];
    table(page, language, &names, rows);
}

fn points(evaluation: &Evaluation, of: Quantity) -> Vec<Point> {
    let point = |row: &StudyRow| row.measured_and_reference(of).map(|(y, x)| Point { name: row.study.clone(), x, y });
    evaluation.studies.iter().filter_map(point).collect()
}

fn plots(page: &mut String, evaluation: &Evaluation, language: Language) {
    heading(page, &language.text("plots-title"));
    page.push_str("<div class=\"plots\">");
    let mut figure = |caption: &str, svg: &str| {
        append(page, format_args!("<figure><figcaption>{}</figcaption>{svg}</figure>", escape_html(caption)));
    };
    for of in [Quantity::Share, Quantity::LesionMl, Quantity::LungsMl] {
        let [name, unit] = of.text_ids().map(|id| language.text(id));
        let points = points(evaluation, of);
        let Some(error) = evaluation.sums.errors.iter().find(|error| error.of == of) else { continue };
        let caption = message!(language, "plot-scatter", quantity = name.as_str());
        figure(&caption, &scatter(language, &caption, &points, &unit));
        let caption = message!(language, "plot-bland-altman", quantity = name);
        figure(&caption, &bland_altman(language, &caption, &points, &error.agreement, &unit));
    }
    let strip = |overlap: fn(&Scores) -> Option<Overlap>| {
        let value = |row: &StudyRow| Some((row.study.clone(), overlap(row.scores()?)?.dice()?));
        evaluation.studies.iter().filter_map(value).collect::<Vec<_>>()
    };
    let groups = [
        ("mask-lesions", strip(|scores| scores.lesion)),
        ("mask-both-lungs", strip(|scores| scores.lungs)),
        ("mask-right", strip(|scores| scores.right)),
        ("mask-left", strip(|scores| scores.left)),
    ]
    .map(|(id, values)| (language.text(id), values));
    if groups.iter().any(|(_, values)| !values.is_empty()) {
        let title = language.text("plot-dice-short");
        figure(&language.text("plot-dice"), &strip_plot(language, &title, &groups, "Dice"));
    }
    page.push_str("</div>");
}

fn studies(page: &mut String, evaluation: &Evaluation, language: Language) {
    heading(page, &language.text("studies-title"));
    let rows = evaluation.studies.iter().map(|row| {
        let scores = row.scores();
        let dice =
            |overlap: fn(&Scores) -> Option<Overlap>| decimal(language, scores.and_then(|s| overlap(s)?.dice()), 3);
        let [true_share, found_share] = Quantity::Share.reference_and_measured(row);
        let [true_ml, found_ml] = Quantity::LesionMl.reference_and_measured(row);
        let warnings = match &row.outcome {
            StudyOutcome::Measured { warnings, .. } => warnings.join(", "),
            StudyOutcome::Failed { reasons } => reasons.iter().map(|r| r.code.as_str()).collect::<Vec<_>>().join(", "),
        };
        vec![
            row.study.clone(),
            dice(|scores| scores.lesion),
            decimal(language, scores.and_then(|scores| scores.lungs?.iou()), 3),
            dice(|scores| scores.right),
            dice(|scores| scores.left),
            decimal(language, true_share, 1),
            decimal(language, found_share, 1),
            decimal(language, true_ml, 0),
            decimal(language, found_ml, 0),
            ct_class(language, row.true_class),
            ct_class(language, row.lungs().and_then(|lungs| lungs.both.ct_class)),
            warnings,
        ]
    });
    let names = [
        "column-study",
        "column-lesion-dice",
        "column-lungs-iou",
        "column-right-dice",
        "column-left-dice",
        "column-true-share",
        "column-found-share",
        "column-true-lesions",
        "column-found-lesions",
        "column-true-class",
        "column-found-class",
        "column-codes",
    ];
    table(page, language, &names, rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{Provenance, tests::evaluation};

    #[test]
    fn the_page_names_every_study_and_holds_no_script_and_no_link() {
        let mut evaluation = evaluation();
        evaluation.studies[1].study = "<script>alert(1)</script>".into();
        let page = page(&evaluation, Language::english());
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
        let page = page(&Evaluation::new(String::new(), Provenance::default(), Vec::new(), 3), Language::english());
        assert!(
            page.contains("Studies: 0; measured: 0; failed: 0. The evaluation was interrupted. Not measured yet: 3.")
        );
    }
}
