//! How the worker keeps its runs: which are stopped, by whom, and what stays of their studies.

use std::future::{pending, ready};

use corsai_study::{Intake, Limits};
use futures_util::FutureExt;

use super::*;

const RUNS: [RunId; 3] = [RunId(1), RunId(2), RunId(3)];

fn owner() -> Rc<Coordinator> {
    Rc::new(Coordinator::new())
}

fn obey(owner: &Rc<Coordinator>, command: Command) {
    Rc::clone(owner).obey(command, Vec::new());
}

/// How a run has ended by now that would go on for ever.
fn now(stopped: oneshot::Receiver<()>) -> Option<Ended> {
    ended(pending(), stopped).now_or_never()
}

#[test]
fn a_run_ends_by_itself_with_a_reason_or_without() {
    let owner = owner();
    let issues = vec![fault("a test")];
    let stopped = owner.begin(RUNS[0], StudySlot::Current, Study::default());
    assert_eq!(ended(ready(Ok(())), stopped).now_or_never(), Some(Ended::Finished));
    let stopped = owner.begin(RUNS[1], StudySlot::Current, Study::default());
    assert_eq!(ended(ready(Err(issues.clone())), stopped).now_or_never(), Some(Ended::Refused(issues)));
    let stopped = owner.begin(RUNS[2], StudySlot::Current, Study::default());
    assert_eq!(now(stopped), None);
}

#[test]
fn cancel_stops_its_run_and_no_other() {
    let owner = owner();
    let current = owner.begin(RUNS[1], StudySlot::Current, Study::default());
    let previous = owner.begin(RUNS[2], StudySlot::Previous, Study::default());
    obey(&owner, Command::Cancel { run: RUNS[0] });
    obey(&owner, Command::Cancel { run: RUNS[2] });
    assert_eq!(now(previous), Some(Ended::Cancelled));
    assert_eq!(now(current), None);
}

#[test]
fn a_run_that_was_replaced_or_closed_is_not_called_cancelled() {
    let owner = owner();
    let first = owner.begin(RUNS[0], StudySlot::Current, Study::default());
    let second = owner.begin(RUNS[1], StudySlot::Current, Study::default());
    // Asked for before the page knew of the second.
    obey(&owner, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(first), Some(Ended::Replaced));
    obey(&owner, Command::Close { slot: StudySlot::Previous });
    obey(&owner, Command::Close { slot: StudySlot::Current });
    assert_eq!(now(second), Some(Ended::Replaced));
    assert_eq!(owner.study(StudySlot::Current).borrow().run, RunId::default());
}

#[test]
fn what_was_opened_stays_to_choose_from_when_its_run_is_cancelled() {
    let owner = owner();
    let opened = Rc::new(Intake::new(Limits::default()).finish());
    let decoding = Pixels::Decoding(Rc::default());
    let study = Study { opened: Some(Rc::clone(&opened)), pixels: decoding, ..Study::default() };
    let stopped = owner.begin(RUNS[0], StudySlot::Current, study);
    obey(&owner, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(stopped), Some(Ended::Cancelled));
    owner.set_back((RUNS[0], StudySlot::Current));
    let study = owner.study(StudySlot::Current).borrow();
    assert!(study.opened.as_ref().is_some_and(|kept| Rc::ptr_eq(kept, &opened)));
    assert!(matches!(study.pixels, Pixels::Decoding(_)), "the slices decoded so far can be shown");
}

#[test]
fn a_refinement_takes_its_study_on_and_the_run_before_ends() {
    let owner = owner();
    let opened = Rc::new(Intake::new(Limits::default()).finish());
    let first = owner.begin(RUNS[0], StudySlot::Current, Study { opened: Some(opened), ..Study::default() });
    let second = owner.begin_again(RUNS[0], StudySlot::Current);
    assert_eq!(now(first), Some(Ended::Replaced));
    assert!(owner.study(StudySlot::Current).borrow().opened.is_some());
    obey(&owner, Command::Cancel { run: RUNS[0] });
    assert_eq!(now(second), Some(Ended::Cancelled));
}

#[test]
fn a_run_under_way_goes_on_to_the_higher_tier() {
    let owner = owner();
    let (run, slot) = (RUNS[0], StudySlot::Previous);
    let stopped = owner.begin(run, slot, Study::default());
    obey(&owner, Command::Refine { run, slot, tier: Tier::Full });
    assert_eq!(owner.goal(slot), None, "how it is measured isn't known before it is decoded");
    owner.set_goal((RUNS[1], slot), Tier::Full);
    assert_eq!(owner.goal(slot), None, "another run's");
    owner.set_goal((run, slot), Tier::Standard);
    obey(&owner, Command::Refine { run, slot, tier: Tier::Full });
    obey(&owner, Command::Refine { run, slot, tier: Tier::Quick });
    assert_eq!((owner.goal(slot), now(stopped)), (Some(Tier::Full), None));
}

#[test]
fn a_confirmed_patient_is_the_one_of_the_study_that_is_there() {
    let owner = owner();
    let confirmed = || owner.study(StudySlot::Previous).borrow().same_patient;
    let _previous = owner.begin(RUNS[1], StudySlot::Previous, Study::default());
    obey(&owner, Command::ConfirmPatient { run: RUNS[0] });
    assert!(!confirmed(), "it was said of another study");
    for slot in [StudySlot::Previous, StudySlot::Current] {
        obey(&owner, Command::ConfirmPatient { run: RUNS[1] });
        assert!(confirmed());
        let _next = owner.begin(RUNS[1], slot, Study::default());
        assert!(!confirmed(), "another study is there");
    }
}
