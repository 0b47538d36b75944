//! Other tabs of this page: nothing passes between them but a lock.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::{lock, state::Model};

const COMPUTING: &str = "corsai-computing";

impl App {
    /// Holds a lock while this tab computes, and says so for as long as another tab has it.
    pub(super) fn tell_other_tabs(self) {
        let working = Memo::new(move |_| self.model.with(Model::working));
        Effect::new(move |_| {
            self.elsewhere.set(false);
            self.computing.set_value(None);
            if !working.get() {
                return;
            }
            spawn_local(async move {
                let lock = match lock::try_now(COMPUTING).await {
                    lock::Attempt::Held(lock) => Some(lock),
                    lock::Attempt::Taken => {
                        self.elsewhere.set(working.get_untracked());
                        let lock = lock::once_free(COMPUTING).await;
                        self.elsewhere.set(false);
                        lock
                    }
                    lock::Attempt::Without => None,
                };
                if working.get_untracked() {
                    self.computing.set_value(lock);
                }
            });
        });
    }
}
