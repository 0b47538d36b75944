//! Bits of a label byte: one byte a voxel, slice by slice, row by row.

/// The voxel belongs to the patient's right lung.
pub const RIGHT_LUNG: u8 = 1;
/// The voxel belongs to the patient's left lung.
pub const LEFT_LUNG: u8 = 2;
/// The voxel is lesion; always inside a lung.
pub const LESION: u8 = 4;
/// The lesion networks marked the voxel, in a component that is too faint or too small to count as
/// lesion; always inside a lung, and never with [`LESION`].
pub const TRACE: u8 = 8;
