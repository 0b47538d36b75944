//! From bytes to an image in canonical order.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::{
    error::NiftiError,
    geometry::{Geometry, Placement},
    header::{DataType, HEADER, Header},
};

/// Voxels that are read at a time.
const CHUNK: usize = 1 << 16;
/// Most bytes behind the voxels that are read for the check sum at the end of a compressed file.
const MAX_TRAILING_BYTES: u64 = 1 << 20;

/// The voxels of a file in canonical order.
#[derive(Debug, Clone, PartialEq)]
pub struct Image<T> {
    /// The places of the voxels.
    pub geometry: Geometry,
    /// Whether the header has an orientation. Without one, columns are taken to run to the
    /// patient's left, rows to the front and slices to the head, as nibabel does.
    pub orientation_known: bool,
    /// One value a voxel, columns fastest.
    pub voxels: Vec<T>,
}

/// A file with its header read.
pub struct Reader<'a> {
    header: Header,
    rest: Box<dyn Read + 'a>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("header", &self.header).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// Reads the header. A compressed file is recognised by its first bytes.
    ///
    /// # Errors
    /// Where the header can't be read or is of no file that this crate reads.
    pub fn new(source: impl Read + 'a) -> Result<Self, NiftiError> {
        let mut source = BufReader::with_capacity(1 << 18, source);
        let compressed = source.fill_buf().map_err(|error| nifti_error(&error))?.starts_with(&[0x1F, 0x8B]);
        let mut rest: Box<dyn Read + 'a> =
            if compressed { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };
        let mut bytes = [0; HEADER];
        rest.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => NiftiError::NotNifti,
            _ => nifti_error(&error),
        })?;
        let header = Header::parse(&bytes)?;
        let skipped = (header.offset - HEADER) as u64;
        let found = io::copy(&mut rest.by_ref().take(skipped), &mut io::sink()).map_err(|error| nifti_error(&error))?;
        if found < skipped { Err(NiftiError::Truncated) } else { Ok(Self { header, rest }) }
    }

    /// Returns the type in which the file stores a voxel.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        self.header.data_type
    }

    /// Returns the places of the voxels.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.header.placement.geometry
    }

    /// Reads the voxels, at most `most` of them, each made a `T` by `convert`, which gets the value
    /// with the file's scale applied.
    ///
    /// # Errors
    /// [`NiftiError::TooLarge`] before anything is allocated; [`NiftiError::Truncated`] and
    /// [`NiftiError::Compression`]; [`NiftiError::Value`] where `convert` has no answer.
    pub fn image<T: Copy + Default>(
        mut self,
        most: usize,
        convert: impl Fn(f64) -> Option<T>,
    ) -> Result<Image<T>, NiftiError> {
        let voxels: u64 = self.header.size.iter().map(|side| *side as u64).product();
        let count = usize::try_from(voxels).ok().filter(|count| *count <= most);
        let count = count.ok_or(NiftiError::TooLarge { voxels, most })?;
        let stored = self.stored(count, &convert)?;
        let Placement { geometry, start, strides, orientation_known } = self.header.placement;
        let [x, y, _] = self.header.size;
        let as_stored = start == 0 && strides == [1, x.cast_signed(), (x * y).cast_signed()];
        let voxels = if as_stored { stored } else { canonical_order(&stored, self.header.size, start, strides) };
        Ok(Image { geometry, orientation_known, voxels })
    }

    /// Returns values in the file's order. Memory grows with the bytes that are there, not with the
    /// declared size.
    fn stored<T>(&mut self, count: usize, convert: &impl Fn(f64) -> Option<T>) -> Result<Vec<T>, NiftiError> {
        let Header { data_type, big_endian, slope, intercept, .. } = self.header;
        let mut stored = Vec::new();
        let mut buffer = vec![0; CHUNK.min(count) * data_type.bytes()];
        while stored.len() < count {
            let chunk = CHUNK.min(count - stored.len());
            let bytes = &mut buffer[..chunk * data_type.bytes()];
            self.rest.read_exact(bytes).map_err(|error| nifti_error(&error))?;
            if stored.try_reserve(chunk).is_err() {
                return Err(NiftiError::TooLarge { voxels: count as u64, most: stored.len() });
            }
            for value in values(bytes, data_type, big_endian) {
                let value = value * slope + intercept;
                let value = convert(value).ok_or_else(|| NiftiError::Value(value.to_string()))?;
                stored.push(value);
            }
        }
        io::copy(&mut self.rest.by_ref().take(MAX_TRAILING_BYTES), &mut io::sink())
            .map_err(|error| nifti_error(&error))?;
        Ok(stored)
    }
}

fn nifti_error(error: &io::Error) -> NiftiError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => NiftiError::Truncated,
        // The kinds of errors that flate2 returns for a damaged stream.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => NiftiError::Compression,
        kind => NiftiError::Io(kind),
    }
}

fn values(bytes: &[u8], data_type: DataType, big_endian: bool) -> Box<dyn Iterator<Item = f64> + '_> {
    fn words<'a, const N: usize>(
        bytes: &'a [u8],
        big_endian: bool,
        value: fn([u8; N]) -> f64,
    ) -> Box<dyn Iterator<Item = f64> + 'a> {
        Box::new(bytes.as_chunks::<N>().0.iter().map(move |word| {
            let mut word = *word;
            if big_endian {
                word.reverse();
            }
            value(word)
        }))
    }
    match data_type {
        DataType::U8 => words(bytes, big_endian, |word| f64::from(u8::from_le_bytes(word))),
        DataType::I8 => words(bytes, big_endian, |word| f64::from(i8::from_le_bytes(word))),
        DataType::U16 => words(bytes, big_endian, |word| f64::from(u16::from_le_bytes(word))),
        DataType::I16 => words(bytes, big_endian, |word| f64::from(i16::from_le_bytes(word))),
        DataType::U32 => words(bytes, big_endian, |word| f64::from(u32::from_le_bytes(word))),
        DataType::I32 => words(bytes, big_endian, |word| f64::from(i32::from_le_bytes(word))),
        DataType::U64 => words(bytes, big_endian, |word| u64::from_le_bytes(word) as f64),
        DataType::I64 => words(bytes, big_endian, |word| i64::from_le_bytes(word) as f64),
        DataType::F32 => words(bytes, big_endian, |word| f64::from(f32::from_le_bytes(word))),
        DataType::F64 => words(bytes, big_endian, f64::from_le_bytes),
    }
}

/// Returns values of the file's order in canonical order.
fn canonical_order<T: Copy + Default>(stored: &[T], size: [usize; 3], start: usize, strides: [isize; 3]) -> Vec<T> {
    let mut out = vec![T::default(); stored.len()];
    let [x, y, z] = size;
    let step = |from: usize, by: isize, times: usize| from.wrapping_add_signed(by * times.cast_signed());
    let mut lines = stored.chunks_exact(x);
    for k in 0..z {
        for j in 0..y {
            let line = lines.next().expect("invariant: there are as many values as voxels");
            let mut at = step(step(start, strides[2], k), strides[1], j);
            for value in line {
                out[at] = *value;
                at = at.wrapping_add_signed(strides[0]);
            }
        }
    }
    out
}
