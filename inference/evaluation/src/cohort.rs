//! A cohort: its studies one by one, and what they come to together.

use corsai_findings::verdict;
use corsai_report::{DISCLAIMER, Lungs, NoVerdict, ShareChange, Tier, Verdict};
use serde::Serialize;

use crate::{
    overlap::Overlap,
    scores::{Scores, TrueNumbers},
    statistics::{Agreement, Confusion, Summary, Weights},
};

/// Studies with a smaller true share say little by their Dice: a few voxels decide it.
const LEAST_SHARE: f64 = 0.01;

/// Why a study has no numbers, or no reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

/// What became of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    Measured {
        lungs: Box<Lungs>,
        /// Absent without any mask.
        scores: Option<Box<Scores>>,
        /// Codes of what was doubtful.
        warnings: Vec<String>,
        slices: u32,
        seconds: f64,
    },
    Failed {
        reasons: Vec<Failure>,
    },
}

/// The change since an earlier study, by the masks or the reader and by the analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DynamicsOutcome {
    pub truth: Option<Verdict>,
    pub found: Option<Verdict>,
    /// Why there is no verdict on what was found.
    pub no_verdict: Option<NoVerdict>,
    /// Codes of why the studies could not be compared.
    pub failed: Vec<String>,
    pub true_points: Option<f64>,
    pub found_points: Option<f64>,
}

impl DynamicsOutcome {
    /// Returns whether the verdict is the reference's; `None` where the reference has none.
    #[must_use]
    pub fn right(&self) -> Option<bool> {
        self.truth.map(|truth| self.found == Some(truth))
    }
}

/// Returns the change of the true share in points, and the verdict on it; `None` where a study has no
/// true share.
#[must_use]
pub fn true_verdict(earlier: &TrueNumbers, later: &TrueNumbers) -> Option<(f64, Verdict)> {
    let (earlier, later) = earlier.share.zip(later.share)?;
    let points = (later - earlier) * 100.0;
    Some((points, verdict(ShareChange { earlier, later, points })))
}

/// One study of a cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub study: String,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// A reader's class, else the masks'.
    pub true_class: Option<u8>,
    pub dynamics: Option<DynamicsOutcome>,
}

impl Row {
    /// Returns the numbers that were found.
    #[must_use]
    pub fn lungs(&self) -> Option<&Lungs> {
        match &self.outcome {
            Outcome::Measured { lungs, .. } => Some(lungs),
            Outcome::Failed { .. } => None,
        }
    }

    /// Returns the comparison with the reference masks.
    #[must_use]
    pub fn scores(&self) -> Option<&Scores> {
        match &self.outcome {
            Outcome::Measured { scores, .. } => scores.as_deref(),
            Outcome::Failed { .. } => None,
        }
    }

    /// Returns the true and the found CT-class.
    #[must_use]
    pub fn classes(&self) -> Option<(u8, u8)> {
        self.true_class.zip(self.lungs()?.both.ct_class)
    }

    /// Returns what was found of a quantity, and what is true.
    pub(crate) fn pair(&self, of: Quantity) -> Option<(f64, f64)> {
        let [truth, found] = of.sides(self);
        found.zip(truth)
    }
}

/// What errors are given of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Share,
    ShareRight,
    ShareLeft,
    LesionMl,
    LungsMl,
    RightMl,
    LeftMl,
}

impl Quantity {
    pub const ALL: [Self; 7] =
        [Self::Share, Self::ShareRight, Self::ShareLeft, Self::LesionMl, Self::LungsMl, Self::RightMl, Self::LeftMl];

    /// Returns its name and its unit.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Share => ("lesion share, both lungs", "points"),
            Self::ShareRight => ("lesion share, right lung", "points"),
            Self::ShareLeft => ("lesion share, left lung", "points"),
            Self::LesionMl => ("lesion volume", "mL"),
            Self::LungsMl => ("volume of both lungs", "mL"),
            Self::RightMl => ("volume of the right lung", "mL"),
            Self::LeftMl => ("volume of the left lung", "mL"),
        }
    }

    /// Returns the true and the found value of a study; shares in percentage points.
    pub fn sides(self, row: &Row) -> [Option<f64>; 2] {
        let points = |share: Option<f64>| share.map(|share| share * 100.0);
        let truth = row.scores().map(|scores| scores.truth);
        let truth = truth.and_then(|truth| match self {
            Self::Share => points(truth.share),
            Self::ShareRight => points(truth.share_right),
            Self::ShareLeft => points(truth.share_left),
            Self::LesionMl => truth.lesion_ml,
            Self::LungsMl => truth.lungs_ml,
            Self::RightMl => truth.right_ml,
            Self::LeftMl => truth.left_ml,
        });
        let found = row.lungs().and_then(|lungs| match self {
            Self::Share => points(lungs.both.share),
            Self::ShareRight => points(lungs.right.share),
            Self::ShareLeft => points(lungs.left.share),
            Self::LesionMl => lungs.both.lesion_ml,
            Self::LungsMl => Some(lungs.both.volume_ml),
            Self::RightMl => Some(lungs.right.volume_ml),
            Self::LeftMl => Some(lungs.left.volume_ml),
        });
        [truth, found]
    }
}

/// Overlap of one kind of mask over a cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskSummary {
    pub mask: &'static str,
    pub dice: Option<Summary>,
    pub iou: Option<Summary>,
    /// Of all studies' voxels together.
    pub pooled_dice: Option<f64>,
    pub pooled_iou: Option<f64>,
    /// Studies in which neither mask has a voxel: they have no Dice, and agree.
    pub both_empty: usize,
}

impl MaskSummary {
    fn of(mask: &'static str, rows: &[Row], overlap: impl Fn(&Scores) -> Option<Overlap>) -> Self {
        let all: Vec<Overlap> = rows.iter().filter_map(|row| overlap(row.scores()?)).collect();
        let pooled = all.iter().copied().fold(Overlap::default(), Overlap::plus);
        let of = |figure: fn(Overlap) -> Option<f64>| {
            Summary::of(&all.iter().filter_map(|overlap| figure(*overlap)).collect::<Vec<_>>())
        };
        Self {
            mask,
            dice: of(Overlap::dice),
            iou: of(Overlap::iou),
            pooled_dice: pooled.dice(),
            pooled_iou: pooled.iou(),
            both_empty: all.iter().filter(|overlap| overlap.dice().is_none()).count(),
        }
    }
}

/// Errors of one quantity; differences are found − true.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    pub quantity: &'static str,
    pub unit: &'static str,
    #[serde(flatten)]
    pub agreement: Agreement,
}

/// Agreement on the CT-class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classes {
    /// `[true][found]`, CT-0 to CT-4.
    pub confusion: Confusion<5>,
    pub studies: u32,
    pub right: u32,
    pub kappa_linear: Option<f64>,
    pub kappa_quadratic: Option<f64>,
}

/// What all studies come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sums {
    pub studies: usize,
    pub measured: usize,
    pub failed: usize,
    /// Measured without any mask.
    pub without_masks: usize,
    pub masks: Vec<MaskSummary>,
    /// Lesion Dice where at least 1 % of the lungs is truly lesion.
    pub dice_from_one_percent: Option<Summary>,
    pub errors: Vec<Error>,
    pub classes: Option<Classes>,
    pub dynamics_right: usize,
    pub dynamics_wrong: usize,
    /// Compared, and the reference has no verdict.
    pub dynamics_without_truth: usize,
}

impl Sums {
    fn of(rows: &[Row]) -> Self {
        let measured = rows.iter().filter(|row| row.lungs().is_some()).count();
        let errors = Quantity::ALL.into_iter().filter_map(|of| {
            let (quantity, unit) = of.words();
            let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|row| row.pair(of)).collect();
            Agreement::of(&pairs).map(|agreement| Error { quantity, unit, agreement })
        });
        let diseased = rows.iter().filter_map(Row::scores).filter(|scores| scores.truth.share >= Some(LEAST_SHARE));
        let dice: Vec<f64> = diseased.filter_map(|scores| scores.lesion?.dice()).collect();
        let pairs = rows.iter().filter_map(Row::classes);
        let confusion = Confusion::count(pairs.map(|(truth, found)| (usize::from(truth), usize::from(found))));
        let classes = (confusion.total() > 0).then(|| Classes {
            confusion,
            studies: confusion.total(),
            right: confusion.agreeing(),
            kappa_linear: confusion.kappa(Weights::Linear),
            kappa_quadratic: confusion.kappa(Weights::Quadratic),
        });
        let compared =
            |right| rows.iter().filter_map(|row| row.dynamics.as_ref()).filter(|d| d.right() == right).count();
        Self {
            studies: rows.len(),
            measured,
            failed: rows.len() - measured,
            without_masks: rows.iter().filter(|row| row.lungs().is_some() && row.scores().is_none()).count(),
            masks: vec![
                MaskSummary::of("lesions", rows, |scores| scores.lesion),
                MaskSummary::of("both lungs", rows, |scores| scores.lungs),
                MaskSummary::of("right lung", rows, |scores| scores.right),
                MaskSummary::of("left lung", rows, |scores| scores.left),
            ],
            dice_from_one_percent: Summary::of(&dice),
            errors: errors.collect(),
            classes,
            dynamics_right: compared(Some(true)),
            dynamics_wrong: compared(Some(false)),
            dynamics_without_truth: compared(None),
        }
    }
}

/// An evaluation: how it was made, its studies and its sums.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    pub disclaimer: &'static str,
    pub program: String,
    /// SHA-256 of the manifest: which networks with which weights.
    pub manifest: String,
    pub tier: Tier,
    pub full_run: bool,
    pub paper_vote: bool,
    pub dpn_3d: bool,
    /// Studies that aren't in it yet: the evaluation was interrupted.
    pub missing: usize,
    pub sums: Sums,
    pub studies: Vec<Row>,
}

impl Cohort {
    /// Adds up `studies`; everything else is left for the caller to fill in.
    #[must_use]
    pub fn new(studies: Vec<Row>, missing: usize) -> Self {
        Self {
            disclaimer: DISCLAIMER,
            program: String::new(),
            manifest: String::new(),
            tier: Tier::default(),
            full_run: false,
            paper_vote: false,
            dpn_3d: false,
            missing,
            sums: Sums::of(&studies),
            studies,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use corsai_report::LungFinding;

    use super::*;

    fn finding(volume_ml: f64, lesion_ml: f64, ct_class: u8) -> LungFinding {
        LungFinding {
            volume_ml,
            lesion_ml: Some(lesion_ml),
            share: Some(lesion_ml / volume_ml),
            ct_class: Some(ct_class),
            ..LungFinding::default()
        }
    }

    /// A study of 1,000 and 800 mL with lesions in the right lung: found and true, mL.
    pub(crate) fn row(study: &str, found: f64, truth: f64, classes: (u8, u8)) -> Row {
        let lungs = Lungs {
            right: finding(1000.0, found, classes.1),
            left: finding(800.0, 0.0, 0),
            both: finding(1800.0, found, classes.1),
        };
        let counts = |both: f64| Overlap { both: both as u64, found: found as u64, truth: truth as u64 };
        let scores = Scores {
            lesion: Some(counts(found.min(truth))),
            lungs: Some(Overlap { both: 1700, found: 1800, truth: 1750 }),
            truth: TrueNumbers {
                lesion_ml: Some(truth),
                lungs_ml: Some(1750.0),
                share: Some(truth / 1750.0),
                ..TrueNumbers::default()
            },
            ..Scores::default()
        };
        Row {
            study: study.into(),
            outcome: Outcome::Measured {
                lungs: Box::new(lungs),
                scores: Some(Box::new(scores)),
                warnings: vec!["lungs.cut-off".into()],
                slices: 60,
                seconds: 12.0,
            },
            true_class: Some(classes.0),
            dynamics: None,
        }
    }

    pub(crate) fn failed(study: &str) -> Row {
        let reasons = vec![Failure { code: "input.nothing".into(), message: "No chest CT was found.".into() }];
        Row { study: study.into(), outcome: Outcome::Failed { reasons }, true_class: Some(3), dynamics: None }
    }

    pub(crate) fn cohort() -> Cohort {
        let mut third = row("c", 0.0, 0.0, (0, 0));
        third.dynamics = Some(DynamicsOutcome {
            truth: Some(Verdict::PositiveResponse),
            found: Some(Verdict::PositiveResponse),
            no_verdict: None,
            failed: Vec::new(),
            true_points: Some(-4.0),
            found_points: Some(-3.5),
        });
        Cohort::new(vec![row("a", 80.0, 100.0, (1, 1)), row("b", 700.0, 500.0, (2, 3)), third, failed("d")], 0)
    }

    #[test]
    fn sums_are_those_of_the_studies_that_were_measured_and_say_who_was_not() {
        let sums = cohort().sums;
        assert_eq!((sums.studies, sums.measured, sums.failed, sums.without_masks), (4, 3, 1, 0));
        let lesions = &sums.masks[0];
        let dice = lesions.dice.unwrap();
        // a: 2·80/180, b: 2·500/1200; c has none in either.
        assert_eq!((dice.studies, lesions.both_empty), (2, 1));
        assert!((dice.mean - (160.0 / 180.0 + 1000.0 / 1200.0) / 2.0).abs() < 1e-12);
        assert!((lesions.pooled_dice.unwrap() - 2.0 * 580.0 / 1380.0).abs() < 1e-12);
        assert!((lesions.pooled_iou.unwrap() - 580.0 / 800.0).abs() < 1e-12);
        assert_eq!(sums.masks[2].dice, None, "no mask tells the sides");
        assert_eq!(sums.dice_from_one_percent.unwrap().studies, 2);
        let volume = sums.errors.iter().find(|error| error.quantity == "lesion volume").unwrap();
        assert_eq!((volume.agreement.studies, volume.agreement.mae, volume.agreement.me), (3, 220.0 / 3.0, 60.0));
        let classes = sums.classes.unwrap();
        assert_eq!((classes.studies, classes.right), (3, 2));
        assert_eq!(classes.confusion.0[2], [0, 0, 0, 1, 0]);
        assert_eq!((sums.dynamics_right, sums.dynamics_wrong, sums.dynamics_without_truth), (1, 0, 0));
    }

    #[test]
    fn a_true_change_is_judged_by_the_rule_for_found_ones() {
        let share = |share: f64| TrueNumbers { share: Some(share), ..TrueNumbers::default() };
        let judged = |a: f64, b: f64| true_verdict(&share(a), &share(b)).map(|(_, verdict)| verdict);
        assert_eq!(judged(0.10, 0.105), Some(Verdict::Stable));
        assert_eq!(judged(0.10, 0.12), Some(Verdict::Progression));
        assert_eq!(judged(0.10, 0.08), Some(Verdict::PositiveResponse));
        assert_eq!(true_verdict(&share(0.1), &TrueNumbers::default()), None);
    }

    #[test]
    fn a_missing_verdict_is_not_a_right_one() {
        let outcome = DynamicsOutcome {
            truth: Some(Verdict::Stable),
            found: None,
            no_verdict: Some(NoVerdict::NoCommonLung),
            failed: Vec::new(),
            true_points: None,
            found_points: None,
        };
        assert_eq!(outcome.right(), Some(false));
        assert_eq!(DynamicsOutcome { truth: None, ..outcome }.right(), None);
    }

    #[test]
    fn the_json_has_every_study_with_its_status() {
        let json = serde_json::to_value(cohort()).unwrap();
        assert_eq!(json["studies"][0]["status"], "measured");
        assert_eq!(json["studies"][3]["status"], "failed");
        assert_eq!(json["studies"][3]["reasons"][0]["code"], "input.nothing");
        assert_eq!(json["sums"]["classes"]["confusion"][2][3], 1);
        assert_eq!(json["sums"]["errors"][0]["unit"], "points");
    }
}
