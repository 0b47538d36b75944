//! Downloads one part of the weights, with progress; after an interruption the download resumes.

use corsai_manifest::Part;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit,
    Response,
};

use crate::{
    browser,
    weights::{cache, error::WeightsError, manifest::part_url},
};

/// Attempts in a row without a byte, after which the part is given up.
const EMPTY_ATTEMPTS_MAX: u32 = 3;
/// Attempts in all, for a host that drops the connection again and again.
const ATTEMPTS_MAX: u32 = 12;
/// A host that sends nothing for this long counts as failed.
const SILENCE_MS: u32 = 20_000;

/// The bytes of a part that have arrived.
struct Received {
    /// As long as the part.
    bytes: Uint8Array,
    /// How many have arrived.
    length: u32,
}

/// Returns the part's bytes, and whether the browser could compare their hash with the manifest.
///
/// # Errors
/// The last attempt's [`WeightsError`].
pub async fn part(part: &Part, progress: &impl Fn(u64)) -> Result<(ArrayBuffer, bool), WeightsError> {
    // The manifest's parts are at most 24 MiB, which a test holds.
    let length = u32::try_from(part.bytes).expect("invariant: a part has fewer than 4 GiB");
    let mut received = Received { bytes: Uint8Array::new_with_length(length), length: 0 };
    let mut empty = 0;
    let mut attempts = 0;
    loop {
        let before = received.length;
        progress(u64::from(before));
        let mut outcome = stream(part, &mut received, attempts > 0, progress).await;
        if outcome.is_ok() {
            let buffer = received.bytes.buffer();
            match cache::matches(part, &buffer).await {
                Some(false) => {
                    received.length = 0;
                    outcome = Err(WeightsError::Content);
                }
                verified => return Ok((buffer, verified.is_some())),
            }
        }
        attempts += 1;
        empty = if received.length > before { 0 } else { empty + 1 };
        if let Err(error) = outcome
            && (empty >= EMPTY_ATTEMPTS_MAX || attempts >= ATTEMPTS_MAX)
        {
            return Err(error);
        }
        TimeoutFuture::new(600 * empty.max(1)).await;
    }
}

/// Requests the missing bytes and takes them in. With `reload` the browser's own cache is bypassed.
async fn stream(
    part: &Part,
    received: &mut Received,
    reload: bool,
    progress: &impl Fn(u64),
) -> Result<(), WeightsError> {
    let unreachable = |_: JsValue| WeightsError::Unreachable;
    let abort = AbortController::new().map_err(unreachable)?;
    let request = request(part, received.length, reload, &abort).map_err(unreachable)?;
    let window = browser::window().ok_or(WeightsError::Unreachable)?;
    let answer = with_timeout(&window.fetch_with_request(&request), &abort).await?;
    let response: Response = answer.dyn_into().map_err(unreachable)?;
    let header = |name: &str| response.headers().get(name).ok().flatten().unwrap_or_default();
    if response.status() == 416 {
        received.length = 0;
    }
    if !response.ok() {
        return Err(WeightsError::Status(response.status()));
    }
    if header("content-type").starts_with("text/html") {
        return Err(WeightsError::Page);
    }
    let resumes =
        response.status() == 206 && header("content-range").starts_with(&format!("bytes {}-", received.length));
    if !resumes {
        received.length = 0;
    }
    let body = response.body().ok_or(WeightsError::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let length = received.bytes.length();
    loop {
        let step = with_timeout(&reader.read(), &abort).await?;
        if Reflect::get(&step, &JsValue::from_str("done")).map_err(unreachable)?.is_truthy() {
            break;
        }
        let value = Reflect::get(&step, &JsValue::from_str("value")).map_err(unreachable)?;
        let chunk: Uint8Array = value.dyn_into().map_err(unreachable)?;
        let end = received.length.saturating_add(chunk.length());
        if end > length {
            received.length = 0;
            abort.abort();
            return Err(WeightsError::Size { found: u64::from(end), expected: part.bytes });
        }
        received.bytes.set(&chunk, received.length);
        received.length = end;
        progress(u64::from(end));
    }
    if received.length == length {
        Ok(())
    } else {
        Err(WeightsError::Size { found: u64::from(received.length), expected: part.bytes })
    }
}

fn request(part: &Part, from: u32, reload: bool, abort: &AbortController) -> Result<Request, JsValue> {
    let options = RequestInit::new();
    options.set_credentials(RequestCredentials::Omit);
    options.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
    options.set_signal(Some(&abort.signal()));
    if reload {
        options.set_cache(RequestCache::Reload);
    }
    if from > 0 {
        let headers = Headers::new()?;
        headers.set("Range", &format!("bytes={from}-"))?;
        options.set_headers(&headers);
    }
    Request::new_with_str_and_init(&part_url(part), &options)
}

/// Awaits a promise for [`SILENCE_MS`]; aborts its request after that.
async fn with_timeout(promise: &Promise, abort: &AbortController) -> Result<JsValue, WeightsError> {
    let silence = future_to_promise(async {
        TimeoutFuture::new(SILENCE_MS).await;
        Ok(JsValue::UNDEFINED)
    });
    match JsFuture::from(Promise::race(&Array::of2(promise, &silence))).await {
        Ok(value) if value.is_undefined() => {
            abort.abort();
            Err(WeightsError::Silent)
        }
        Ok(value) => Ok(value),
        Err(_) => Err(WeightsError::Unreachable),
    }
}
