//! The toolbar: drag tools, window, zoom, and the overlays' controls.

use corsai_report::Report;
use leptos::{ev, prelude::*};

use crate::{
    controller::{Controller, use_controller},
    imaging::{
        geometry::Camera,
        gestures::Tool,
        render::{Overlay, Overlays, Window},
    },
    state::StudyStoreFields,
    text::{self, Text},
};

const fn pressed(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// The drag tools, the way to the slice with most lesions, window and zoom.
#[component]
pub fn Tools() -> impl IntoView {
    view! {
        <Dragging />
        <MostLesions />
        <Windows />
        <Zoom />
    }
    .into_any()
}

#[component]
fn Dragging() -> impl IntoView {
    let controller = use_controller();
    let tool = move |tool: Tool, name: Text, hint: Text, id: &'static str| {
        view! {
            <button
                class="segment"
                title=hint
                data-testid=id
                aria-pressed=move || pressed(controller.viewport.with(|v| v.tool == tool))
                on:click=move |_| controller.viewport.update(|v| v.tool = tool)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=text::viewer::DRAGGING>
            {tool(Tool::Scroll, text::viewer::SCROLL, text::viewer::SCROLL_HINT, "tool-scroll")}
            {tool(Tool::Window, text::viewer::WINDOW, text::viewer::WINDOW_HINT, "tool-window")}
            {tool(Tool::Pan, text::viewer::MOVE, text::viewer::MOVE_HINT, "tool-pan")}
        </div>
    }
}

#[component]
fn Windows() -> impl IntoView {
    let controller = use_controller();
    let preset = move |window: Window, name: Text, id: &'static str| {
        view! {
            <button
                class="segment"
                data-testid=id
                aria-pressed=move || pressed(controller.viewport.with(|v| v.window == window))
                on:click=move |_| controller.viewport.update(|v| v.window = window)
            >
                {name}
            </button>
        }
    };
    let number = move |name: Text, id: &'static str, get: fn(&Window) -> f64, set: fn(&mut Window, f64)| {
        let changed = move |event: ev::Event| {
            if let Ok(value) = event_target_value(&event).parse::<f64>() {
                controller.viewport.update(|v| {
                    set(&mut v.window, value);
                    v.window = v.window.clamped();
                });
            }
        };
        view! {
            <label class="number">
                <span>{name}</span>
                <input
                    type="number"
                    step="10"
                    data-testid=id
                    prop:value=move || format!("{:.0}", controller.viewport.with(|v| get(&v.window)))
                    on:change=changed
                />
            </label>
        }
    };
    view! {
        <div class="toolgroup">
            <div class="segments" role="group" aria-label=text::viewer::WINDOW>
                {preset(Window::LUNG, text::viewer::LUNG, "window-lung")}
                {preset(Window::MEDIASTINUM, text::viewer::MEDIASTINUM, "window-mediastinum")}
            </div>
            {number(text::viewer::LEVEL, "window-level", |w| w.level, |w, v| w.level = v)}
            {number(text::viewer::WIDTH, "window-width", |w| w.width, |w, v| w.width = v)}
        </div>
    }
    .into_any()
}

#[component]
fn Zoom() -> impl IntoView {
    let controller = use_controller();
    // Around the centre, so that neither the canvas nor its size is needed.
    let zoom = move |factor: f64| controller.viewport.update(|v| v.camera = v.camera.zoomed_about_centre(factor));
    view! {
        <div class="toolgroup" role="group" aria-label=text::viewer::ZOOM>
            <button class="button button-square" aria-label=text::viewer::ZOOM_OUT data-testid="zoom-out" on:click=move |_| zoom(0.8)>
                "−"
            </button>
            <button class="button button-square" aria-label=text::viewer::ZOOM_IN data-testid="zoom-in" on:click=move |_| zoom(1.25)>
                "+"
            </button>
            <button
                class="button button-small"
                data-testid="view-reset"
                title=text::viewer::RESET_HINT
                on:click=move |_| controller.viewport.update(|v| {
                    v.camera = Camera::default();
                    v.window = Window::LUNG;
                })
            >
                {text::viewer::RESET}
            </button>
        </div>
    }
}

/// The overlays' switches and opacities. Each has its place from the start, also before there is
/// anything that it could show.
#[component]
pub fn OverlayControls() -> impl IntoView {
    let controller = use_controller();
    let several = Memo::new(move |_| {
        let slot = controller.viewport.with(|v| v.slot);
        controller.study(slot).report().read().as_ref().is_some_and(|report| has_members(report))
    });
    let always = Memo::new(|_| true);
    view! {
        <div class="layers" role="group" aria-label=text::viewer::OVERLAYS>
            {row(controller, text::common::RIGHT_LUNG, "right", always, |l| &mut l.right)}
            {row(controller, text::common::LEFT_LUNG, "left", always, |l| &mut l.left)}
            {row(controller, text::common::LESIONS, "lesions", always, |l| &mut l.lesions)}
            {row(controller, text::viewer::DISAGREEMENT, "disagreement", several, |l| &mut l.disagreement)}
        </div>
    }
    .into_any()
}

/// Whether more than one lesion network has answered.
fn has_members(report: &Report) -> bool {
    report.lungs.as_ref().is_some_and(|lungs| lungs.both.members.is_some())
}

/// A button to the slice with the largest lesion area.
#[component]
fn MostLesions() -> impl IntoView {
    let controller = use_controller();
    let most = Memo::new(move |_| {
        let slot = controller.viewport.with(|v| v.slot);
        controller.slices.with(|cache| cache.most_lesions(slot)).flatten()
    });
    let go = move |_| {
        if let Some(index) = most.get_untracked() {
            controller.viewport.update(|v| v.set_index(index));
            controller.request_visible_slices();
        }
    };
    view! {
        <button
            class="button button-small"
            data-testid="most-lesions"
            title=text::viewer::MOST_LESIONS_HINT
            disabled=move || most.get().is_none()
            on:click=go
        >
            {text::viewer::MOST_LESIONS}
        </button>
    }
    .into_any()
}

fn row(
    controller: Controller,
    name: Text,
    id: &'static str,
    there: Memo<bool>,
    of: fn(&mut Overlays) -> &mut Overlay,
) -> impl IntoView {
    let overlay = Memo::new(move |_| controller.viewport.with(|v| *of(&mut v.overlays.clone())));
    let toggled = move |event: ev::Event| {
        let on = event_target_checked(&event);
        controller.viewport.update(|v| of(&mut v.overlays).on = on);
    };
    let strength = move |event: ev::Event| {
        if let Ok(percent) = event_target_value(&event).parse::<f64>() {
            controller.viewport.update(|v| of(&mut v.overlays).opacity = (percent / 100.0).clamp(0.0, 1.0));
        }
    };
    view! {
        <div class="layer">
            <label class="layer-name" class:layer-off=move || !there.get()>
                <input
                    type="checkbox"
                    data-testid=format!("layer-{id}")
                    disabled=move || !there.get()
                    prop:checked=move || overlay.get().on
                    on:change=toggled
                />
                <span class=format!("swatch swatch-{id}") aria-hidden="true"></span>
                {name}
            </label>
            <input
                type="range"
                class="layer-strength"
                min="0"
                max="100"
                step="5"
                data-testid=format!("opacity-{id}")
                aria-label=text::viewer::opacity(name)
                disabled=move || !there.get() || !overlay.get().on
                prop:value=move || format!("{:.0}", overlay.get().opacity * 100.0)
                on:input=strength
            />
        </div>
    }
    .into_any()
}
