//! The networks' weights: which there are, fetching them with progress, retries and from where a broken download ended,
//! keeping them in the browser's cache under their content's address.
//!
//! The manifest is compiled in, so that only bytes of this build's SHA-256 are ever used: they are compared at every
//! load, from the cache too. The worker verifies them again, so a browser without `crypto.subtle` (a page that is not
//! served securely) merely goes without the cache.

mod fetch;
pub mod store;

use corsai_manifest::{Manifest, NetworkEntry, Part};
use js_sys::ArrayBuffer;

use crate::lock;

/// The manifest this page was built with, as text.
pub const MANIFEST: &str = include_str!("../../../models/manifest.json");

/// The manifest this page was built with.
pub fn manifest() -> Option<Manifest> {
    let manifest: Manifest = serde_json::from_str(MANIFEST).ok()?;
    (manifest.format == Manifest::FORMAT).then_some(manifest)
}

/// Where the build puts the parts.
const FOLDER: &str = "models/";

/// Why a part could not be had. Says nothing of a study.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    #[error("the host could not be reached")]
    Unreachable,
    #[error("the host stopped answering")]
    Silent,
    #[error("the host answered {0}")]
    Status(u16),
    #[error("the host answered with a web page in place of the weights")]
    Page,
    #[error("{found} bytes arrived instead of {expected}")]
    Size { found: u64, expected: u64 },
    #[error("what arrived is not what this page was built with")]
    Content,
}

/// Bytes of all weights, for the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    pub bytes: u64,
    pub of: u64,
    pub failed: bool,
    /// The browser keeps them for the next visit.
    pub kept: bool,
}

impl Loaded {
    pub const fn complete(self) -> bool {
        self.bytes >= self.of
    }
}

/// Bytes of one network.
pub fn bytes_of(network: &NetworkEntry) -> u64 {
    network.parts.iter().map(|p| p.bytes).sum()
}

/// A network's parts in the manifest's order, and whether all are kept for the next visit. `progress` hears how many
/// bytes are in.
///
/// # Errors
/// The last try's [`WeightsError`].
pub async fn load(network: &NetworkEntry, progress: impl Fn(u64)) -> Result<(Vec<ArrayBuffer>, bool), WeightsError> {
    let mut parts = Vec::new();
    let mut kept = true;
    let mut before = 0;
    for part in &network.parts {
        let (buffer, part_kept) = load_part(part, |bytes| progress(before + bytes)).await?;
        before += part.bytes;
        progress(before);
        parts.push(buffer);
        kept &= part_kept;
    }
    Ok((parts, kept))
}

async fn load_part(part: &Part, progress: impl Fn(u64)) -> Result<(ArrayBuffer, bool), WeightsError> {
    if let Some(buffer) = store::get(part).await {
        return Ok((buffer, true));
    }
    // Another tab may be fetching it: then it is in the cache by the time the lock is free.
    let lock = lock::wait(&format!("corsai-weights-{}", part.sha256)).await;
    if lock.as_ref().is_some_and(|l| l.waited)
        && let Some(buffer) = store::get(part).await
    {
        return Ok((buffer, true));
    }
    let (buffer, verified) = fetch::part(part, &progress).await?;
    let kept = verified && store::put(part, &buffer).await;
    Ok((buffer, kept))
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
}
