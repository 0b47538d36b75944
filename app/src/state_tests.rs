//! The reducer's claims: which events change what, which are stale, and what stays when a worker is lost.

use corsai_protocol::{DISCLAIMER, LungFinding, Lungs, Runs, Stage, StudyRecord};

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
        patient_key: 1,
        study_key: 2,
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

fn reported(run: RunId, slot: Slot, issues: Vec<Issue>, complete: bool) -> Event {
    Event::Report { run, slot, report: Box::new(report(issues)), complete }
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
    assert_eq!(model.current.phase, Phase::Reading);
    model.apply(found(run, vec![series(0, true), series(1, false)], Some(0)), Vec::new());
    assert_eq!(model.current.phase, Phase::Computing);
    model.apply(reported(run, Slot::Current, Vec::new(), false), Vec::new());
    assert_eq!(model.current.phase, Phase::Computing);
    assert!(model.current.numbers().is_some(), "the lungs' volumes are shown while lesions are pending");
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    assert_eq!(model.current.phase, Phase::Done);
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
    assert_eq!(model.current.phase, Phase::Computing);
}

#[test]
fn events_of_an_older_run_are_dropped() {
    let (mut model, old) = opened();
    let (commands, new) = model.open(Slot::Current, true);
    assert_eq!(commands, vec![Command::Cancel { run: old }]);
    model.apply(reported(old, Slot::Current, Vec::new(), true), Vec::new());
    model.apply(Event::Cancelled { run: old, slot: Slot::Current }, Vec::new());
    assert_eq!((model.current.phase, model.current.run), (Phase::Reading, new));
    assert!(model.current.report.is_none());
}

#[test]
fn a_closed_study_stays_closed() {
    let (mut model, run) = opened();
    assert_eq!(model.close(Slot::Current), vec![Command::Cancel { run }, Command::Close { slot: Slot::Current }]);
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_comparison_may_arrive_with_the_other_studys_run() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    let (commands, later) = model.open(Slot::Previous, false);
    assert!(commands.is_empty() && later > run);
    let doubt = Issue::new(IssueCode::DynamicsOtherPatient, "");
    model.apply(reported(later, Slot::Current, vec![doubt.clone()], true), Vec::new());
    assert_eq!(model.current.issues(), vec![doubt]);
}

#[test]
fn a_refusal_takes_every_number_away() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, Slot::Current, Vec::new(), false), Vec::new());
    let stop = Issue::new(IssueCode::LungsNone, "");
    model.apply(Event::Refused { run, slot: Slot::Current, issues: vec![stop.clone()] }, Vec::new());
    assert!(model.current.report.is_none() && model.current.numbers().is_none());
    assert_eq!(model.current.issues(), vec![stop]);
}

#[test]
fn a_report_that_holds_a_stop_shows_no_number() {
    let (mut model, run) = opened();
    model.apply(reported(run, Slot::Current, vec![Issue::new(IssueCode::ModelNonFinite, "")], true), Vec::new());
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
    assert_eq!((model.current.phase, model.current.refusal.len()), (Phase::Computing, 0));
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
    model.apply(reported(run, Slot::Current, Vec::new(), false), Vec::new());
    assert_eq!(model.stop(Slot::Current), Some(Command::Cancel { run }));
    assert_eq!(model.stop(Slot::Current), None);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Cancelled);
    assert!(model.current.numbers().is_some());
    let progress = Progress { stage: Stage::Lungs, done: 1, total: 2, seconds_left: None };
    model.apply(Event::Progress { run, slot: Slot::Current, progress }, Vec::new());
    assert_eq!(model.current.progress, None, "a late progress message doesn't bring the bar back");
}

#[test]
fn stopping_before_anything_was_found_leads_back_to_the_start() {
    let (mut model, run) = opened();
    model.stop(Slot::Current);
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!(model.current.phase, Phase::Empty);
}

#[test]
fn a_dead_worker_refuses_what_ran_and_leaves_what_was_done() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    let (_, later) = model.open(Slot::Previous, false);
    let issue = Issue::new(IssueCode::WorkerDied, "");
    assert_eq!(model.apply(Event::Fatal { issue: issue.clone() }, Vec::new()), vec![Effect::WorkerDied(issue.clone())]);
    assert_eq!(model.begin_anew(), None, "the current study's numbers would be lost");
    model.lost_worker(Some(issue.clone()));
    assert_eq!((model.current.phase, model.previous.phase), (Phase::Done, Phase::Refused));
    assert!(model.current.numbers().is_some());
    assert_eq!(model.previous.refusal, vec![issue]);
    assert!(model.notices.is_empty());
    model.apply(reported(later, Slot::Previous, Vec::new(), true), Vec::new());
    assert_eq!(model.previous.phase, Phase::Refused, "last words of the dead worker count no more");
}

#[test]
fn a_worker_that_dies_over_its_study_begins_anew() {
    let (mut model, run) = opened();
    model.apply(reported(run, Slot::Current, Vec::new(), false), Vec::new());
    let again = model.begin_anew().unwrap();
    assert!(again > run);
    assert_eq!((model.current.phase, model.current.run, model.current.gone), (Phase::Reading, again, false));
    assert_eq!(model.current.numbers(), None);
    assert_eq!(model.notices.iter().map(|i| i.code).collect::<Vec<_>>(), [IssueCode::WorkerRestarted]);
    model.apply(reported(again, Slot::Current, Vec::new(), true), Vec::new());
    assert_eq!(model.begin_anew(), None, "there is nothing to begin");
}

#[test]
fn refining_keeps_the_answer_and_can_be_stopped() {
    let (mut model, run) = opened();
    assert_eq!(model.refine(Slot::Current, Tier::Full), None, "there is no answer yet");
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    let progress = Progress { stage: Stage::Refining, done: 1, total: 9, seconds_left: None };
    model.apply(Event::Progress { run, slot: Slot::Current, progress }, Vec::new());
    let possible = Possible { both: Some([0.1, 0.2]), ..Possible::default() };
    model.apply(Event::Possible { run, slot: Slot::Current, possible }, Vec::new());
    assert_eq!((model.current.phase, model.busy_slot()), (Phase::Done, None));
    assert_eq!((model.current.refining, model.current.possible), (Some(progress), Some(possible)));
    assert_eq!(model.refine(Slot::Current, Tier::Full), None, "one refinement at a time");
    assert_eq!(model.stop(Slot::Current), Some(Command::Cancel { run }));
    model.apply(Event::Cancelled { run, slot: Slot::Current }, Vec::new());
    assert_eq!((model.current.phase, model.current.refining, model.current.possible), (Phase::Done, None, None));
    assert!(model.current.numbers().is_some());
    let wanted = Some(Command::Refine { run, slot: Slot::Current, tier: Tier::Full });
    assert_eq!(model.refine(Slot::Current, Tier::Full), wanted);
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    assert_eq!(model.current.refining, None);
}

#[test]
fn a_worker_that_dies_idle_is_a_notice() {
    let mut model = Model::default();
    let issue = Issue::new(IssueCode::WorkerDied, "");
    model.lost_worker(Some(issue.clone()));
    assert_eq!(model.notices, vec![issue]);
}

#[test]
fn closing_the_earlier_study_takes_the_comparison_away() {
    let (mut model, run) = opened();
    model.apply(reported(run, Slot::Current, Vec::new(), true), Vec::new());
    model.open(Slot::Previous, false);
    let commands = model.close(Slot::Previous);
    assert!(commands.contains(&Command::Close { slot: Slot::Previous }));
    assert_eq!(model.current.phase, Phase::Done);
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
    model.apply(reported(run, Slot::Current, again, true), Vec::new());
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
