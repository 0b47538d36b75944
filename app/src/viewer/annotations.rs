//! The annotations over the picture: orientation markers, and in the corners slice, position, value,
//! study, window and zoom.

use corsai_protocol::StudySlot;
use corsai_volume::label;
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    format,
    state::{Phase, StudyStoreFields, derived},
};

/// The orientation markers: the patient's right is on the left of the screen.
#[component]
pub fn OrientationMarkers() -> impl IntoView {
    view! {
        <span class="letter letter-top" title="anterior">"A"</span>
        <span class="letter letter-left" title="the patient's right">"R"</span>
        <span class="letter letter-right" title="the patient's left">"L"</span>
        <span class="letter letter-bottom" title="posterior">"P"</span>
    }
}

/// Returns the name of the study on screen, "Earlier study · 6 Apr 2020". Without a second study the
/// date is enough.
fn named(slot: StudySlot, both: bool, date: Option<String>) -> String {
    let date = date.unwrap_or_else(|| "no date".into());
    match (slot, both) {
        (StudySlot::Previous, _) => format!("Earlier study · {date}"),
        (StudySlot::Current, true) => format!("This study · {date}"),
        (StudySlot::Current, false) => date,
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
        (slot == StudySlot::Previous, named(slot, both, date))
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
            (true, _) => " · right lung",
            (_, true) => " · left lung",
            _ => "",
        };
        let lesion = if bits & label::LESION != 0 { " · lesion" } else { "" };
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
            (true, _) => "Measure the study again to see this slice.",
            (_, Phase::Refused) => "There is no picture to show.",
            (_, Phase::Stopped) if !study.decoded().read().contains(&index) => "This slice was not read.",
            _ => "Loading …",
        })
    });
    move || text.get().map(|text| view! { <p class="stage-waiting">{text}</p> })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_which_study_it_is_of() {
        let date = || Some("6 Apr 2020".to_string());
        assert_eq!(named(StudySlot::Previous, true, date()), "Earlier study · 6 Apr 2020");
        assert_eq!(named(StudySlot::Current, true, date()), "This study · 6 Apr 2020");
        assert_eq!(named(StudySlot::Current, false, date()), "6 Apr 2020");
        assert_eq!(named(StudySlot::Previous, true, None), "Earlier study · no date");
    }
}
