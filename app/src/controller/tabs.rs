//! Other tabs of this page: they share a lock, and nothing else.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::{
    controller::context::Controller,
    state::derived,
    web_lock::{self, Attempt},
};

const COMPUTING: &str = "corsai-computing";

/// This tab's request for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    None,
    /// A request is under way, or the lock is held.
    Pending,
    /// The request waits for another tab to release the lock.
    Waiting,
}

impl Controller {
    /// Holds a lock while this tab computes, and shows a notice while another tab has it. There is
    /// one request at a time, so that a tab never waits for itself.
    pub(super) fn hold_lock_while_computing(self) {
        let working = Memo::new(move |_| derived::is_working(self.state));
        let request = StoredValue::new(Request::None);
        Effect::new(move |_| {
            let working_now = working.get();
            self.other_tab_computes.set(working_now && request.get_value() == Request::Waiting);
            if !working_now && self.computing_lock.try_update_value(Option::take).flatten().is_some() {
                request.set_value(Request::None);
            }
            if !working_now || request.get_value() != Request::None {
                return;
            }
            request.set_value(Request::Pending);
            spawn_local(async move {
                let lock = match web_lock::try_now(COMPUTING).await {
                    Attempt::Held(lock) => Some(lock),
                    Attempt::Taken => {
                        request.set_value(Request::Waiting);
                        self.other_tab_computes.set(working.get_untracked());
                        let lock = web_lock::wait(COMPUTING).await;
                        self.other_tab_computes.set(false);
                        lock
                    }
                    Attempt::Unsupported => None,
                };
                // A lock that is granted after the work has ended is released at once.
                let held = lock.filter(|_| working.get_untracked());
                request.set_value(if held.is_some() { Request::Pending } else { Request::None });
                self.computing_lock.set_value(held);
            });
        });
    }
}
