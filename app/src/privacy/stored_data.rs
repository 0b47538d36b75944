//! What this page has stored in the browser, and throwing it away. Caches and settings are all it stores.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, ServiceWorkerRegistration, Storage, StorageEstimate};

use crate::{browser, offline, weights::cache};

/// What is stored, in files and settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredData {
    pub weights: u32,
    pub page: u32,
    /// The names of settings.
    pub settings: Vec<String>,
    /// As the browser estimates it, with its own overhead.
    pub bytes: Option<f64>,
}

impl StoredData {
    pub fn nothing(&self) -> bool {
        self.weights == 0 && self.page == 0 && self.settings.is_empty()
    }
}

/// What is stored now; `None` where the browser doesn't tell.
pub async fn look() -> Option<StoredData> {
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

/// Throws all of it away, the page's own copy for use without a network too, and stores nothing
/// more. What the browser doesn't let go is there when one looks again.
pub async fn forget() {
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

/// The names of our settings, none where the browser has no place for them; `None` where it doesn't
/// tell.
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
