//! The wasm binary that owns the study and the device, with a graphics processor (feature `gpu`) or without. One instance is the page's worker (`owner`); further instances
//! of the same binary are its helpers, which compute networks on the CPU (`helper`). Neither fetches nor stores
//! anything: files, weights and commands come in messages.
//!
//! It runs in browsers only. What needs none of their objects is tested natively.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod assignments;
mod deadline;
mod decode;
mod decoders;
mod device;
mod engine;
mod engine_lock;
#[cfg_attr(not(feature = "gpu"), path = "no_gpu.rs")]
mod gpu;
mod helper;
mod kept;
mod link;
mod loaded;
mod outbox;
mod owner;
mod pace;
mod pause;
mod pool;
mod profile;
mod reading;
mod run;
mod tickets;
mod weights;

use std::rc::Rc;

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// The name a helper is started under.
const HELPER: &str = "corsai-helper";

/// Runs in a worker.
pub fn start() {
    construct();
    let scope: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().expect("invariant: this binary is started in a worker");
    if scope.name() == HELPER {
        std::panic::set_hook(Box::new(|_| helper::report_panic()));
        let helper = Rc::new(helper::Helper::new());
        listen(&scope, move |message| Rc::clone(&helper).take(&message), helper::report_unreadable);
        helper::ready();
    } else {
        std::panic::set_hook(Box::new(|_| outbox::fatal()));
        let owner = Rc::new(owner::Owner::new());
        listen(&scope, move |message| Rc::clone(&owner).take(&message), outbox::fatal);
        outbox::ready();
    }
}

/// Runs what the runtime's crates registered to be run at start (cubecl's compiler fills its registries so). Were it not
/// called by name, the linker would put it before each of the module's functions that JavaScript calls, at every call:
/// a fifth of the worker's time.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the linker makes this function; there is no safe name for it")]
fn construct() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: it takes and gives nothing, and is called once, before all else.
    unsafe { __wasm_call_ctors() }
}

/// Natively, for the tests, the loader has done it.
#[cfg(not(target_arch = "wasm32"))]
const fn construct() {}

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
