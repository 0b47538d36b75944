//! The wasm binary that reads studies and computes, with a graphics processor (feature `gpu`) or
//! without. One instance is the page's worker (`coordinator`); further instances of the same binary
//! compute networks on the CPU or decode slices (`compute_worker`). The binary fetches and stores
//! nothing: files, weights and commands come in messages.
//!
//! It runs in browsers only. Modules that need no browser objects are tested natively.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod adapter_info;
mod analysis;
mod answer_cache;
mod assignments;
mod backend;
mod buffer;
mod compute_worker;
mod context;
mod coordinator;
mod cpu_backend;
mod deadline;
mod decode;
mod decoder_pool;
mod device_selection;
mod diagnostics;
mod engine;
mod engine_lock;
mod error;
#[cfg(test)]
mod fakes;
#[cfg(feature = "gpu")]
mod gpu_backend;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod libc_shim;
mod memory;
mod messages;
mod network_cache;
mod overdue;
mod page_events;
mod platform;
mod progress;
mod reading;
mod self_test;
mod session;
mod slice_areas;
mod tickets;
mod timer;
mod weight_store;
mod worker_handle;
mod yield_now;

use std::rc::Rc;

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Runs in a worker.
pub fn start() {
    corsai_networks::run_static_constructors();
    let scope: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().expect("invariant: this binary is started in a worker");
    if scope.name() == worker_handle::COMPUTE_WORKER {
        std::panic::set_hook(Box::new(compute_worker::report_panic));
        let worker = Rc::new(compute_worker::ComputeWorker::new());
        listen(&scope, move |message| Rc::clone(&worker).on_message(&message), compute_worker::report_unreadable);
        compute_worker::ready();
    } else {
        diagnostics::start();
        std::panic::set_hook(Box::new(|panic| {
            // The place, and nothing of the panic's text, which might quote a header.
            tracing::error!(location = panic.location().map(ToString::to_string), "panic");
            page_events::fatal();
        }));
        let coordinator = coordinator::Coordinator::new(Box::new(platform::Browser));
        listen(&scope, move |message| coordinator.on_message(&message), page_events::fatal);
        page_events::ready();
    }
}
/// Listens for messages; `unreadable` is called for a message that the browser can't read.
fn listen(
    scope: &DedicatedWorkerGlobalScope,
    take: impl FnMut(MessageEvent) + 'static,
    unreadable: impl Fn() + 'static,
) {
    let closure = Closure::<dyn FnMut(MessageEvent)>::new(take);
    scope.set_onmessage(Some(closure.as_ref().unchecked_ref()));
    closure.forget();
    let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |_| unreadable());
    scope.set_onmessageerror(Some(closure.as_ref().unchecked_ref()));
    closure.forget();
}
