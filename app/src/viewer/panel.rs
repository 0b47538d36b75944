//! The viewer: axial slices with overlays. Pure parts (geometry, gestures, rendering, the cache) know no browser.

pub mod contour;
pub mod geometry;
pub mod gestures;
pub mod keys;
pub mod painter;
pub mod pixels;
pub mod render;
mod slider;
mod stage;
mod toolbar;
pub mod view;
mod wheel;

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::controller::{Controller, use_controller};

/// The whole viewer, for the study that the view names.
#[component]
pub fn Viewer(app: App) -> impl IntoView {
    view! {
        <section class="viewer" aria-label="Pictures" data-testid="viewer">
            <div class="toolbar">
                <Tabs app />
                <toolbar::Tools app />
            </div>
            <stage::Stage app />
            <slider::SliceSlider app />
            <toolbar::Layers app />
        </section>
    }
    .into_any()
}

/// Which of the two studies is shown. The place of both is kept from the start, so that nothing
/// moves when a second one comes; the picture itself bears the date.
#[component]
fn Tabs(app: App) -> impl IntoView {
    let both = Memo::new(move |_| app.model.with(|m| m.current.volume.is_some() && m.previous.volume.is_some()));
    let tab = move |slot: StudySlot, name: &'static str, id: &'static str| {
        let shown = Memo::new(move |_| app.view.with(|v| v.slot == slot));
        let show = move |_| {
            app.view.update(|v| v.slot = slot);
            app.ask_for_shown();
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
        <div class="segments" role="group" aria-label="Study on screen">
            {tab(StudySlot::Previous, "Earlier study", "show-previous")}
            {tab(StudySlot::Current, "This study", "show-current")}
        </div>
    }
}
