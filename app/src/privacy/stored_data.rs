//! What the page has stored in the browser, and its deletion. It stores caches and settings.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, ServiceWorkerRegistration, Storage, StorageEstimate};

use crate::{browser, offline, weights::cache};

/// The stored files and settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredData {
    /// Files of weights.
    pub weights: u32,
    /// Files of the page.
    pub page: u32,
    /// The names of settings.
    pub settings: Vec<String>,
    /// The browser's estimate of all bytes, with its overhead.
    pub bytes: Option<f64>,
}

impl StoredData {
    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.weights == 0 && self.page == 0 && self.settings.is_empty()
    }
}

/// Returns what is stored now; `None` where the browser doesn't tell.
pub async fn find() -> Option<StoredData> {
    let mut stored = StoredData { settings: settings()?, bytes: estimate().await, ..StoredData::default() };
    let Some(caches) = browser::caches() else { return Some(stored) };
    for name in names(&caches).await? {
        let files = count(&caches, &name).await?;
        if name == cache::CACHE {
            stored.weights += files;
        } else {
            stored.page += files;
        }
    }
    Some(stored)
}

/// Deletes all of it, also the page's copy for use without a network, and forbids to store anything
/// more.
pub async fn delete_all() {
    browser::forbid_persistence();
    if let Some(container) = offline::container()
        && let Ok(found) = JsFuture::from(container.get_registrations()).await
    {
        for registration in Array::from(&found).iter().filter_map(|r| r.dyn_into::<ServiceWorkerRegistration>().ok()) {
            if let Ok(gone) = registration.unregister() {
                let _ = JsFuture::from(gone).await;
            }
        }
    }
    if let Some(caches) = browser::caches() {
        for name in names(&caches).await.unwrap_or_default() {
            let _ = JsFuture::from(caches.delete(&name)).await;
        }
    }
    if let Some(storage) = local() {
        for name in settings().unwrap_or_default() {
            let _ = storage.remove_item(&name);
        }
    }
}

/// The start of this page's caches and settings.
const OURS: &str = "corsai";

async fn names(caches: &CacheStorage) -> Option<Vec<String>> {
    let names = JsFuture::from(caches.keys()).await.ok()?;
    Some(Array::from(&names).iter().filter_map(|n| n.as_string()).filter(|n| n.starts_with(OURS)).collect())
}

async fn count(caches: &CacheStorage, name: &str) -> Option<u32> {
    let cache: Cache = JsFuture::from(caches.open(name)).await.ok()?.dyn_into().ok()?;
    Some(Array::from(&JsFuture::from(cache.keys()).await.ok()?).length())
}

fn local() -> Option<Storage> {
    browser::window()?.local_storage().ok()?
}

/// Returns the names of the page's settings, none where the browser has no storage; `None` where it
/// doesn't tell.
fn settings() -> Option<Vec<String>> {
    let Some(storage) = local() else { return Some(Vec::new()) };
    let names = (0..storage.length().ok()?).map(|index| storage.key(index).ok()?).collect::<Option<Vec<_>>>()?;
    Some(names.into_iter().filter(|n| n.starts_with(OURS)).collect())
}

async fn estimate() -> Option<f64> {
    let navigator = browser::window()?.navigator();
    if !Reflect::get(&navigator, &JsValue::from_str("storage")).ok()?.is_object() {
        return None;
    }
    let estimate = JsFuture::from(navigator.storage().estimate().ok()?).await.ok()?;
    estimate.unchecked_into::<StorageEstimate>().get_usage()
}
