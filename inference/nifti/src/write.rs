//! From values in canonical order to a compressed file.

use std::io::{self, BufWriter, Write};

use flate2::{Compression, write::GzEncoder};

use crate::{
    geometry::Geometry,
    header::{DataType, header_bytes},
};

/// A type in which voxels can be written.
pub trait Voxel: Copy {
    /// The type in the header.
    const TYPE: DataType;

    /// Appends the little-endian bytes.
    fn append(self, to: &mut Vec<u8>);
}

macro_rules! voxels {
    ($($of:ty => $data_type:ident;)*) => {
        $(impl Voxel for $of {
            const TYPE: DataType = DataType::$data_type;

            fn append(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

voxels! {
    u8 => U8;
    u16 => U16;
    i16 => I16;
    f32 => F32;
}

/// Writes a `.nii.gz` file. `voxels` are in canonical order, columns fastest; a reader multiplies
/// each by `slope`.
///
/// # Errors
/// Errors of the target; [`io::ErrorKind::InvalidInput`] where the number of voxels isn't the
/// grid's, or a side is longer than a header can say.
pub fn write<T: Voxel>(to: impl Write, geometry: &Geometry, slope: f32, voxels: &[T]) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    if voxels.len() != geometry.len() {
        return Err(invalid());
    }
    let header = header_bytes(geometry, T::TYPE, slope).ok_or_else(invalid)?;
    let mut file = GzEncoder::new(BufWriter::new(to), Compression::fast());
    file.write_all(&header)?;
    let mut bytes = Vec::new();
    for chunk in voxels.chunks(1 << 16) {
        bytes.clear();
        for voxel in chunk {
            voxel.append(&mut bytes);
        }
        file.write_all(&bytes)?;
    }
    file.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.flush()
}
