//! What page, command line and reports share: the disclaimer, classes, verdicts, tiers.

use corsai_report::{Basis, Dynamics, NoVerdict, Report, Scale, Tier, Verdict};

use crate::{Argument, Language, message};

impl Language {
    /// Returns the sentence that this is not a medical device.
    #[must_use]
    pub fn disclaimer(self) -> String {
        self.text("disclaimer")
    }

    /// Returns a report as it may be written to a file: with its sentences in this language, and
    /// without names of files, which may hold a patient's.
    #[must_use]
    pub fn report_for_file(self, mut report: Report) -> Report {
        report.disclaimer = Some(self.disclaimer());
        let dynamics = report.dynamics.iter_mut().flat_map(|dynamics| &mut dynamics.issues);
        for issue in report.issues.iter_mut().chain(dynamics) {
            issue.files.clear();
            issue.message = Some(self.issue(issue));
        }
        report
    }

    /// Returns the name of a CT-class, 0..=4.
    #[must_use]
    pub fn ct_class(self, class: u8) -> String {
        message!(self, "ct-class", class = u32::from(class))
    }

    /// Returns a scale's full name.
    #[must_use]
    pub fn scale(self, scale: Scale) -> String {
        let [first, second, third] = scale.borders_percent().map(u32::from);
        let id = match scale {
            Scale::Guideline => "scale-guideline",
            Scale::Panel => "scale-panel",
        };
        message!(self, id, first = first, second = second, third = third)
    }

    /// Returns the shares of a class, 0..=4, on a scale.
    #[must_use]
    pub fn class_meaning(self, class: u8, scale: Scale) -> String {
        let [first, second, third] = scale.borders_percent().map(u32::from);
        match class {
            0 => self.text("class-meaning-none"),
            1 => message!(self, "class-meaning-up-to", to = first),
            2 => message!(self, "class-meaning-between", from = first, to = second),
            3 => message!(self, "class-meaning-between", from = second, to = third),
            _ => message!(self, "class-meaning-from", from = third),
        }
    }

    /// Returns the verdict in words.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> String {
        self.text(match verdict {
            Verdict::PositiveResponse => "verdict-positive-response",
            Verdict::Stable => "verdict-stable",
            Verdict::Progression => "verdict-progression",
        })
    }

    /// Returns why there is no verdict, as the end of a sentence.
    #[must_use]
    pub fn no_verdict(self, reason: NoVerdict) -> String {
        self.text(match reason {
            NoVerdict::OtherPatient => "no-verdict-other-patient",
            NoVerdict::NoCommonLung => "no-verdict-no-common-lung",
            NoVerdict::UnlikeAnswers => "no-verdict-unlike-answers",
        })
    }

    /// Returns a tier's name before "answers", within a sentence.
    #[must_use]
    pub fn tier(self, tier: Tier) -> String {
        self.text(match tier {
            Tier::Quick => "tier-quick",
            Tier::Standard => "tier-standard",
            Tier::Full => "tier-full",
        })
    }

    /// Returns what a comparison rests on and whether it may change, a sentence each.
    #[must_use]
    pub fn rests_on(self, dynamics: &Dynamics) -> Vec<String> {
        let mut sentences = Vec::new();
        if dynamics.provisional {
            sentences.push(message!(self, "comparison-provisional", tier = self.tier(dynamics.tier)));
        }
        let side = match dynamics.basis {
            Some(Basis::Right) => Some("right"),
            Some(Basis::Left) => Some("left"),
            Some(Basis::Both) | None => None,
        };
        if let Some(side) = side.filter(|_| dynamics.verdict.is_some()) {
            sentences.push(message!(self, "comparison-rests-on", side = Argument::from(side)));
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_explained_on_its_own_scale() {
        let english = Language::english();
        assert_eq!(english.class_meaning(2, Scale::Guideline), "25–50 % of the more affected lung");
        assert_eq!(english.class_meaning(4, Scale::Panel), "83 % or more of the more affected lung");
        assert_eq!(english.class_meaning(0, Scale::Panel), "no lesions found");
        let russian = Language::from_tag("ru").unwrap();
        assert_eq!(russian.class_meaning(2, Scale::Guideline), "25–50 % более поражённого лёгкого");
    }
}
