//! Drops anywhere in the window: their destinations, and a question where the destination is
//! unclear.

use corsai_protocol::StudySlot;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::{
    controller::use_controller,
    dialog::Dialog,
    file_intake::{self, DroppedItems},
    state::{Phase, StudyStoreFields, derived},
    text::{self, Text},
};

/// What a drop can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Targets {
    /// No study is open: nothing can be lost.
    empty: bool,
    /// An earlier study can be added or replaced.
    earlier: bool,
}

/// Returns the slot that a drop over `zone` opens; `None` where it would replace a study, which the
/// person has to confirm.
fn destination(zone: Option<&str>, targets: Targets) -> Option<StudySlot> {
    match zone {
        _ if targets.empty => Some(StudySlot::Current),
        Some("previous") if targets.earlier => Some(StudySlot::Previous),
        Some("current") => Some(StudySlot::Current),
        _ => None,
    }
}

/// Takes drops anywhere in the window, and shows their destinations.
#[component]
pub fn DropLayer() -> impl IntoView {
    let controller = use_controller();
    let over = RwSignal::new(false);
    // A drop outside the fields: the person is asked where it belongs.
    let asking = RwSignal::new(false);
    let undecided: StoredValue<Option<DroppedItems>, LocalStorage> = StoredValue::new_local(None);
    let targets = Memo::new(move |_| {
        let study = controller.study(StudySlot::Current);
        let (phase, lost) = (study.phase().get(), study.worker_lost().get());
        Targets { empty: phase == Phase::Empty, earlier: phase.measured() && !lost }
    });
    let has_earlier = derived::phase_memo(controller.study(StudySlot::Previous), |phase| phase != Phase::Empty);
    let holds_files = |event: &ev::DragEvent| {
        event.data_transfer().is_some_and(|t| t.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
    };
    let entered = window_event_listener(ev::dragenter, move |event| {
        if holds_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    });
    let dragged = window_event_listener(ev::dragover, move |event| {
        if holds_files(&event) {
            event.prevent_default();
        }
    });
    let left = window_event_listener(ev::dragleave, move |event| {
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    let dropped = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        over.set(false);
        let Some(transfer) = event.data_transfer() else { return };
        let zone =
            event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest("[data-slot]").ok()?);
        let zone = zone.and_then(|z| z.get_attribute("data-slot"));
        let drop = file_intake::take_items(&transfer);
        if let Some(slot) = destination(zone.as_deref(), targets.get_untracked()) {
            asking.set(false);
            controller.open_drop(slot, drop);
        } else {
            undecided.set_value(Some(drop));
            asking.set(true);
        }
    });
    on_cleanup(move || {
        entered.remove();
        dragged.remove();
        left.remove();
        dropped.remove();
    });
    let decide = move |slot: StudySlot| {
        asking.set(false);
        if let Some(Some(drop)) = undecided.try_update_value(Option::take) {
            controller.open_drop(slot, drop);
        }
    };
    Effect::new(move |_| {
        if !asking.get() {
            undecided.set_value(None);
        }
    });
    let earlier_words =
        Memo::new(
            move |_| {
                if has_earlier.get() { text::drop_layer::REPLACE_EARLIER } else { text::drop_layer::ADD_EARLIER }
            },
        );
    view! {
        {move || over.get().then(|| view! { <DropZones targets earlier_words /> })}
        <Dialog open=asking id="drop-question" title=text::drop_layer::QUESTION>
            <p>{text::drop_layer::NOT_OPENED}</p>
            <div class="actions">
                {move || {
                    targets
                        .get()
                        .earlier
                        .then(|| {
                            view! {
                                <button class="button" data-testid="drop-as-previous" on:click=move |_| decide(StudySlot::Previous)>
                                    {move || earlier_words.get().get()}
                                </button>
                            }
                        })
                }}
                <button class="button" data-testid="drop-as-current" on:click=move |_| decide(StudySlot::Current)>
                    {text::drop_layer::REPLACE}
                </button>
            </div>
        </Dialog>
    }
    .into_any()
}

/// The fields over the window while files are dragged over it.
#[component]
fn DropZones(targets: Memo<Targets>, earlier_words: Memo<Text>) -> impl IntoView {
    let current_words =
        move || if targets.get().empty { text::drop_layer::OPEN } else { text::drop_layer::REPLACE }.get();
    view! {
        <div class="droplayer" data-testid="drop-layer">
            <div class="droplayer-zone" data-slot="current" data-testid="drop-zone-current">
                {current_words}
            </div>
            {move || {
                targets
                    .get()
                    .earlier
                    .then(|| {
                        view! {
                            <div class="droplayer-zone" data-slot="previous" data-testid="drop-zone-previous">
                                {move || earlier_words.get().get()}
                            </div>
                        }
                    })
            }}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Targets = Targets { empty: true, earlier: false };
    const BUSY: Targets = Targets { empty: false, earlier: false };
    const MEASURED: Targets = Targets { empty: false, earlier: true };

    #[test]
    fn a_study_is_replaced_only_over_the_field_that_says_so() {
        assert_eq!(destination(Some("current"), MEASURED), Some(StudySlot::Current));
        assert_eq!(destination(Some("previous"), MEASURED), Some(StudySlot::Previous));
        assert_eq!(destination(None, MEASURED), None);
        assert_eq!(destination(None, BUSY), None);
        assert_eq!(destination(Some("previous"), BUSY), None);
    }

    #[test]
    fn where_no_study_is_open_a_drop_anywhere_opens_one() {
        assert_eq!(destination(None, EMPTY), Some(StudySlot::Current));
    }
}
