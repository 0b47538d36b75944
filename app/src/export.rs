//! What leaves the page, on a click and never else: the report as JSON, and a summary in words. Neither holds a name
//! of a file or anything of a header but the study's date.

use corsai_protocol::{DISCLAIMER, Dynamics, Issue, LungFinding, Report, Scale, Severity};

use crate::{classes, format};

fn without_files(issues: &[Issue]) -> Vec<Issue> {
    issues.iter().map(|i| i.clone().with_files(Vec::new())).collect()
}

/// The report with every issue the page shows, without the files' names.
pub fn cleaned(report: &Report, issues: &[Issue]) -> Report {
    let mut cleaned = report.clone();
    cleaned.issues = without_files(issues);
    if let Some(dynamics) = &mut cleaned.dynamics {
        dynamics.issues = without_files(&dynamics.issues);
    }
    cleaned
}

/// The report as JSON text.
///
/// # Errors
/// As `serde_json` has them; a report has no key that JSON can't hold.
pub fn json(report: &Report, issues: &[Issue]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&cleaned(report, issues))
}

fn lung_line(name: &str, lung: &LungFinding) -> String {
    let lesions = match (lung.lesion_ml, lung.share) {
        (Some(ml), Some(share)) => format!(", lesions {} mL, share {}", format::ml(ml), format::percent(share)),
        _ => ", lesions not measured".into(),
    };
    format!("{name}: {} mL{lesions}", format::ml(lung.volume_ml))
}

fn dynamics_lines(dynamics: &Dynamics) -> Vec<String> {
    if dynamics.issues.iter().any(|i| i.severity == Severity::Stop) {
        return Vec::new();
    }
    let date = |d: &Option<String>| d.as_deref().map_or_else(|| "date unknown".into(), format::date);
    let mut lines = vec![format!(
        "Compared with an earlier study: {} ({} → {}, {}; {} → {})",
        classes::verdict(dynamics.verdict),
        format::percent(dynamics.both.earlier),
        format::percent(dynamics.both.later),
        format::points(dynamics.both.points),
        date(&dynamics.earlier_date),
        date(&dynamics.later_date),
    )];
    if dynamics.lungs_disagree {
        lines.push("The two lungs moved in opposite directions.".into());
    }
    lines
}

/// The report in words, for pasting into a text.
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
    let doubts = issues.iter().chain(report.dynamics.iter().flat_map(|d| &d.issues));
    lines.extend(doubts.filter(|i| i.severity != Severity::Info).map(|i| format!("Note: {}", i.message)));
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

#[cfg(test)]
mod tests {
    use corsai_protocol::{IssueCode, Lungs, NetworkRuns, Runs, ShareChange, StudyRecord, Verdict};

    use super::*;

    fn report() -> Report {
        let lung = |ml: f64, lesion: f64, class: u8| LungFinding {
            volume_ml: ml,
            lesion_ml: Some(lesion),
            share: Some(lesion / ml),
            ct_class: Some(class),
            ct_class_panel: Some(class + 1),
            ..LungFinding::default()
        };
        let change = ShareChange { earlier: 0.2, later: 0.15, points: -5.0 };
        Report {
            format: 2,
            disclaimer: DISCLAIMER.into(),
            study: StudyRecord { date: Some("2020-04-07".into()), ..StudyRecord::default() },
            lungs: Some(Lungs {
                left: lung(2000.0, 200.0, 1),
                right: lung(2400.0, 480.0, 1),
                both: lung(4400.0, 680.0, 1),
            }),
            dynamics: Some(Dynamics {
                verdict: Verdict::PositiveResponse,
                earlier_date: Some("2020-04-01".into()),
                later_date: None,
                both: change,
                left: change,
                right: change,
                lungs_disagree: true,
                issues: vec![Issue::new(IssueCode::DynamicsNoDate, "").with_files(vec!["DOE^JANE.dcm".into()])],
            }),
            issues: Vec::new(),
            runs: Runs {
                device: "cpu: 2 threads".into(),
                slices: 10,
                slices_without_lung: 2,
                networks: vec![NetworkRuns { name: "fpn".into(), slices: 10, weights: "0123abcd".into() }],
                seconds: 12.0,
                ..Runs::default()
            },
        }
    }

    #[test]
    fn no_file_name_leaves_the_page() {
        let issues = vec![Issue::new(IssueCode::FileTruncated, "").with_files(vec!["DOE^JANE.dcm".into()])];
        let text = json(&report(), &issues).unwrap() + &summary(&report(), &issues, Scale::Guideline);
        assert!(!text.contains("DOE"));
        assert!(text.contains("file.truncated"), "the doubt itself is exported");
    }

    #[test]
    fn every_export_says_what_it_is_not() {
        assert!(json(&report(), &[]).unwrap().contains(DISCLAIMER));
        assert!(summary(&report(), &[], Scale::Panel).ends_with(DISCLAIMER));
    }

    #[test]
    fn the_exported_json_reads_back() {
        let back: Report = serde_json::from_str(&json(&report(), &[]).unwrap()).unwrap();
        assert_eq!(back.lungs, report().lungs);
    }

    #[test]
    fn the_summary_names_the_scale_and_the_comparison() {
        let text = summary(&report(), &[], Scale::Panel).replace('\u{202f}', " ");
        assert!(text.contains("CT-2 (scale fitted to the paper's panel"), "{text}");
        assert!(text.contains("Right lung: 2 400 mL, lesions 480 mL, share 20.0 %"), "{text}");
        assert!(text.contains("positive response"), "{text}");
        assert!(text.contains("opposite directions"), "{text}");
    }

    #[test]
    fn a_comparison_that_is_stopped_has_no_verdict() {
        let mut report = report();
        if let Some(dynamics) = &mut report.dynamics {
            dynamics.issues = vec![Issue::new(IssueCode::DynamicsSameStudy, "")];
        }
        let text = summary(&report, &[], Scale::Guideline);
        assert!(!text.contains("positive response") && text.contains("Both studies are the same one"));
    }
}
