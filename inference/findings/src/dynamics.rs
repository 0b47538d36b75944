//! Two studies of one patient, compared by the paper's rule (`docs/method.md`, "Dynamics").

use std::collections::BTreeMap;

use corsai_protocol::SeriesSummary;
use corsai_report::{
    Basis, Dynamics, Found, Issue, IssueCode, LungFinding, Lungs, NoVerdict, Reason, Report, ShareChange, Side,
    StudyOrder, Tier, Verdict,
};

use crate::error::FindingsError;
use crate::person_check::check_patient;

/// Below this change of the share, in percentage points, the disease is stable (the paper's second
/// experiment).
const STABLE_POINTS: f64 = 1.0;

/// Rounding error of a share's change, in percentage points.
const ROUNDING_POINTS: f64 = 1e-9;

/// Slice distances and thicknesses that differ by less than this fraction of the larger one are of
/// the same protocol.
const SAME_PROTOCOL_FRACTION: f64 = 0.1;

/// Tube voltages that differ by less than this, kV, are of the same protocol: scanners offer steps
/// of 10 kV and more.
const SAME_VOLTAGE_KV: f64 = 5.0;

/// Lung volumes that differ by less than this fraction of the larger one are of the same depth of
/// breath: a breath-hold at full inspiration is repeated about as well.
const SAME_BREATH_FRACTION: f64 = 0.15;

/// A lung with less than this fraction of its volume in the other study is not compared. After the
/// deepest expiration an adult's lung keeps about a quarter to a third of its volume; below that,
/// most of the lung was not found or is without air.
const COMPARABLE_VOLUME: f64 = 1.0 / 3.0;

/// One of the two studies to compare.
#[derive(Debug, Clone, Copy)]
pub struct ComparedStudy<'a> {
    /// The study's series: patient, date, protocol.
    pub series: &'a SeriesSummary,
    /// Digest of the volume's voxels.
    pub voxels_key: u64,
    /// Complete answers with their lungs, by tier; at least one.
    pub answers: &'a BTreeMap<Tier, Report>,
    /// Networks of a higher tier are running.
    pub refines: bool,
}

/// Returns whether two series are made of the same SOP instances; false where one doesn't name them
/// all. Of two dates they never are: some programs write the same identifiers into every study.
#[must_use]
pub fn same_instances(one: &SeriesSummary, other: &SeriesSummary) -> bool {
    one.instances_key.is_some() && one.instances_key == other.instances_key && one.date == other.date
}

/// Compares two studies: the one added as the earlier, and the one under examination. The dates
/// decide which one is the earlier; `previous` is where they can't. `same_patient` says that a
/// person has confirmed that both are of one patient though the studies disagree about that.
///
/// The answers of the highest tier that both have are compared. The verdict goes by the share of
/// both lungs together where both are in both studies, else by the one lung that is.
///
/// # Errors
/// [`FindingsError::SameStudy`] where both are made of the same SOP instances, or of the same
/// voxels.
///
/// # Panics
/// Where a study has no answer, or one without lungs and lesions: only complete answers are
/// compared.
pub fn compare(
    previous: ComparedStudy<'_>,
    current: ComparedStudy<'_>,
    same_patient: bool,
) -> Result<Dynamics, FindingsError> {
    if same_instances(previous.series, current.series) || previous.voxels_key == current.voxels_key {
        return Err(FindingsError::SameStudy);
    }
    let _span = tracing::info_span!("compare_studies").entered();
    let mut issues = Vec::new();
    let other_patient = check_patient(previous.series, current.series, same_patient, &mut issues);
    let swapped = dates_swapped(&previous, &current, &mut issues);
    let highest = [previous, current].map(|study| study.highest());
    let (tier, alike) = match previous.answers.keys().rfind(|tier| current.answers.contains_key(tier)) {
        Some(&tier) => (tier, same_vote(&previous.answers[&tier], &current.answers[&tier])),
        None => (highest[0].min(highest[1]), false),
    };
    let answer = |study: ComparedStudy<'_>| {
        let report = study.answers.get(&tier).unwrap_or(&study.answers[&study.highest()]);
        report.lungs.clone().expect("invariant: a complete answer has lungs")
    };
    let (earlier, later) = if swapped { (current, previous) } else { (previous, current) };
    let (before, after) = (answer(earlier), answer(later));
    let mut different = protocols_differ(previous.series, current.series);
    different.extend(other_breath(&before, &after));
    if !different.is_empty() {
        issues.push(Issue::new(IssueCode::DynamicsOtherProtocol, different));
    }
    let (left, right) = (change(&before.left, &after.left), change(&before.right, &after.right));
    let missing = missing_lungs([&before.right, &before.left, &after.right, &after.left]);
    if !missing.is_empty() {
        issues.push(Issue::new(IssueCode::LungsOneMissing, missing));
    }
    let unlike = unlike_volumes(&before, &after);
    if !unlike.is_empty() {
        issues.push(Issue::new(IssueCode::DynamicsLungVolume, unlike));
    }
    let both = left.zip(right).and_then(|_| change(&before.both, &after.both));
    let (basis, decisive) = match (right, left) {
        (Some(_), Some(_)) => (Some(Basis::Both), both),
        (Some(_), None) => (Some(Basis::Right), right),
        (None, Some(_)) => (Some(Basis::Left), left),
        (None, None) => (None, None),
    };
    let no_verdict = if other_patient && !same_patient {
        Some(NoVerdict::OtherPatient)
    } else if !alike {
        Some(NoVerdict::UnlikeAnswers)
    } else if decisive.is_none() {
        Some(NoVerdict::NoCommonLung)
    } else {
        None
    };
    let sides = left.map(verdict).zip(right.map(verdict));
    Ok(Dynamics {
        verdict: decisive.map(verdict).filter(|_| no_verdict.is_none()),
        no_verdict,
        basis,
        tier,
        provisional: previous.refines || current.refines || tier < highest[1],
        earlier_date: earlier.series.date.clone(),
        later_date: later.series.date.clone(),
        both,
        left,
        right,
        lungs_disagree: sides
            .is_some_and(|(one, other)| one != other && one != Verdict::Stable && other != Verdict::Stable),
        issues,
    })
}

impl ComparedStudy<'_> {
    /// Returns the highest tier that has answered.
    fn highest(&self) -> Tier {
        *self.answers.keys().next_back().expect("invariant: a measured study has an answer")
    }
}

/// Returns whether `previous` is the later study by its date. Equal and missing dates are an issue
/// and leave `previous` the earlier one.
fn dates_swapped(previous: &ComparedStudy<'_>, current: &ComparedStudy<'_>, issues: &mut Vec<Issue>) -> bool {
    // `YYYY-MM-DD` sorts as the days do.
    if let (Some(before), Some(after)) = (&previous.series.date, &current.series.date) {
        if before == after {
            issues.push(Issue::new(IssueCode::DynamicsSameDate, []));
        }
        before > after
    } else {
        issues.push(Issue::new(IssueCode::DynamicsNoDate, []));
        false
    }
}

/// Returns whether two answers of one tier were voted for in the same way. An early end of the vote
/// changes no mask.
fn same_vote(one: &Report, other: &Report) -> bool {
    (one.runs.paper_vote, one.runs.dpn_3d) == (other.runs.paper_vote, other.runs.dpn_3d)
}

/// Returns how a lung's share changed; `None` unless the lung is in both studies, with volumes that
/// can be compared.
fn change(before: &LungFinding, after: &LungFinding) -> Option<ShareChange> {
    assert!(
        before.lesion_ml.is_some() && after.lesion_ml.is_some(),
        "invariant: a complete answer has measured the lesions"
    );
    let (earlier, later) = before.share.zip(after.share).filter(|_| volumes_alike(before, after))?;
    Some(ShareChange { earlier, later, points: (later - earlier) * 100.0 })
}

/// Returns the verdict that a change of the share means by the paper's rule.
#[must_use]
pub fn verdict(change: ShareChange) -> Verdict {
    if change.points.abs() < STABLE_POINTS - ROUNDING_POINTS {
        Verdict::Stable
    } else if change.points < 0.0 {
        Verdict::PositiveResponse
    } else {
        Verdict::Progression
    }
}

/// Returns the lungs that weren't found: of right and left in the earlier study, then in the later
/// one.
fn missing_lungs([before_right, before_left, after_right, after_left]: [&LungFinding; 4]) -> Vec<Found> {
    let lungs = [
        (before_right, Side::Right, StudyOrder::Earlier),
        (before_left, Side::Left, StudyOrder::Earlier),
        (after_right, Side::Right, StudyOrder::Later),
        (after_left, Side::Left, StudyOrder::Later),
    ];
    let missing = lungs.into_iter().filter(|(lung, ..)| lung.share.is_none());
    missing.map(|(_, side, study)| Found::MissingLung { side, study }).collect()
}

/// Returns whether a lung's volumes in two studies can be of the same part of it.
fn volumes_alike(before: &LungFinding, after: &LungFinding) -> bool {
    let (small, large) = (before.volume_ml.min(after.volume_ml), before.volume_ml.max(after.volume_ml));
    small >= COMPARABLE_VOLUME * large
}

/// Returns the lungs that are in both studies with volumes that can't be compared, and these
/// volumes.
fn unlike_volumes(before: &Lungs, after: &Lungs) -> Vec<Found> {
    let lungs = [(Side::Right, &before.right, &after.right), (Side::Left, &before.left, &after.left)];
    let unlike = lungs
        .into_iter()
        .filter(|(_, before, after)| before.share.is_some() && after.share.is_some() && !volumes_alike(before, after));
    let volumes = unlike.map(|(side, before, after)| Found::LungVolumes {
        side,
        earlier_ml: before.volume_ml,
        later_ml: after.volume_ml,
    });
    volumes.collect()
}

/// Returns what of two series' acquisition and reconstruction differs. What one of them doesn't say
/// is not compared.
fn protocols_differ(previous: &SeriesSummary, current: &SeriesSummary) -> Vec<Found> {
    let differ = |pair: &(f64, f64)| (pair.0 - pair.1).abs() > SAME_PROTOCOL_FRACTION * pair.0.abs().max(pair.1.abs());
    let distances = previous.spacing_mm.zip(current.spacing_mm).filter(differ);
    let thicknesses = previous.thickness_mm.zip(current.thickness_mm).filter(differ);
    let voltages = previous.tube_voltage_kv.zip(current.tube_voltage_kv);
    let voltages = voltages.filter(|(one, other)| (one - other).abs() >= SAME_VOLTAGE_KV);
    let kernels = previous.kernel_key.zip(current.kernel_key).filter(|(one, other)| one != other);
    let contrast = previous.contrast.zip(current.contrast).filter(|(one, other)| one != other);
    let found = [
        distances.map(|(previous_mm, current_mm)| Found::SliceDistances { previous_mm, current_mm }),
        thicknesses.map(|(previous_mm, current_mm)| Found::SliceThicknesses { previous_mm, current_mm }),
        kernels.map(|_| Reason::OtherKernel.into()),
        voltages.map(|(previous_kv, current_kv)| Found::TubeVoltages { previous_kv, current_kv }),
        contrast.map(|_| Reason::ContrastInOne.into()),
    ];
    found.into_iter().flatten().collect()
}

/// Returns the volumes of both lungs where another depth of breath makes them differ; `None` unless
/// both lungs are compared.
fn other_breath(before: &Lungs, after: &Lungs) -> Option<Found> {
    let lungs = [&before.right, &before.left, &after.right, &after.left];
    let (earlier_ml, later_ml) = (before.both.volume_ml, after.both.volume_ml);
    let differ = (earlier_ml - later_ml).abs() > SAME_BREATH_FRACTION * earlier_ml.max(later_ml);
    let found = lungs.iter().all(|lung| lung.share.is_some());
    let alike = volumes_alike(&before.right, &after.right) && volumes_alike(&before.left, &after.left);
    (found && alike && differ).then_some(Found::BothLungVolumes { earlier_ml, later_ml })
}

#[cfg(test)]
mod tests {
    use corsai_protocol::{PersonKeys, SeriesId};
    use corsai_report::{Runs, StudyRecord};

    use super::*;

    fn lung(volume_ml: f64, share: Option<f64>) -> LungFinding {
        let lesion_ml = Some(share.map_or(0.0, |share| share * volume_ml));
        LungFinding { volume_ml, lesion_ml, share, ..LungFinding::default() }
    }

    /// A right and a left lung of a litre each; one without a share is a stray part of a mask.
    fn lungs(right: impl Into<Option<f64>>, left: impl Into<Option<f64>>) -> Lungs {
        let (right, left) = (right.into(), left.into());
        let side = |share: Option<f64>| lung(if share.is_some() { 1000.0 } else { 0.0 }, share);
        let found: Vec<f64> = [right, left].into_iter().flatten().collect();
        let mean = (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64);
        Lungs { left: side(left), right: side(right), both: lung(1000.0 * found.len() as f64, mean) }
    }

    /// A study as the tests have it: each with its own voxels, and both of one patient.
    #[derive(Debug, Clone)]
    struct Study {
        series: SeriesSummary,
        voxels_key: u64,
        answers: BTreeMap<Tier, Report>,
        refines: bool,
    }

    fn answer(tier: Tier, lungs: Lungs) -> Report {
        let runs = Runs { tier, ..Runs::default() };
        crate::report::report(StudyRecord::default(), lungs, None, Vec::new(), runs)
    }

    impl Study {
        fn new(voxels_key: u64, date: Option<&str>, lungs: Lungs) -> Self {
            let series = SeriesSummary {
                id: SeriesId(0),
                description: String::new(),
                modality: "CT".into(),
                slices: 60,
                rows: 512,
                columns: 512,
                thickness_mm: Some(5.0),
                spacing_mm: Some(5.0),
                kernel_key: None,
                tube_voltage_kv: None,
                contrast: Some(false),
                date: date.map(Into::into),
                usable: true,
                patient_key: Some(7),
                person: PersonKeys::default(),
                instances_key: None,
                issues: Vec::new(),
            };
            let answers = BTreeMap::from([(Tier::Quick, answer(Tier::Quick, lungs))]);
            Self { series, voxels_key, answers, refines: false }
        }

        fn answered(mut self, tier: Tier, lungs: Lungs) -> Self {
            self.answers.insert(tier, answer(tier, lungs));
            self
        }

        fn patient(mut self, patient_key: Option<u64>) -> Self {
            self.series.patient_key = patient_key;
            self
        }

        fn measured(&self) -> ComparedStudy<'_> {
            let Self { series, voxels_key, answers, refines } = self;
            ComparedStudy { series, voxels_key: *voxels_key, answers, refines: *refines }
        }
    }

    fn earlier(lungs: Lungs) -> Study {
        Study::new(1, Some("2026-01-01"), lungs)
    }

    fn later(lungs: Lungs) -> Study {
        Study::new(2, Some("2026-02-01"), lungs)
    }

    fn compared(previous: &Study, current: &Study) -> Result<Dynamics, FindingsError> {
        compare(previous.measured(), current.measured(), false)
    }

    fn codes(dynamics: &Dynamics) -> Vec<&'static str> {
        dynamics.issues.iter().map(|issue| issue.code.as_str()).collect()
    }

    /// The verdict on both lungs' share going from one value to another.
    fn judged(before: f64, after: f64) -> Option<Verdict> {
        compared(&earlier(lungs(before, before)), &later(lungs(after, after))).unwrap().verdict
    }

    #[test]
    fn less_than_a_point_is_stable_and_a_whole_one_is_not() {
        assert_eq!(judged(0.10, 0.10), Some(Verdict::Stable));
        assert_eq!(judged(0.10, 0.1099), Some(Verdict::Stable));
        assert_eq!(judged(0.1099, 0.10), Some(Verdict::Stable));
        assert_eq!(judged(0.10, 0.11), Some(Verdict::Progression));
        assert_eq!(judged(0.11, 0.10), Some(Verdict::PositiveResponse));
        assert_eq!(judged(0.0, 0.9), Some(Verdict::Progression));
    }

    #[test]
    fn the_dates_decide_which_is_the_earlier() {
        let (few, many) = (lungs(0.1, 0.1), lungs(0.4, 0.2));
        let (old, new) = (earlier(few), later(many));
        let straight = compared(&old, &new).unwrap();
        assert_eq!(straight, compared(&new, &old).unwrap());
        assert_eq!(straight.verdict, Some(Verdict::Progression));
        assert_eq!(
            (straight.earlier_date.as_deref(), straight.later_date.as_deref()),
            (Some("2026-01-01"), Some("2026-02-01"))
        );
        let [right, left] = [straight.right, straight.left].map(|change| change.unwrap().points);
        assert!((right - 30.0).abs() < 1e-9 && (left - 10.0).abs() < 1e-9);
        assert_eq!((codes(&straight), straight.basis), (vec![], Some(Basis::Both)));
    }

    #[test]
    fn without_two_different_dates_the_one_added_as_earlier_is_the_earlier() {
        let (few, many) = (lungs(0.1, 0.1), lungs(0.4, 0.4));
        let found = compared(&later(many.clone()), &Study::new(3, None, few.clone())).unwrap();
        assert_eq!((found.verdict, codes(&found)), (Some(Verdict::PositiveResponse), vec!["dynamics.no-date"]));
        let same = Study::new(3, Some("2026-02-01"), few);
        let found = compared(&same, &later(many)).unwrap();
        assert_eq!((found.verdict, codes(&found)), (Some(Verdict::Progression), vec!["dynamics.same-date"]));
    }

    #[test]
    fn lungs_that_move_apart_disagree() {
        let disagree = |before, after| compared(&earlier(before), &later(after)).unwrap().lungs_disagree;
        assert!(disagree(lungs(0.10, 0.20), lungs(0.11, 0.19)));
        assert!(!disagree(lungs(0.10, 0.20), lungs(0.11, 0.1901)));
        assert!(!disagree(lungs(0.10, 0.20), lungs(0.20, 0.30)));
        assert!(!disagree(lungs(0.10, 0.20), lungs(0.20, None)));
    }

    #[test]
    fn one_study_is_not_compared_with_itself() {
        let with = |voxels, instances| {
            let mut study = Study::new(voxels, Some("2026-01-01"), lungs(0.1, 0.1));
            study.series.instances_key = instances;
            study
        };
        let same = Err(FindingsError::SameStudy);
        assert_eq!(compared(&with(1, None), &with(1, None)), same, "the same voxels without identifiers");
        assert_eq!(compared(&with(1, Some(5)), &with(1, Some(6))), same, "the same voxels under other identifiers");
        assert_eq!(compared(&with(1, Some(5)), &with(2, Some(5))), same, "the same instances");
        assert!(compared(&with(1, None), &with(2, None)).is_ok(), "no identifier says nothing");
        assert!(compared(&with(1, Some(5)), &with(2, Some(6))).is_ok());
        assert!(compared(&with(1, Some(5)), &with(2, None)).is_ok());
        let mut another_date = with(2, Some(5));
        another_date.series.date = Some("2026-02-01".into());
        assert!(compared(&with(1, Some(5)), &another_date).is_ok(), "a program that writes the same identifiers");
    }

    #[test]
    fn a_missing_patient_identifier_is_an_issue() {
        for (before, after) in [(None, None), (Some(7), None), (None, Some(7))] {
            let (a, b) = (earlier(lungs(0.1, 0.1)).patient(before), later(lungs(0.3, 0.3)).patient(after));
            let found = compared(&a, &b).unwrap();
            assert_eq!(codes(&found), ["dynamics.unknown-patient"]);
            assert_eq!(found.verdict, Some(Verdict::Progression));
        }
    }

    #[test]
    fn another_patient_has_no_verdict_until_a_person_confirms() {
        let (a, b) = (earlier(lungs(0.1, 0.1)), later(lungs(0.3, 0.3)).patient(Some(8)));
        let asked = compared(&a, &b).unwrap();
        assert_eq!((asked.verdict, asked.no_verdict), (None, Some(NoVerdict::OtherPatient)));
        assert_eq!(codes(&asked), ["dynamics.other-patient"]);
        assert_eq!(asked.both.map(|change| (change.earlier, change.later)), Some((0.1, 0.3)));
        let confirmed = compare(a.measured(), b.measured(), true).unwrap();
        assert_eq!((confirmed.verdict, confirmed.no_verdict), (Some(Verdict::Progression), None));
        assert_eq!(codes(&confirmed), ["dynamics.other-patient"]);
        assert_eq!(confirmed.issues[0].found, [Reason::OtherPatientId.into(), Reason::PatientConfirmed.into()]);
    }

    #[test]
    fn another_birth_date_or_sex_is_another_patient_and_another_name_a_warning() {
        let person = |name, birth_date, sex| PersonKeys { name, birth_date, sex };
        let mut a = earlier(lungs(0.1, 0.1));
        a.series.person = person(Some(1), Some(2), Some(3));
        let with = |patient_key: Option<u64>, person: PersonKeys| {
            let mut study = later(lungs(0.3, 0.3)).patient(patient_key);
            study.series.person = person;
            compared(&a, &study).unwrap()
        };
        let other = |found: &Dynamics, reasons: &[Reason]| {
            assert_eq!((found.verdict, found.no_verdict), (None, Some(NoVerdict::OtherPatient)));
            assert_eq!(codes(found), ["dynamics.other-patient"]);
            assert_eq!(found.issues[0].found, reasons.iter().map(|reason| (*reason).into()).collect::<Vec<Found>>());
        };
        for id in [Some(7), None] {
            other(&with(id, person(Some(1), Some(9), Some(3))), &[Reason::OtherBirthDate]);
            other(&with(id, person(None, None, Some(9))), &[Reason::OtherSex]);
            let all = [Reason::OtherBirthDate, Reason::OtherSex, Reason::OtherName];
            other(&with(id, person(Some(9), Some(9), Some(9))), &all);
        }
        let every = [Reason::OtherPatientId, Reason::OtherBirthDate, Reason::OtherSex, Reason::OtherName];
        other(&with(Some(8), person(Some(9), Some(9), Some(9))), &every);
        let married = with(Some(7), person(Some(9), Some(2), Some(3)));
        assert_eq!((married.verdict, codes(&married)), (Some(Verdict::Progression), vec!["dynamics.other-name"]));
        assert_eq!(codes(&with(Some(7), person(Some(1), Some(2), Some(3)))), [""; 0]);
        assert_eq!(codes(&with(Some(7), PersonKeys::default())), [""; 0], "what isn't said is not compared");
        let unknown = with(None, person(Some(9), None, Some(3)));
        assert_eq!(codes(&unknown), ["dynamics.other-name", "dynamics.unknown-patient"]);
        let known = with(None, person(Some(1), Some(2), None));
        assert_eq!(codes(&known), ["dynamics.unknown-patient"]);
        let agree = [Reason::NoPatientInOne.into(), Reason::SameNameAndBirthDate.into()];
        assert_eq!(known.issues[0].found, agree);
    }

    #[test]
    fn another_protocol_is_an_issue() {
        let a = earlier(lungs(0.1, 0.1));
        let mut other = later(lungs(0.2, 0.2));
        other.series.spacing_mm = Some(1.0);
        let found = compared(&a, &other).unwrap();
        assert_eq!(codes(&found), ["dynamics.other-protocol"]);
        assert_eq!(found.issues[0].found, [Found::SliceDistances { previous_mm: 5.0, current_mm: 1.0 }]);
        (other.series.spacing_mm, other.series.thickness_mm) = (Some(4.6), None);
        assert_eq!(codes(&compared(&a, &other).unwrap()), [""; 0]);
    }

    #[test]
    fn another_kernel_voltage_contrast_or_breath_is_an_issue() {
        let with = |kernel_key, tube_voltage_kv, contrast, lungs: Lungs| {
            let mut study = later(lungs);
            let series = &mut study.series;
            (series.kernel_key, series.tube_voltage_kv, series.contrast) = (kernel_key, tube_voltage_kv, contrast);
            study
        };
        let same = || lungs(0.2, 0.2);
        let mut a = with(Some(1), Some(120.0), Some(false), same());
        (a.voxels_key, a.series.date) = (1, Some("2026-01-01".into()));
        let found = |other: &Study| {
            let issues = compared(&a, other).unwrap().issues;
            issues.into_iter().flat_map(|issue| issue.found).collect::<Vec<_>>()
        };
        assert_eq!(found(&with(Some(1), Some(120.0), Some(false), same())), []);
        assert_eq!(found(&with(None, None, None, same())), [], "what isn't said is not compared");
        assert_eq!(found(&with(Some(2), Some(120.0), Some(false), same())), [Reason::OtherKernel.into()]);
        let voltages = Found::TubeVoltages { previous_kv: 120.0, current_kv: 130.0 };
        assert_eq!(found(&with(Some(1), Some(130.0), Some(false), same())), [voltages]);
        assert_eq!(found(&with(Some(1), Some(120.5), Some(false), same())), []);
        assert_eq!(found(&with(Some(1), Some(120.0), Some(true), same())), [Reason::ContrastInOne.into()]);
        let breath = |ml: f64| {
            let side = || lung(ml, Some(0.2));
            with(
                Some(1),
                Some(120.0),
                Some(false),
                Lungs { right: side(), left: side(), both: lung(2.0 * ml, Some(0.2)) },
            )
        };
        let volumes = Found::BothLungVolumes { earlier_ml: 2000.0, later_ml: 1460.0 };
        assert_eq!((found(&breath(730.0)), found(&breath(860.0))), (vec![volumes], vec![]));
        // The verdict stays, with its warning.
        let dynamics = compared(&a, &breath(730.0)).unwrap();
        assert_eq!((dynamics.verdict, codes(&dynamics)), (Some(Verdict::Stable), vec!["dynamics.other-protocol"]));
    }

    #[test]
    fn a_lung_that_is_missing_in_one_study_did_not_get_better() {
        let found = compared(&earlier(lungs(0.3, 0.1)), &later(lungs(None, 0.1))).unwrap();
        assert_eq!((found.right, found.both), (None, None));
        assert_eq!(found.left.map(|change| change.points), Some(0.0));
        assert_eq!((found.verdict, found.basis), (Some(Verdict::Stable), Some(Basis::Left)));
        assert_eq!(codes(&found), ["lungs.one-missing"]);
        let missing = |side, study| [Found::MissingLung { side, study }];
        assert_eq!(found.issues[0].found, missing(Side::Right, StudyOrder::Later));
        let found = compared(&earlier(lungs(0.1, None)), &later(lungs(0.3, 0.1))).unwrap();
        assert_eq!((found.verdict, found.basis), (Some(Verdict::Progression), Some(Basis::Right)));
        assert_eq!(found.issues[0].found, missing(Side::Left, StudyOrder::Earlier));
    }

    #[test]
    fn a_lung_that_has_nearly_vanished_did_not_get_better() {
        let whole = lungs(0.3, 0.0);
        let mut fragment = lungs(0.0, 0.0);
        fragment.right = lung(60.0, Some(0.0));
        fragment.both = lung(1060.0, Some(0.0));
        let found = compared(&earlier(whole), &later(fragment)).unwrap();
        assert_eq!((found.right, found.both, found.basis), (None, None, Some(Basis::Left)));
        assert_eq!(found.verdict, Some(Verdict::Stable), "of the left lung");
        assert_eq!(codes(&found), ["dynamics.lung-volume"]);
        let volumes = Found::LungVolumes { side: Side::Right, earlier_ml: 1000.0, later_ml: 60.0 };
        assert_eq!(found.issues[0].found, [volumes]);
        let half = Lungs { right: lung(500.0, Some(0.3)), left: lung(500.0, Some(0.3)), both: lung(1000.0, Some(0.3)) };
        let found = compared(&earlier(lungs(0.3, 0.3)), &later(half)).unwrap();
        assert_eq!((found.basis, codes(&found)), (Some(Basis::Both), vec!["dynamics.other-protocol"]));
    }

    #[test]
    fn one_lung_in_both_studies_is_compared_and_different_ones_are_not() {
        let found = compared(&earlier(lungs(0.3, None)), &later(lungs(0.1, None))).unwrap();
        assert_eq!((found.verdict, found.basis), (Some(Verdict::PositiveResponse), Some(Basis::Right)));
        let found = compared(&earlier(lungs(0.3, None)), &later(lungs(None, 0.1))).unwrap();
        assert_eq!((found.verdict, found.no_verdict), (None, Some(NoVerdict::NoCommonLung)));
        assert_eq!((found.basis, found.left, found.right, found.both), (None, None, None, None));
    }

    #[test]
    fn only_answers_of_one_tier_are_compared() {
        let (low, high) = (lungs(0.10, 0.10), lungs(0.15, 0.15));
        let current = later(low.clone()).answered(Tier::Standard, high.clone());
        // The earlier study is just through the quick tier: two quick answers of the same share.
        let found = compared(&earlier(low.clone()), &current).unwrap();
        assert_eq!((found.verdict, found.tier, found.provisional), (Some(Verdict::Stable), Tier::Quick, true));
        assert_eq!(found.both.map(|change| (change.earlier, change.later)), Some((0.10, 0.10)));
        // Both are through the standard one.
        let previous = earlier(low.clone()).answered(Tier::Standard, low.clone());
        let found = compared(&previous, &current).unwrap();
        assert_eq!((found.verdict, found.tier, found.provisional), (Some(Verdict::Progression), Tier::Standard, false));
        // More networks have voted on the earlier one alone: the page shows what is compared.
        let previous = previous.answered(Tier::Full, high);
        let found = compared(&previous, &current).unwrap();
        assert_eq!((found.verdict, found.tier, found.provisional), (Some(Verdict::Progression), Tier::Standard, false));
    }

    #[test]
    fn a_comparison_is_provisional_while_a_study_is_refined() {
        let quick = || (earlier(lungs(0.1, 0.1)), later(lungs(0.3, 0.3)));
        let (mut previous, current) = quick();
        previous.refines = true;
        assert!(compared(&previous, &current).unwrap().provisional);
        let (previous, mut current) = quick();
        current.refines = true;
        assert!(compared(&previous, &current).unwrap().provisional);
    }

    #[test]
    fn unlike_answers_have_shares_and_no_verdict() {
        let (share, other) = (lungs(0.1, 0.1), lungs(0.3, 0.3));
        let with = |change: fn(&mut Runs)| {
            let mut study = later(other.clone());
            study.answers.values_mut().for_each(|report| change(&mut report.runs));
            compared(&earlier(share.clone()), &study).unwrap()
        };
        for found in [with(|runs| runs.paper_vote = true), with(|runs| runs.dpn_3d = true)] {
            assert_eq!((found.verdict, found.no_verdict), (None, Some(NoVerdict::UnlikeAnswers)));
            assert!(found.both.is_some());
        }
        let full = with(|runs| runs.full_run = true);
        assert_eq!((full.verdict, full.no_verdict), (Some(Verdict::Progression), None));
        let mut standard = later(other).answered(Tier::Standard, lungs(0.4, 0.4));
        standard.answers.remove(&Tier::Quick);
        let found = compared(&earlier(share), &standard).unwrap();
        assert_eq!((found.no_verdict, found.tier), (Some(NoVerdict::UnlikeAnswers), Tier::Quick));
    }
}
