//! The browser's cache of weights, each part under its content's hash. A cache that is full,
//! forbidden, emptied or missing is no failure: the part is fetched again.

use std::fmt::Write as _;

use corsai_manifest::{Manifest, Part};
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Request, Response};

use crate::{browser, weights::manifest::part_url};

/// The cache's name.
pub const CACHE: &str = "corsai-weights";

fn key(part: &Part) -> String {
    format!("{}?sha256={}", part_url(part), part.sha256)
}

/// Returns a stored part. Bytes that have another hash are deleted.
pub async fn get(part: &Part) -> Option<ArrayBuffer> {
    let cache = open().await?;
    let key = key(part);
    let found: Response = JsFuture::from(cache.match_with_str(&key)).await.ok()?.dyn_into().ok()?;
    let buffer: ArrayBuffer = JsFuture::from(found.array_buffer().ok()?).await.ok()?.dyn_into().ok()?;
    if u64::from(buffer.byte_length()) == part.bytes && matches(part, &buffer).await == Some(true) {
        return Some(buffer);
    }
    let _ = JsFuture::from(cache.delete_with_str(&key)).await;
    None
}

/// Stores a part. Returns whether the browser did.
pub async fn put(part: &Part, buffer: &ArrayBuffer) -> bool {
    let Some(cache) = open().await else { return false };
    let Ok(response) = Response::new_with_opt_buffer_source(Some(buffer)) else { return false };
    JsFuture::from(cache.put_with_str(&key(part), &response)).await.is_ok()
}

/// Whether the bytes have the part's hash; `None` where the browser can't compute one.
pub async fn matches(part: &Part, buffer: &ArrayBuffer) -> Option<bool> {
    Some(sha256(buffer).await? == part.sha256)
}

/// Returns the SHA-256 of `buffer` in hexadecimal; `None` where the browser can't compute one (a
/// page that is not served securely).
pub async fn sha256(buffer: &ArrayBuffer) -> Option<String> {
    let crypto = browser::window()?.crypto().ok()?;
    if !Reflect::get(&crypto, &JsValue::from_str("subtle")).ok()?.is_object() {
        return None;
    }
    let digest = crypto.subtle().digest_with_str_and_buffer_source("SHA-256", buffer).ok()?;
    Some(hexadecimal(&Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the cache; `None` where the browser has none, or nothing may be stored.
async fn open() -> Option<Cache> {
    let caches = browser::caches().filter(|_| browser::persistence_allowed())?;
    JsFuture::from(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

/// Deletes stored parts: all, or those that are not in the manifest.
pub async fn clean(manifest: &Manifest, all: bool) {
    let Some(cache) = open().await else { return };
    let Ok(keys) = JsFuture::from(cache.keys()).await else { return };
    let known: Vec<&str> = manifest.networks.iter().flat_map(|n| &n.parts).map(|p| p.sha256.as_str()).collect();
    for request in Array::from(&keys).iter().filter_map(|k| k.dyn_into::<Request>().ok()) {
        let url = request.url();
        if all || !known.iter().any(|sha256| url.ends_with(sha256)) {
            let _ = JsFuture::from(cache.delete_with_request(&request)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_compared_as_the_manifest_writes_them() {
        assert_eq!(hexadecimal(&[0x00, 0x0f, 0xa0]), "000fa0");
    }
}
