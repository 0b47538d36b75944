//! What a lost or unresponsive worker takes away, and what stays.

use super::*;

#[test]
fn a_worker_that_is_given_up_refuses_what_ran_and_leaves_what_was_done() {
    let (mut model, _) = measured();
    let (_, later) = model.open(StudySlot::Previous, false);
    let issue = Issue::new(IssueCode::WorkerDied, []);
    assert_eq!(
        model.apply(Event::Fatal { issue: issue.clone() }, Vec::new()),
        vec![SideEffect::WorkerDied(issue.clone())]
    );
    assert!(model.lost_worker(Some(issue.clone()), &[]).is_empty());
    assert_eq!((model.current.phase, model.previous.phase), (MEASURED, Phase::Refused));
    assert!(model.current.shown_report().is_some() && model.current.worker_lost);
    assert_eq!(model.current.remeasurable(), Some(SeriesId(0)), "the person may have its pictures back");
    assert_eq!(*model.previous.refusal, vec![issue]);
    assert!(model.notices.is_empty());
    model.apply(reported(later, StudySlot::Previous, Vec::new(), ReportStage::Final), Vec::new());
    assert_eq!(model.previous.phase, Phase::Refused, "last words of the dead worker count no more");
}

#[test]
fn a_study_whose_worker_crashes_is_opened_again() {
    let (mut model, run) = opened();
    model.set_missing_files(StudySlot::Current, Some(Issue::new(IssueCode::FileUnreadable, [])));
    model.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Lungs), Vec::new());
    assert!(model.survives_restart(StudySlot::Current) && !model.survives_restart(StudySlot::Previous));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, [])), &[StudySlot::Current]);
    let [(StudySlot::Current, again)] = runs[..] else { panic!("{runs:?}") };
    assert!(again > run);
    assert_eq!((model.current.phase, model.current.run, model.current.worker_lost), (READING, again, false));
    assert_eq!(model.current.shown_report(), None);
    assert_eq!(model.notices.iter().map(|i| i.code).collect::<Vec<_>>(), [IssueCode::WorkerRestarted]);
    assert_eq!(model.current.issues()[0].code, IssueCode::FileUnreadable, "what was missing is missing still");
}

#[test]
fn a_crash_over_the_earlier_study_takes_nothing_of_the_other() {
    let (mut model, _) = measured();
    model.open(StudySlot::Previous, false);
    assert_eq!(model.crash_suspect(), Some(StudySlot::Previous));
    let both = [StudySlot::Current, StudySlot::Previous];
    assert!(both.into_iter().all(|slot| model.survives_restart(slot)));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, [])), &both);
    assert_eq!(runs.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), both, "the current one is read first");
    assert!(matches!(model.current.phase, Phase::Restoring(_)));
    assert!(model.current.shown_report().is_some() && !model.current.worker_lost);
    assert_eq!(model.previous.phase, READING);
    assert_eq!(model.crash_suspect(), Some(StudySlot::Previous), "the other one had come through before");
}

#[test]
fn a_crash_while_refining_keeps_the_numbers_and_restores_the_pictures() {
    let (mut model, _) = refined();
    assert!(model.is_working() && model.busy_slot().is_none());
    assert_eq!(model.crash_suspect(), Some(StudySlot::Current));
    let runs = model.lost_worker(Some(Issue::new(IssueCode::WorkerDied, [])), &[StudySlot::Current]);
    let run = runs[0].1;
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.shown_report().is_some());
    let found = found(run, vec![series(0, true), series(1, true)], Some(0));
    assert_eq!(model.apply(found, Vec::new()), vec![SideEffect::SeriesFound(StudySlot::Current, Some(SeriesId(0)))]);
    assert!(model.apply(volume(run, StudySlot::Current), Vec::new()).is_empty(), "what is on screen stays there");
    model.apply(
        reported(run, StudySlot::Current, vec![Issue::new(IssueCode::LungsCutOff, [])], ReportStage::Lungs),
        Vec::new(),
    );
    assert!(model.current.issues().is_empty(), "half an answer doesn't replace a whole one");
    model.apply(answered(run, StudySlot::Current, Tier::Quick, ReportStage::Interim), Vec::new());
    assert!(matches!(model.current.phase, Phase::Measured { refining: Some(_) }), "and it goes on");
}

#[test]
fn what_cannot_be_restored_keeps_its_numbers() {
    let begun = || {
        let (mut model, _) = refined();
        let run = model.lost_worker(None, &[StudySlot::Current])[0].1;
        (model, run)
    };
    let moved = Issue::new(IssueCode::FileUnreadable, []);
    let (mut stopped, run) = begun();
    assert_eq!(stopped.stop(StudySlot::Current), Some(Command::Cancel { run }));
    assert!(!stopped.survives_restart(StudySlot::Current), "nor in another worker");
    stopped.apply(Event::Cancelled { run, slot: StudySlot::Current }, Vec::new());
    let (mut refused, run) = begun();
    refused.apply(Event::Refused { run, slot: StudySlot::Current, issues: vec![moved.clone()] }, Vec::new());
    assert_eq!(refused.notices, vec![moved.with_severity(Severity::Warning)]);
    let (mut other, run) = begun();
    other.apply(found(run, vec![series(7, true)], Some(7)), Vec::new());
    other.apply(reported(run, StudySlot::Current, Vec::new(), ReportStage::Final), Vec::new());
    for model in [stopped, refused, other] {
        assert_eq!((model.current.phase, model.current.worker_lost), (MEASURED, true));
        assert!(model.current.shown_report().is_some() && !model.is_working());
    }
}

#[test]
fn a_study_whose_pictures_are_lost_can_be_read_again() {
    let (mut model, _) = measured();
    model.lost_worker(None, &[]);
    let mut other = model.clone();
    let run = model.read_again(StudySlot::Current, SeriesId(0));
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.shown_report().is_some());
    assert!(model.current.run == run && !model.current.worker_lost);
    other.read_again(StudySlot::Current, SeriesId(1));
    assert_eq!(
        (other.current.phase, other.current.report.is_some()),
        (READING, false),
        "another series, other numbers"
    );
}

#[test]
fn the_series_that_was_measured_is_measured_again_beside_its_numbers() {
    let (mut model, _) = measured();
    let run = model.lost_worker(None, &[StudySlot::Current])[0].1;
    let all = vec![series(0, true), series(1, true)];
    model.apply(found(run, all, None), Vec::new());
    assert!(matches!(model.current.phase, Phase::Restoring(_)), "the person isn't asked once more");
    let commands = model.choose(StudySlot::Current, SeriesId(0));
    assert!(matches!(commands[..], [Command::Cancel { .. }, Command::Choose { series: SeriesId(0), .. }]));
    assert!(matches!(model.current.phase, Phase::Restoring(_)) && model.current.shown_report().is_some());
    model.choose(StudySlot::Current, SeriesId(1));
    assert_eq!((model.current.phase, model.current.report.is_some()), (MEASURING, false));
}

#[test]
fn a_worker_that_does_not_answer_a_stop_leaves_a_stopped_study() {
    let (mut model, run) = opened();
    model.apply(found(run, vec![series(0, true)], Some(0)), Vec::new());
    model.stop(StudySlot::Current);
    assert!(model.is_stopping() && !model.survives_restart(StudySlot::Current));
    model.lost_worker(None, &[]);
    assert_eq!((model.current.phase, model.current.worker_lost), (Phase::Stopped, true));
    assert_eq!(model.current.remeasurable(), Some(SeriesId(0)));
    let (mut model, _) = opened();
    model.stop(StudySlot::Current);
    model.lost_worker(None, &[]);
    assert_eq!(model.current.phase, Phase::Empty, "nothing was found yet");
}

#[test]
fn a_worker_that_crashes_idle_is_a_notice() {
    let mut model = PageState::default();
    let issue = Issue::new(IssueCode::WorkerDied, []);
    model.lost_worker(Some(issue.clone()), &[]);
    assert_eq!(model.notices, vec![issue]);
}
