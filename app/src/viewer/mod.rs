//! The viewer: axial slices with overlays. Pure parts (geometry, gestures, rendering, the cache) know no browser.

pub mod contour;
pub mod geometry;
pub mod gestures;
pub mod painter;
pub mod pixels;
pub mod render;
mod slider;
mod stage;
mod toolbar;
pub mod view;

use corsai_protocol::Slot;
use leptos::prelude::*;

use crate::{format, shell::App};

/// The whole viewer, for the study that the view names.
#[component]
pub fn Viewer(app: App) -> impl IntoView {
    view! {
        <section class="viewer" aria-label="Pictures" data-testid="viewer">
            <Tabs app />
            <toolbar::Toolbar app />
            <stage::Stage app />
            <slider::SliceSlider app />
            <toolbar::Layers app />
        </section>
    }
    .into_any()
}

/// Which of the two studies is shown, where there are two.
#[component]
fn Tabs(app: App) -> impl IntoView {
    let both = Memo::new(move |_| app.model.with(|m| m.current.volume.is_some() && m.previous.volume.is_some()));
    let tab = move |slot: Slot, name: &'static str, id: &'static str| {
        let date = Memo::new(move |_| {
            let date = app.model.with(|m| m.study(slot).chosen_series().and_then(|s| s.date.clone()));
            date.map_or_else(String::new, |d| format!(" · {}", format::date(&d)))
        });
        let shown = Memo::new(move |_| app.view.with(|v| v.slot == slot));
        let show = move |_| {
            app.view.update(|v| v.slot = slot);
            app.ask_for_shown();
        };
        view! {
            <button
                class="segment"
                data-testid=id
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                on:click=show
            >
                {name}
                {move || date.get()}
            </button>
        }
    };
    move || {
        both.get().then(|| {
            view! {
                <div class="segments viewer-tabs" role="group" aria-label="Study on screen">
                    {tab(Slot::Previous, "Earlier study", "show-previous")}
                    {tab(Slot::Current, "This study", "show-current")}
                </div>
            }
        })
    }
}
