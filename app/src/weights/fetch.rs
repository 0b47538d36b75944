//! One part of the weights from the host: with progress, and after an interruption from where it ended.

use corsai_manifest::Part;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit,
    Response,
};

use super::{FOLDER, WeightsError, store};
use crate::browser;

/// Tries that bring not a byte before the part is given up.
const TRIES: u32 = 3;
/// Tries in all: a host that drops the connection again and again.
const TRIES_MAX: u32 = 12;
/// A host that sends nothing for this long is asked again.
const SILENCE_MS: u32 = 20_000;

/// What has arrived of a part.
struct Arrived {
    bytes: Uint8Array,
    at: u32,
}

/// The part's bytes, and whether the browser could compare them with the manifest.
///
/// # Errors
/// The last try's [`WeightsError`].
pub async fn part(part: &Part, progress: &impl Fn(u64)) -> Result<(ArrayBuffer, bool), WeightsError> {
    let length = u32::try_from(part.bytes).map_err(|_| WeightsError::Content)?;
    let mut arrived = Arrived { bytes: Uint8Array::new_with_length(length), at: 0 };
    let mut barren = 0;
    let mut tries = 0;
    loop {
        let before = arrived.at;
        progress(u64::from(before));
        let mut outcome = stream(part, &mut arrived, tries > 0, progress).await;
        if outcome.is_ok() {
            let buffer = arrived.bytes.buffer();
            match store::is(part, &buffer).await {
                Some(false) => {
                    arrived.at = 0;
                    outcome = Err(WeightsError::Content);
                }
                verified => return Ok((buffer, verified.is_some())),
            }
        }
        tries += 1;
        barren = if arrived.at > before { 0 } else { barren + 1 };
        if let Err(error) = outcome
            && (barren >= TRIES || tries >= TRIES_MAX)
        {
            return Err(error);
        }
        TimeoutFuture::new(600 * barren.max(1)).await;
    }
}

/// Asks for what is missing and takes it in. `afresh` passes the browser's own cache over.
async fn stream(part: &Part, arrived: &mut Arrived, afresh: bool, progress: &impl Fn(u64)) -> Result<(), WeightsError> {
    let unreachable = |_: JsValue| WeightsError::Unreachable;
    let abort = AbortController::new().map_err(unreachable)?;
    let request = request(part, arrived.at, afresh, &abort).map_err(unreachable)?;
    let window = browser::window().ok_or(WeightsError::Unreachable)?;
    let answer = in_time(&window.fetch_with_request(&request), &abort).await?;
    let response: Response = answer.dyn_into().map_err(unreachable)?;
    let header = |name: &str| response.headers().get(name).ok().flatten().unwrap_or_default();
    if response.status() == 416 {
        arrived.at = 0;
    }
    if !response.ok() {
        return Err(WeightsError::Status(response.status()));
    }
    if header("content-type").starts_with("text/html") {
        return Err(WeightsError::Page);
    }
    let goes_on = response.status() == 206 && header("content-range").starts_with(&format!("bytes {}-", arrived.at));
    if !goes_on {
        arrived.at = 0;
    }
    let body = response.body().ok_or(WeightsError::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(|_| WeightsError::Unreachable)?;
    let length = arrived.bytes.length();
    loop {
        let step = in_time(&reader.read(), &abort).await?;
        if Reflect::get(&step, &JsValue::from_str("done")).map_err(unreachable)?.is_truthy() {
            break;
        }
        let value = Reflect::get(&step, &JsValue::from_str("value")).map_err(unreachable)?;
        let chunk: Uint8Array = value.dyn_into().map_err(unreachable)?;
        let end = arrived.at.saturating_add(chunk.length());
        if end > length {
            arrived.at = 0;
            abort.abort();
            return Err(WeightsError::Size { found: u64::from(end), expected: part.bytes });
        }
        arrived.bytes.set(&chunk, arrived.at);
        arrived.at = end;
        progress(u64::from(end));
    }
    if arrived.at == length {
        Ok(())
    } else {
        Err(WeightsError::Size { found: u64::from(arrived.at), expected: part.bytes })
    }
}

fn request(part: &Part, from: u32, afresh: bool, abort: &AbortController) -> Result<Request, JsValue> {
    let options = RequestInit::new();
    options.set_credentials(RequestCredentials::Omit);
    options.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
    options.set_signal(Some(&abort.signal()));
    if afresh {
        options.set_cache(RequestCache::Reload);
    }
    if from > 0 {
        let headers = Headers::new()?;
        headers.set("Range", &format!("bytes={from}-"))?;
        options.set_headers(&headers);
    }
    Request::new_with_str_and_init(&format!("{FOLDER}{}", part.file), &options)
}

/// What a promise gives within [`SILENCE_MS`]; else what it belongs to is given up.
async fn in_time(promise: &Promise, abort: &AbortController) -> Result<JsValue, WeightsError> {
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
