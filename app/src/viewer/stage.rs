//! The canvas, what lies over it, its pointers, and the keys, which work on the whole page.

use corsai_volume::label;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, HtmlCanvasElement, HtmlElement, HtmlInputElement, PointerEvent, ResizeObserver};

use super::{
    geometry::{Grid, ScreenFromImage},
    gestures::{Gestures, Intent},
    keys::{self, Focus},
    painter::{Key, Painter},
    view::View,
    wheel::{self, Unit, Wheel},
};
use crate::{format, shell::App, state::Phase};
use corsai_protocol::Slot;

/// The attribute of the slider whose keys are the picture's.
const SLICES: &str = "data-slices";
/// The attribute of a column that can have the focus, to be scrolled by keys.
const SCROLLS: &str = "data-scrolls";

/// The grid on screen and its number of slices.
fn grid(app: App) -> Option<(Grid, u32)> {
    let slot = app.view.with(|v| v.slot);
    app.model.with(|m| {
        let volume = m.study(slot).volume.as_ref()?;
        let grid =
            Grid { columns: volume.columns, rows: volume.rows, column_mm: volume.column_mm, row_mm: volume.row_mm };
        Some((grid, volume.slices))
    })
}

#[component]
pub fn Stage(app: App) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new([0.0_f64; 2]);
    let grid = Memo::new(move |_| grid(app));
    let probe = RwSignal::new(None::<(u32, u32)>);
    let gestures = StoredValue::new_local(Gestures::default());
    observe_size(canvas, size);
    draw_when_needed(app, canvas, size, grid);

    let count = move || grid.with_untracked(|g| g.map_or(0, |g| g.1));
    let carry_out = move |intent: Intent| {
        let before = app.view.with_untracked(View::index);
        // Asked before: the memo reads the view, which can't be read while it is being updated.
        let (count, size) = (count(), size.get_untracked());
        app.view.update(|v| v.carry_out(intent, count, size));
        if app.view.with_untracked(View::index) != before {
            app.ask_for_shown();
        }
    };
    let at = |event: &PointerEvent| [f64::from(event.offset_x()), f64::from(event.offset_y())];
    let look = move |point: [f64; 2]| {
        let pixel = grid.get_untracked().and_then(|(grid, _)| {
            let camera = app.view.with_untracked(|v| v.camera);
            ScreenFromImage::new(&grid, size.get_untracked(), &camera)?.pixel_at(&grid, point)
        });
        if probe.get_untracked() != pixel {
            probe.set(pixel);
        }
    };
    let down = move |event: ev::PointerEvent| {
        if let Some(canvas) = canvas.get_untracked() {
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        let tool = app.view.with_untracked(|v| v.tool);
        gestures.update_value(|g| g.down(event.pointer_id(), at(&event), event.button(), event.shift_key(), tool));
        look(at(&event));
    };
    let moved = move |event: ev::PointerEvent| {
        let slice_px = (size.get_untracked()[1] / f64::from(count().max(1))).clamp(4.0, 24.0);
        let intents = gestures.try_update_value(|g| g.moved(event.pointer_id(), at(&event), slice_px));
        intents.unwrap_or_default().into_iter().for_each(carry_out);
        look(at(&event));
    };
    let up = move |event: ev::PointerEvent| gestures.update_value(|g| g.up(event.pointer_id()));
    let leave = move |event: ev::PointerEvent| {
        if event.pointer_type() == "mouse" && !gestures.with_value(Gestures::dragging) {
            probe.set(None);
        }
    };
    let wheel = StoredValue::new_local(Wheel::default());
    let turned = move |event: ev::WheelEvent| {
        event.prevent_default();
        // The mode is asked first: a browser that hasn't been asked may give pixels in place of
        // lines.
        let unit = Unit::from_delta_mode(event.delta_mode());
        let distance = event.delta_y();
        // A touchpad's pinch sets Ctrl, too.
        if event.ctrl_key() {
            let anchor = Some([f64::from(event.offset_x()), f64::from(event.offset_y())]);
            carry_out(Intent::Zoom { factor: wheel::zoom_factor(distance, unit), anchor });
            return;
        }
        let slices = wheel.try_update_value(|w| w.slices(distance, unit, event.time_stamp())).unwrap_or_default();
        if slices != 0 {
            carry_out(Intent::Scroll(slices));
        }
    };
    let keys = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let Some(intent) = keys::meaning(&event.key(), event.shift_key()) else { return };
        let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        if !target.map_or(Focus::Free, |t| focus(&t)).claims(&event.key()) {
            event.prevent_default();
            carry_out(intent);
        }
    });
    on_cleanup(move || keys.remove());

    view! {
        <div class="stage" data-testid="stage">
            <canvas
                node_ref=canvas
                class="stage-canvas"
                role="img"
                data-testid="canvas"
                data-index=move || app.view.with(View::index).to_string()
                aria-label=move || described(app)
                aria-describedby="viewer-keys"
                on:pointerdown=down
                on:pointermove=moved
                on:pointerup=up
                on:pointercancel=up
                on:pointerleave=leave
                on:wheel=turned
                on:contextmenu=|event: ev::MouseEvent| event.prevent_default()
            ></canvas>
            <p id="viewer-keys" class="unseen">{keys::spoken()}</p>
            <Letters />
            <Readouts app probe />
            <Waiting app />
        </div>
    }
    .into_any()
}

/// What an element that has the focus needs keys for.
fn focus(element: &Element) -> Focus {
    let editable = element.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
    if editable || element.closest("dialog").is_ok_and(|d| d.is_some()) {
        return Focus::Field;
    }
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => Focus::Field,
        "INPUT" => match element.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::type_).as_deref() {
            // Home goes to the head on the slices' slider, too.
            Some("range") if element.has_attribute(SLICES) => Focus::Free,
            Some("range" | "radio") => Focus::Steps,
            Some("checkbox" | "button" | "file") => Focus::Free,
            _ => Focus::Field,
        },
        _ if element.has_attribute(SCROLLS) => Focus::Steps,
        _ => Focus::Free,
    }
}

/// Which side is which: the patient's right is on the left of the screen.
#[component]
fn Letters() -> impl IntoView {
    view! {
        <span class="letter letter-top" title="anterior">"A"</span>
        <span class="letter letter-left" title="the patient's right">"R"</span>
        <span class="letter letter-right" title="the patient's left">"L"</span>
        <span class="letter letter-bottom" title="posterior">"P"</span>
    }
}

/// "Earlier study · 6 Apr 2020": which study a picture is of. Without a second one its date says
/// enough.
fn named(slot: Slot, both: bool, date: Option<String>) -> String {
    let date = date.unwrap_or_else(|| "no date".into());
    match (slot, both) {
        (Slot::Previous, _) => format!("Earlier study · {date}"),
        (Slot::Current, true) => format!("This study · {date}"),
        (Slot::Current, false) => date,
    }
}

#[component]
fn Readouts(app: App, probe: RwSignal<Option<(u32, u32)>>) -> impl IntoView {
    let place = move || {
        let (slot, index) = app.view.with(|v| (v.slot, v.index()));
        app.model.with(|m| {
            let volume = m.study(slot).volume.as_ref()?;
            let position = volume.positions_mm.get(index as usize).map(|p| format::mm(*p)).unwrap_or_default();
            Some((format!("{} / {}", index + 1, volume.slices), position))
        })
    };
    let study = Memo::new(move |_| {
        let slot = app.view.with(|v| v.slot);
        app.model.with(|m| {
            let date = m.study(slot).chosen_series().and_then(|s| s.date.as_deref().map(format::date));
            let both = m.previous.volume.is_some();
            (slot == Slot::Previous, named(slot, both, date))
        })
    });
    let window = move || {
        let window = app.view.with(|v| v.window);
        format!("L {}  W {}", format::whole(window.level), format::whole(window.width))
    };
    let zoom = move || format!("{:.0} %", app.view.with(|v| v.camera.zoom) * 100.0);
    let value = move || {
        app.drawn.track();
        let (slot, index) = app.view.with(|v| (v.slot, v.index()));
        let (column, row) = probe.get()?;
        let (hu, bits) = app.pixels.try_update_value(|p| p.get(slot, index)?.at(column, row))??;
        let side = match (bits & label::RIGHT_LUNG != 0, bits & label::LEFT_LUNG != 0) {
            (true, _) => " · right lung",
            (_, true) => " · left lung",
            _ => "",
        };
        let lesion = if bits & label::LESION != 0 { " · lesion" } else { "" };
        Some(format!("{}{side}{lesion}", format::hu(hu)))
    };
    view! {
        <div class="readout readout-top-left">
            <span class="readout-strong" data-testid="slice-number">{move || place().map(|p| p.0)}</span>
            <span data-testid="slice-position">{move || place().map(|p| p.1)}</span>
            <span class="readout-strong" data-testid="hu">{move || value().unwrap_or_default()}</span>
        </div>
        <div class="readout readout-top-right">
            <span class="readout-strong" class:readout-earlier=move || study.get().0 data-testid="picture-date">
                {move || study.get().1}
            </span>
            <span data-testid="window">{window}</span>
            <span data-testid="zoom">{zoom}</span>
        </div>
    }
    .into_any()
}

/// Said over the canvas while there is no picture.
#[component]
fn Waiting(app: App) -> impl IntoView {
    let text = Memo::new(move |_| {
        app.drawn.track();
        let (slot, index) = app.view.with(|v| (v.slot, v.index()));
        let there = app.pixels.try_update_value(|p| p.get(slot, index).is_some()) == Some(true);
        if there {
            return None;
        }
        app.model.with(|m| {
            let study = m.study(slot);
            Some(match (study.gone, study.phase) {
                (true, _) => "Measure the study again to see this slice.",
                (_, Phase::Refused) => "There is no picture to show.",
                (_, Phase::Stopped) if !study.decoded.contains(&index) => "This slice was not read.",
                _ => "Loading …",
            })
        })
    });
    move || text.get().map(|text| view! { <p class="stage-waiting">{text}</p> })
}

/// What a screen reader says of the picture.
fn described(app: App) -> String {
    app.drawn.track();
    let (slot, index) = app.view.with(|v| (v.slot, v.index()));
    let lesions =
        app.pixels.try_update_value(|p| p.areas(slot, index)).flatten().and_then(|a| a.lesion).map(|voxels| voxels > 0);
    app.model.with(|m| {
        let Some(volume) = &m.study(slot).volume else { return "No picture yet".to_string() };
        let which = if slot == Slot::Previous { "Earlier study, axial" } else { "Axial" };
        let lesions = match lesions {
            Some(true) => ", lesions on this slice",
            Some(false) => ", no lesions on this slice",
            None => "",
        };
        format!("{which} CT slice {} of {}{lesions}", index + 1, volume.slices)
    })
}

fn observe_size(canvas: NodeRef<html::Canvas>, size: RwSignal<[f64; 2]>) {
    type Kept = Option<(ResizeObserver, Closure<dyn FnMut()>)>;
    let kept: StoredValue<Kept, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        let element: HtmlCanvasElement = canvas.clone();
        let measure = move || {
            let now = [f64::from(element.client_width()), f64::from(element.client_height())];
            if size.try_get_untracked().is_some_and(|s| s != now) {
                size.set(now);
            }
        };
        measure();
        let closure = Closure::<dyn FnMut()>::new(measure);
        if let Ok(observer) = ResizeObserver::new(closure.as_ref().unchecked_ref()) {
            observer.observe(&canvas);
            kept.set_value(Some((observer, closure)));
        }
    });
    on_cleanup(move || {
        if let Some(Some((observer, closure))) = kept.try_update_value(Option::take) {
            observer.disconnect();
            drop(closure);
        }
    });
}

/// Draws at most once a frame, whatever has changed.
fn draw_when_needed(
    app: App,
    canvas: NodeRef<html::Canvas>,
    size: RwSignal<[f64; 2]>,
    grid: Memo<Option<(Grid, u32)>>,
) {
    let painter: StoredValue<Option<Painter>, LocalStorage> = StoredValue::new_local(None);
    let planned = StoredValue::new(false);
    let draw = move || {
        let _ = planned.try_update_value(|p| *p = false);
        let (Some(Some(canvas)), Some(size), Some(Some(grid))) =
            (canvas.try_get_untracked(), size.try_get_untracked(), grid.try_get_untracked())
        else {
            return;
        };
        let (Some(view), Some(drawn)) = (app.view.try_get_untracked(), app.drawn.try_get_untracked()) else { return };
        let _ = painter.try_update_value(|kept| {
            if kept.is_none() {
                *kept = Painter::new();
            }
            let Some(painter) = kept else { return };
            let index = view.index();
            let earlier = view.slot == Slot::Previous;
            let key = Key { index, earlier, drawn, window: view.window, layers: view.layers };
            if !painter.has(&key) {
                painter.clear();
                let _ = app.pixels.try_update_value(|p| p.get(view.slot, index).and_then(|s| painter.paint(key, s)));
            }
            let shown = ScreenFromImage::new(&grid.0, size, &view.camera);
            let _ = painter.draw(&canvas, size, shown);
        });
    };
    Effect::new(move |_| {
        app.view.track();
        app.drawn.track();
        size.track();
        grid.track();
        if canvas.get().is_some() && !planned.get_value() {
            planned.set_value(true);
            request_animation_frame(draw);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_which_study_it_is_of() {
        let date = || Some("6 Apr 2020".to_string());
        assert_eq!(named(Slot::Previous, true, date()), "Earlier study · 6 Apr 2020");
        assert_eq!(named(Slot::Current, true, date()), "This study · 6 Apr 2020");
        assert_eq!(named(Slot::Current, false, date()), "6 Apr 2020");
        assert_eq!(named(Slot::Previous, true, None), "Earlier study · no date");
    }
}
