//! The summary of a report, for pasting into a text.

use corsai_language::{Language, message};
use corsai_report::{Dynamics, Issue, LungFinding, Report, Scale, Severity, ShareChange};

use crate::text::{Text, classes, common};

const BOTH_LUNGS: Text = Text("summary-both-lungs");

fn lung_line(language: Language, name: Text, lung: &LungFinding) -> String {
    let volume = language.millilitres(lung.volume_ml);
    match (lung.lesion_ml, lung.share) {
        (Some(ml), Some(share)) => message!(
            language,
            "summary-lung",
            lung = name.in_language(language),
            volume = volume,
            lesions = language.millilitres(ml),
            share = language.percent(share)
        ),
        _ => message!(language, "summary-lung-not-measured", lung = name.in_language(language), volume = volume),
    }
}

fn change_line(language: Language, name: Text, change: ShareChange, with_points: bool) -> String {
    let (earlier, later) = (language.percent(change.earlier), language.percent(change.later));
    if with_points {
        let points = language.points(change.points);
        message!(
            language,
            "summary-change",
            lung = name.in_language(language),
            earlier = earlier,
            later = later,
            points = points
        )
    } else {
        message!(
            language,
            "summary-change-without-points",
            lung = name.in_language(language),
            earlier = earlier,
            later = later
        )
    }
}

fn dynamics_lines(language: Language, dynamics: &Dynamics) -> Vec<String> {
    let date = |date: &Option<String>| {
        date.as_deref().map_or_else(|| language.text("summary-date-unknown"), |date| language.date(date))
    };
    let verdict = match (dynamics.verdict, dynamics.no_verdict) {
        (Some(verdict), _) => language.verdict(verdict),
        (None, Some(reason)) => {
            message!(language, "summary-no-verdict-since", reason = language.no_verdict(reason))
        }
        (None, None) => language.text("summary-no-verdict"),
    };
    let (earlier, later) = (date(&dynamics.earlier_date), date(&dynamics.later_date));
    let mut lines = vec![message!(language, "summary-compared", earlier = earlier, later = later, verdict = verdict)];
    lines.extend(language.rests_on(dynamics));
    let is_change = dynamics.verdict.is_some();
    let shares =
        [(common::RIGHT_LUNG, dynamics.right), (common::LEFT_LUNG, dynamics.left), (BOTH_LUNGS, dynamics.both)];
    let changes = shares.into_iter().filter_map(|(name, change)| Some((name, change?)));
    lines.extend(changes.map(|(name, change)| change_line(language, name, change, is_change)));
    if dynamics.lungs_disagree && is_change {
        lines.push(language.text("summary-lungs-disagree"));
    }
    lines
}

/// Returns the report in words, for pasting into a text.
pub fn summary(report: &Report, issues: &[Issue], scale: Scale, language: Language) -> String {
    let mut lines = vec![language.text("summary-title")];
    if let Some(date) = &report.study.date {
        lines.push(message!(language, "summary-date", date = language.date(date)));
    }
    if let Some(lungs) = &report.lungs {
        lines.push(lung_line(language, common::RIGHT_LUNG, &lungs.right));
        lines.push(lung_line(language, common::LEFT_LUNG, &lungs.left));
        lines.push(lung_line(language, BOTH_LUNGS, &lungs.both));
        if let Some(class) = classes::of(&lungs.both, scale) {
            let (class, scale) = (language.ct_class(class), language.scale(scale));
            lines.push(message!(language, "summary-class", class = class, scale = scale));
        }
    }
    lines.extend(report.dynamics.iter().flat_map(|dynamics| dynamics_lines(language, dynamics)));
    let all_issues = issues.iter().chain(report.dynamics.iter().flat_map(|d| &d.issues));
    let notes = all_issues.filter(|issue| issue.severity != Severity::Info);
    lines.extend(notes.map(|issue| message!(language, "summary-note", sentence = language.issue(issue))));
    if !report.runs.device.is_empty() {
        let time = language.duration(report.runs.seconds);
        lines.push(message!(language, "summary-computed", device = report.runs.device.as_str(), time = time));
    }
    lines.push(language.disclaimer());
    lines.join("\n")
}
