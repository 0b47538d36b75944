//! What a person sees: the page. It takes files and wishes, speaks with the worker, and shows what comes back; it
//! reads no DICOM and computes no tensor.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod browser;
mod cards;
mod controller;
mod crash_recovery;
mod dialog;
mod drop_layer;
mod export;
mod file_intake;
mod format;
mod imaging;
mod network_log;
mod offline;
mod openers;
mod page;
mod phantoms;
mod privacy;
mod start;
mod state;
mod text;
mod undo;
mod viewer;
mod web_lock;
mod weights;
mod worker_handle;

use leptos::{ev, prelude::*};

fn main() {
    // The panic's text might quote what a file holds, so none of it is written anywhere.
    std::panic::set_hook(Box::new(|_| browser::show_failure()));
    mount_to_body(|| {
        let app = controller::{Controller, use_controller}::new();
        controller.begin();
        let _ = window_event_listener(ev::pagehide, move |_| controller.end());
        let _ = window_event_listener(ev::pageshow, |event| {
            // A page brought back from the browser's memory has lost its worker.
            if event.persisted() {
                browser::reload();
            }
        });
        let _ = window_event_listener(ev::beforeunload, move |event| {
            if controller.busy() {
                event.prevent_default();
            }
        });
        let _ = window_event_listener(ev::visibilitychange, move |_| controller.seen_again());
        browser::on_canvas_restored(move || controller.drawn.update(|d| *d += 1));
        view! { <page::Page /> }
    });
}
