//! The summary of a report, for pasting into a text.

use corsai_report::{DISCLAIMER, Dynamics, Issue, LungFinding, Report, Scale, Severity, ShareChange};

use crate::{
    format,
    text::{classes, issues::sentence},
};

fn lung_line(name: &str, lung: &LungFinding) -> String {
    let lesions = match (lung.lesion_ml, lung.share) {
        (Some(ml), Some(share)) => format!(", lesions {} mL, share {}", format::ml(ml), format::percent(share)),
        _ => ", lesions not measured".into(),
    };
    format!("{name}: {} mL{lesions}", format::ml(lung.volume_ml))
}

fn dynamics_lines(dynamics: &Dynamics) -> Vec<String> {
    let date = |d: &Option<String>| d.as_deref().map_or_else(|| "date unknown".into(), format::date);
    let verdict = match (dynamics.verdict, dynamics.no_verdict) {
        (Some(verdict), _) => classes::verdict(verdict).to_owned(),
        (None, Some(reason)) => format!("no verdict, since {}", classes::no_verdict(reason)),
        (None, None) => "no verdict".into(),
    };
    let dates = format!("{} → {}", date(&dynamics.earlier_date), date(&dynamics.later_date));
    let mut lines = vec![format!("Compared with an earlier study ({dates}): {verdict}.")];
    lines.extend(classes::rests_on(dynamics));
    let shares = [("Right lung", dynamics.right), ("Left lung", dynamics.left), ("Both lungs", dynamics.both)];
    let change = |(name, change): (&str, Option<ShareChange>)| {
        let change = change?;
        let (earlier, later) = (format::percent(change.earlier), format::percent(change.later));
        let points = format::points(change.points);
        Some(format!(
            "{name}: {earlier} → {later}{}",
            if dynamics.verdict.is_some() { format!(", {points}") } else { String::new() }
        ))
    };
    lines.extend(shares.into_iter().filter_map(change));
    if dynamics.lungs_disagree && dynamics.verdict.is_some() {
        lines.push("The two lungs moved in opposite directions.".into());
    }
    lines
}

/// Returns the report in words, for pasting into a text.
pub fn summary(report: &Report, issues: &[Issue], scale: Scale) -> String {
    let mut lines = vec!["Chest CT, automatic measurement".to_string()];
    if let Some(date) = &report.study.date {
        lines.push(format!("Study of {}", format::date(date)));
    }
    if let Some(lungs) = &report.lungs {
        lines.push(lung_line("Right lung", &lungs.right));
        lines.push(lung_line("Left lung", &lungs.left));
        lines.push(lung_line("Both lungs", &lungs.both));
        if let Some(class) = classes::of(&lungs.both, scale) {
            lines.push(format!("CT-{class} ({})", classes::scale_name(scale)));
        }
    }
    lines.extend(report.dynamics.iter().flat_map(dynamics_lines));
    let all_issues = issues.iter().chain(report.dynamics.iter().flat_map(|d| &d.issues));
    lines.extend(all_issues.filter(|i| i.severity != Severity::Info).map(|i| format!("Note: {}", sentence(i))));
    if !report.runs.device.is_empty() {
        lines.push(format!(
            "Computed in the browser ({}) in {}.",
            report.runs.device,
            format::duration(report.runs.seconds)
        ));
    }
    lines.push(DISCLAIMER.into());
    lines.join("\n")
}
