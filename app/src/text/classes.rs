//! Classes, scales, tiers and verdicts. The classes themselves come with the report.

use corsai_report::{Basis, Dynamics, LungFinding, NoVerdict, Scale, Tier, Verdict};

/// Both scales, in the order of the switch.
pub const SCALES: [Scale; 2] = [Scale::Guideline, Scale::Panel];

/// Returns a class's name.
pub fn name(class: u8) -> String {
    format!("CT-{class}")
}

/// Returns the scale's full name.
pub fn scale_name(scale: Scale) -> String {
    let [a, b, c] = scale.borders_percent();
    match scale {
        Scale::Guideline => format!("guideline's scale: {a} / {b} / {c} %"),
        Scale::Panel => format!("scale fitted to the paper's panel of radiologists: {a} / {b} / {c} %"),
    }
}

/// Returns the class on a scale, where it is known.
pub const fn of(lung: &LungFinding, scale: Scale) -> Option<u8> {
    match scale {
        Scale::Guideline => lung.ct_class,
        Scale::Panel => lung.ct_class_panel,
    }
}

/// Returns the shares of a class on a scale.
pub fn meaning(class: u8, scale: Scale) -> String {
    let [a, b, c] = scale.borders_percent();
    match class {
        0 => "no lesions found".into(),
        1 => format!("up to {a} % of the more affected lung"),
        2 => format!("{a}–{b} % of the more affected lung"),
        3 => format!("{b}–{c} % of the more affected lung"),
        _ => format!("{c} % or more of the more affected lung"),
    }
}

/// Returns the verdict in words.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PositiveResponse => "positive response",
        Verdict::Stable => "stable",
        Verdict::Progression => "progression",
    }
}

/// Returns why there is no verdict, as the end of a sentence.
pub const fn no_verdict(reason: NoVerdict) -> &'static str {
    match reason {
        NoVerdict::OtherPatient => {
            "the patient identifiers differ, and nobody has confirmed that both studies are of the same person"
        }
        NoVerdict::NoCommonLung => "no lung was found in both studies",
        NoVerdict::UnlikeAnswers => {
            "the two studies were measured by different networks or thresholds; open the earlier study again"
        }
    }
}

/// Returns a tier's name within a sentence.
pub const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Quick => "quick",
        Tier::Standard => "standard",
        Tier::Full => "full",
    }
}

/// Returns what a comparison rests on and whether it may change, a sentence each.
pub fn rests_on(dynamics: &Dynamics) -> Vec<String> {
    let mut sentences = Vec::new();
    if dynamics.provisional {
        let tier = tier(dynamics.tier);
        sentences.push(format!(
            "Provisional: this compares the {tier} answers of both studies. Answers of more networks may differ."
        ));
    }
    let side = match dynamics.basis {
        Some(Basis::Right) => Some("right"),
        Some(Basis::Left) => Some("left"),
        Some(Basis::Both) | None => None,
    };
    if let Some(side) = side.filter(|_| dynamics.verdict.is_some()) {
        sentences.push(format!("Only the {side} lung is in both studies: the verdict rests on it."));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_explained_on_its_own_scale() {
        assert_eq!(meaning(2, Scale::Guideline), "25–50 % of the more affected lung");
        assert_eq!(meaning(4, Scale::Panel), "83 % or more of the more affected lung");
        assert_eq!(meaning(0, Scale::Panel), "no lesions found");
    }

    #[test]
    fn the_scale_in_use_decides_the_class() {
        let lung = LungFinding {
            volume_ml: 1.0,
            lesion_ml: Some(0.1),
            share: Some(0.1),
            ct_class: Some(1),
            ct_class_panel: Some(2),
            ..LungFinding::default()
        };
        assert_eq!((of(&lung, Scale::Guideline), of(&lung, Scale::Panel)), (Some(1), Some(2)));
    }
}
