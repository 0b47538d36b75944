//! The wasm binary that owns the study and the device, with a graphics processor (feature `gpu`) or without. One instance is the page's worker (`owner`); further instances
//! of the same binary are its helpers, which compute networks on the CPU (`helper`). Neither fetches nor stores
//! anything: files, weights and commands come in messages.
//!
//! It runs in browsers only. What needs none of their objects is tested natively.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod analysis;
mod answer_cache;
mod assignments;
mod compute_worker;
mod coordinator;
mod cpu_backend;
mod deadline;
mod decode;
mod decoder_pool;
mod device_selection;
mod engine;
mod engine_lock;
#[cfg_attr(not(feature = "gpu"), path = "no_gpu.rs")]
mod gpu_backend;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod libc_shim;
mod network_cache;
mod page_events;
mod progress;
mod reading;
mod slice_areas;
mod tickets;
mod weight_store;
mod worker_handle;
mod yield_now;

use std::rc::Rc;

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// The name a helper is started under.
const HELPER: &str = "corsai-helper";

/// Runs in a worker.
pub fn start() {
    corsai_networks::run_static_constructors();
    let scope: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().expect("invariant: this binary is started in a worker");
    if scope.name() == HELPER {
        std::panic::set_hook(Box::new(|_| compute_worker::report_panic()));
        let helper = Rc::new(compute_worker::ComputeWorker::new());
        listen(&scope, move |message| Rc::clone(&helper).take(&message), compute_worker::report_unreadable);
        compute_worker::ready();
    } else {
        std::panic::set_hook(Box::new(|_| page_events::fatal()));
        let owner = Rc::new(coordinator::Coordinator::new());
        listen(&scope, move |message| Rc::clone(&owner).take(&message), page_events::fatal);
        page_events::ready();
    }
}

/// Takes messages; `unreadable` hears of one that the browser can't read.
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
