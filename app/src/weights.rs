//! The networks' weights: which there are, fetching them with progress and retries, keeping them in the browser's
//! cache under their content's address.
//!
//! Only bytes that hash to the manifest's SHA-256 are kept. The worker verifies them again on every load, so a browser
//! without `crypto.subtle` (a page that is not served securely) merely goes without the cache.

use corsai_protocol::{Manifest, NetworkEntry, Part};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit, Response};

use crate::browser;

/// The manifest this page was built with.
pub fn manifest() -> Option<Manifest> {
    let manifest: Manifest = serde_json::from_str(include_str!("../../models/manifest.json")).ok()?;
    (manifest.format == 1).then_some(manifest)
}

/// Where Trunk puts the parts.
const FOLDER: &str = "models/";
const CACHE: &str = "corsai-weights";
const TRIES: u32 = 3;

/// Why a part could not be had. Says nothing of a study.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    #[error("the host could not be reached")]
    Unreachable,
    #[error("the host answered {0}")]
    Status(u16),
    #[error("{found} bytes arrived instead of {expected}")]
    Size { found: u64, expected: u64 },
    #[error("what arrived is not what this page was built with")]
    Content,
}

/// Bytes of all weights, for the bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    pub bytes: u64,
    pub of: u64,
    pub failed: bool,
}

/// Bytes of one network.
pub fn bytes_of(network: &NetworkEntry) -> u64 {
    network.parts.iter().map(|p| p.bytes).sum()
}

/// A network's parts in the manifest's order. `progress` hears how many bytes are in.
///
/// # Errors
/// The last try's [`WeightsError`].
pub async fn load(network: &NetworkEntry, progress: impl Fn(u64)) -> Result<Vec<ArrayBuffer>, WeightsError> {
    let cache = open_cache().await;
    let mut parts = Vec::new();
    let mut before = 0;
    for part in &network.parts {
        let buffer = load_part(part, cache.as_ref(), |bytes| progress(before + bytes)).await?;
        before += part.bytes;
        progress(before);
        parts.push(buffer);
    }
    Ok(parts)
}

async fn load_part(part: &Part, cache: Option<&Cache>, progress: impl Fn(u64)) -> Result<ArrayBuffer, WeightsError> {
    let key = format!("{FOLDER}{}?sha256={}", part.file, part.sha256);
    if let Some(cache) = cache
        && let Some(buffer) = from_cache(cache, &key).await
    {
        if u64::from(buffer.byte_length()) == part.bytes && is(part, &buffer).await == Some(true) {
            return Ok(buffer);
        }
        let _ = JsFuture::from(cache.delete_with_str(&key)).await;
    }
    let mut last = WeightsError::Unreachable;
    for attempt in 0..TRIES {
        if attempt > 0 {
            TimeoutFuture::new(600 * attempt).await;
        }
        progress(0);
        let buffer = match fetch(part, attempt > 0, &progress).await {
            Ok(buffer) => buffer,
            Err(error) => {
                last = error;
                continue;
            }
        };
        match is(part, &buffer).await {
            Some(false) => last = WeightsError::Content,
            verified => {
                if let (Some(true), Some(cache)) = (verified, cache) {
                    to_cache(cache, &key, &buffer).await;
                }
                return Ok(buffer);
            }
        }
    }
    Err(last)
}

async fn fetch(part: &Part, afresh: bool, progress: &impl Fn(u64)) -> Result<ArrayBuffer, WeightsError> {
    let options = RequestInit::new();
    options.set_credentials(RequestCredentials::Omit);
    options.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
    if afresh {
        options.set_cache(RequestCache::Reload);
    }
    let unreachable = |_: JsValue| WeightsError::Unreachable;
    let request = Request::new_with_str_and_init(&format!("{FOLDER}{}", part.file), &options).map_err(unreachable)?;
    let window = browser::window().ok_or(WeightsError::Unreachable)?;
    let response = JsFuture::from(window.fetch_with_request(&request)).await.map_err(unreachable)?;
    let response: Response = response.dyn_into().map_err(unreachable)?;
    if !response.ok() {
        return Err(WeightsError::Status(response.status()));
    }
    let body = response.body().ok_or(WeightsError::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(|_| WeightsError::Unreachable)?;
    let length = u32::try_from(part.bytes).map_err(|_| WeightsError::Content)?;
    let bytes = Uint8Array::new_with_length(length);
    let mut at = 0_u32;
    while let Some(chunk) = next_chunk(&reader).await.map_err(unreachable)? {
        let end = at.saturating_add(chunk.length());
        if end > length {
            return Err(WeightsError::Size { found: u64::from(end), expected: part.bytes });
        }
        bytes.set(&chunk, at);
        at = end;
        progress(u64::from(at));
    }
    if at != length {
        return Err(WeightsError::Size { found: u64::from(at), expected: part.bytes });
    }
    Ok(bytes.buffer())
}

async fn next_chunk(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, JsValue> {
    let step = JsFuture::from(reader.read()).await?;
    if Reflect::get(&step, &JsValue::from_str("done"))?.is_truthy() {
        return Ok(None);
    }
    Reflect::get(&step, &JsValue::from_str("value"))?.dyn_into().map(Some)
}

/// Whether the bytes are the part's; `None` where the browser can't tell.
async fn is(part: &Part, buffer: &ArrayBuffer) -> Option<bool> {
    let crypto = browser::window()?.crypto().ok()?;
    if !Reflect::get(&crypto, &JsValue::from_str("subtle")).ok()?.is_object() {
        return None;
    }
    let digest = crypto.subtle().digest_with_str_and_buffer_source("SHA-256", buffer).ok()?;
    let digest = Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec();
    Some(hexadecimal(&digest) == part.sha256)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `None` where the browser has no cache for us.
async fn open_cache() -> Option<Cache> {
    let window = browser::window()?;
    if !Reflect::get(&window, &JsValue::from_str("caches")).ok()?.is_object() {
        return None;
    }
    JsFuture::from(window.caches().ok()?.open(CACHE)).await.ok()?.dyn_into().ok()
}

async fn from_cache(cache: &Cache, key: &str) -> Option<ArrayBuffer> {
    let found: Response = JsFuture::from(cache.match_with_str(key)).await.ok()?.dyn_into().ok()?;
    JsFuture::from(found.array_buffer().ok()?).await.ok()?.dyn_into().ok()
}

/// A cache that is full or forbidden is no failure: the part is fetched again next time.
async fn to_cache(cache: &Cache, key: &str, buffer: &ArrayBuffer) {
    if let Ok(response) = Response::new_with_opt_buffer_source(Some(buffer)) {
        let _ = JsFuture::from(cache.put_with_str(key, &response)).await;
    }
}

/// Removes stored parts: all of them, or those that this page's manifest doesn't know.
pub async fn clean_cache(manifest: &Manifest, all: bool) {
    let Some(cache) = open_cache().await else { return };
    let Ok(keys) = JsFuture::from(cache.keys()).await else { return };
    let known: Vec<&str> = manifest.networks.iter().flat_map(|n| &n.parts).map(|p| p.sha256.as_str()).collect();
    for request in js_sys::Array::from(&keys).iter().filter_map(|k| k.dyn_into::<Request>().ok()) {
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
    fn the_manifest_is_readable_and_every_part_fits_a_static_host() {
        let manifest = manifest().unwrap();
        assert!(!manifest.networks.is_empty());
        for part in manifest.networks.iter().flat_map(|n| &n.parts) {
            assert!(part.bytes <= 24 << 20, "{}", part.file);
            assert_eq!(part.sha256.len(), 64);
        }
    }

    #[test]
    fn digests_are_compared_as_the_manifest_writes_them() {
        assert_eq!(hexadecimal(&[0x00, 0x0f, 0xa0]), "000fa0");
    }
}
