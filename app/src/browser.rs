//! Small wrappers of browser functions. Each has a result for a browser without the function.

use std::cell::Cell;

use corsai_protocol::{AnalysisOptions, DevicePreference};
use corsai_report::Tier;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Date, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, CacheStorage, CanvasRenderingContext2d, Document, Element, HtmlAnchorElement,
    HtmlCanvasElement, HtmlElement, Url, UrlSearchParams, Window,
};

/// Returns the page's window.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// Returns the milliseconds of a monotonic clock.
pub fn now_ms() -> f64 {
    window().and_then(|w| w.performance()).expect("invariant: a page has a clock").now()
}

/// Returns a parameter of the page's address.
pub fn parameter(name: &str) -> Option<String> {
    let search = window()?.location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// Returns the device in the address's parameter `device`.
pub fn device_parameter() -> Option<DevicePreference> {
    match parameter("device")?.as_str() {
        "cpu" => Some(DevicePreference::Cpu),
        "gpu" => Some(DevicePreference::Gpu),
        "auto" => Some(DevicePreference::Auto),
        _ => None,
    }
}

/// Returns the options in the address's parameters `tier`, `full-run`, `vote=paper` and `dpn-3d`;
/// else those of a standard answer.
pub fn options_parameters() -> AnalysisOptions {
    let named = parameter("tier");
    let tier = Tier::ALL.into_iter().find(|tier| named.as_deref() == Some(tier.as_str()));
    AnalysisOptions {
        tier: tier.unwrap_or(AnalysisOptions::default().tier),
        full_run: parameter("full-run").is_some(),
        paper_vote: parameter("vote").as_deref() == Some("paper"),
        dpn_3d: parameter("dpn-3d").is_some(),
    }
}

/// Returns the cores that the worker may use: the address's `cores`, else the browser's count; at
/// most 16.
pub fn cores() -> u32 {
    let requested = parameter("cores").and_then(|c| c.parse::<u32>().ok());
    let available = window().map_or(1.0, |w| w.navigator().hardware_concurrency()) as u32;
    requested.unwrap_or(available).clamp(1, 16)
}

/// Returns an attribute that the build has written into the page's script tag.
pub fn build_attribute(name: &str) -> Option<String> {
    window()?.document()?.query_selector("script[data-build]").ok()??.get_attribute(name)
}

/// Returns the browser's caches; `None` where it has none.
pub fn caches() -> Option<CacheStorage> {
    let window = window()?;
    if !Reflect::get(&window, &JsValue::from_str("caches")).ok()?.is_object() {
        return None;
    }
    window.caches().ok()
}

thread_local! {
    static PERSISTENCE_ALLOWED: Cell<bool> = const { Cell::new(true) };
}

/// Forbids to store anything until the page is loaded again: the person has deleted what was
/// stored.
pub fn forbid_persistence() {
    PERSISTENCE_ALLOWED.set(false);
}

/// Whether something may be stored for the next visit.
pub fn persistence_allowed() -> bool {
    PERSISTENCE_ALLOWED.get()
}

/// Returns the languages that the person has told the browser, the preferred one first.
pub fn languages() -> Vec<String> {
    let languages = window().map(|window| window.navigator().languages());
    languages.map(|tags| tags.iter().filter_map(|tag| tag.as_string()).collect()).unwrap_or_default()
}

/// Sets the language of the document, for screen readers and hyphenation, and its title.
pub fn set_document_language(tag: &str, title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("lang", tag);
        }
    }
}

/// Sets the document's theme: `light`, `dark`, or any other name for the system's.
pub fn set_document_theme(name: &str) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        let _ = root.set_attribute("data-theme", name);
    }
}

/// The focus, and how far columns are scrolled. Both are lost when the page is rendered again.
pub struct Place {
    /// The test id of the focused element.
    focus: Option<String>,
    scrolled_px: [i32; COLUMNS.len()],
}

/// The elements that scroll by themselves.
const COLUMNS: [&str; 3] = [".content", ".workspace > .viewer", ".workspace > .cards"];

impl Place {
    /// Returns the place now.
    pub fn now() -> Self {
        let focused = document().and_then(|document| document.active_element());
        Self {
            focus: focused.and_then(|element| element.get_attribute("data-testid")),
            scrolled_px: COLUMNS.map(|column| element(column).map_or(0, |element| element.scroll_top())),
        }
    }

    /// Returns to the place, once the page is drawn.
    pub fn restore(&self) {
        for (column, px) in COLUMNS.iter().zip(self.scrolled_px) {
            if let Some(element) = element(column) {
                element.set_scroll_top(px);
            }
        }
        let focused = self.focus.as_ref().and_then(|id| element(&format!("[data-testid=\"{id}\"]")));
        if let Some(element) = focused.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    }
}

fn document() -> Option<Document> {
    window()?.document()
}

/// Returns the first element of a selector.
fn element(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

/// Returns today's date at this computer, `YYYY-MM-DD`.
pub fn today() -> String {
    let now = Date::new_0();
    format!("{:04}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date())
}

/// Returns a setting of an earlier visit. Nothing of a study is ever stored.
pub fn load_setting(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Stores a setting for the next visit, where the browser permits it.
pub fn save_setting(key: &str, value: &str) {
    if let Some(storage) = window().filter(|_| persistence_allowed()).and_then(|w| w.local_storage().ok()).flatten() {
        let _ = storage.set_item(key, value);
    }
}

/// Returns a custom property of the style sheet.
pub fn css_token(name: &str) -> Option<String> {
    let window = window()?;
    let root = window.document()?.document_element()?;
    window.get_computed_style(&root).ok()??.get_property_value(name).ok()
}

/// Time for which a download's address stays valid: Safari reads it some time after the click.
const DOWNLOAD_MS: u32 = 60_000;

/// Offers a JSON text as a download; `None` where the browser can't.
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

/// Copies a text to the clipboard. Returns whether the browser did.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    let navigator = window.navigator();
    let has_clipboard = Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|c| c.is_object());
    has_clipboard && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Calls `then` whenever the browser has restored a canvas whose content it had lost.
pub fn on_canvas_restored(then: impl FnMut() + 'static) {
    let listener = Closure::<dyn FnMut()>::new(then).into_js_value();
    if let Some(document) = window().and_then(|w| w.document()) {
        // The event doesn't bubble.
        let _ = document.add_event_listener_with_callback_and_bool("contextrestored", listener.unchecked_ref(), true);
    }
}

/// Loads the page again.
pub fn reload() {
    if let Some(window) = window() {
        let _ = window.location().reload();
    }
}

/// Shows the sentence in `index.html` for a page that has failed.
pub fn show_failure() {
    let broken = window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id("broken"));
    if let Some(broken) = broken {
        let _ = broken.remove_attribute("hidden");
    }
}

/// Returns a canvas's 2D context.
pub fn canvas_context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}
