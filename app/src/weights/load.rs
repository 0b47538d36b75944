//! Loads a network's parts, from the cache where they are in it.

use corsai_manifest::{NetworkEntry, Part};
use js_sys::ArrayBuffer;

use crate::{
    web_lock,
    weights::{cache, error::WeightsError, fetch},
};

/// Returns a network's parts in the manifest's order, and whether all are stored for the next
/// visit. `progress` is called with the bytes that have arrived.
///
/// # Errors
/// The last attempt's [`WeightsError`].
pub async fn load(network: &NetworkEntry, progress: impl Fn(u64)) -> Result<(Vec<ArrayBuffer>, bool), WeightsError> {
    let mut parts = Vec::new();
    let mut cached = true;
    let mut before = 0;
    for part in &network.parts {
        let (buffer, part_cached) = load_part(part, |bytes| progress(before + bytes)).await?;
        before += part.bytes;
        progress(before);
        parts.push(buffer);
        cached &= part_cached;
    }
    Ok((parts, cached))
}

async fn load_part(part: &Part, progress: impl Fn(u64)) -> Result<(ArrayBuffer, bool), WeightsError> {
    if let Some(buffer) = cache::get(part).await {
        return Ok((buffer, true));
    }
    // Another tab may be fetching it: then it is in the cache by the time the lock is free.
    let lock = web_lock::wait_with_timeout(&format!("corsai-weights-{}", part.sha256)).await;
    if lock.as_ref().is_some_and(|l| l.waited)
        && let Some(buffer) = cache::get(part).await
    {
        return Ok((buffer, true));
    }
    let (buffer, verified) = fetch::part(part, &progress).await?;
    let cached = verified && cache::put(part, &buffer).await;
    Ok((buffer, cached))
}
