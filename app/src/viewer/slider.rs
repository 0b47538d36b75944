//! The slice slider, and the strip above it that shows the lungs' and lesions' areas per slice.

use std::fmt::Write as _;

use corsai_protocol::{SliceAreas, VolumeSummary};
use leptos::{ev, prelude::*};

use crate::{
    controller::use_controller,
    imaging::{slice_cache::SliceCache, viewport_state::ViewportState},
    state::{Shared, StudyStoreFields},
    text,
};

/// Returns the outline of a row of bars, one per slice, as path data in a box of `count` × 1.
fn bars(count: u32, height: impl Fn(u32) -> f64) -> String {
    let mut data = String::from("M0 1");
    for index in 0..count {
        let _ = write!(data, "V{:.3}H{}", 1.0 - height(index).clamp(0.0, 1.0), index + 1);
    }
    data.push_str("V1Z");
    data
}

#[component]
pub fn SliceSlider() -> impl IntoView {
    let controller = use_controller();
    let count = Memo::new(move |_| {
        let slot = controller.viewport.with(|v| v.slot);
        controller.study(slot).volume().read().as_ref().map_or(0, |v| v.slices)
    });
    let areas = Memo::new(move |_| {
        let slot = controller.viewport.with(|v| v.slot);
        let count = count.get();
        let areas = |cache: &SliceCache| (0..count).map(|i| cache.areas(slot, i)).collect::<Vec<Option<SliceAreas>>>();
        controller.slices.with(areas).unwrap_or_default()
    });
    let largest = move || areas.with(|a| a.iter().flatten().map(|a| a.lung).max().unwrap_or(0).max(1));
    let path = move |of: fn(SliceAreas) -> u32| {
        let largest = f64::from(largest());
        areas.with(|list| {
            bars(count.get(), |i| list.get(i as usize).copied().flatten().map_or(0.0, |a| f64::from(of(a)) / largest))
        })
    };
    let has_areas = move || areas.with(|a| a.iter().any(Option::is_some));
    let slid = move |event: ev::Event| {
        if let Ok(index) = event_target_value(&event).parse::<u32>() {
            // Read before the update: the memo reads the viewport, which is locked within.
            let last = count.get_untracked().saturating_sub(1);
            controller.viewport.update(|v| v.set_index(index.min(last)));
            controller.request_visible_slices();
        }
    };
    let position = move || {
        let (slot, index) = controller.viewport.with(|v| (v.slot, v.index()));
        let position_of = |v: &Shared<VolumeSummary>| v.positions_mm.get(index as usize).copied();
        let mm = controller.study(slot).volume().read().as_ref().and_then(position_of);
        text::viewer::slice_position(index, count.get(), mm)
    };
    view! {
        <div class="slider">
            <div class="strip" class:strip-empty=move || !has_areas() aria-hidden="true">
                <svg
                    class="strip-picture"
                    viewBox=move || format!("0 0 {} 1", count.get().max(1))
                    preserveAspectRatio="none"
                >
                    <path class="strip-lung" d=move || path(|a| a.lung)></path>
                    <path class="strip-lesion" d=move || path(|a| a.lesion.unwrap_or(0))></path>
                </svg>
                <span
                    class="strip-here"
                    style:left=move || {
                        let at = (f64::from(controller.viewport.with(ViewportState::index)) + 0.5) / f64::from(count.get().max(1));
                        format!("{:.3}%", at * 100.0)
                    }
                ></span>
            </div>
            <div class="slider-row">
                <span class="slider-end" aria-hidden="true">{text::viewer::FEET}</span>
                <input
                    type="range"
                    class="slider-input"
                    aria-label=text::viewer::SLICE
                    data-testid="slice-slider"
                    data-slices
                    min="0"
                    max=move || count.get().saturating_sub(1).to_string()
                    prop:max=move || count.get().saturating_sub(1).to_string()
                    prop:value=move || controller.viewport.with(ViewportState::index).to_string()
                    aria-valuetext=position
                    on:input=slid
                />
                <span class="slider-end" aria-hidden="true">{text::viewer::HEAD}</span>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::bars;

    #[test]
    fn one_bar_a_slice_within_the_box() {
        assert_eq!(bars(2, |i| if i == 0 { 0.25 } else { 7.0 }), "M0 1V0.750H1V0.000H2V1Z");
        assert_eq!(bars(0, |_| 1.0), "M0 1V1Z");
    }
}
