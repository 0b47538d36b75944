//! One series: its slices as one stack, the volume decoded of them, and the entry in the list.

pub(crate) mod decoded_volume;
pub(crate) mod entry;
pub(crate) mod grouping;
pub(crate) mod hu_check;
pub(crate) mod identity;
pub(crate) mod lung_content;
pub(crate) mod part_label;
pub(crate) mod preview_image;
pub(crate) mod reconstruction;
pub(crate) mod released;
pub(crate) mod slice;
pub(crate) mod stack;
pub(crate) mod stack_geometry;
pub(crate) mod volume_decoder;
