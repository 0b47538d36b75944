//! One DICOM file as this crate sees it: who it belongs to, what it shows, where it lies, and how it is stored.

use corsai_protocol::IssueCode;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::codec::{CodecError, Encoded, Syntax};
use crate::frame::Vector;
use crate::transfer::{Padding, Transfer};
use crate::value;
use crate::walk::{Dataset, Encoding, FileError, PixelData};

/// The elements that are read; every other one is stepped over.
pub(crate) const WANTED: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::IMAGE_TYPE,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::SERIES_DATE,
    tags::ACQUISITION_DATE,
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::PATIENT_ID,
    tags::CONTRAST_BOLUS_AGENT,
    tags::SLICE_THICKNESS,
    tags::KVP,
    tags::CONVOLUTION_KERNEL,
    tags::PATIENT_POSITION,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::ACQUISITION_NUMBER,
    tags::IMAGE_POSITION_PATIENT,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::FRAME_OF_REFERENCE_UID,
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_PADDING_VALUE,
    tags::PIXEL_PADDING_RANGE_LIMIT,
    tags::MODALITY_LUT_SEQUENCE,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    tags::RESCALE_TYPE,
    tags::LOSSY_IMAGE_COMPRESSION,
];

/// Sides of a picture that a CT may have, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 2..=4096;
const CT_IMAGE_STORAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const ENHANCED_CT_STORAGE: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"];

/// What belongs together: one patient's one series in one frame of reference, under whatever identifiers it bears.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub patient: String,
    pub study: String,
    pub series: String,
    pub frame_of_reference: String,
}

/// What a picture is, before its pixels are of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An original CT slice.
    Slice,
    /// A localiser, a derived, a secondary or a coloured picture.
    Aside,
    MultiFrame,
    NotCt,
}

/// What tells reconstructions of one series apart; equal within each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub acquisition: String,
    pub kernel: String,
    pub image_type: String,
    pub temporal_position: String,
    pub contrast: String,
    pub kvp: String,
    pub thickness: String,
}

/// What is said of the series on the screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct About {
    pub description: String,
    pub modality: String,
    pub date: Option<String>,
    pub rows: usize,
    pub columns: usize,
    pub thickness_mm: Option<f64>,
    /// Absent where the file doesn't say.
    pub supine: Option<bool>,
    pub lossy: bool,
}

/// Everything needed to place and decode a slice; each number in it was read strictly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slice {
    pub rows: usize,
    pub columns: usize,
    /// Patient coordinates (LPS) of the first pixel's centre, mm.
    pub corner_mm: Vector,
    /// Direction cosines of rising column index, then of rising row index.
    pub directions: [Vector; 2],
    /// Distance of neighbouring rows, of neighbouring columns, mm.
    pub spacing_mm: [f64; 2],
    pub encoded: Encoded,
    pub transfer: Transfer,
}

/// Why a CT slice can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: IssueCode,
    /// What was found, without a header's value; may be empty.
    pub found: String,
}

impl Fault {
    pub(crate) fn new(code: IssueCode, found: &str) -> Self {
        Self { code, found: found.to_owned() }
    }
}

/// One file that holds a picture.
#[derive(Debug)]
pub(crate) struct Image {
    pub name: String,
    /// Emptied where the pixels will never be asked for.
    pub bytes: Vec<u8>,
    pub group: GroupKey,
    pub instance: String,
    pub kind: Kind,
    pub variant: Variant,
    pub about: About,
    pub slice: Result<Slice, Fault>,
}

impl Image {
    /// Reads one file.
    ///
    /// # Errors
    /// What makes the file unusable and unattributable to a series.
    pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<Self, FileError> {
        let dataset = Dataset::read(bytes)?;
        let kind = kind(&dataset);
        let slice = match kind {
            Kind::Slice => slice(&dataset),
            _ => Err(Fault::new(IssueCode::SeriesSetAside, "")),
        };
        let identifier = |tag| value::identifier(dataset.value(tag));
        let group = GroupKey {
            patient: identifier(tags::PATIENT_ID),
            study: identifier(tags::STUDY_INSTANCE_UID),
            series: identifier(tags::SERIES_INSTANCE_UID),
            frame_of_reference: identifier(tags::FRAME_OF_REFERENCE_UID),
        };
        let variant = Variant {
            acquisition: identifier(tags::ACQUISITION_NUMBER),
            kernel: identifier(tags::CONVOLUTION_KERNEL),
            image_type: identifier(tags::IMAGE_TYPE),
            temporal_position: identifier(tags::TEMPORAL_POSITION_IDENTIFIER),
            contrast: identifier(tags::CONTRAST_BOLUS_AGENT),
            kvp: identifier(tags::KVP),
            thickness: identifier(tags::SLICE_THICKNESS),
        };
        let about = about(&dataset);
        let instance = identifier(tags::SOP_INSTANCE_UID);
        let bytes = if slice.is_ok() { dataset.bytes } else { Vec::new() };
        Ok(Self { name: name.to_owned(), bytes, group, instance, kind, variant, about, slice })
    }
}

fn kind(dataset: &Dataset) -> Kind {
    let class = value::identifier(dataset.value(tags::SOP_CLASS_UID));
    let modality = value::identifier(dataset.value(tags::MODALITY));
    let is_ct_class = class == CT_IMAGE_STORAGE;
    if modality != "CT" && !(modality.is_empty() && is_ct_class) {
        return Kind::NotCt;
    }
    let frames = dataset.value(tags::NUMBER_OF_FRAMES);
    if ENHANCED_CT_STORAGE.contains(&class.as_str()) || frames.is_some_and(|value| value::integer(value) != Some(1)) {
        return Kind::MultiFrame;
    }
    let image_type = value::identifier(dataset.value(tags::IMAGE_TYPE)).to_ascii_uppercase();
    let mut types = image_type.split('\\').map(str::trim);
    let derived = types.clone().next() == Some("DERIVED") || types.any(|value| value == "LOCALIZER");
    let samples = dataset.value(tags::SAMPLES_PER_PIXEL);
    let coloured = samples.is_some_and(|value| word(dataset, value) != Some(1))
        || !value::identifier(dataset.value(tags::PHOTOMETRIC_INTERPRETATION)).starts_with("MONOCHROME");
    if derived || coloured || !(is_ct_class || class.is_empty()) { Kind::Aside } else { Kind::Slice }
}

fn about(dataset: &Dataset) -> About {
    let character_set = dataset.value(tags::SPECIFIC_CHARACTER_SET);
    let text = |tag, limit| value::text(dataset.value(tag).unwrap_or_default(), character_set, limit);
    let side = |tag| dataset.value(tag).and_then(|value| word(dataset, value)).map_or(0, usize::from);
    let dates = [tags::ACQUISITION_DATE, tags::SERIES_DATE, tags::STUDY_DATE];
    About {
        description: text(tags::SERIES_DESCRIPTION, 64),
        modality: text(tags::MODALITY, 16),
        date: dates.into_iter().find_map(|tag| dataset.value(tag).and_then(value::date)),
        rows: side(tags::ROWS),
        columns: side(tags::COLUMNS),
        thickness_mm: dataset.value(tags::SLICE_THICKNESS).and_then(value::decimal).filter(|mm| *mm > 0.0),
        supine: dataset
            .value(tags::PATIENT_POSITION)
            .and_then(value::ascii)
            .filter(|position| matches!(position.len(), 3 | 4))
            .map(|position| position.ends_with('S')),
        lossy: dataset.syntax.is_lossy()
            || dataset.value(tags::LOSSY_IMAGE_COMPRESSION).and_then(value::ascii) == Some("01"),
    }
}

fn slice(dataset: &Dataset) -> Result<Slice, Fault> {
    use IssueCode as Code;
    let (rows, columns) = (required_word(dataset, tags::ROWS)?, required_word(dataset, tags::COLUMNS)?);
    let (rows, columns) = (usize::from(rows), usize::from(columns));
    if !SIDES.contains(&rows) || !SIDES.contains(&columns) {
        return Err(Fault::new(Code::PixelsSize, &format!("{columns} × {rows} pixels")));
    }
    if dataset.syntax == Syntax::JpegBaseline {
        return Err(codec_fault(CodecError::EightBit, dataset.syntax));
    }
    let transfer = transfer(dataset)?;
    let corner_mm = dataset.value(tags::IMAGE_POSITION_PATIENT).and_then(value::decimals::<3>);
    let directions = dataset.value(tags::IMAGE_ORIENTATION_PATIENT).and_then(value::decimals::<6>);
    let directions = directions.and_then(crate::frame::directions);
    let (Some(corner_mm), Some(directions)) = (corner_mm.map(Vector), directions) else {
        return Err(Fault::new(Code::GeometryNoPosition, ""));
    };
    let spacing = dataset.value(tags::PIXEL_SPACING).and_then(value::decimals::<2>);
    let Some(spacing_mm) = spacing.filter(|spacing| spacing.iter().all(|mm| (0.01..=100.0).contains(mm))) else {
        return Err(Fault::new(Code::GeometryNoSpacing, ""));
    };
    if dataset.pixels == PixelData::Truncated {
        return Err(Fault::new(Code::FileTruncated, ""));
    }
    let encoded = Encoded::new(dataset, rows * columns).map_err(|error| codec_fault(error, dataset.syntax))?;
    Ok(Slice { rows, columns, corner_mm, directions, spacing_mm, encoded, transfer })
}

/// What a picture that can't be decoded is called.
pub(crate) fn codec_fault(error: CodecError, syntax: Syntax) -> Fault {
    match (error, syntax) {
        (CodecError::Unsupported, Syntax::Unsupported(name)) => Fault::new(IssueCode::CodecUnsupported, name),
        (CodecError::Unsupported, _) => Fault::new(IssueCode::CodecUnsupported, ""),
        (CodecError::Damaged, _) => Fault::new(IssueCode::CodecFailed, ""),
        (CodecError::Size, _) => Fault::new(IssueCode::PixelsSize, ""),
        (CodecError::Depth, _) => Fault::new(IssueCode::PixelsDepth, ""),
        (CodecError::EightBit, _) => Fault::new(IssueCode::PixelsEightBit, ""),
        (CodecError::Sign, _) => Fault::new(IssueCode::PixelsDepth, "signs of which the header knows nothing"),
        (CodecError::Memory, _) => Fault::new(IssueCode::InputTooLarge, ""),
    }
}

fn transfer(dataset: &Dataset) -> Result<Transfer, Fault> {
    use IssueCode as Code;
    let depth = |tag| required_word(dataset, tag);
    let (allocated, stored) = (depth(tags::BITS_ALLOCATED)?, depth(tags::BITS_STORED)?);
    let (high, signed) = (depth(tags::HIGH_BIT)?, depth(tags::PIXEL_REPRESENTATION)?);
    // A CT's range of some 4,000 values needs twelve bits; ten leave room for odd scanners, eight are a screenshot.
    if allocated != 16 || !(10..=16).contains(&stored) || high >= 16 || high + 1 < stored || signed > 1 {
        return Err(Fault::new(Code::PixelsDepth, &format!("{stored} bits in {allocated}")));
    }
    if dataset.has(tags::MODALITY_LUT_SEQUENCE) {
        return Err(Fault::new(Code::HuNotHounsfield, "a table in place of a slope"));
    }
    let unit = value::identifier(dataset.value(tags::RESCALE_TYPE));
    if !unit.is_empty() && unit != "HU" {
        return Err(Fault::new(Code::HuNotHounsfield, "another unit"));
    }
    let number = |tag| dataset.value(tag).and_then(value::decimal);
    let (slope, intercept) = (number(tags::RESCALE_SLOPE), number(tags::RESCALE_INTERCEPT));
    let (Some(slope), Some(intercept)) = (slope.filter(|slope| *slope > 0.0), intercept) else {
        return Err(Fault::new(Code::HuRescale, ""));
    };
    let raw = |tag| dataset.value(tag).and_then(|value| word(dataset, value));
    let padding = raw(tags::PIXEL_PADDING_VALUE)
        .map(|value| Padding { value, limit: raw(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value) });
    // All three were checked to be at most 16.
    let (stored, shift) = (stored as u8, (high + 1 - stored) as u8);
    Ok(Transfer { stored, shift, signed: signed == 1, slope, intercept, padding })
}

fn word(dataset: &Dataset, value: &[u8]) -> Option<u16> {
    value::word(value, dataset.encoding == Encoding::ExplicitBig)
}

fn required_word(dataset: &Dataset, tag: Tag) -> Result<u16, Fault> {
    let found = dataset.value(tag).and_then(|value| word(dataset, value));
    found.ok_or_else(|| Fault::new(IssueCode::FileHeader, "a number that describes the picture is missing"))
}
