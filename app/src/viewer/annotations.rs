//! The annotations over the picture: orientation markers, and in the corners slice, position,
//! value, study, window and zoom.

use corsai_protocol::StudySlot;
use corsai_volume::label;
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    format,
    state::{Phase, StudyStoreFields, derived},
    text::{self, Text},
};

/// The orientation markers: the patient's right is on the left of the screen.
#[component]
pub fn OrientationMarkers() -> impl IntoView {
    view! {
        <span class="letter letter-top" title=text::viewer::ANTERIOR>{text::viewer::ANTERIOR_LETTER}</span>
        <span class="letter letter-left" title=text::viewer::PATIENTS_RIGHT>{text::viewer::RIGHT_LETTER}</span>
        <span class="letter letter-right" title=text::viewer::PATIENTS_LEFT>{text::viewer::LEFT_LETTER}</span>
        <span class="letter letter-bottom" title=text::viewer::POSTERIOR>{text::viewer::POSTERIOR_LETTER}</span>
    }
}

/// The annotations in the corners. `probe` is the pixel under the pointer.
#[component]
pub fn CornerAnnotations(probe: RwSignal<Option<(u32, u32)>>) -> impl IntoView {
    let controller = use_controller();
    let position = move || {
        let (slot, index) = controller.viewport.with(|v| (v.slot, v.index()));
        let volume = controller.study(slot).volume().get()?;
        let position = volume.positions_mm.get(index as usize).map(|p| format::mm(*p)).unwrap_or_default();
        Some((format!("{} / {}", index + 1, volume.slices), position))
    };
    let study = Memo::new(move |_| {
        let slot = controller.viewport.with(|v| v.slot);
        let date = derived::chosen_series(controller.study(slot)).and_then(|s| s.date.as_deref().map(format::date));
        let both = controller.study(StudySlot::Previous).volume().read().is_some();
        (slot == StudySlot::Previous, text::viewer::named(slot, both, date))
    });
    let window = move || {
        let window = controller.viewport.with(|v| v.window);
        format!("L {}  W {}", format::whole(window.level), format::whole(window.width))
    };
    let zoom = move || format!("{:.0} %", controller.viewport.with(|v| v.camera.zoom) * 100.0);
    let value = move || {
        let (slot, index) = controller.viewport.with(|v| (v.slot, v.index()));
        let (column, row) = probe.get()?;
        let (hu, bits) = controller.slices.with(|cache| cache.get(slot, index)?.at(column, row))??;
        let side = match (bits & label::RIGHT_LUNG != 0, bits & label::LEFT_LUNG != 0) {
            (true, _) => Some(text::viewer::IN_RIGHT_LUNG),
            (_, true) => Some(text::viewer::IN_LEFT_LUNG),
            _ => None,
        };
        let side = side.map(Text::get).unwrap_or_default();
        let in_lesion = bits & label::LESION != 0;
        let lesion = if in_lesion { text::viewer::IN_LESION.get() } else { String::new() };
        Some(format!("{}{side}{lesion}", format::hu(hu)))
    };
    view! {
        <div class="readout readout-top-left">
            <span class="readout-strong" data-testid="slice-number">{move || position().map(|p| p.0)}</span>
            <span data-testid="slice-position">{move || position().map(|p| p.1)}</span>
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

/// The words over the canvas while there is no picture.
#[component]
pub fn Placeholder() -> impl IntoView {
    let controller = use_controller();
    let text = Memo::new(move |_| {
        let (slot, index) = controller.viewport.with(|v| (v.slot, v.index()));
        if controller.slices.with(|cache| cache.get(slot, index).is_some()) == Some(true) {
            return None;
        }
        let study = controller.study(slot);
        Some(match (study.worker_lost().get(), study.phase().get()) {
            (true, _) => text::viewer::LOST,
            (_, Phase::Refused) => text::viewer::NO_PICTURE,
            (_, Phase::Stopped) if !study.decoded().read().contains(&index) => text::viewer::NOT_READ,
            _ => text::viewer::LOADING,
        })
    });
    move || text.get().map(|text| view! { <p class="stage-waiting">{text}</p> })
}
