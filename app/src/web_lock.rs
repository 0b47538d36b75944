//! Locks that all tabs of this page share: the Web Locks API, which web-sys has only behind a flag.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::browser;

/// The longest wait for another tab.
const TIMEOUT_MS: u32 = 120_000;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, then: &JsValue) -> Promise;
}

/// A held lock. Dropping it releases the lock.
pub struct WebLock {
    release: Function,
    /// Another tab held it at the time of the request.
    pub waited: bool,
}

impl Drop for WebLock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::NULL);
    }
}

/// Returns the lock once it is free; `None` where the browser has no locks, or after two minutes.
pub async fn wait_with_timeout(name: &str) -> Option<WebLock> {
    match try_now(name).await {
        Attempt::Held(lock) => Some(lock),
        Attempt::Taken => {
            let request = request(&manager()?, name, false);
            let timeout = future_to_promise(async {
                TimeoutFuture::new(TIMEOUT_MS).await;
                Ok(JsValue::NULL)
            });
            let release = JsFuture::from(Promise::race(&Array::of2(&request, &timeout))).await.ok()?;
            if release.is_null() {
                // A lock that is granted after the wait has ended is released at once.
                spawn_local(async move { drop(granted(&request).await) });
                return None;
            }
            Some(WebLock { release: release.dyn_into().ok()?, waited: true })
        }
        Attempt::Unsupported => None,
    }
}

/// Returns the lock once it is free, however long that takes; `None` where the browser has no
/// locks.
pub async fn wait(name: &str) -> Option<WebLock> {
    granted(&request(&manager()?, name, false)).await
}

/// Holds a shared lock for the life of the page.
pub fn hold_shared(name: &str) {
    let Some(manager) = manager() else { return };
    let options = Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("mode"), &JsValue::from_str("shared"));
    let for_ever = Closure::once_into_js(|_: JsValue| Promise::new(&mut |_, _| {}));
    let request = manager.request(name, &options, &for_ever);
    spawn_local(async move { drop(JsFuture::from(request).await) });
}

async fn granted(request: &Promise) -> Option<WebLock> {
    let release = JsFuture::from(request.clone()).await.ok()?.dyn_into().ok()?;
    Some(WebLock { release, waited: true })
}

/// The result of a request that doesn't wait.
pub enum Attempt {
    /// This tab holds the lock now.
    Held(WebLock),
    /// Another tab holds it.
    Taken,
    /// The browser has no locks.
    Unsupported,
}

/// Requests a lock without waiting for it.
pub async fn try_now(name: &str) -> Attempt {
    let Some(manager) = manager() else { return Attempt::Unsupported };
    match JsFuture::from(request(&manager, name, true)).await.map(JsCast::dyn_into) {
        Ok(Ok(release)) => Attempt::Held(WebLock { release, waited: false }),
        Ok(Err(other)) if other.is_null() => Attempt::Taken,
        _ => Attempt::Unsupported,
    }
}

fn manager() -> Option<LockManager> {
    let locks = Reflect::get(&browser::window()?.navigator(), &JsValue::from_str("locks")).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

/// Resolves to the function that releases the lock, or to null where another tab holds it; rejects
/// where the browser refuses.
fn request(manager: &LockManager, name: &str, if_available: bool) -> Promise {
    let options = Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::from_bool(if_available));
    Promise::new(&mut |resolve: Function, reject: Function| {
        // The lock is held until the promise that this returns is settled.
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            if lock.is_null() {
                let _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
                return JsValue::UNDEFINED;
            }
            Promise::new(&mut |release, _| {
                let _ = resolve.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        let request = manager.request(name, &options, &granted);
        spawn_local(async move {
            if let Err(reason) = JsFuture::from(request).await {
                let _ = reject.call1(&JsValue::NULL, &reason);
            }
        });
    })
}
