//! A digest that tells whether two series are the same images.

use crate::image::person::digest;
use crate::series::slice::SeriesSlice;

/// Returns a digest of the slices' SOP Instance UIDs in any order; `None` where a slice has none.
pub(crate) fn instances_key(slices: &[SeriesSlice]) -> Option<u64> {
    let mut instances: Vec<&str> = slices.iter().map(|slice| slice.instance.as_str()).collect();
    instances.sort_unstable();
    instances.iter().all(|instance| !instance.is_empty()).then(|| digest(&instances))
}
