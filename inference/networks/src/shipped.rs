//! The networks of this build: their manifest, their stored outputs and, with the feature
//! `embedded`, their weights.

use corsai_manifest::NetworkEntry;

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// The parts of one network's weights file, in the order of the manifest.
pub type WeightParts = Vec<Vec<u8>>;

/// Files of one network.
#[derive(Debug)]
struct Shipped {
    name: &'static str,
    golden: &'static [u8],
    parts: &'static [&'static [u8]],
}

fn find(entry: &NetworkEntry) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|s| s.name == entry.name)
}

/// Returns the stored logits for the known input (see [`crate::golden`]), or `None` if the network
/// is not of this build or its file is damaged.
#[must_use]
pub fn golden(entry: &NetworkEntry) -> Option<Vec<f32>> {
    crate::golden::read(&entry.golden, find(entry)?.golden)
}

/// Returns the parts of the weights file, or `None` if they are not compiled in.
#[must_use]
pub fn parts(entry: &NetworkEntry) -> Option<WeightParts> {
    let parts = find(entry)?.parts;
    (parts.len() == entry.parts.len()).then(|| parts.iter().map(|p| p.to_vec()).collect())
}
