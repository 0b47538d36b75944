//! The browser's graphics adapter, asked for by page and worker alike.

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A driver that says nothing for so long, ms, has nothing to offer.
const PATIENCE: u32 = 10_000;

/// The fastest `GPUAdapter` that the browser offers; `None` where it has no WebGPU, no adapter, or
/// no answer. (web-sys knows WebGPU only behind a flag.)
pub async fn adapter() -> Option<JsValue> {
    let get = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok().filter(JsValue::is_truthy);
    let gpu = get(&get(&js_sys::global(), "navigator")?, "gpu")?;
    let request: Function = get(&gpu, "requestAdapter")?.dyn_into().ok()?;
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into()).ok()?;
    let promise: Promise = request.call1(&gpu, &options).ok()?.dyn_into().ok()?;
    match select(JsFuture::from(promise), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((answer, _)) => answer.ok().filter(JsValue::is_object),
        Either::Right(_) => None,
    }
}
