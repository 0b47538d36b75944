//! The announcements for a screen reader.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    state::{Phase, StudyStoreFields, derived},
    text,
};

/// Announces the stage and the result to a screen reader; not every slice.
#[component]
pub fn Announcer() -> impl IntoView {
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
            Phase::Refused => text::announcer::NO_NUMBER.into(),
            Phase::Stopped => text::common::STOPPED.into(),
            Phase::Measured { .. } | Phase::Restoring(_) => {
                let lungs = derived::shown_report(study).and_then(|r| r.lungs.clone());
                lungs.map_or_else(String::new, |lungs| text::announcer::finished(&lungs.both, scale))
            }
        }
    });
    view! { <p class="unseen" role="status" aria-live="polite" data-testid="status">{move || announcement.get()}</p> }
}
