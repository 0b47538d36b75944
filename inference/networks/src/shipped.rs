//! The networks this build was made with: their manifest, their stored answers and, where they are compiled in, their
//! weights.

use corsai_manifest::NetworkEntry;

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

#[derive(Debug)]
pub(crate) struct Shipped {
    name: &'static str,
    golden: &'static [u8],
    parts: &'static [&'static [u8]],
}

fn find(entry: &NetworkEntry) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|s| s.name == entry.name)
}

/// The logits stored for the known input, verified; see [`crate::golden`].
#[must_use]
pub fn golden(entry: &NetworkEntry) -> Option<Vec<f32>> {
    crate::golden::read(&entry.golden, find(entry)?.golden)
}

/// The weights' parts; `None` when they were not compiled in.
#[must_use]
pub fn parts(entry: &NetworkEntry) -> Option<Vec<Vec<u8>>> {
    let parts = find(entry)?.parts;
    (parts.len() == entry.parts.len()).then(|| parts.iter().map(|p| p.to_vec()).collect())
}
