//! The viewport: the canvas, its pointer gestures, and the keys, which work on the whole page.

use corsai_protocol::StudySlot;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{HtmlCanvasElement, PointerEvent, ResizeObserver};

use crate::{
    controller::{Controller, use_controller},
    imaging::{
        geometry::{Grid, ScreenFromImage},
        gestures::{Gestures, Intent},
        keys::{self, Action},
        slice_cache::SliceCache,
        viewport_state::ViewportState,
        wheel::{self, Unit, Wheel},
    },
    keyboard,
    state::StudyStoreFields,
    text,
    viewer::{
        annotations::{CornerAnnotations, OrientationMarkers, Placeholder},
        painter::{PaintedState, Painter},
    },
};

/// Returns the grid on screen and its number of slices.
fn grid(controller: Controller) -> Option<(Grid, u32)> {
    let slot = controller.viewport.with(|v| v.slot);
    let volume = controller.study(slot).volume().get()?;
    let grid = Grid { columns: volume.columns, rows: volume.rows, column_mm: volume.column_mm, row_mm: volume.row_mm };
    Some((grid, volume.slices))
}

/// The picture with its annotations.
#[component]
pub fn Viewport() -> impl IntoView {
    let controller = use_controller();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new([0.0_f64; 2]);
    let grid = Memo::new(move |_| grid(controller));
    let probe = RwSignal::new(None::<(u32, u32)>);
    let gestures = StoredValue::new_local(Gestures::default());
    observe_size(canvas, size);
    draw_when_needed(controller, canvas, size, grid);

    let count = move || grid.with_untracked(|g| g.map_or(0, |g| g.1));
    let apply = move |intent: Intent| {
        let before = controller.viewport.with_untracked(ViewportState::index);
        // Read before the update: the memo reads the viewport, which is locked within.
        let (count, size) = (count(), size.get_untracked());
        controller.viewport.update(|v| v.apply(intent, count, size));
        if controller.viewport.with_untracked(ViewportState::index) != before {
            controller.request_visible_slices();
        }
    };
    let at = |event: &PointerEvent| [f64::from(event.offset_x()), f64::from(event.offset_y())];
    let look = move |point: [f64; 2]| {
        let pixel = grid.get_untracked().and_then(|(grid, _)| {
            let camera = controller.viewport.with_untracked(|v| v.camera);
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
        let tool = controller.viewport.with_untracked(|v| v.tool);
        gestures.update_value(|g| g.down(event.pointer_id(), at(&event), event.button(), event.shift_key(), tool));
        look(at(&event));
    };
    let moved = move |event: ev::PointerEvent| {
        let slice_px = (size.get_untracked()[1] / f64::from(count().max(1))).clamp(4.0, 24.0);
        let intents = gestures.try_update_value(|g| g.moved(event.pointer_id(), at(&event), slice_px));
        intents.unwrap_or_default().into_iter().for_each(apply);
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
        // The mode is read first: browsers may give pixels in place of lines where it is not.
        let unit = Unit::from_delta_mode(event.delta_mode());
        let distance = event.delta_y();
        // A touchpad's pinch sets Ctrl, too.
        if event.ctrl_key() {
            let anchor = Some([f64::from(event.offset_x()), f64::from(event.offset_y())]);
            apply(Intent::Zoom { factor: wheel::zoom_factor(distance, unit), anchor });
            return;
        }
        let slices = wheel.try_update_value(|w| w.slices(distance, unit, event.time_stamp())).unwrap_or_default();
        if slices != 0 {
            apply(Intent::Scroll(slices));
        }
    };
    let keys = window_event_listener(ev::keydown, move |event| {
        if let Some(Action::Viewport(intent)) = keyboard::action(&event) {
            event.prevent_default();
            apply(intent);
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
                data-index=move || controller.viewport.with(ViewportState::index).to_string()
                aria-label=move || described(controller)
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
            <OrientationMarkers />
            <CornerAnnotations probe />
            <Placeholder />
        </div>
    }
    .into_any()
}

/// Returns the picture's description for a screen reader.
fn described(controller: Controller) -> String {
    let (slot, index) = controller.viewport.with(|v| (v.slot, v.index()));
    let areas = controller.slices.with(|cache| cache.areas(slot, index)).flatten();
    let lesions = areas.and_then(|a| a.lesion).map(|voxels| voxels > 0);
    let Some(volume) = controller.study(slot).volume().get() else { return text::viewer::NO_PICTURE_YET.get() };
    text::viewer::described(slot, index, volume.slices, lesions)
}

fn observe_size(canvas: NodeRef<html::Canvas>, size: RwSignal<[f64; 2]>) {
    type Observed = Option<(ResizeObserver, Closure<dyn FnMut()>)>;
    let observed: StoredValue<Observed, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        let element: HtmlCanvasElement = canvas.clone();
        let measure = move || {
            let now = [f64::from(element.client_width()), f64::from(element.client_height())];
            if let Some(last) = size.try_get_untracked()
                && (0..2).any(|axis| (last[axis] - now[axis]).abs() > f64::EPSILON)
            {
                size.set(now);
            }
        };
        measure();
        let closure = Closure::<dyn FnMut()>::new(measure);
        if let Ok(observer) = ResizeObserver::new(closure.as_ref().unchecked_ref()) {
            observer.observe(&canvas);
            observed.set_value(Some((observer, closure)));
        }
    });
    on_cleanup(move || {
        if let Some(Some((observer, closure))) = observed.try_update_value(Option::take) {
            observer.disconnect();
            drop(closure);
        }
    });
}

/// Draws at most once per frame, after any change.
fn draw_when_needed(
    controller: Controller,
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
        let (Some(view), Some(revision)) =
            (controller.viewport.try_get_untracked(), controller.slices.revision_untracked())
        else {
            return;
        };
        let _ = painter.try_update_value(|slot| {
            if slot.is_none() {
                *slot = Painter::new();
            }
            let Some(painter) = slot else { return };
            let index = view.index();
            let earlier = view.slot == StudySlot::Previous;
            let state = PaintedState { index, earlier, revision, window: view.window, overlays: view.overlays };
            if !painter.has(&state) {
                painter.clear();
                let paint =
                    |cache: &SliceCache| cache.get(view.slot, index).and_then(|image| painter.paint(state, image));
                let _ = controller.slices.with_untracked(paint);
            }
            let shown = ScreenFromImage::new(&grid.0, size, &view.camera);
            let _ = painter.draw(&canvas, size, shown);
        });
    };
    Effect::new(move |_| {
        controller.viewport.track();
        controller.slices.track();
        size.track();
        grid.track();
        if canvas.get().is_some() && !planned.get_value() {
            planned.set_value(true);
            request_animation_frame(draw);
        }
    });
}
