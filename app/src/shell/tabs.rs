//! Other tabs of this page: nothing passes between them but a lock.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::{lock, state::Model};

const COMPUTING: &str = "corsai-computing";

/// How this tab stands with the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Not,
    /// A request is under way, or the lock is held.
    Yes,
    /// A request waits for another tab to let go.
    Waits,
}

impl App {
    /// Holds a lock while this tab computes, and says so for as long as another tab has it. There
    /// is one request at a time, so that a tab never waits for itself.
    pub(super) fn tell_other_tabs(self) {
        let working = Memo::new(move |_| self.model.with(Model::working));
        let asked = StoredValue::new(Asked::Not);
        Effect::new(move |_| {
            let working_now = working.get();
            self.elsewhere.set(working_now && asked.get_value() == Asked::Waits);
            if !working_now && self.computing.try_update_value(Option::take).flatten().is_some() {
                asked.set_value(Asked::Not);
            }
            if !working_now || asked.get_value() != Asked::Not {
                return;
            }
            asked.set_value(Asked::Yes);
            spawn_local(async move {
                let lock = match lock::try_now(COMPUTING).await {
                    lock::Attempt::Held(lock) => Some(lock),
                    lock::Attempt::Taken => {
                        asked.set_value(Asked::Waits);
                        self.elsewhere.set(working.get_untracked());
                        let lock = lock::once_free(COMPUTING).await;
                        self.elsewhere.set(false);
                        lock
                    }
                    lock::Attempt::Without => None,
                };
                // A lock that comes after the work has ended is let go at once.
                let held = lock.filter(|_| working.get_untracked());
                asked.set_value(if held.is_some() { Asked::Yes } else { Asked::Not });
                self.computing.set_value(held);
            });
        });
    }
}
