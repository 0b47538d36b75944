//! The page: it takes files and commands, exchanges messages with the worker, and shows the
//! results. It reads no DICOM and computes no tensor.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp))]

mod browser;
mod cards;
mod controller;
mod crash_recovery;
mod diagnostics;
mod dialog;
mod drop_layer;
mod export;
mod file_intake;
mod format;
mod imaging;
mod key_sheet;
mod keyboard;
mod network_log;
mod offline;
mod openers;
mod page;
mod phantoms;
mod privacy;
mod start;
mod state;
mod text;
mod theme;
mod undo;
mod viewer;
mod web_lock;
mod weights;
mod worker_handle;

use leptos::{ev, prelude::*};

use crate::controller::Controller;

fn main() {
    // A panic's text could quote a file's content, so it is written nowhere.
    std::panic::set_hook(Box::new(|_| browser::show_failure()));
    diagnostics::install();
    mount_to_body(|| {
        let controller = Controller::new();
        controller.provide();
        controller.start();
        let _ = window_event_listener(ev::pagehide, move |_| controller.end());
        let _ = window_event_listener(ev::pageshow, |event| {
            // A page from the back/forward cache has lost its worker.
            if event.persisted() {
                browser::reload();
            }
        });
        let _ = window_event_listener(ev::beforeunload, move |event| {
            if controller.is_busy() {
                event.prevent_default();
            }
        });
        let _ = window_event_listener(ev::visibilitychange, move |_| controller.on_visible());
        browser::on_canvas_restored(move || controller.slices.notify());
        // A change of language renders every text again. The studies and their numbers stay.
        move || {
            let language = controller.language.get();
            text::set_language(language);
            browser::set_document_language(language.tag(), &text::layout::DOCUMENT_TITLE.get());
            view! { <page::Page /> }
        }
    });
}
