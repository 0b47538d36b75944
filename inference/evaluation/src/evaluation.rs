//! The evaluation of a cohort: its studies one by one, and the statistics over all of them.

use std::ops::Add;

use corsai_findings::verdict;
use corsai_report::{Lungs, NoVerdict, ShareChange, Tier, Verdict};
use serde::Serialize;

use crate::{
    overlap::Overlap,
    scores::{ReferenceValues, Scores},
    statistics::{BlandAltman, ConfusionMatrix, KappaWeights, SummaryStatistics},
};

/// Least true lesion share for [`CohortSummary::dice_from_one_percent`]: below it, a few voxels
/// decide a study's Dice.
const LEAST_SHARE: f64 = 0.01;

/// The reason why a study has no numbers, or no reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Failure {
    /// The stable name: an issue's code or a mask error's.
    pub code: String,
    /// The sentences for a person.
    pub message: String,
}

/// The outcome of one study.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum StudyOutcome {
    /// The study has numbers.
    Measured {
        /// The measured volumes, shares and CT-classes.
        lungs: Box<Lungs>,
        /// The comparison with the reference masks; absent without any mask.
        scores: Option<Box<Scores>>,
        /// Codes of issues that put the numbers in doubt.
        warnings: Vec<String>,
        /// Number of slices in the series.
        slices: u32,
        /// Time from the first byte read to the report, s.
        seconds: f64,
    },
    /// The study has no numbers.
    Failed {
        /// Why, at least one reason.
        reasons: Vec<Failure>,
    },
}

/// The change since an earlier study: that of the reference beside the measured one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DynamicsComparison {
    /// The reader's verdict, else the masks'.
    pub truth: Option<Verdict>,
    /// The verdict on the measured change.
    pub found: Option<Verdict>,
    /// Why the measured change has no verdict.
    pub no_verdict: Option<NoVerdict>,
    /// Codes of the issues that prevent the comparison.
    pub failed: Vec<String>,
    /// Change of the masks' lesion share, percentage points.
    pub true_points: Option<f64>,
    /// Change of the measured lesion share, percentage points.
    pub found_points: Option<f64>,
}

impl DynamicsComparison {
    /// Returns whether the measured verdict is the reference's; `None` where the reference has
    /// none.
    #[must_use]
    pub fn is_correct(&self) -> Option<bool> {
        self.truth.map(|truth| self.found == Some(truth))
    }
}

/// Returns the change of the masks' lesion share in percentage points, and the verdict on it;
/// `None` where a study's masks give no share.
#[must_use]
pub fn reference_verdict(earlier: &ReferenceValues, later: &ReferenceValues) -> Option<(f64, Verdict)> {
    let (earlier, later) = earlier.share.zip(later.share)?;
    let points = (later - earlier) * 100.0;
    Some((points, verdict(ShareChange { earlier, later, points })))
}

/// One study of a cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyRow {
    /// The study's name in the cohort.
    pub study: String,
    /// Its numbers, or why it has none.
    #[serde(flatten)]
    pub outcome: StudyOutcome,
    /// The reader's CT-class, else the masks', 0..=4.
    pub true_class: Option<u8>,
    /// The change since an earlier study, where the cohort names one.
    pub dynamics: Option<DynamicsComparison>,
}

impl StudyRow {
    /// Returns the measured numbers; `None` of a failed study.
    #[must_use]
    pub fn lungs(&self) -> Option<&Lungs> {
        match &self.outcome {
            StudyOutcome::Measured { lungs, .. } => Some(lungs),
            StudyOutcome::Failed { .. } => None,
        }
    }

    /// Returns the comparison with the reference masks; `None` without any.
    #[must_use]
    pub fn scores(&self) -> Option<&Scores> {
        match &self.outcome {
            StudyOutcome::Measured { scores, .. } => scores.as_deref(),
            StudyOutcome::Failed { .. } => None,
        }
    }

    /// Returns the CT-classes (reference, measured), each 0..=4; `None` where one is absent.
    #[must_use]
    pub fn classes(&self) -> Option<(u8, u8)> {
        self.true_class.zip(self.lungs()?.both.ct_class)
    }

    /// Returns a quantity (measured, reference) in its unit; `None` where one is absent.
    pub(crate) fn measured_and_reference(&self, of: Quantity) -> Option<(f64, f64)> {
        let [truth, found] = of.reference_and_measured(self);
        found.zip(truth)
    }
}

/// A quantity whose errors are reported.
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

    /// Returns the ids of the texts of name and unit.
    pub const fn text_ids(self) -> [&'static str; 2] {
        match self {
            Self::Share => ["quantity-share", "unit-points"],
            Self::ShareRight => ["quantity-share-right", "unit-points"],
            Self::ShareLeft => ["quantity-share-left", "unit-points"],
            Self::LesionMl => ["quantity-lesions", "unit-millilitres"],
            Self::LungsMl => ["quantity-lungs", "unit-millilitres"],
            Self::RightMl => ["quantity-right", "unit-millilitres"],
            Self::LeftMl => ["quantity-left", "unit-millilitres"],
        }
    }

    /// Returns the name and the unit in the JSON file.
    pub const fn name_and_unit(self) -> (&'static str, &'static str) {
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

    /// Returns a study's values [reference, measured] in the unit of [`Self::name_and_unit`].
    pub fn reference_and_measured(self, row: &StudyRow) -> [Option<f64>; 2] {
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
    /// The mask's name.
    pub mask: &'static str,
    /// The id of the name's text.
    #[serde(skip)]
    pub(crate) text_id: &'static str,
    /// Dice per study; absent where no study has one.
    pub dice: Option<SummaryStatistics>,
    /// IoU per study; absent where no study has one.
    pub iou: Option<SummaryStatistics>,
    /// Dice over the voxels of all studies together.
    pub pooled_dice: Option<f64>,
    /// IoU over the voxels of all studies together.
    pub pooled_iou: Option<f64>,
    /// Number of studies without a voxel in either mask: they have no Dice, and agree.
    pub both_empty: usize,
}

impl MaskSummary {
    fn of([mask, text_id]: [&'static str; 2], rows: &[StudyRow], overlap: impl Fn(&Scores) -> Option<Overlap>) -> Self {
        let all: Vec<Overlap> = rows.iter().filter_map(|row| overlap(row.scores()?)).collect();
        let pooled = all.iter().copied().fold(Overlap::default(), Add::add);
        let of = |figure: fn(Overlap) -> Option<f64>| {
            SummaryStatistics::from_values(&all.iter().filter_map(|overlap| figure(*overlap)).collect::<Vec<_>>())
        };
        Self {
            mask,
            text_id,
            dice: of(Overlap::dice),
            iou: of(Overlap::iou),
            pooled_dice: pooled.dice(),
            pooled_iou: pooled.iou(),
            both_empty: all.iter().filter(|overlap| overlap.dice().is_none()).count(),
        }
    }
}

/// Agreement on one quantity; differences are measured − reference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuantityAgreement {
    /// The quantity's name.
    pub quantity: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The quantity itself.
    #[serde(skip)]
    pub(crate) of: Quantity,
    /// Its errors over the cohort.
    #[serde(flatten)]
    pub agreement: BlandAltman,
}

/// Agreement on the CT-class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassAgreement {
    /// Counts `[reference][measured]`, CT-0 to CT-4.
    pub confusion: ConfusionMatrix<5>,
    /// Number of studies with both classes.
    pub studies: u32,
    /// Number of studies with equal classes.
    pub right: u32,
    /// Cohen's kappa with linear weights.
    pub kappa_linear: Option<f64>,
    /// Cohen's kappa with quadratic weights.
    pub kappa_quadratic: Option<f64>,
}

/// Statistics over all studies of a cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CohortSummary {
    /// Number of studies.
    pub studies: usize,
    /// Number of studies with numbers.
    pub measured: usize,
    /// Number of studies without numbers.
    pub failed: usize,
    /// Number of measured studies without any mask.
    pub without_masks: usize,
    /// Overlap of lesions, both lungs, right lung and left lung.
    pub masks: Vec<MaskSummary>,
    /// Lesion Dice of the studies whose true lesion share is at least 1 %.
    pub dice_from_one_percent: Option<SummaryStatistics>,
    /// Agreement on shares and volumes; a quantity without any pair is left out.
    pub errors: Vec<QuantityAgreement>,
    /// Agreement on the CT-class; absent where no study has both classes.
    pub classes: Option<ClassAgreement>,
    /// Number of changes with the reference's verdict.
    pub dynamics_right: usize,
    /// Number of changes with another verdict than the reference's, or with none.
    pub dynamics_wrong: usize,
    /// Number of changes on which the reference has no verdict.
    pub dynamics_without_truth: usize,
}

impl CohortSummary {
    fn of(rows: &[StudyRow]) -> Self {
        let measured = rows.iter().filter(|row| row.lungs().is_some()).count();
        let errors = Quantity::ALL.into_iter().filter_map(|of| {
            let (quantity, unit) = of.name_and_unit();
            let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|row| row.measured_and_reference(of)).collect();
            BlandAltman::from_pairs(&pairs).map(|agreement| QuantityAgreement { quantity, unit, of, agreement })
        });
        let diseased =
            rows.iter().filter_map(StudyRow::scores).filter(|scores| scores.truth.share >= Some(LEAST_SHARE));
        let dice: Vec<f64> = diseased.filter_map(|scores| scores.lesion?.dice()).collect();
        let pairs = rows.iter().filter_map(StudyRow::classes);
        let confusion =
            ConfusionMatrix::from_pairs(pairs.map(|(truth, found)| (usize::from(truth), usize::from(found))));
        let classes = (confusion.total() > 0).then(|| ClassAgreement {
            confusion,
            studies: confusion.total(),
            right: confusion.agreeing(),
            kappa_linear: confusion.kappa(KappaWeights::Linear),
            kappa_quadratic: confusion.kappa(KappaWeights::Quadratic),
        });
        let compared =
            |right| rows.iter().filter_map(|row| row.dynamics.as_ref()).filter(|d| d.is_correct() == right).count();
        Self {
            studies: rows.len(),
            measured,
            failed: rows.len() - measured,
            without_masks: rows.iter().filter(|row| row.lungs().is_some() && row.scores().is_none()).count(),
            masks: vec![
                MaskSummary::of(["lesions", "mask-lesions"], rows, |scores| scores.lesion),
                MaskSummary::of(["both lungs", "mask-both-lungs"], rows, |scores| scores.lungs),
                MaskSummary::of(["right lung", "mask-right-lung"], rows, |scores| scores.right),
                MaskSummary::of(["left lung", "mask-left-lung"], rows, |scores| scores.left),
            ],
            dice_from_one_percent: SummaryStatistics::from_values(&dice),
            errors: errors.collect(),
            classes,
            dynamics_right: compared(Some(true)),
            dynamics_wrong: compared(Some(false)),
            dynamics_without_truth: compared(None),
        }
    }
}

/// How the studies of an evaluation were measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Name and version of the program.
    pub program: String,
    /// SHA-256 of the manifest, hexadecimal: which networks with which weights.
    pub manifest: String,
    /// The tier of networks that voted.
    pub tier: Tier,
    /// Whether every network ran on every slice with lung, without early stop.
    pub full_run: bool,
    /// Whether the paper's thresholds decided the vote.
    pub paper_vote: bool,
    /// Whether the DPNs of three projections voted.
    pub dpn_3d: bool,
}

/// The evaluation of a cohort: how it was made, its statistics and its studies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The sentence that this is no medical device.
    pub disclaimer: String,
    /// How the studies were measured.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Number of studies that an interruption left out.
    pub missing: usize,
    /// Statistics over `studies`.
    pub sums: CohortSummary,
    /// The studies in the cohort's order.
    pub studies: Vec<StudyRow>,
}

impl Evaluation {
    /// Returns the evaluation of `studies`; `missing` is the number that an interruption left out.
    #[must_use]
    pub fn new(disclaimer: String, provenance: Provenance, studies: Vec<StudyRow>, missing: usize) -> Self {
        Self { disclaimer, provenance, missing, sums: CohortSummary::of(&studies), studies }
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

    /// A study of 1,000 and 800 mL with lesions in the right lung: measured and true, mL.
    pub(crate) fn row(study: &str, found: f64, truth: f64, classes: (u8, u8)) -> StudyRow {
        let lungs = Lungs {
            right: finding(1000.0, found, classes.1),
            left: finding(800.0, 0.0, 0),
            both: finding(1800.0, found, classes.1),
        };
        let counts = |both: f64| Overlap { both: both as u64, found: found as u64, truth: truth as u64 };
        let scores = Scores {
            lesion: Some(counts(found.min(truth))),
            lungs: Some(Overlap { both: 1700, found: 1800, truth: 1750 }),
            truth: ReferenceValues {
                lesion_ml: Some(truth),
                lungs_ml: Some(1750.0),
                share: Some(truth / 1750.0),
                ..ReferenceValues::default()
            },
            ..Scores::default()
        };
        StudyRow {
            study: study.into(),
            outcome: StudyOutcome::Measured {
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

    pub(crate) fn failed(study: &str) -> StudyRow {
        let reasons = vec![Failure { code: "input.nothing".into(), message: "No chest CT was found.".into() }];
        StudyRow { study: study.into(), outcome: StudyOutcome::Failed { reasons }, true_class: Some(3), dynamics: None }
    }

    pub(crate) fn evaluation() -> Evaluation {
        let mut third = row("c", 0.0, 0.0, (0, 0));
        third.dynamics = Some(DynamicsComparison {
            truth: Some(Verdict::PositiveResponse),
            found: Some(Verdict::PositiveResponse),
            no_verdict: None,
            failed: Vec::new(),
            true_points: Some(-4.0),
            found_points: Some(-3.5),
        });
        Evaluation::new(
            "Not a medical device.".into(),
            Provenance::default(),
            vec![row("a", 80.0, 100.0, (1, 1)), row("b", 700.0, 500.0, (2, 3)), third, failed("d")],
            0,
        )
    }

    #[test]
    fn sums_are_those_of_the_studies_that_were_measured_and_say_who_was_not() {
        let sums = evaluation().sums;
        assert_eq!((sums.studies, sums.measured, sums.failed, sums.without_masks), (4, 3, 1, 0));
        let lesions = &sums.masks[0];
        let dice = lesions.dice.unwrap();
        // a: 2·80/180, b: 2·500/1200; c has none in either.
        assert_eq!((dice.studies, lesions.both_empty), (2, 1));
        assert!((dice.mean - f64::midpoint(160.0 / 180.0, 1000.0 / 1200.0)).abs() < 1e-12);
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
        let share = |share: f64| ReferenceValues { share: Some(share), ..ReferenceValues::default() };
        let judged = |a: f64, b: f64| reference_verdict(&share(a), &share(b)).map(|(_, verdict)| verdict);
        assert_eq!(judged(0.10, 0.105), Some(Verdict::Stable));
        assert_eq!(judged(0.10, 0.12), Some(Verdict::Progression));
        assert_eq!(judged(0.10, 0.08), Some(Verdict::PositiveResponse));
        assert_eq!(reference_verdict(&share(0.1), &ReferenceValues::default()), None);
    }

    #[test]
    fn a_missing_verdict_is_not_a_right_one() {
        let outcome = DynamicsComparison {
            truth: Some(Verdict::Stable),
            found: None,
            no_verdict: Some(NoVerdict::NoCommonLung),
            failed: Vec::new(),
            true_points: None,
            found_points: None,
        };
        assert_eq!(outcome.is_correct(), Some(false));
        assert_eq!(DynamicsComparison { truth: None, ..outcome }.is_correct(), None);
    }

    #[test]
    fn the_json_has_every_study_with_its_status() {
        let json = serde_json::to_value(evaluation()).unwrap();
        assert_eq!(json["studies"][0]["status"], "measured");
        assert_eq!(json["studies"][3]["status"], "failed");
        assert_eq!(json["studies"][3]["reasons"][0]["code"], "input.nothing");
        assert_eq!(json["sums"]["classes"]["confusion"][2][3], 1);
        assert_eq!(json["sums"]["errors"][0]["unit"], "points");
    }
}
