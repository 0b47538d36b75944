//! Drops and chosen files: their folders are listed, then they are opened.

use corsai_protocol::{PhantomRequest, StudySlot};
use leptos::prelude::*;
use tracing::info;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{
    controller::context::Controller,
    crash_recovery::StudySource,
    file_intake::{self, DroppedItems, FileListing},
};

/// Files that are found between two updates of the count on screen.
const LISTING_STEP: usize = 20;

impl Controller {
    /// Opens a drop once its folders are listed, unless another command comes first.
    pub fn open_drop(self, slot: StudySlot, items: DroppedItems) {
        let generation = self.supersede_drop();
        if matches!(items, DroppedItems::Entries(_)) {
            self.listing.set(Some(0));
        }
        spawn_local(async move {
            let keep_listing = move |found: usize| {
                let wanted = self.drop_generation.get_value() == generation;
                if wanted && self.listing.with_untracked(|l| l.is_none_or(|l| found >= l + LISTING_STEP)) {
                    self.listing.set(Some(found));
                }
                wanted
            };
            let listed = file_intake::list_files(items, keep_listing).await;
            if self.drop_generation.get_value() != generation {
                return;
            }
            self.listing.set(None);
            match listed {
                Ok(listing) => self.open_files(slot, listing),
                Err(error) => {
                    if let Some(issue) = error.issue() {
                        self.transition(|s| s.add_notice(issue));
                    }
                }
            }
        });
    }

    /// Ends the listing of a drop in favour of a newer command. Returns the new generation.
    pub(super) fn supersede_drop(self) -> u32 {
        if self.listing.get_untracked().is_some() {
            self.listing.set(None);
        }
        self.drop_generation.update_value(|g| *g = g.wrapping_add(1));
        self.drop_generation.get_value()
    }

    /// Stops the listing of a drop's folders.
    pub fn stop_listing(self) {
        self.supersede_drop();
    }

    fn open_files(self, slot: StudySlot, listing: FileListing) {
        info!(
            files = listing.files.len(),
            unreadable_files = listing.unreadable.files,
            unreadable_folders = listing.unreadable.folders,
            "files listed"
        );
        let missing = listing.unreadable.issue(listing.files.len());
        let (names, files) = listing.files.into_iter().map(|d| (d.name, JsValue::from(d.file))).unzip();
        self.open(slot, StudySource::Files { names, files, missing }, false);
    }

    /// Opens a state of the synthetic patient.
    pub fn open_phantom(self, slot: StudySlot, date: PhantomRequest) {
        self.supersede_drop();
        self.open(slot, StudySource::Phantom(date), true);
    }
}
