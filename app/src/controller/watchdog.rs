//! The watchdog: notices a worker that makes no progress or doesn't answer a stop.

use std::time::Duration;

use leptos::prelude::*;
use tracing::info;

use crate::{browser, controller::context::Controller, state::PageState};

/// Work without progress for this long is offered to be stopped.
const STALLED_AFTER_MS: f64 = 60_000.0;
/// A worker that doesn't answer a stop for this long is replaced.
const STOP_TIMEOUT_MS: f64 = 15_000.0;
/// Time between two checks.
const INTERVAL: Duration = Duration::from_secs(5);

impl Controller {
    /// Takes in that something has made progress.
    pub(super) fn note_progress(self) {
        self.last_progress_ms.set_value(browser::now_ms());
        if self.stalled.get_untracked() {
            self.stalled.set(false);
        }
    }

    /// Starts the checks, which run for as long as the page does.
    pub(super) fn start_watchdog(self) {
        let _ = set_interval_with_handle(move || self.check_progress(), INTERVAL);
    }

    fn check_progress(self) {
        let now = browser::now_ms();
        if !self.with_state(PageState::is_stopping) {
            self.stop_requested_ms.set_value(None);
        } else if self.stop_requested_ms.get_value().is_some_and(|asked| now - asked > STOP_TIMEOUT_MS) {
            self.restart_worker();
        }
        let stalled = self.is_busy() && now - self.last_progress_ms.get_value() > STALLED_AFTER_MS;
        if stalled != self.stalled.get_untracked() {
            info!(stalled, "watchdog");
            self.stalled.set(stalled);
        }
    }
}
