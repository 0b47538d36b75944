//! The report as JSON, made on a click only. Like the summary ([`crate::text::summary`]) it holds
//! no file's name, and nothing of a header but the study's date.

use corsai_language::Language;
use corsai_report::{Issue, Report};

/// Returns the report with every issue that the page shows, as it may be written to a file.
pub fn cleaned(report: &Report, issues: &[Issue], language: Language) -> Report {
    language.report_for_file(Report { issues: issues.to_vec(), ..report.clone() })
}

/// Returns the report as JSON text, its sentences in a language.
///
/// # Errors
/// Those of `serde_json`.
pub fn json(report: &Report, issues: &[Issue], language: Language) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&cleaned(report, issues, language))
}

#[cfg(test)]
mod tests {
    use corsai_report::{
        Basis, Dynamics, IssueCode, LungFinding, Lungs, NetworkRuns, NoVerdict, Runs, Scale, ShareChange, StudyRecord,
        Tier, Verdict,
    };

    use super::*;
    use crate::text::summary::summary;

    fn english() -> Language {
        Language::english()
    }

    fn report() -> Report {
        let lung = |ml: f64, lesion: f64, class: u8| LungFinding {
            volume_ml: ml,
            lesion_ml: Some(lesion),
            share: Some(lesion / ml),
            ct_class: Some(class),
            ct_class_panel: Some(class + 1),
            ..LungFinding::default()
        };
        let change = Some(ShareChange { earlier: 0.2, later: 0.15, points: -5.0 });
        Report {
            format: Report::FORMAT,
            disclaimer: None,
            study: StudyRecord { date: Some("2020-04-07".into()), ..StudyRecord::default() },
            lungs: Some(Lungs {
                left: lung(2000.0, 200.0, 1),
                right: lung(2400.0, 480.0, 1),
                both: lung(4400.0, 680.0, 1),
            }),
            dynamics: Some(Dynamics {
                verdict: Some(Verdict::PositiveResponse),
                no_verdict: None,
                basis: Some(Basis::Both),
                tier: Tier::Standard,
                provisional: false,
                earlier_date: Some("2020-04-01".into()),
                later_date: None,
                both: change,
                left: change,
                right: change,
                lungs_disagree: true,
                issues: vec![Issue::new(IssueCode::DynamicsNoDate, []).with_files(vec!["DOE^JANE.dcm".into()])],
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
        let issues = vec![Issue::new(IssueCode::FileTruncated, []).with_files(vec!["DOE^JANE.dcm".into()])];
        let text =
            json(&report(), &issues, english()).unwrap() + &summary(&report(), &issues, Scale::Guideline, english());
        assert!(!text.contains("DOE"));
        assert!(text.contains("file.truncated"), "the doubt itself is exported");
    }

    #[test]
    fn every_export_says_what_it_is_not() {
        assert!(json(&report(), &[], english()).unwrap().contains(&english().disclaimer()));
        assert!(summary(&report(), &[], Scale::Panel, english()).ends_with(&english().disclaimer()));
    }

    #[test]
    fn a_report_in_another_language_than_the_pages_has_no_word_of_the_pages() {
        let russian = Language::from_tag("ru").unwrap();
        let issues = vec![Issue::new(IssueCode::FileTruncated, [])];
        let text = summary(&report(), &issues, Scale::Guideline, russian);
        assert!(text.contains("Правое лёгкое") && text.ends_with(&russian.disclaimer()), "{text}");
        let english_words = ["lung", "CT-", "Note", "response", "points", "mL", "Apr"];
        assert!(english_words.iter().all(|word| !text.contains(word)), "{text}");
        let file: Report = serde_json::from_str(&json(&report(), &issues, russian).unwrap()).unwrap();
        assert_eq!(file.disclaimer, Some(russian.disclaimer()));
        assert_eq!(file.issues[0].message, Some(russian.issue(&issues[0])));
    }

    #[test]
    fn the_exported_json_reads_back() {
        let back: Report = serde_json::from_str(&json(&report(), &[], english()).unwrap()).unwrap();
        assert_eq!(back.lungs, report().lungs);
    }

    #[test]
    fn the_summary_names_the_scale_and_the_comparison() {
        let text = summary(&report(), &[], Scale::Panel, english()).replace('\u{202f}', " ");
        assert!(text.contains("CT-2 (scale fitted to the paper's panel"), "{text}");
        assert!(text.contains("Right lung: 2400 mL, lesions 480 mL, share 20.0 %"), "{text}");
        assert!(text.contains("(1 Apr 2020 → date unknown): positive response."), "{text}");
        assert!(text.contains("Both lungs: 20.0 % → 15.0 %, −5.0 points"), "{text}");
        assert!(!text.contains("Provisional"), "{text}");
        assert!(text.contains("opposite directions"), "{text}");
    }

    fn compared(change: impl FnOnce(&mut Dynamics)) -> String {
        let mut report = report();
        change(report.dynamics.as_mut().unwrap());
        summary(&report, &[], Scale::Guideline, english()).replace('\u{202f}', " ")
    }

    #[test]
    fn a_provisional_comparison_says_so() {
        let text = compared(|dynamics| (dynamics.provisional, dynamics.tier) = (true, Tier::Quick));
        assert!(text.contains("Provisional: this compares the quick answers of both studies"), "{text}");
    }

    #[test]
    fn a_verdict_on_one_lung_names_it() {
        let text = compared(|dynamics| {
            (dynamics.basis, dynamics.right, dynamics.both) = (Some(Basis::Left), None, None);
        });
        assert!(text.contains("Only the left lung is in both studies: the verdict rests on it."), "{text}");
        assert!(text.contains("Left lung: 20.0 % → 15.0 %") && !text.contains("Both lungs: 20.0 % →"), "{text}");
    }

    #[test]
    fn without_a_verdict_the_reason_and_the_shares_are_there() {
        let text = compared(|dynamics| {
            (dynamics.verdict, dynamics.no_verdict) = (None, Some(NoVerdict::OtherPatient));
        });
        assert!(text.contains("no verdict, since the studies disagree about who the patient is"), "{text}");
        assert!(text.contains("Both lungs: 20.0 % → 15.0 %\n"), "{text}");
        for word in ["positive response", "points", "opposite directions"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
