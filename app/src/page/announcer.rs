//! The announcements for a screen reader.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    state::{Phase, StudyStoreFields, derived},
    text,
};

/// Announces stages and findings to a screen reader, and not every slice.
#[component]
pub fn Announcer() -> impl IntoView {
    view! {
        <StudyAnnouncer />
        <ComparisonAnnouncer />
    }
}

/// The stage or the result of the study that the worker works for.
#[component]
fn StudyAnnouncer() -> impl IntoView {
    let controller = use_controller();
    let announcement = Memo::new(move |_| {
        let scale = controller.scale.get();
        let slot = derived::busy_slot(controller.state).unwrap_or(StudySlot::Current);
        let study = controller.study(slot);
        match study.phase().get() {
            Phase::Empty => String::new(),
            Phase::Reading(work) | Phase::Measuring(work) => work
                .progress
                .map_or_else(|| text::announcer::READING.into(), |p| text::progress::stage_name(p.stage).get()),
            Phase::Choosing => text::announcer::CHOOSE.into(),
            Phase::Refused => text::announcer::no_number(&derived::issues(study)),
            Phase::Stopped => text::common::STOPPED.into(),
            Phase::Measured { .. } | Phase::Restoring(_) => {
                let lungs = derived::shown_report(study).and_then(|r| r.lungs.clone());
                lungs.map_or_else(String::new, |lungs| text::announcer::finished(&lungs, scale))
            }
        }
    });
    view! { <p class="unseen" role="status" aria-live="polite" data-testid="status">{move || announcement.get()}</p> }
}

/// The result of the comparison with an earlier study.
#[component]
fn ComparisonAnnouncer() -> impl IntoView {
    let controller = use_controller();
    let (current, previous) = (controller.study(StudySlot::Current), controller.study(StudySlot::Previous));
    let announcement = Memo::new(move |_| match previous.phase().get() {
        Phase::Refused => text::comparison::REFUSED.get(),
        Phase::Stopped => text::comparison::STOPPED_BEFORE.get(),
        Phase::Measured { .. } | Phase::Restoring(_) => {
            let dynamics = derived::shown_report(current).and_then(|report| report.dynamics.clone());
            dynamics.map(|dynamics| text::announcer::compared(&dynamics)).unwrap_or_default()
        }
        Phase::Empty | Phase::Reading(_) | Phase::Choosing | Phase::Measuring(_) => String::new(),
    });
    view! { <p class="unseen" role="status" aria-live="polite" data-testid="status-comparison">{move || announcement.get()}</p> }
}
