//! Values that depend on several fields of the store. Each tracks the fields that it needs, and no
//! others: a progress event, ten a second, re-runs nothing that reads a report.

use corsai_protocol::{SeriesId, SeriesSummary, StudySlot};
use corsai_report::{Issue, Report};
use leptos::prelude::*;
use reactive_stores::{Patch, Store, Subfield};

use crate::state::{
    page_state::{PageState, PageStateStoreFields},
    shared::Shared,
    study::{Phase, Study, StudyStoreFields},
};

/// One of the two studies in the store.
pub type StudyField = Subfield<Store<PageState>, PageState, Study>;

/// Runs a transition, and notifies the readers of those fields that it has changed.
pub fn apply_transition<R>(store: Store<PageState>, transition: impl FnOnce(&mut PageState) -> R) -> R {
    let mut next = store.read_untracked().clone();
    let result = transition(&mut next);
    store.patch(next);
    result
}

/// Returns the study in a slot.
pub fn study(store: Store<PageState>, slot: StudySlot) -> StudyField {
    match slot {
        StudySlot::Current => store.current(),
        StudySlot::Previous => store.previous(),
    }
}

/// Returns a memo of what `of` makes of the study's phase.
pub fn phase_memo<T>(study: StudyField, of: impl Fn(Phase) -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| of(study.phase().get()))
}

fn track_phases(store: Store<PageState>) {
    store.current().phase().track();
    store.previous().phase().track();
}

/// Whether a worker is there or is being started.
pub fn can_compute(store: Store<PageState>) -> bool {
    store.worker().track();
    store.read_untracked().can_compute()
}

/// Whether the worker works for any study.
pub fn is_working(store: Store<PageState>) -> bool {
    track_phases(store);
    store.read_untracked().is_working()
}

/// Returns the slot whose first numbers the worker works for.
pub fn busy_slot(store: Store<PageState>) -> Option<StudySlot> {
    track_phases(store);
    store.read_untracked().busy_slot()
}

/// Returns the report of a study if its numbers may be shown.
pub fn shown_report(study: StudyField) -> Option<Shared<Report>> {
    study.phase().track();
    study.report().track();
    study.read_untracked().shown_report().cloned()
}

/// Returns every issue of a study, gravest first, each once.
pub fn issues(study: StudyField) -> Vec<Issue> {
    study.refusal().track();
    study.missing_files().track();
    study.report().track();
    study.series().track();
    study.chosen().track();
    study.drop_issues().track();
    study.read_untracked().issues()
}

/// Returns the measured series of a study.
pub fn chosen_series(study: StudyField) -> Option<SeriesSummary> {
    study.series().track();
    study.chosen().track();
    study.read_untracked().chosen_series().cloned()
}

/// Reads the state, and tracks both studies' phases, reports and workers.
pub fn with_results<T>(store: Store<PageState>, read: impl FnOnce(&PageState) -> T) -> T {
    for study in [store.current(), store.previous()] {
        study.phase().track();
        study.report().track();
        study.worker_lost().track();
    }
    read(&store.read_untracked())
}

/// Returns the series of a study that can be measured once more.
pub fn remeasurable(study: StudyField) -> Option<SeriesId> {
    study.phase().track();
    study.worker_lost().track();
    study.chosen().track();
    study.read_untracked().remeasurable()
}

/// Returns the series of a study that a person may pick.
pub fn selectable_series(study: StudyField) -> Vec<SeriesSummary> {
    study.phase().track();
    study.series().track();
    study.chosen().track();
    study.read_untracked().selectable_series().cloned().collect()
}

/// Returns the series of a study other than the measured one.
pub fn other_series(study: StudyField) -> Vec<SeriesSummary> {
    study.series().track();
    study.chosen().track();
    study.read_untracked().other_series().cloned().collect()
}

/// Whether there is a usable series to pick.
pub fn has_choice(study: StudyField) -> bool {
    study.phase().track();
    study.series().track();
    study.chosen().track();
    study.read_untracked().has_choice()
}
