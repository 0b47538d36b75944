//! What a screen reader is told.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    cards::progress::stage_words,
    controller::use_controller,
    format,
    state::{Phase, StudyStoreFields, derived},
    text::classes,
};

/// The stage and the result for a screen reader; not every slice.
#[component]
pub fn Announcer() -> impl IntoView {
    let controller = use_controller();
    let said = Memo::new(move |_| {
        let scale = controller.scale.get();
        let slot = derived::busy_slot(controller.state).unwrap_or(StudySlot::Current);
        let study = controller.study(slot);
        match study.phase().get() {
            Phase::Empty => String::new(),
            Phase::Reading(work) | Phase::Measuring(work) => {
                work.progress.map_or_else(|| "Reading the files".into(), |p| stage_words(p.stage).to_string())
            }
            Phase::Choosing => "Choose a series".into(),
            Phase::Refused => "No number: see the reasons".into(),
            Phase::Stopped => "Stopped".into(),
            Phase::Measured { .. } | Phase::Restoring(_) => {
                derived::shown_report(study).and_then(|r| r.lungs.clone()).map_or_else(String::new, |lungs| {
                    let class = classes::of(&lungs.both, scale).map_or_else(String::new, |c| format!("CT-{c}. "));
                    let share = lungs
                        .both
                        .share
                        .map_or_else(String::new, |s| format!("{} of both lungs is affected.", format::percent(s)));
                    format!("Finished. {class}{share}")
                })
            }
        }
    });
    view! { <p class="unseen" role="status" aria-live="polite" data-testid="status">{move || said.get()}</p> }
}
