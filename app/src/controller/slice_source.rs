//! The slice cache as a reactive source.

use leptos::prelude::*;

use crate::imaging::slice_cache::SliceCache;

/// The cached slices of both studies. A read in a reactive context runs again when the cache
/// changes.
#[derive(Clone, Copy)]
pub struct SliceSource {
    cache: StoredValue<SliceCache, LocalStorage>,
    revision: RwSignal<u32>,
}

impl SliceSource {
    /// Returns a source without slices.
    pub fn new() -> Self {
        Self { cache: StoredValue::new_local(SliceCache::default()), revision: RwSignal::new(0) }
    }

    /// Reads the cache, and tracks it; `None` after the page's end.
    pub fn with<T>(self, read: impl FnOnce(&SliceCache) -> T) -> Option<T> {
        self.revision.track();
        self.cache.try_with_value(read)
    }

    /// Reads the cache without tracking it; `None` after the page's end.
    pub fn with_untracked<T>(self, read: impl FnOnce(&SliceCache) -> T) -> Option<T> {
        self.cache.try_with_value(read)
    }

    /// Changes the cache, and notifies its readers.
    pub fn update(self, change: impl FnOnce(&mut SliceCache)) {
        self.cache.update_value(change);
        self.notify();
    }

    /// Changes what no reader depends on: the requests, or which slices are outdated.
    pub fn update_untracked<T>(self, change: impl FnOnce(&mut SliceCache) -> T) -> Option<T> {
        self.cache.try_update_value(change)
    }

    /// Tracks the cache.
    pub fn track(self) {
        self.revision.track();
    }

    /// Returns a number that rises with every change that readers see; `None` after the page's end.
    pub fn revision_untracked(self) -> Option<u32> {
        self.revision.try_get_untracked()
    }

    /// Has every reader read again.
    pub fn notify(self) {
        self.revision.update(|revision| *revision = revision.wrapping_add(1));
    }
}
