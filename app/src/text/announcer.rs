//! The announcements for a screen reader: findings as sentences.

use corsai_language::message;
use corsai_report::{Dynamics, Issue, Lungs, Scale, ShareChange};

use crate::text::{Text, classes, common, language, severity};

pub const NO_NUMBER: Text = Text("announcer-no-number");
pub const READING: Text = Text("announcer-reading");
pub const CHOOSE: Text = Text("announcer-choose");

/// Returns the class and the affected shares of both lungs and of each lung.
pub fn finished(lungs: &Lungs, scale: Scale) -> String {
    let language = language();
    let shares = [
        ("announcer-both", lungs.both.share),
        ("announcer-right", lungs.right.share),
        ("announcer-left", lungs.left.share),
    ];
    let shares: Vec<String> = shares
        .into_iter()
        .filter_map(|(id, share)| share.map(|share| message!(language, id, share = language.percent(share))))
        .collect();
    match classes::of(&lungs.both, scale) {
        Some(class) => {
            message!(language, "announcer-finished", class = language.ct_class(class), shares = shares.join(", "))
        }
        None => message!(language, "announcer-finished-lungs", sentence = severity::LESIONS_MISSING.get()),
    }
}

/// Returns that there is no number, with the gravest reason where one is known.
pub fn no_number(issues: &[Issue]) -> String {
    match issues.first() {
        Some(issue) => message!(language(), "announcer-no-number-since", sentence = language().issue(issue)),
        None => NO_NUMBER.get(),
    }
}

/// Returns the verdict on two studies and the change that it rests on, or why there is no verdict;
/// nothing while neither is known.
pub fn compared(dynamics: &Dynamics) -> String {
    let language = language();
    let date = &dynamics.earlier_date;
    let date = date.as_deref().map_or_else(|| common::NO_DATE.get(), |date| language.date(date));
    let sides = [("both", dynamics.both), ("right", dynamics.right), ("left", dynamics.left)];
    let change = sides.into_iter().find_map(|(side, change)| Some((side, change?)));
    let compared = match (dynamics.verdict, dynamics.no_verdict, change) {
        (Some(verdict), _, Some((side, ShareChange { earlier, later, points }))) => message!(
            language,
            "announcer-compared",
            date = date,
            verdict = language.verdict(verdict),
            side = side,
            earlier = language.percent(earlier),
            later = language.percent(later),
            points = language.points(points)
        ),
        (_, Some(reason), _) => {
            message!(language, "announcer-compared-no-verdict", date = date, reason = language.no_verdict(reason))
        }
        _ => return String::new(),
    };
    [vec![compared], language.rests_on(dynamics)].concat().join(" ")
}

#[cfg(test)]
mod tests {
    use corsai_report::{Basis, LungFinding, NoVerdict, Tier, Verdict};

    use super::*;

    fn plain(text: &str) -> String {
        text.replace(['\u{202f}', '\u{a0}'], " ")
    }

    fn lungs(share: Option<f64>) -> Lungs {
        let lung = LungFinding { volume_ml: 2000.0, share, ..LungFinding::default() };
        let both = LungFinding { ct_class: share.map(|_| 1), ..lung.clone() };
        Lungs { left: LungFinding { share: None, ..lung.clone() }, right: lung, both }
    }

    #[test]
    fn a_result_is_one_sentence_with_the_shares_that_are_there() {
        let text = plain(&finished(&lungs(Some(0.147)), Scale::Guideline));
        assert_eq!(text, "Finished: CT-1, affected: 14.7 % of both lungs, 14.7 % of the right lung.");
        let text = finished(&lungs(None), Scale::Guideline);
        assert!(text.starts_with("Finished. The lungs were measured."), "{text}");
    }

    fn dynamics() -> Dynamics {
        Dynamics {
            verdict: Some(Verdict::PositiveResponse),
            no_verdict: None,
            basis: Some(Basis::Left),
            tier: Tier::Standard,
            provisional: false,
            earlier_date: Some("2020-04-06".into()),
            later_date: None,
            both: None,
            left: Some(ShareChange { earlier: 0.2, later: 0.15, points: -5.0 }),
            right: None,
            lungs_disagree: false,
            issues: Vec::new(),
        }
    }

    #[test]
    fn a_comparison_names_the_lung_that_it_rests_on() {
        let text = plain(&compared(&dynamics()));
        let expected = "Compared with the earlier study (6 Apr 2020): positive response, from 20.0 % to 15.0 % of the \
                        left lung, −5.0 points. Only the left lung is in both studies: the verdict rests on it.";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_comparison_without_a_verdict_says_why() {
        let without = Dynamics { verdict: None, no_verdict: Some(NoVerdict::NoCommonLung), ..dynamics() };
        let text = compared(&without);
        assert!(text.ends_with("no verdict, since no lung was found in both studies."), "{text}");
    }
}
