//! The viewer as a whole: toolbar, viewport, slider and overlays.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    state::StudyStoreFields,
    text::{self, Text},
    viewer::{slider::SliceSlider, toolbar, viewport::Viewport},
};

/// The whole viewer, for the study that the viewport shows.
#[component]
pub fn Viewer() -> impl IntoView {
    view! {
        <section class="viewer" aria-label=text::common::PICTURES data-testid="viewer">
            <div class="toolbar">
                <Tabs />
                <toolbar::Tools />
            </div>
            <Viewport />
            <SliceSlider />
            <toolbar::OverlayControls />
        </section>
    }
    .into_any()
}

/// The choice of the study on screen. Both tabs are there from the start, so that nothing moves
/// when a second study is opened.
#[component]
fn Tabs() -> impl IntoView {
    let controller = use_controller();
    let has_volume = move |slot| controller.study(slot).volume().read().is_some();
    let both = Memo::new(move |_| has_volume(StudySlot::Current) && has_volume(StudySlot::Previous));
    let tab = move |slot: StudySlot, name: Text, id: &'static str| {
        let shown = Memo::new(move |_| controller.viewport.with(|v| v.slot == slot));
        let show = move |_| {
            controller.viewport.update(|v| v.slot = slot);
            controller.request_visible_slices();
        };
        view! {
            <button
                class="segment"
                data-testid=id
                disabled=move || !both.get() && slot == StudySlot::Previous
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                on:click=show
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=text::viewer::STUDY_ON_SCREEN>
            {tab(StudySlot::Previous, text::viewer::TAB_EARLIER, "show-previous")}
            {tab(StudySlot::Current, text::viewer::TAB_THIS, "show-current")}
        </div>
    }
}
