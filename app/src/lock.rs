//! Locks that all tabs of this page share (the Web Locks API, which web-sys has only behind a flag). A browser without
//! them has one tab like another.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::browser;

/// A tab that holds a lock for longer than this is passed over.
const PATIENCE_MS: u32 = 120_000;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, then: &JsValue) -> Promise;
}

/// A held lock; dropping it lets go.
pub struct Lock {
    release: Function,
    /// Somebody else had it when it was asked for.
    pub waited: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::NULL);
    }
}

/// The lock, once it is free; `None` where there are no locks or nobody lets go.
pub async fn wait(name: &str) -> Option<Lock> {
    match try_now(name).await {
        Attempt::Held(lock) => Some(lock),
        Attempt::Taken => {
            let asked = ask(&manager()?, name, false);
            let patience = future_to_promise(async {
                TimeoutFuture::new(PATIENCE_MS).await;
                Ok(JsValue::NULL)
            });
            let release = JsFuture::from(Promise::race(&Array::of2(&asked, &patience))).await.ok()?;
            if release.is_null() {
                // A lock that is granted after the wait has ended is released at once.
                spawn_local(async move { drop(granted(&asked).await) });
                return None;
            }
            Some(Lock { release: release.dyn_into().ok()?, waited: true })
        }
        Attempt::Without => None,
    }
}

/// The lock, however long others hold it; `None` where there are no locks.
pub async fn once_free(name: &str) -> Option<Lock> {
    granted(&ask(&manager()?, name, false)).await
}

/// Holds a lock, beside others that do, for as long as the page lives.
pub fn share_for_ever(name: &str) {
    let Some(manager) = manager() else { return };
    let options = Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("mode"), &JsValue::from_str("shared"));
    let for_ever = Closure::once_into_js(|_: JsValue| Promise::new(&mut |_, _| {}));
    let asked = manager.request(name, &options, &for_ever);
    spawn_local(async move { drop(JsFuture::from(asked).await) });
}

async fn granted(asked: &Promise) -> Option<Lock> {
    let release = JsFuture::from(asked.clone()).await.ok()?.dyn_into().ok()?;
    Some(Lock { release, waited: true })
}

/// What became of asking without waiting.
pub enum Attempt {
    Held(Lock),
    Taken,
    /// This browser has no locks for us.
    Without,
}

pub async fn try_now(name: &str) -> Attempt {
    let Some(manager) = manager() else { return Attempt::Without };
    match JsFuture::from(ask(&manager, name, true)).await.map(JsCast::dyn_into) {
        Ok(Ok(release)) => Attempt::Held(Lock { release, waited: false }),
        Ok(Err(other)) if other.is_null() => Attempt::Taken,
        _ => Attempt::Without,
    }
}

fn manager() -> Option<LockManager> {
    let locks = Reflect::get(&browser::window()?.navigator(), &JsValue::from_str("locks")).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

/// Gives the function that lets go, null if somebody else has the lock, or rejects if the browser refuses.
fn ask(manager: &LockManager, name: &str, at_once: bool) -> Promise {
    let options = Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::from_bool(at_once));
    Promise::new(&mut |tell: Function, refuse: Function| {
        // The lock is held until the promise that this gives is settled.
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            if lock.is_null() {
                let _ = tell.call1(&JsValue::NULL, &JsValue::NULL);
                return JsValue::UNDEFINED;
            }
            Promise::new(&mut |release, _| {
                let _ = tell.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        let asked = manager.request(name, &options, &granted);
        spawn_local(async move {
            if let Err(reason) = JsFuture::from(asked).await {
                let _ = refuse.call1(&JsValue::NULL, &reason);
            }
        });
    })
}
