//! Slices: requests for those on screen and around, and the worker's answers.

use corsai_protocol::{Command, StudySlot};
use corsai_report::{Found, Issue, IssueCode};
use js_sys::{ArrayBuffer, Int16Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    controller::context::Controller,
    imaging::slice_cache::{SliceImage, neighbours},
};

/// Slices requested ahead on both sides of the one on screen.
const PREFETCH: u32 = 3;

impl Controller {
    /// Puts a slice that the worker has sent into the cache. `labelled` is whether its labels
    /// hold lungs and lesions.
    pub(super) fn store_slice(self, slot: StudySlot, index: u32, labelled: (bool, bool), payload: &[JsValue]) {
        let buffers: Vec<&ArrayBuffer> = payload.iter().filter_map(JsCast::dyn_ref).collect();
        let [hu, labels, agreement @ ..] = &buffers[..] else {
            return self.on_crash(Issue::new(IssueCode::InternalFault, [Found::detail("a slice's pixels")]));
        };
        let (hu, labels) = (Int16Array::new(hu).to_vec(), Uint8Array::new(labels).to_vec());
        let agreement = agreement.first().map(|agreement| Uint8Array::new(agreement).to_vec());
        let image = self.with_state(|s| {
            let volume = s.study(slot).volume.as_ref()?;
            (index < volume.slices).then(|| SliceImage::new(volume, hu, labels, agreement, labelled)).flatten()
        });
        if let Some(image) = image {
            self.slices.update(|cache| cache.insert(slot, index, image));
        }
    }

    /// Requests the slice on screen and its neighbours, where they are not in the cache.
    pub fn request_visible_slices(self) {
        let (slot, index) = self.viewport.with_untracked(|v| (v.slot, v.index()));
        let Some((count, busy)) = self.with_state(|s| {
            let study = s.study(slot);
            study.volume.as_ref().filter(|_| !study.worker_lost).map(|v| (v.slices, s.is_working()))
        }) else {
            return;
        };
        // While the worker computes, little beside the picture on screen is requested.
        let wanted = neighbours(index, count, if busy { 1 } else { PREFETCH });
        let requests = self.slices.update_untracked(|cache| cache.request(slot, wanted)).unwrap_or_default();
        self.send_all(requests.into_iter().map(|index| Command::Slice { slot, index }).collect());
    }

    /// Drops the cached slices of a study, those of the earlier one in any case, and shows the
    /// current study.
    pub(super) fn clear_slices(self, slot: StudySlot) {
        self.slices.update(|cache| {
            cache.clear(StudySlot::Previous);
            if slot == StudySlot::Current {
                cache.clear(StudySlot::Current);
            }
        });
        self.viewport.update(|v| v.slot = StudySlot::Current);
    }
}
