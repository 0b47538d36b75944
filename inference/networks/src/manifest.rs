//! Reads and checks the manifest of the networks.

use corsai_manifest::Manifest;

use crate::{error::NetworkError, shape::NetworkShape};

/// Reads `models/manifest.json`.
///
/// # Errors
/// [`NetworkError::ManifestSyntax`], [`NetworkError::ManifestFormat`],
/// [`NetworkError::FamilyTooLarge`] and [`NetworkError::InputSize`].
pub fn read_manifest(json: &str) -> Result<Manifest, NetworkError> {
    let manifest: Manifest = serde_json::from_str(json).map_err(NetworkError::ManifestSyntax)?;
    if manifest.format != Manifest::FORMAT {
        return Err(NetworkError::ManifestFormat(manifest.format));
    }
    if let Some(family) = manifest.oversized_family() {
        return Err(NetworkError::FamilyTooLarge(family));
    }
    match manifest.networks.iter().find(|entry| !NetworkShape::from_entry(entry).can_be_halved()) {
        Some(entry) => Err(NetworkError::InputSize { name: entry.name.clone(), size: entry.input.size }),
        None => Ok(manifest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::MANIFEST_JSON;

    #[test]
    fn a_manifest_with_an_input_that_cannot_be_halved_five_times_is_refused() {
        assert!(read_manifest(MANIFEST_JSON).is_ok());
        for (size, whole) in [("0", false), ("33", false), ("250", false), ("272", false), ("288", true)] {
            let changed = MANIFEST_JSON.replacen("\"size\": 256", &format!("\"size\": {size}"), 1);
            assert_ne!(changed, MANIFEST_JSON);
            match read_manifest(&changed) {
                Ok(_) => assert!(whole, "{size}"),
                Err(NetworkError::InputSize { size: found, .. }) => {
                    assert_eq!((found.to_string(), whole), (size.into(), false));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}
