//! The page's start and end.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use tracing::info;

use crate::{browser, controller::context::Controller, state::PageState, weights::cache};

impl Controller {
    /// Starts the worker and the weights' download.
    pub fn start(self) {
        let build = browser::build_attribute("data-build");
        info!(build = build.as_deref().unwrap_or("unknown"), cores = browser::cores(), "page started");
        self.network_log.start();
        self.start_worker();
        self.load_weights();
        self.offline.start(move || {
            // No tab runs another version, so nobody needs other versions' weights.
            let manifest = self.manifest.get_value();
            spawn_local(async move { cache::clean(&manifest, false).await });
        });
        self.hold_lock_while_computing();
        self.start_watchdog();
    }

    /// Whether leaving the page would lose what is being computed.
    pub fn is_busy(self) -> bool {
        self.with_state(PageState::is_working)
    }

    /// Takes in that the tab is visible again: a frozen tab's silence is no fault of the worker.
    pub fn on_visible(self) {
        self.note_progress();
    }

    /// Ends the worker, when the page goes.
    pub fn end(self) {
        self.worker.set_value(None);
    }
}
