//! The reducer's claims: which events change what, which are stale, and what stays when a worker is lost.

use corsai_protocol::Stage;
use corsai_report::{Basis, DISCLAIMER, Dynamics, LungFinding, Lungs, Runs, StudyRecord, Verdict};

use super::*;

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
        date: Some("2020-04-07".into()),
        usable,
        patient_key: Some(1),
        instances_key: Some(2),
        issues: Vec::new(),
    }
}

fn found(run: RunId, series: Vec<SeriesSummary>, chosen: Option<u32>) -> Event {
    Event::Series {
        run,
        slot: Slot::Current,
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
        disclaimer: DISCLAIMER.into(),
        study: StudyRecord::default(),
        lungs: Some(Lungs { left: lung.clone(), right: lung.clone(), both: lung }),
        dynamics: None,
        issues,
        runs: Runs::default(),
    }
}

fn reported(run: RunId, slot: Slot, issues: Vec<Issue>, stage: ReportStage) -> Event {
    Event::Report { run, slot, report: Box::new(report(issues)), stage }
}

const READING: Phase = Phase::Reading(WORK);
const MEASURING: Phase = Phase::Measuring(WORK);
const MEASURED: Phase = Phase::Measured { refining: None };
const WORK: Work = Work { progress: None, possible: None, stopping: false };

fn of_tier(run: RunId, slot: Slot, tier: Tier) -> Event {
    answered(run, slot, tier, ReportStage::Final)
}

fn answered(run: RunId, slot: Slot, tier: Tier, stage: ReportStage) -> Event {
    let mut report = report(Vec::new());
    report.runs.tier = tier;
    Event::Report { run, slot, report: Box::new(report), stage }
}

const fn at(run: RunId, slot: Slot, stage: Stage, done: u32) -> Event {
    Event::Progress { run, slot, progress: Progress { stage, done, total: 9, seconds_left: None } }
}

fn volume(run: RunId, slot: Slot) -> Event {
    let positions_mm = vec![0.0, 1.0, 2.0];
    let (slices, rows, columns, row_mm, column_mm, slice_mm) = (3, 2, 2, 1.0, 1.0, 1.0);
    Event::Volume {
        run,
        slot,
        volume: VolumeSummary { slices, rows, columns, row_mm, column_mm, slice_mm, positions_mm },
    }
}

/// A study whose quick answer is in.
fn measured() -> (Model, RunId) {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true)], Some(0)), Vec::new());
    model.apply(volume(run, Slot::Current), Vec::new());
    model.apply(of_tier(run, Slot::Current, Tier::Quick), Vec::new());
    (model, run)
}

/// The same, with further networks running.
fn refined() -> (Model, RunId) {
    let (mut model, run) = measured();
    model.apply(at(run, Slot::Current, Stage::Refining, 1), Vec::new());
    assert!(matches!(model.current.phase, Phase::Measured { refining: Some(_) }));
    (model, run)
}

fn opened() -> (Model, RunId) {
    let mut model = Model::default();
    let (commands, run) = model.open(Slot::Current, false);
    assert!(commands.is_empty());
    (model, run)
}

#[test]
fn one_clean_series_is_analysed_at_once() {
    let (mut model, run) = opened();
    assert_eq!(model.current.phase, READING);
    model.apply(found(run, vec![series(0, true), series(1, false)], Some(0)), Vec::new());
    assert_eq!(model.current.phase, MEASURING);
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert_eq!(model.current.phase, MEASURING);
    assert!(model.current.numbers().is_some(), "the lungs' volumes are shown while lesions are pending");
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    assert_eq!(model.busy_slot(), None);
}

#[test]
fn several_series_wait_for_the_person_and_unusable_ones_cannot_be_picked() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true), series(2, false)], None), Vec::new());
    assert_eq!(model.current.phase, Phase::Choosing);
    assert!(model.choose(Slot::Current, SeriesId(2)).is_empty());
    assert!(model.choose(Slot::Current, SeriesId(9)).is_empty());
    let commands = model.choose(Slot::Current, SeriesId(1));
    let [Command::Choose { run: chosen, series: SeriesId(1), .. }] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert!(*chosen > run);
    assert_eq!(model.current.phase, MEASURING);
}

#[test]
fn events_of_an_older_run_are_dropped() {
    let (mut model, old) = opened();
    let (commands, new) = model.open(Slot::Current, true);
    assert_eq!(commands, vec![Command::Cancel { run: old }]);
    model.apply(reported(old, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    model.apply(Event::Cancelled { run: old, slot: Slot::Current }, Vec::new());
    assert_eq!((model.current.phase, model.current.run), (READING, new));
    assert!(model.current.report.is_none());
}

#[test]
fn a_closed_study_stays_closed() {
    let (mut model, run) = opened();
    assert_eq!(model.close(Slot::Current), vec![Command::Cancel { run }, Command::Close { slot: Slot::Current }]);
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_comparison_may_arrive_with_the_other_studys_run() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    let (commands, later) = model.open(Slot::Previous, false);
    assert!(commands.is_empty() && later > run);
    let doubt = Issue::new(IssueCode::DynamicsOtherPatient, "");
    model.apply(reported(later, Slot::Current, vec![doubt.clone()], ReportStage::Final), Vec::new());
    assert_eq!(model.current.issues(), vec![doubt]);
}

#[test]
fn a_refusal_takes_every_number_away() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    let stop = Issue::new(IssueCode::LungsNone, "");
    model.apply(Event::Refused { run, slot: Slot::Current, issues: vec![stop.clone()] }, Vec::new());
    assert!(model.current.report.is_none() && model.current.numbers().is_none());
    assert_eq!(model.current.issues(), vec![stop]);
}

#[test]
fn a_report_that_holds_a_stop_shows_no_number() {
    let (mut model, run) = opened();
    model.apply(
        reported(run, Slot::Current, vec![Issue::new(IssueCode::ModelNonFinite, "")], ReportStage::Final),
        Vec::new(),
    );
    assert!(model.current.report.is_some() && model.current.numbers().is_none());
}

#[test]
fn corrupt_weights_are_loaded_afresh() {
    let (mut model, run) = opened();
    let issues = vec![Issue::new(IssueCode::WeightsCorrupt, "")];
    let effects = model.apply(Event::Refused { run, slot: Slot::Current, issues }, Vec::new());
    assert_eq!(effects, vec![Effect::DropStoredWeights]);
}

#[test]
fn after_a_refusal_another_series_may_be_picked_but_not_the_same_one() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, false)], Some(0)), Vec::new());
    let issues = vec![Issue::new(IssueCode::LungsNone, "")];
    model.apply(Event::Refused { run, slot: Slot::Current, issues }, Vec::new());
    assert!(!model.current.may_choose());
    model.current.series.push(series(2, true));
    assert!(model.current.may_choose());
    model.choose(Slot::Current, SeriesId(2));
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
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert_eq!(model.stop(Slot::Current), Some(Command::Cancel { run }));
    assert_eq!(model.stop(Slot::Current), None);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped);
    assert!(model.current.numbers().is_some());
    model.apply(at(run, Slot::Current, Stage::Lungs, 1), Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped, "a late progress message doesn't bring the bar back");
}

#[test]
fn stopping_before_anything_was_found_leads_back_to_the_start() {
    let (mut model, run) = opened();
    model.stop(Slot::Current);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_worker_that_is_given_up_refuses_what_ran_and_leaves_what_was_done() {
    let (mut model, _) = measured();
    let (_, later) = model.open(Slot::Previous, false);
    let issue = Issue::new(IssueCode::WorkerDied, "");
    assert_eq!(model.apply(Event::Fatal { issue: issue.clone() }, Vec::new()), vec![Effect::WorkerDied(issue.clone())]);
    assert!(model.lost_worker(Some(issue.clone()), &[]).is_empty());
    assert_eq!((model.current.phase, model.previous.phase), (MEASURED, Phase::Refused));
    assert!(model.current.numbers().is_some() && model.current.gone);
    assert_eq!(model.current.again(), Some(SeriesId(0)), "the person may have its pictures back");
    assert_eq!(model.previous.refusal, vec![issue]);
    assert!(model.notices.is_empty());
    model.apply(reported(later, Slot::Previous, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.previous.phase, Phase::Refused, "last words of the dead worker count no more");
}

#[test]
fn a_worker_that_dies_over_its_study_begins_anew() {
    let (mut model, run) = opened();
    model.take_in(Slot::Current, Some(Issue::new(IssueCode::FileUnreadable, "")));
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert!(model.goes_on(Slot::Current) && !model.goes_on(Slot::Previous));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, "")), &[Slot::Current]);
    let [(Slot::Current, again)] = runs[..] else { panic!("{runs:?}") };
    assert!(again > run);
    assert_eq!((model.current.phase, model.current.run, model.current.gone), (READING, again, false));
    assert_eq!(model.current.numbers(), None);
    assert_eq!(model.notices.iter().map(|i| i.code).collect::<Vec<_>>(), [IssueCode::WorkerRestarted]);
    assert_eq!(model.current.issues()[0].code, IssueCode::FileUnreadable, "what was missing is missing still");
}

#[test]
fn a_worker_that_dies_over_the_earlier_study_takes_nothing_of_the_other() {
    let (mut model, _) = measured();
    model.open(Slot::Previous, false);
    assert_eq!(model.blamed(), Some(Slot::Previous));
    let both = [Slot::Current, Slot::Previous];
    assert!(both.into_iter().all(|slot| model.goes_on(slot)));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, "")), &both);
    assert_eq!(runs.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), both, "the current one is read first");
    assert!(matches!(model.current.phase, Phase::Restoring(_)));
    assert!(model.current.numbers().is_some() && !model.current.gone);
    assert_eq!(model.previous.phase, READING);
    assert_eq!(model.blamed(), Some(Slot::Previous), "the other one had come through before");
}

#[test]
fn a_worker_that_dies_while_refining_leaves_numbers_and_brings_the_pictures_back() {
    let (mut model, _) = refined();
    assert!(model.working() && model.busy_slot().is_none());
    assert_eq!(model.blamed(), Some(Slot::Current));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, "")), &[Slot::Current]);
    let run = runs[0].1;
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.numbers().is_some());
    let found = found(run, vec![series(0, true), series(1, true)], Some(0));
    assert_eq!(model.apply(found, Vec::new()), vec![Effect::SeriesFound(Slot::Current, Some(SeriesId(0)))]);
    assert!(model.apply(volume(run, Slot::Current), Vec::new()).is_empty(), "what is on screen stays there");
    model.apply(
        reported(run, Slot::Current, vec![Issue::new(IssueCode::LungsCutOff, "")], ReportStage::Lungs),
        Vec::new(),
    );
    assert!(model.current.issues().is_empty(), "half an answer doesn't replace a whole one");
    model.apply(answered(run, Slot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(matches!(model.current.phase, Phase::Measured { refining: Some(_) }), "and it goes on");
}

#[test]
fn a_run_that_goes_on_is_work_without_a_gap_and_ends_when_it_is_finished() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(answered(run, Slot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(model.working(), "from the answer on, before any progress is told");
    model.stop(Slot::Current);
    model.apply(answered(run, Slot::Current, Tier::Standard, ReportStage::Interim), Vec::new());
    assert!(model.stopping(), "an answer on the way forgets no wish");
    // No network is left for the next tier.
    model.apply(Event::Finished { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    // The end of a run that left a choice to the person changes nothing.
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true), series(1, true)], None), Vec::new());
    model.apply(Event::Finished { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Choosing);
}

#[test]
fn numbers_of_a_higher_tier_stay_until_their_masks_are_there_again() {
    let (mut model, run) = measured();
    model.apply(of_tier(run, Slot::Current, Tier::Standard), Vec::new());
    let run = model.lost_worker(None, &[Slot::Current])[0].1;
    model.apply(answered(run, Slot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(matches!(model.current.phase, Phase::Restoring(_)));
    let tier = |m: &Model| m.current.report.as_ref().map(|r| r.runs.tier);
    assert_eq!(tier(&model), Some(Tier::Standard));
    let mut other = model.clone();
    model.apply(of_tier(run, Slot::Current, Tier::Standard), Vec::new());
    assert_eq!((model.current.phase, tier(&model)), (MEASURED, Some(Tier::Standard)));
    // The worker goes no further than this tier: masks and numbers are that tier's.
    other.apply(of_tier(run, Slot::Current, Tier::Quick), Vec::new());
    assert_eq!((other.current.phase, tier(&other)), (MEASURED, Some(Tier::Quick)));
}

#[test]
fn what_cannot_be_restored_keeps_its_numbers() {
    let begun = || {
        let (mut model, _) = refined();
        let run = model.lost_worker(None, &[Slot::Current])[0].1;
        (model, run)
    };
    let moved = Issue::new(IssueCode::FileUnreadable, "");
    let (mut stopped, run) = begun();
    assert_eq!(stopped.stop(Slot::Current), Some(Command::Cancel { run }));
    assert!(!stopped.goes_on(Slot::Current), "nor in another worker");
    stopped.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    let (mut refused, run) = begun();
    refused.apply(Event::Refused { run, slot: Slot::Current, issues: vec![moved.clone()] }, Vec::new());
    assert_eq!(refused.notices, vec![moved.with_severity(Severity::Warning)]);
    let (mut other, run) = begun();
    other.apply(found(run, vec![series(7, true)], Some(7)), Vec::new());
    other.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    for model in [stopped, refused, other] {
        assert_eq!((model.current.phase, model.current.gone), (MEASURED, true));
        assert!(model.current.numbers().is_some() && !model.working());
    }
}

#[test]
fn a_study_whose_pictures_are_lost_can_be_read_again() {
    let (mut model, _) = measured();
    model.lost_worker(None, &[]);
    let mut other = model.clone();
    let run = model.read_again(Slot::Current, SeriesId(0));
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.numbers().is_some());
    assert!(model.current.run == run && !model.current.gone);
    other.read_again(Slot::Current, SeriesId(1));
    assert_eq!(
        (other.current.phase, other.current.report.is_some()),
        (READING, false),
        "another series, other numbers"
    );
}

#[test]
fn the_series_that_was_measured_is_measured_again_beside_its_numbers() {
    let (mut model, _) = measured();
    let run = model.lost_worker(None, &[Slot::Current])[0].1;
    let all = vec![series(0, true), series(1, true)];
    model.apply(found(run, all, None), Vec::new());
    assert!(matches!(model.current.phase, Phase::Restoring(_)), "the person isn't asked once more");
    let commands = model.choose(Slot::Current, SeriesId(0));
    assert!(matches!(commands[..], [Command::Cancel { .. }, Command::Choose { series: SeriesId(0), .. }]));
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.numbers().is_some());
    model.choose(Slot::Current, SeriesId(1));
    assert_eq!((model.current.phase, model.current.report.is_some()), (MEASURING, false));
}

#[test]
fn a_stopped_study_can_be_measured_again_and_knows_which_slices_were_read() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(volume(run, Slot::Current), Vec::new());
    model.apply(Event::Changed { run, slot: Slot::Current, indices: vec![1], areas: Vec::new() }, Vec::new());
    model.stop(Slot::Current);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Stopped);
    assert_eq!(model.current.decoded.iter().copied().collect::<Vec<_>>(), [1]);
    assert!(model.current.may_choose());
    assert_eq!(model.current.again(), Some(SeriesId(0)));
    let commands = model.choose(Slot::Current, SeriesId(0));
    assert!(matches!(commands[..], [Command::Choose { series: SeriesId(0), .. }]), "{commands:?}");
    assert_eq!((model.current.phase, model.current.decoded.len()), (MEASURING, 0));
}

#[test]
fn a_worker_that_does_not_answer_a_stop_leaves_a_stopped_study() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.stop(Slot::Current);
    assert!(model.stopping() && !model.goes_on(Slot::Current));
    model.lost_worker(None, &[]);
    assert_eq!((model.current.phase, model.current.gone), (Phase::Stopped, true));
    assert_eq!(model.current.again(), Some(SeriesId(0)));
    let (mut model, _) = opened();
    model.stop(Slot::Current);
    model.lost_worker(None, &[]);
    assert_eq!(model.current.phase, Phase::Empty, "nothing was found yet");
}

#[test]
fn a_worker_that_repeats_itself_gets_no_further() {
    let (mut model, run) = refined();
    let same = at(run, Slot::Current, Stage::Refining, 1);
    assert!(!model.gets_on(&same));
    assert!(model.gets_on(&at(run, Slot::Current, Stage::Refining, 2)));
    assert!(model.gets_on(&at(run, Slot::Current, Stage::Weights, 1)));
    assert!(model.gets_on(&Event::Changed { run, slot: Slot::Current, indices: vec![1], areas: Vec::new() }));
    model.stop(Slot::Current);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert!(!model.working());
}

#[test]
fn refining_may_wait_for_weights() {
    let (mut model, run) = measured();
    assert!(!model.working());
    model.apply(at(run, Slot::Current, Stage::Weights, 0), Vec::new());
    let Phase::Measured { refining: Some(work) } = model.current.phase else { panic!("{:?}", model.current.phase) };
    assert_eq!(work.progress.map(|p| p.stage), Some(Stage::Weights));
}

#[test]
fn a_closed_study_that_was_refined_is_cancelled() {
    let (mut model, run) = refined();
    let commands = model.close(Slot::Current);
    assert_eq!(commands, vec![Command::Cancel { run }, Command::Close { slot: Slot::Current }]);
}

#[test]
fn refining_keeps_the_answer_and_can_be_stopped() {
    let (mut model, run) = opened();
    assert_eq!(model.refine(Tier::Full), [], "there is no answer yet");
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    let progress = Progress { stage: Stage::Refining, done: 1, total: 9, seconds_left: None };
    model.apply(Event::Progress { run, slot: Slot::Current, progress }, Vec::new());
    let possible = Possible { both: Some([0.1, 0.2]), ..Possible::default() };
    model.apply(Event::Possible { run, slot: Slot::Current, possible }, Vec::new());
    let work = Work { progress: Some(progress), possible: Some(possible), stopping: false };
    assert_eq!((model.current.phase, model.busy_slot()), (Phase::Measured { refining: Some(work) }, None));
    assert_eq!(model.refine(Tier::Full), [], "one refinement at a time");
    assert_eq!(model.stop(Slot::Current), Some(Command::Cancel { run }));
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, MEASURED);
    assert!(model.current.numbers().is_some());
    let wanted = Command::Refine { run, slot: Slot::Current, tier: Tier::Full };
    assert_eq!(model.refine(Tier::Full), [wanted]);
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.current.phase, MEASURED);
}

#[test]
fn one_press_refines_both_studies() {
    let (mut model, run) = measured();
    let (_, earlier) = model.open(Slot::Previous, false);
    let wanted = |run, slot, tier| Command::Refine { run, slot, tier };
    assert_eq!(model.refine(Tier::Standard), [wanted(run, Slot::Current, Tier::Standard)]);
    model.apply(of_tier(run, Slot::Current, Tier::Standard), Vec::new());
    model.apply(volume(earlier, Slot::Previous), Vec::new());
    let both = [wanted(run, Slot::Current, Tier::Full), wanted(earlier, Slot::Previous, Tier::Full)];
    assert_eq!(model.refine(Tier::Full), both, "the earlier one's run is told where to go on to");
    model.apply(of_tier(run, Slot::Current, Tier::Full), Vec::new());
    model.apply(of_tier(earlier, Slot::Previous, Tier::Standard), Vec::new());
    assert_eq!(model.refine(Tier::Full), both[1..], "it was left behind");
    assert!(model.working());
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
    let shown = |model: &Model| model.current.report.as_ref().is_some_and(|r| r.dynamics.is_some());
    let (mut model, run) = measured();
    model.apply(compared(run), Vec::new());
    assert!(!shown(&model), "there is no earlier study");
    let (_, earlier) = model.open(Slot::Previous, false);
    model.apply(of_tier(earlier, Slot::Previous, Tier::Quick), Vec::new());
    model.apply(compared(earlier), Vec::new());
    assert!(shown(&model));
    model.apply(of_tier(run, Slot::Current, Tier::Standard), Vec::new());
    assert!(shown(&model), "the next comparison follows a report");
    model.previous.series = vec![series(0, true), series(1, true)];
    model.choose(Slot::Previous, SeriesId(1));
    assert!(!shown(&model), "it was of another series");
    model.apply(compared(earlier), Vec::new());
    assert!(!shown(&model), "last words of the run before");
    let later = model.previous.run;
    model.apply(compared(later), Vec::new());
    let issues = vec![Issue::new(IssueCode::DynamicsSameStudy, "")];
    model.apply(Event::Refused { run: later, slot: Slot::Previous, issues }, Vec::new());
    assert!(!shown(&model), "a refused study is not compared");
}

#[test]
fn an_export_with_a_comparison_bears_the_earlier_studys_doubts() {
    let (mut model, _) = measured();
    let (_, earlier) = model.open(Slot::Previous, false);
    let doubt = Issue::new(IssueCode::GeometryMissingSlices, "1 of 62");
    model.apply(reported(earlier, Slot::Previous, vec![doubt], ReportStage::Final), Vec::new());
    let codes = |model: &Model| {
        let (_, issues) = model.exportable().unwrap();
        issues.into_iter().map(|issue| (issue.code, issue.message)).collect::<Vec<_>>()
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
fn a_worker_that_dies_idle_is_a_notice() {
    let mut model = Model::default();
    let issue = Issue::new(IssueCode::WorkerDied, "");
    model.lost_worker(Some(issue.clone()), &[]);
    assert_eq!(model.notices, vec![issue]);
}

#[test]
fn closing_the_earlier_study_takes_the_comparison_away() {
    let (mut model, run) = opened();
    model.apply(reported(run, Slot::Current, Vec::new(), ReportStage::Final), Vec::new());
    model.open(Slot::Previous, false);
    let commands = model.close(Slot::Previous);
    assert!(commands.contains(&Command::Close { slot: Slot::Previous }));
    assert_eq!(model.current.phase, MEASURED);
    assert!(model.current.report.as_ref().is_some_and(|r| r.dynamics.is_none()));
}

#[test]
fn issues_are_listed_once_gravest_first_with_their_files() {
    let (mut model, run) = opened();
    let skipped = Issue::new(IssueCode::FileTruncated, "").with_files(vec!["a.dcm".into()]);
    let mut chosen = series(0, true);
    chosen.issues = vec![Issue::new(IssueCode::GeometryMissingSlices, "1 of 148")];
    let event = Event::Series {
        run,
        slot: Slot::Current,
        series: vec![chosen.clone()],
        previews: Vec::new(),
        chosen: Some(SeriesId(0)),
        issues: vec![Issue::new(IssueCode::FileDuplicate, ""), skipped.clone()],
    };
    model.apply(event, Vec::new());
    let again = vec![Issue::new(IssueCode::FileTruncated, ""), chosen.issues[0].clone()];
    model.apply(reported(run, Slot::Current, again, ReportStage::Final), Vec::new());
    let codes: Vec<_> = model.current.issues().iter().map(|i| i.code).collect();
    assert_eq!(codes, vec![IssueCode::FileTruncated, IssueCode::GeometryMissingSlices, IssueCode::FileDuplicate]);
    assert_eq!(model.current.issues()[0].files, skipped.files);
}

#[test]
fn a_slice_of_an_older_run_is_not_of_the_study_that_is_there() {
    let (mut model, old) = opened();
    assert!(model.is_live(old, Slot::Current));
    model.apply(found(old, vec![series(0, true), series(1, true)], None), Vec::new());
    model.choose(Slot::Current, SeriesId(1));
    let chosen = model.current.run;
    assert!(!model.is_live(old, Slot::Current) && model.is_live(chosen, Slot::Current));
    assert!(!model.is_live(chosen, Slot::Previous), "there is no earlier study");
    model.close(Slot::Current);
    assert!(!model.is_live(chosen, Slot::Current));
}

#[test]
fn areas_of_lung_and_lesion_come_with_what_has_changed_and_only_from_the_live_run() {
    let (mut model, old) = opened();
    let areas = vec![SliceAreas { lung: 4, lesion: Some(1) }];
    let event = |run| Event::Changed { run, slot: Slot::Current, indices: vec![7], areas: areas.clone() };
    let effect = Effect::SlicesChanged(Slot::Current, vec![7], areas.clone());
    assert_eq!(model.apply(event(old), Vec::new()), vec![effect]);
    model.open(Slot::Current, false);
    assert_eq!(model.apply(event(old), Vec::new()), Vec::new());
}

#[test]
fn only_what_advances_passes_for_life() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    let progress = |stage, done, seconds_left| {
        let progress = Progress { stage, done, total: 600, seconds_left };
        Event::Progress { run, slot: Slot::Current, progress }
    };
    let first = progress(Stage::Lesions, 12, None);
    assert!(model.gets_on(&first));
    model.apply(first, Vec::new());
    assert!(!model.gets_on(&progress(Stage::Lesions, 12, Some(900.0))), "it beats, and nothing has advanced");
    assert!(model.gets_on(&progress(Stage::Lesions, 13, None)));
    assert!(model.gets_on(&progress(Stage::Weights, 12, None)), "another stage");
    let slice = Event::Slice { run, slot: Slot::Current, index: 0, lungs: true, lesions: true, agreement: false };
    assert!(!model.gets_on(&slice), "the person scrolls, and the worker may still hang at its networks");
    assert!(model.gets_on(&Event::Changed { run, slot: Slot::Current, indices: vec![1], areas: Vec::new() }));
}
