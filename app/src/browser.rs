//! Small questions to the browser, each with an answer for the browser that has none.

use std::cell::Cell;

use corsai_protocol::{Depth, DevicePreference};
use corsai_report::Tier;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, CacheStorage, HtmlAnchorElement, Url, UrlSearchParams, Window};

pub fn window() -> Option<Window> {
    web_sys::window()
}

/// Milliseconds of a clock that never goes back.
pub fn now_ms() -> f64 {
    window().and_then(|w| w.performance()).expect("invariant: a page has a clock").now()
}

/// A parameter of the page's address.
pub fn parameter(name: &str) -> Option<String> {
    let search = window()?.location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// The device that the address asks for.
pub fn device_parameter() -> Option<DevicePreference> {
    match parameter("device")?.as_str() {
        "cpu" => Some(DevicePreference::Cpu),
        "gpu" => Some(DevicePreference::Gpu),
        "auto" => Some(DevicePreference::Auto),
        _ => None,
    }
}

/// How much is computed: the address' `tier`, `full-run`, `vote=paper` and `dpn-3d`, else a standard answer.
pub fn depth_parameter() -> Depth {
    let named = parameter("tier");
    let tier = Tier::ALL.into_iter().find(|tier| named.as_deref() == Some(tier.as_str()));
    Depth {
        tier: tier.unwrap_or(Depth::default().tier),
        full_run: parameter("full-run").is_some(),
        paper_vote: parameter("vote").as_deref() == Some("paper"),
        dpn_3d: parameter("dpn-3d").is_some(),
    }
}

/// How many cores the worker may use: the address' `cores`, else what the browser says, at most 16.
pub fn cores() -> u32 {
    let asked = parameter("cores").and_then(|c| c.parse::<u32>().ok());
    let there = window().map_or(1.0, |w| w.navigator().hardware_concurrency()) as u32;
    asked.unwrap_or(there).clamp(1, 16)
}

/// What the build told this page in its script's tag.
pub fn told(name: &str) -> Option<String> {
    window()?.document()?.query_selector("script[data-build]").ok()??.get_attribute(name)
}

/// The browser's caches, where it has some for us.
pub fn caches() -> Option<CacheStorage> {
    let window = window()?;
    if !Reflect::get(&window, &JsValue::from_str("caches")).ok()?.is_object() {
        return None;
    }
    window.caches().ok()
}

thread_local! {
    static STORES: Cell<bool> = const { Cell::new(true) };
}

/// The person has thrown away what was stored: nothing more is until the page is loaded again.
pub fn store_nothing_more() {
    STORES.set(false);
}

/// Whether something may be stored for the next visit.
pub fn stores() -> bool {
    STORES.get()
}

/// A preference kept between visits; nothing of a study is ever kept.
pub fn kept(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Keeps a preference where the browser lets us.
pub fn keep(key: &str, value: &str) {
    if let Some(storage) = window().filter(|_| stores()).and_then(|w| w.local_storage().ok()).flatten() {
        let _ = storage.set_item(key, value);
    }
}

/// A design token of the style sheet.
pub fn token(name: &str) -> Option<String> {
    let window = window()?;
    let root = window.document()?.document_element()?;
    window.get_computed_style(&root).ok()??.get_property_value(name).ok()
}

/// How long a download's address stays: Safari reads it some time after the click.
const DOWNLOAD_MS: u32 = 60_000;

/// Offers a text as a file to keep; the browser asks where. `None` where it can't.
pub fn download(name: &str, text: &str) -> Option<()> {
    let document = window()?.document()?;
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(text)), &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = document.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    spawn_local(async move {
        TimeoutFuture::new(DOWNLOAD_MS).await;
        let _ = Url::revoke_object_url(&url);
    });
    Some(())
}

/// Puts a text on the clipboard; `false` where the browser has none for us.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    let navigator = window.navigator();
    let there = Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|c| c.is_object());
    there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Calls `then` whenever the browser had lost what some canvas showed, and lets it be drawn again.
pub fn on_canvas_restored(then: impl FnMut() + 'static) {
    let heard = Closure::<dyn FnMut()>::new(then).into_js_value();
    if let Some(document) = window().and_then(|w| w.document()) {
        // The event doesn't bubble.
        let _ = document.add_event_listener_with_callback_and_bool("contextrestored", heard.unchecked_ref(), true);
    }
}

/// Loads the page afresh.
pub fn reload() {
    if let Some(window) = window() {
        let _ = window.location().reload();
    }
}

/// The page itself has failed: shows the sentence that `index.html` holds ready for that.
pub fn say_broken() {
    let broken = window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id("broken"));
    if let Some(broken) = broken {
        let _ = broken.remove_attribute("hidden");
    }
}
