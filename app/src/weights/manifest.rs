//! The manifest that the page was built with.

use corsai_manifest::{Manifest, NetworkEntry, Part};

/// The manifest as text.
pub const MANIFEST: &str = include_str!("../../../models/manifest.json");

/// The folder of the parts, below the page's own.
const FOLDER: &str = "models/";

/// Returns the manifest.
pub fn manifest() -> Manifest {
    let manifest: Manifest = serde_json::from_str(MANIFEST).expect("invariant: the compiled-in manifest can be read");
    assert!(manifest.format == Manifest::FORMAT, "invariant: the compiled-in manifest has this build's format");
    manifest
}

/// Returns the bytes of a network.
pub fn bytes_of(network: &NetworkEntry) -> u64 {
    network.parts.iter().map(|p| p.bytes).sum()
}

/// Returns a part's address, below the page's folder.
pub fn part_url(part: &Part) -> String {
    format!("{FOLDER}{}", part.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_readable_and_every_part_fits_a_static_host() {
        let manifest = manifest();
        assert!(!manifest.networks.is_empty());
        for part in manifest.networks.iter().flat_map(|n| &n.parts) {
            assert!(part.bytes <= 24 << 20, "{}", part.file);
            assert_eq!(part.sha256.len(), 64);
        }
    }
}
