//! Transitions: which events change what, which are stale, and what stays when a worker is lost.

mod lost_worker;

use corsai_protocol::Stage;
use corsai_report::{Basis, Dynamics, LungFinding, Lungs, Runs, StudyRecord, Verdict};

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use leptos::prelude::{Get, Memo, Owner, Read, WithUntracked};
use reactive_stores::Store;

use super::{
    derived::{self, apply_transition},
    *,
};
use corsai_protocol::{
    Command, Event, PersonKeys, Progress, ReportStage, RunId, SeriesId, SeriesSummary, SliceAreas, StudySlot,
    VolumeSummary,
};
use corsai_report::{Issue, IssueCode, Report, Severity, ShareBounds, Tier};

fn series(id: u32, usable: bool) -> SeriesSummary {
    SeriesSummary {
        id: SeriesId(id),
        description: format!("series {id}"),
        modality: "CT".into(),
        slices: 100,
        rows: 512,
        columns: 512,
        thickness_mm: Some(1.0),
        spacing_mm: Some(1.0),
        kernel_key: None,
        tube_voltage_kv: None,
        contrast: None,
        date: Some("2020-04-07".into()),
        usable,
        patient_key: Some(1),
        person: PersonKeys::default(),
        instances_key: Some(2),
        issues: Vec::new(),
    }
}

fn found(run: RunId, series: Vec<SeriesSummary>, chosen: Option<u32>) -> Event {
    Event::Series {
        run,
        slot: StudySlot::Current,
        series,
        previews: Vec::new(),
        chosen: chosen.map(SeriesId),
        issues: Vec::new(),
    }
}

fn report(issues: Vec<Issue>) -> Report {
    let lung = LungFinding { volume_ml: 2000.0, ..LungFinding::default() };
    Report {
        format: 1,
        disclaimer: None,
        study: StudyRecord::default(),
        lungs: Some(Lungs { left: lung.clone(), right: lung.clone(), both: lung }),
        dynamics: None,
        issues,
        runs: Runs::default(),
    }
}

fn reported(run: RunId, slot: StudySlot, issues: Vec<Issue>, stage: ReportStage) -> Event {
    Event::Report { run, slot, report: Box::new(report(issues)), stage }
}

const READING: Phase = Phase::Reading(WORK);
const MEASURING: Phase = Phase::Measuring(WORK);
const MEASURED: Phase = Phase::Measured { refining: None };
const WORK: Work = Work { progress: None, possible: None, stopping: false };

fn of_tier(run: RunId, slot: StudySlot, tier: Tier) -> Event {
    answered(run, slot, tier, ReportStage::Final)
}

fn answered(run: RunId, slot: StudySlot, tier: Tier, stage: ReportStage) -> Event {
    let mut report = report(Vec::new());
    report.runs.tier = tier;
    Event::Report { run, slot, report: Box::new(report), stage }
}

const fn at(run: RunId, slot: StudySlot, stage: Stage, done: u32) -> Event {
    Event::Progress { run, slot, progress: Progress { stage, done, total: 9, seconds_left: None } }
}

fn volume(run: RunId, slot: StudySlot) -> Event {
    let positions_mm = vec![0.0, 1.0, 2.0];
    let (slices, rows, columns, row_mm, column_mm, slice_mm) = (3, 2, 2, 1.0, 1.0, 1.0);
    Event::Volume {
        run,
        slot,
        volume: VolumeSummary { slices, rows, columns, row_mm, column_mm, slice_mm, positions_mm },
    }
}

/// A study whose quick answer is in.
fn measured() -> (PageState, RunId) {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true)], Some(0)), Vec::new());
    model.apply(volume(run, StudySlot::Current), Vec::new());
    model.apply(of_tier(run, StudySlot::Current, Tier::Quick), Vec::new());
    (model, run)
}

/// The same, with further networks running.
fn refined() -> (PageState, RunId) {
    let (mut model, run) = measured();
    model.apply(at(run, StudySlot::Current, Stage::Refining, 1), Vec::new());
    assert!(matches!(model.current.phase, Phase::Measured { refining: Some(_) }));
    (model, run)
}

fn opened() -> (PageState, RunId) {
    let mut model = PageState::default();
    let (commands, run) = model.open(StudySlot::Current, false);
    assert!(commands.is_empty());
    (model, run)
}

#[test]
fn one_clean_series_is_analysed_at_once() {
    let (mut model, run) = opened();
    assert_eq!(model.current.phase, READING);
    model.apply(found(run, vec![series(0, true), series(1, false)], Some(0)), Vec::new());
    assert_eq!(model.current.phase, MEASURING);
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert_eq!(model.current.phase, MEASURING);
    assert!(model.current.shown_report().is_some(), "the lungs' volumes are shown while lesions are pending");
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    assert_eq!(model.busy_slot(), None);
}

#[test]
fn several_series_wait_for_the_person_and_unusable_ones_cannot_be_picked() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true), series(2, false)], None), Vec::new());
    assert_eq!(model.current.phase, Phase::Choosing);
    assert!(model.choose(StudySlot::Current, SeriesId(2)).is_empty());
    assert!(model.choose(StudySlot::Current, SeriesId(9)).is_empty());
    let commands = model.choose(StudySlot::Current, SeriesId(1));
    let [Command::Choose { run: chosen, series: SeriesId(1), .. }] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert!(*chosen > run);
    assert_eq!(model.current.phase, MEASURING);
}

#[test]
fn events_of_an_older_run_are_dropped() {
    let (mut model, old) = opened();
    let (commands, new) = model.open(StudySlot::Current, true);
    assert_eq!(commands, vec![Command::Cancel { run: old }]);
    model.apply(reported(old, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    model.apply(Event::Cancelled { run: old, slot: StudySlot::Current }, Vec::new());
    assert_eq!((model.current.phase, model.current.run), (READING, new));
    assert!(model.current.report.is_none());
}

#[test]
fn a_closed_study_stays_closed() {
    let (mut model, run) = opened();
    assert_eq!(
        model.close(StudySlot::Current),
        vec![Command::Cancel { run }, Command::Close { slot: StudySlot::Current }]
    );
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_comparison_may_arrive_with_the_other_studys_run() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    let (commands, later) = model.open(StudySlot::Previous, false);
    assert!(commands.is_empty() && later > run);
    let doubt = Issue::new(IssueCode::DynamicsOtherPatient, []);
    model.apply(reported(later, StudySlot::Current, vec![doubt.clone()], ReportStage::Final), Vec::new());
    assert_eq!(model.current.issues(), vec![doubt]);
}

#[test]
fn a_refusal_takes_every_number_away() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    let stop = Issue::new(IssueCode::LungsNone, []);
    model.apply(Event::Refused { run, slot: StudySlot::Current, issues: vec![stop.clone()] }, Vec::new());
    assert!(model.current.report.is_none() && model.current.shown_report().is_none());
    assert_eq!(model.current.issues(), vec![stop]);
}

#[test]
fn a_report_that_holds_a_stop_shows_no_number() {
    let (mut model, run) = opened();
    model.apply(
        reported(run, StudySlot::Current, vec![Issue::new(IssueCode::ModelNonFinite, [])], ReportStage::Final),
        Vec::new(),
    );
    assert!(model.current.report.is_some() && model.current.shown_report().is_none());
}

#[test]
fn corrupt_weights_are_loaded_afresh() {
    let (mut model, run) = opened();
    let issues = vec![Issue::new(IssueCode::WeightsCorrupt, [])];
    let effects = model.apply(Event::Refused { run, slot: StudySlot::Current, issues }, Vec::new());
    assert_eq!(effects, vec![SideEffect::DropStoredWeights]);
}

#[test]
fn after_a_refusal_another_series_may_be_picked_but_not_the_same_one() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, false)], Some(0)), Vec::new());
    let issues = vec![Issue::new(IssueCode::LungsNone, [])];
    model.apply(Event::Refused { run, slot: StudySlot::Current, issues }, Vec::new());
    assert!(!model.current.has_choice());
    model.current.series.make_mut().push(series(2, true));
    assert!(model.current.has_choice());
    model.choose(StudySlot::Current, SeriesId(2));
    assert_eq!((model.current.phase, model.current.refusal.len()), (MEASURING, 0));
}

#[test]
fn nothing_usable_is_a_refusal() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, false)], None), Vec::new());
    assert_eq!(model.current.phase, Phase::Refused);
}

#[test]
fn stopping_is_asked_once_and_what_was_finished_stays() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert_eq!(model.stop(StudySlot::Current), Some(Command::Cancel { run }));
    assert_eq!(model.stop(StudySlot::Current), None);
    model.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped);
    assert!(model.current.shown_report().is_some());
    model.apply(at(run, StudySlot::Current, Stage::Lungs, 1), Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped, "a late progress message doesn't bring the bar back");
}

#[test]
fn stopping_before_anything_was_found_leads_back_to_the_start() {
    let (mut model, run) = opened();
    model.stop(StudySlot::Current);
    model.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_run_over_several_tiers_is_work_without_a_gap_until_it_finishes() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(answered(run, StudySlot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(model.is_working(), "from the answer on, before any progress is told");
    model.stop(StudySlot::Current);
    model.apply(answered(run, StudySlot::Current, Tier::Standard, ReportStage::Interim), Vec::new());
    assert!(model.is_stopping(), "an answer on the way forgets no wish");
    // No network is left for the next tier.
    model.apply(Event::Finished { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    // The end of a run that left a choice to the person changes nothing.
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true)], None), Vec::new());
    model.apply(Event::Finished { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Choosing);
}

#[test]
fn numbers_of_a_higher_tier_stay_until_their_masks_are_there_again() {
    let (mut model, run) = measured();
    model.apply(of_tier(run, StudySlot::Current, Tier::Standard), Vec::new());
    let run = model.lost_worker(None, &[StudySlot::Current])[0].1;
    model.apply(answered(run, StudySlot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(matches!(model.current.phase, Phase::Restoring(_)));
    let tier = |m: &PageState| m.current.report.as_ref().map(|r| r.runs.tier);
    assert_eq!(tier(&model), Some(Tier::Standard));
    let mut other = model.clone();
    model.apply(of_tier(run, StudySlot::Current, Tier::Standard), Vec::new());
    assert_eq!((model.current.phase, tier(&model)), (MEASURED, Some(Tier::Standard)));
    // The worker goes no further than this tier: masks and numbers are that tier's.
    other.apply(of_tier(run, StudySlot::Current, Tier::Quick), Vec::new());
    assert_eq!((other.current.phase, tier(&other)), (MEASURED, Some(Tier::Quick)));
}

#[test]
fn a_stopped_study_can_be_measured_again_and_knows_which_slices_were_read() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(volume(run, StudySlot::Current), Vec::new());
    model.apply(Event::Changed { run, slot: StudySlot::Current, indices: vec![1], areas: Vec::new() }, Vec::new());
    model.stop(StudySlot::Current);
    model.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped);
    assert_eq!(model.current.decoded.iter().copied().collect::<Vec<_>>(), [1]);
    assert!(model.current.has_choice());
    assert_eq!(model.current.remeasurable(), Some(SeriesId(0)));
    let commands = model.choose(StudySlot::Current, SeriesId(0));
    assert!(matches!(commands[..], [Command::Choose { series: SeriesId(0), .. }]), "{commands:?}");
    assert_eq!((model.current.phase, model.current.decoded.len()), (MEASURING, 0));
}

#[test]
fn a_worker_that_repeats_itself_gets_no_further() {
    let (mut model, run) = refined();
    let same = at(run, StudySlot::Current, Stage::Refining, 1);
    assert!(!model.advances(&same));
    assert!(model.advances(&at(run, StudySlot::Current, Stage::Refining, 2)));
    assert!(model.advances(&at(run, StudySlot::Current, Stage::Weights, 1)));
    assert!(model.advances(&Event::Changed { run, slot: StudySlot::Current, indices: vec![1], areas: Vec::new() }));
    model.stop(StudySlot::Current);
    model.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    assert!(!model.is_working());
}

#[test]
fn refining_may_wait_for_weights() {
    let (mut model, run) = measured();
    assert!(!model.is_working());
    model.apply(at(run, StudySlot::Current, Stage::Weights, 0), Vec::new());
    let Phase::Measured { refining: Some(work) } = model.current.phase else { panic!("{:?}", model.current.phase) };
    assert_eq!(work.progress.map(|p| p.stage), Some(Stage::Weights));
}

#[test]
fn a_closed_study_that_was_refined_is_cancelled() {
    let (mut model, run) = refined();
    let commands = model.close(StudySlot::Current);
    assert_eq!(commands, vec![Command::Cancel { run }, Command::Close { slot: StudySlot::Current }]);
}

#[test]
fn refining_keeps_the_answer_and_can_be_stopped() {
    let (mut model, run) = opened();
    assert_eq!(model.refine(Tier::Full), [], "there is no answer yet");
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    let progress = Progress { stage: Stage::Refining, done: 1, total: 9, seconds_left: None };
    model.apply(Event::Progress { run, slot: StudySlot::Current, progress }, Vec::new());
    let possible = ShareBounds { both: Some([0.1, 0.2]), ..ShareBounds::default() };
    model.apply(Event::ShareBounds { run, slot: StudySlot::Current, bounds: possible }, Vec::new());
    let work = Work { progress: Some(progress), possible: Some(possible), stopping: false };
    assert_eq!((model.current.phase, model.busy_slot()), (Phase::Measured { refining: Some(work) }, None));
    assert_eq!(model.refine(Tier::Full), [], "one refinement at a time");
    assert_eq!(model.stop(StudySlot::Current), Some(Command::Cancel { run }));
    model.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    assert!(model.current.shown_report().is_some());
    let wanted = Command::Refine { run, slot: StudySlot::Current, tier: Tier::Full };
    assert_eq!(model.refine(Tier::Full), [wanted]);
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, MEASURED);
}

#[test]
fn one_press_refines_both_studies() {
    let (mut model, run) = measured();
    let (_, earlier) = model.open(StudySlot::Previous, false);
    let wanted = |run, slot, tier| Command::Refine { run, slot, tier };
    assert_eq!(model.refine(Tier::Standard), [wanted(run, StudySlot::Current, Tier::Standard)]);
    model.apply(of_tier(run, StudySlot::Current, Tier::Standard), Vec::new());
    model.apply(volume(earlier, StudySlot::Previous), Vec::new());
    let both = [wanted(run, StudySlot::Current, Tier::Full), wanted(earlier, StudySlot::Previous, Tier::Full)];
    assert_eq!(model.refine(Tier::Full), both, "the earlier one's run is told where to go on to");
    model.apply(of_tier(run, StudySlot::Current, Tier::Full), Vec::new());
    model.apply(of_tier(earlier, StudySlot::Previous, Tier::Standard), Vec::new());
    assert_eq!(model.refine(Tier::Full), both[1..], "it was left behind");
    assert!(model.is_working());
}

fn compared(run: RunId) -> Event {
    let dynamics = Dynamics {
        verdict: Some(Verdict::Stable),
        no_verdict: None,
        basis: Some(Basis::Both),
        tier: Tier::Quick,
        provisional: false,
        earlier_date: None,
        later_date: None,
        both: None,
        left: None,
        right: None,
        lungs_disagree: false,
        issues: Vec::new(),
    };
    Event::Compared { run, dynamics: Box::new(dynamics) }
}

#[test]
fn a_comparison_belongs_to_the_earlier_study_that_is_there() {
    let shown = |model: &PageState| model.current.report.as_ref().is_some_and(|r| r.dynamics.is_some());
    let (mut model, run) = measured();
    model.apply(compared(run), Vec::new());
    assert!(!shown(&model), "there is no earlier study");
    let (_, earlier) = model.open(StudySlot::Previous, false);
    model.apply(of_tier(earlier, StudySlot::Previous, Tier::Quick), Vec::new());
    model.apply(compared(earlier), Vec::new());
    assert!(shown(&model));
    model.apply(of_tier(run, StudySlot::Current, Tier::Standard), Vec::new());
    assert!(shown(&model), "the next comparison follows a report");
    model.previous.series = vec![series(0, true), series(1, true)].into();
    model.choose(StudySlot::Previous, SeriesId(1));
    assert!(!shown(&model), "it was of another series");
    model.apply(compared(earlier), Vec::new());
    assert!(!shown(&model), "last words of the run before");
    let later = model.previous.run;
    model.apply(compared(later), Vec::new());
    let issues = vec![Issue::new(IssueCode::DynamicsSameStudy, [])];
    model.apply(Event::Refused { run: later, slot: StudySlot::Previous, issues }, Vec::new());
    assert!(!shown(&model), "a refused study is not compared");
}

#[test]
fn an_export_with_a_comparison_bears_the_earlier_studys_doubts() {
    let (mut model, _) = measured();
    let (_, earlier) = model.open(StudySlot::Previous, false);
    let doubt = Issue::new(IssueCode::GeometryMissingSlices, [corsai_report::Found::Part { count: 1, total: 62 }]);
    model.apply(reported(earlier, StudySlot::Previous, vec![doubt], ReportStage::Final), Vec::new());
    let codes = |model: &PageState| {
        let (_, issues) = model.export_data().unwrap();
        issues
            .into_iter()
            .map(|issue| (issue.code, corsai_language::Language::english().issue(&issue)))
            .collect::<Vec<_>>()
    };
    let alone = codes(&model);
    model.apply(compared(earlier), Vec::new());
    let found = codes(&model);
    assert_eq!(found.len(), alone.len() + 1);
    let (code, message) = found.last().unwrap();
    assert_eq!(*code, IssueCode::GeometryMissingSlices);
    assert!(message.starts_with("The earlier study: Slices are missing"), "{message}");
}

#[test]
fn closing_the_earlier_study_takes_the_comparison_away() {
    let (mut model, run) = opened();
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    model.open(StudySlot::Previous, false);
    let commands = model.close(StudySlot::Previous);
    assert!(commands.contains(&Command::Close { slot: StudySlot::Previous }));
    assert_eq!(model.current.phase, MEASURED);
    assert!(model.current.report.as_ref().is_some_and(|r| r.dynamics.is_none()));
}

#[test]
fn issues_are_listed_once_gravest_first_with_their_files() {
    let (mut model, run) = opened();
    let skipped = Issue::new(IssueCode::FileTruncated, []).with_files(vec!["a.dcm".into()]);
    let mut chosen = series(0, true);
    chosen.issues =
        vec![Issue::new(IssueCode::GeometryMissingSlices, [corsai_report::Found::Part { count: 1, total: 148 }])];
    let event = Event::Series {
        run,
        slot: StudySlot::Current,
        series: vec![chosen.clone()],
        previews: Vec::new(),
        chosen: Some(SeriesId(0)),
        issues: vec![Issue::new(IssueCode::FileDuplicate, []), skipped.clone()],
    };
    model.apply(event, Vec::new());
    let again = vec![Issue::new(IssueCode::FileTruncated, []), chosen.issues[0].clone()];
    model.apply(reported(run, StudySlot::Current, again, ReportStage::Final), Vec::new());
    let codes: Vec<_> = model.current.issues().iter().map(|i| i.code).collect();
    assert_eq!(codes, vec![IssueCode::FileTruncated, IssueCode::GeometryMissingSlices, IssueCode::FileDuplicate]);
    assert_eq!(model.current.issues()[0].files, skipped.files);
}

#[test]
fn a_slice_of_an_older_run_is_not_of_the_study_that_is_there() {
    let (mut model, old) = opened();
    assert!(model.is_live(old, StudySlot::Current));
    model.apply(found(old, vec![series(0, true), series(1, true)], None), Vec::new());
    model.choose(StudySlot::Current, SeriesId(1));
    let chosen = model.current.run;
    assert!(!model.is_live(old, StudySlot::Current) && model.is_live(chosen, StudySlot::Current));
    assert!(!model.is_live(chosen, StudySlot::Previous), "there is no earlier study");
    model.close(StudySlot::Current);
    assert!(!model.is_live(chosen, StudySlot::Current));
}

#[test]
fn areas_of_lung_and_lesion_come_with_what_has_changed_and_only_from_the_live_run() {
    let (mut model, old) = opened();
    let areas = vec![SliceAreas { lung: 4, lesion: Some(1) }];
    let event = |run| Event::Changed { run, slot: StudySlot::Current, indices: vec![7], areas: areas.clone() };
    let effect = SideEffect::SlicesChanged(StudySlot::Current, vec![7], areas.clone());
    assert_eq!(model.apply(event(old), Vec::new()), vec![effect]);
    model.open(StudySlot::Current, false);
    assert_eq!(model.apply(event(old), Vec::new()), Vec::new());
}

#[test]
fn only_events_that_advance_count_as_progress() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    let progress = |stage, done, seconds_left| {
        let progress = Progress { stage, done, total: 600, seconds_left };
        Event::Progress { run, slot: StudySlot::Current, progress }
    };
    let first = progress(Stage::Lesions, 12, None);
    assert!(model.advances(&first));
    model.apply(first, Vec::new());
    assert!(!model.advances(&progress(Stage::Lesions, 12, Some(900.0))), "it beats, and nothing has advanced");
    assert!(model.advances(&progress(Stage::Lesions, 13, None)));
    assert!(model.advances(&progress(Stage::Weights, 12, None)), "another stage");
    let slice = Event::Slice { run, slot: StudySlot::Current, index: 0, lungs: true, lesions: true, agreement: false };
    assert!(!model.advances(&slice), "the person scrolls, and the worker may still hang at its networks");
    assert!(!model.advances(&Event::Diagnostics { lines: vec!["a line".into()] }));
    assert!(model.advances(&Event::Changed { run, slot: StudySlot::Current, indices: vec![1], areas: Vec::new() }));
}

/// Counts how often a memo of `read` runs again after a transition.
fn runs_again<T: PartialEq + Send + Sync + 'static>(
    read: impl Fn(Store<PageState>) -> T + Send + Sync + 'static,
    transition: impl FnOnce(&mut PageState),
) -> usize {
    let owner = Owner::new();
    owner.set();
    let store = Store::new(refined().0);
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let memo = Memo::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        read(store)
    });
    memo.with_untracked(|_| ());
    apply_transition(store, transition);
    memo.with_untracked(|_| ());
    runs.load(Ordering::Relaxed) - 1
}

fn progress_event(state: &mut PageState) {
    let run = state.current.run;
    state.apply(at(run, StudySlot::Current, Stage::Refining, 2), Vec::new());
}

#[test]
fn a_progress_event_notifies_the_readers_of_the_phase_alone() {
    assert_eq!(runs_again(|s| s.current().phase().get(), progress_event), 1);
    assert_eq!(runs_again(|s| s.previous().phase().get(), progress_event), 0);
    assert_eq!(runs_again(|s| derived::issues(s.current()), progress_event), 0);
    assert_eq!(runs_again(|s| s.current().report().read().is_some(), progress_event), 0);
    assert_eq!(runs_again(|s| derived::selectable_series(s.current()).len(), |s| s.notices.clear()), 0);
}

#[test]
fn a_derived_value_runs_again_with_every_field_that_it_depends_on() {
    let stop = || vec![Issue::new(IssueCode::LungsNone, [])];
    assert_eq!(runs_again(|s| derived::issues(s.current()), |s| s.current.refusal = stop().into()), 1);
    assert_eq!(runs_again(|s| derived::issues(s.current()), |s| s.current.drop_issues = stop().into()), 1);
    assert_eq!(runs_again(|s| derived::issues(s.current()), |s| s.current.missing_files = stop().pop()), 1);
    assert_eq!(runs_again(|s| derived::issues(s.current()), |s| s.current.series = Shared::default()), 1);
    assert_eq!(runs_again(|s| derived::issues(s.current()), |s| s.current.chosen = None), 1);
    assert_eq!(runs_again(|s| derived::shown_report(s.current()), |s| s.current.phase = Phase::Refused), 1);
    assert_eq!(runs_again(|s| derived::shown_report(s.current()), |s| s.current.report = None), 1);
    assert_eq!(runs_again(|s| derived::remeasurable(s.current()), |s| s.current.worker_lost = true), 1);
    assert_eq!(runs_again(derived::can_compute, |s| s.worker = WorkerStatus::Unsupported), 1);
    assert_eq!(runs_again(derived::is_working, |s| s.previous.phase = READING), 1);
}
