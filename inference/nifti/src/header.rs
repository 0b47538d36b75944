//! The header, 348 bytes: the fields for the voxels' type, number and places are read and written
//! (nifti1.h of the NIfTI-1.1 standard).

use crate::{
    error::NiftiError,
    geometry::{Geometry, Placement},
};

/// Bytes of a header.
pub(crate) const HEADER: usize = 348;
/// Of a NIfTI-2 header.
const HEADER_2: i32 = 540;
/// Where the voxels begin in a file without extensions.
const DATA: usize = 352;
/// Extensions before the voxels take no more than this.
const MAX_EXTENSION_BYTES: f32 = 64.0 * 1024.0 * 1024.0;
/// `xyzt_units`: the lower three bits are the space's.
const SPACE_UNITS: u8 = 7;
const UNITS_UNKNOWN: u8 = 0;
const UNITS_MM: u8 = 2;
/// `NIFTI_XFORM_SCANNER_ANAT`.
const SCANNER: i16 = 1;

/// Type of a stored voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Floating point, 32 bits.
    F32,
    /// Floating point, 64 bits.
    F64,
}

impl DataType {
    fn from_code(code: i16) -> Result<Self, NiftiError> {
        Ok(match code {
            2 => Self::U8,
            4 => Self::I16,
            8 => Self::I32,
            16 => Self::F32,
            64 => Self::F64,
            256 => Self::I8,
            512 => Self::U16,
            768 => Self::U32,
            1024 => Self::I64,
            1280 => Self::U64,
            128 | 2304 => return Err(NiftiError::Type("colours".into())),
            32 | 1792 | 2048 => return Err(NiftiError::Type("complex numbers".into())),
            1 => return Err(NiftiError::Type("single bits".into())),
            code => return Err(NiftiError::Type(format!("of a type that is not supported ({code})"))),
        })
    }

    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::U8 => 2,
            Self::I16 => 4,
            Self::I32 => 8,
            Self::F32 => 16,
            Self::F64 => 64,
            Self::I8 => 256,
            Self::U16 => 512,
            Self::U32 => 768,
            Self::I64 => 1024,
            Self::U64 => 1280,
        }
    }

    /// Bytes of one voxel.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// The fields of a header that are read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub big_endian: bool,
    /// Along the file's own axes; the first one runs fastest.
    pub size: [usize; 3],
    pub data_type: DataType,
    /// First byte of the voxels.
    pub offset: usize,
    pub slope: f64,
    pub intercept: f64,
    pub placement: Placement,
}

/// The fields at their places, in either byte order.
struct Fields<'a> {
    bytes: &'a [u8; HEADER],
    big_endian: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[at..at + N]);
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    fn i16(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.array(at))
    }

    fn i32(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.array(at))
    }

    fn f32(&self, at: usize) -> f32 {
        f32::from_le_bytes(self.array(at))
    }

    fn floats<const N: usize>(&self, at: usize) -> [f64; N] {
        std::array::from_fn(|i| f64::from(self.f32(at + 4 * i)))
    }
}

impl Header {
    /// # Errors
    /// Where the voxels can't be read, or their places are open.
    pub fn parse(bytes: &[u8; HEADER]) -> Result<Self, NiftiError> {
        let size_of = |big_endian| Fields { bytes, big_endian }.i32(0);
        let big_endian = match [false, true].map(size_of) {
            [348, _] => false,
            [_, 348] => true,
            [HEADER_2, _] | [_, HEADER_2] => return Err(NiftiError::Nifti2),
            _ => return Err(NiftiError::NotNifti),
        };
        match &bytes[344..348] {
            b"n+1\0" => {}
            b"ni1\0" => return Err(NiftiError::Pair),
            _ => return Err(NiftiError::NotNifti),
        }
        let fields = Fields { bytes, big_endian };
        let size = sizes(std::array::from_fn(|i| fields.i16(40 + 2 * i)))?;
        let data_type = DataType::from_code(fields.i16(70))?;
        if usize::try_from(fields.i16(72)) != Ok(8 * data_type.bytes()) {
            return Err(NiftiError::Type(format!("of {} bits, which does not fit their type", fields.i16(72))));
        }
        let offset = match fields.f32(108) {
            0.0 => DATA,
            at if (HEADER as f32..=MAX_EXTENSION_BYTES).contains(&at) && at.fract() == 0.0 => at as usize,
            at => return Err(NiftiError::Sizes(format!("voxels from byte {at} on"))),
        };
        let [slope, intercept] = fields.floats(112);
        // A slope of 0 stands for no scale at all, and so does what is no number, as nibabel writes
        // it.
        let unscaled = slope == 0.0 || slope.is_nan() && (intercept.is_nan() || intercept == 0.0);
        let (slope, intercept) = if unscaled { (1.0, 0.0) } else { (slope, intercept) };
        if !slope.is_finite() || !intercept.is_finite() {
            return Err(NiftiError::Scale);
        }
        if ![UNITS_UNKNOWN, UNITS_MM].contains(&(bytes[123] & SPACE_UNITS)) {
            return Err(NiftiError::Units);
        }
        let [qfac, x, y, z] = fields.floats(76);
        let sform = [280, 296, 312].map(|at| fields.floats(at));
        let qform = (fields.floats(256), fields.floats(268), qfac);
        let known = |at| fields.i16(at) > 0;
        let placement = Placement::new(size, [x, y, z], known(254).then_some(sform), known(252).then_some(qform))?;
        Ok(Self { big_endian, size, data_type, offset, slope, intercept, placement })
    }
}

fn sizes(dim: [i16; 8]) -> Result<[usize; 3], NiftiError> {
    let count = usize::try_from(dim[0]).ok().filter(|count| (1..=7).contains(count));
    let count = count.ok_or_else(|| NiftiError::Sizes(format!("{} dimensions", dim[0])))?;
    let listed = &dim[1..=count];
    let words = || listed.iter().map(i16::to_string).collect::<Vec<_>>().join(" × ");
    let mut size = [1; 3];
    for (to, from) in size.iter_mut().zip(listed) {
        *to = usize::try_from(*from).ok().filter(|side| *side > 0).ok_or_else(|| NiftiError::Sizes(words()))?;
    }
    // Some programs write a fourth dimension of one volume.
    if listed.iter().skip(3).any(|side| *side > 1) { Err(NiftiError::Dimensions(words())) } else { Ok(size) }
}

/// Returns the bytes before the voxels of a file in canonical order, little-endian; `None` where a
/// side is longer than a header can hold.
///
/// The affine goes into the sform: a quaternion can't hold a tilted gantry.
pub(crate) fn header_bytes(geometry: &Geometry, data_type: DataType, slope: f32) -> Option<[u8; DATA]> {
    let mut bytes = [0; DATA];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &(HEADER as i32).to_le_bytes());
    put(40, &3_i16.to_le_bytes());
    for (i, side) in geometry.size.into_iter().chain([1; 4]).enumerate() {
        put(42 + 2 * i, &i16::try_from(side).ok()?.to_le_bytes());
    }
    put(70, &data_type.code().to_le_bytes());
    put(72, &(8 * data_type.bytes() as i16).to_le_bytes());
    for (i, mm) in [1.0].into_iter().chain(geometry.spacing_mm()).enumerate() {
        put(76 + 4 * i, &(mm as f32).to_le_bytes());
    }
    put(108, &(DATA as f32).to_le_bytes());
    put(112, &slope.to_le_bytes());
    put(123, &[UNITS_MM]);
    put(254, &SCANNER.to_le_bytes());
    for (row, values) in geometry.nifti_from_voxel().into_iter().enumerate() {
        for (i, value) in values.into_iter().enumerate() {
            put(280 + 16 * row + 4 * i, &(value as f32).to_le_bytes());
        }
    }
    put(344, b"n+1\0");
    Some(bytes)
}
