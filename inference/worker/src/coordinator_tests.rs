//! Which runs are stopped, by whom, and what stays of their studies.

use std::future::{pending, ready};

use corsai_study::{Intake, Limits};
use futures_util::FutureExt;

use super::*;
use crate::{platform::Browser, session::SlicePixels};

const RUNS: [RunId; 3] = [RunId(1), RunId(2), RunId(3)];

fn coordinator() -> Coordinator {
    Coordinator::new(Box::new(Browser))
}

fn take(coordinator: &Coordinator, command: Command) {
    coordinator.on_command(command, Vec::new());
}

fn begin(coordinator: &Coordinator, run: RunId, slot: StudySlot) -> oneshot::Receiver<()> {
    coordinator.context.studies.begin((run, slot), Study::default())
}

/// How a run has ended by now that would go on for ever.
fn now(stopped: oneshot::Receiver<()>) -> Option<RunEnd> {
    run_to_end(pending(), stopped).now_or_never()
}

#[test]
fn a_run_ends_by_itself_with_a_reason_or_without() {
    let coordinator = coordinator();
    let issues = Vec::from(WorkerError::Stalled);
    let stopped = begin(&coordinator, RUNS[0], StudySlot::Current);
    assert_eq!(run_to_end(ready(Ok(())), stopped).now_or_never(), Some(RunEnd::Finished));
    let stopped = begin(&coordinator, RUNS[1], StudySlot::Current);
    assert_eq!(run_to_end(ready(Err(issues.clone())), stopped).now_or_never(), Some(RunEnd::Refused(issues)));
    let stopped = begin(&coordinator, RUNS[2], StudySlot::Current);
    assert_eq!(now(stopped), None);
}

#[test]
fn cancel_stops_its_run_and_no_other() {
    let coordinator = coordinator();
    let current = begin(&coordinator, RUNS[1], StudySlot::Current);
    let previous = begin(&coordinator, RUNS[2], StudySlot::Previous);
    take(&coordinator, Command::Cancel { run: RUNS[0] });
    take(&coordinator, Command::Cancel { run: RUNS[2] });
    assert_eq!(now(previous), Some(RunEnd::Cancelled));
    assert_eq!(now(current), None);
}

#[test]
fn a_run_that_was_replaced_or_closed_is_not_called_cancelled() {
    let coordinator = coordinator();
    let first = begin(&coordinator, RUNS[0], StudySlot::Current);
    let second = begin(&coordinator, RUNS[1], StudySlot::Current);
    // Asked for before the page knew of the second.
    take(&coordinator, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(first), Some(RunEnd::Replaced));
    take(&coordinator, Command::Close { slot: StudySlot::Previous });
    take(&coordinator, Command::Close { slot: StudySlot::Current });
    assert_eq!(now(second), Some(RunEnd::Replaced));
    assert_eq!(coordinator.context.studies.of(StudySlot::Current).borrow().run, RunId::default());
}

#[test]
fn what_was_opened_stays_to_choose_from_when_its_run_is_cancelled() {
    let coordinator = coordinator();
    let opened = Rc::new(Intake::new(Limits::default()).finish());
    let decoding = SlicePixels::Decoding(Rc::default());
    let study = Study { opened: Some(Rc::clone(&opened)), pixels: decoding, ..Study::default() };
    let stopped = coordinator.context.studies.begin((RUNS[0], StudySlot::Current), study);
    take(&coordinator, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(stopped), Some(RunEnd::Cancelled));
    coordinator.context.stop_refinement((RUNS[0], StudySlot::Current));
    let study = coordinator.context.studies.of(StudySlot::Current).borrow();
    assert!(study.opened.as_ref().is_some_and(|kept| Rc::ptr_eq(kept, &opened)));
    assert!(matches!(study.pixels, SlicePixels::Decoding(_)), "the slices decoded so far can be shown");
}

#[test]
fn a_refinement_takes_its_study_on_and_the_run_before_ends() {
    let coordinator = coordinator();
    let opened = Rc::new(Intake::new(Limits::default()).finish());
    let first = coordinator
        .context
        .studies
        .begin((RUNS[0], StudySlot::Current), Study { opened: Some(opened), ..Study::default() });
    let second = coordinator.context.studies.resume((RUNS[0], StudySlot::Current));
    assert_eq!(now(first), Some(RunEnd::Replaced));
    assert!(coordinator.context.studies.of(StudySlot::Current).borrow().opened.is_some());
    take(&coordinator, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(second), Some(RunEnd::Cancelled));
}

#[test]
fn a_run_under_way_goes_on_to_the_higher_tier() {
    let coordinator = coordinator();
    let (run, slot) = (RUNS[0], StudySlot::Previous);
    let stopped = begin(&coordinator, run, slot);
    take(&coordinator, Command::Refine { run, slot, tier: Tier::Full });
    assert_eq!(coordinator.context.studies.target(slot), None, "how it is measured isn't known before it is decoded");
    coordinator.context.studies.set_target((RUNS[1], slot), Tier::Full);
    assert_eq!(coordinator.context.studies.target(slot), None, "another run's");
    coordinator.context.studies.set_target((run, slot), Tier::Standard);
    take(&coordinator, Command::Refine { run, slot, tier: Tier::Full });
    take(&coordinator, Command::Refine { run, slot, tier: Tier::Quick });
    assert_eq!((coordinator.context.studies.target(slot), now(stopped)), (Some(Tier::Full), None));
}

#[test]
fn a_confirmed_patient_is_the_one_of_the_study_that_is_there() {
    let coordinator = coordinator();
    let confirmed = || coordinator.context.studies.of(StudySlot::Previous).borrow().same_patient;
    let _previous = begin(&coordinator, RUNS[1], StudySlot::Previous);
    take(&coordinator, Command::ConfirmPatient { run: RUNS[0] });
    assert!(!confirmed(), "it was said of another study");
    for slot in [StudySlot::Previous, StudySlot::Current] {
        take(&coordinator, Command::ConfirmPatient { run: RUNS[1] });
        assert!(confirmed());
        let _next = begin(&coordinator, RUNS[1], slot);
        assert!(!confirmed(), "another study is there");
    }
}
