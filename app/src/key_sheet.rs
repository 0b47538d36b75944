//! The key sheet: every key and gesture, on a key of its own.

use leptos::{ev, prelude::*};

use crate::{
    dialog::Dialog,
    imaging::keys::{self, Action},
    keyboard, text,
};

/// The keys and gestures with their effects.
#[component]
pub fn KeyList() -> impl IntoView {
    let lines: Vec<_> = keys::sheet().map(|(key, what)| view! { <dt><kbd>{key}</kbd></dt> <dd>{what}</dd> }).collect();
    view! { <dl class="keys">{lines}</dl> }.into_any()
}

/// The dialog with the keys, and the key that opens it.
#[component]
pub fn KeySheet() -> impl IntoView {
    let open = RwSignal::new(false);
    let pressed = window_event_listener(ev::keydown, move |event| {
        if keyboard::action(&event) == Some(Action::KeySheet) {
            event.prevent_default();
            open.set(true);
        }
    });
    on_cleanup(move || pressed.remove());
    view! {
        <Dialog open id="key-sheet" title=text::settings::KEYS>
            <KeyList />
        </Dialog>
    }
    .into_any()
}
