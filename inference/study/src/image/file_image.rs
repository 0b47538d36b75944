//! One picture as this crate sees it: who it belongs to, what it shows, where it lies, and how it is stored.

use std::sync::Arc;

use corsai_protocol::IssueCode;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use crate::codec::decode::{CodecError, Encoded, Syntax};
use crate::dataset::frames::{Frame, frames};
use crate::dataset::reader::{Dataset, Encoding, FileError, PixelData};
use crate::dataset::value_parsing as value;
use crate::frame_decoder::Task;
use crate::geometry::orientation::{Placed, Vector};
use crate::modality_lut::{Padding, Transfer};
use crate::stack::Viewable;

/// Sides of a picture that a CT may have, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 2..=4096;
/// Classic, enhanced and legacy-converted enhanced (PS3.4 table B.5-1).
const CT_STORAGE: [&str; 3] =
    ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"];

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
    NotCt,
}

/// What tells reconstructions of one series apart; equal within each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub acquisition: String,
    pub stack: String,
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
    /// The file doesn't name its transfer syntax; the first elements told it.
    pub syntax_guessed: bool,
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

impl Slice {
    pub(crate) fn placed(&self) -> Placed {
        Placed::new((self.rows, self.columns), self.spacing_mm, self.corner_mm, self.directions)
    }
}

/// Why a CT slice can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub code: IssueCode,
    /// What was found, without a header's value; may be empty.
    pub found: String,
}

impl Fault {
    pub(crate) fn new(code: IssueCode, found: &str) -> Self {
        Self { code, found: found.to_owned() }
    }
}

/// One picture of a file.
#[derive(Debug)]
pub(crate) struct Image {
    /// The file's, with the frame's number where there are several.
    pub name: String,
    /// Its number among all that were taken in; given by the intake.
    pub picture: u32,
    /// The file's, shared by its pictures; none where the pixels will never be asked for.
    pub bytes: Arc<Vec<u8>>,
    pub group: GroupKey,
    pub instance: String,
    pub kind: Kind,
    pub variant: Variant,
    pub about: About,
    pub slice: Result<Slice, Fault>,
    /// Of a picture in 8 bits: what can be looked at.
    eight_bit: Option<Encoded>,
}

impl Image {
    /// Reads one file: its picture, or those of its frames. What is wrong with the file as a whole is told once.
    ///
    /// # Errors
    /// What makes the file unusable and unattributable to a series.
    pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<Vec<Self>, FileError> {
        let dataset = Dataset::read(bytes)?;
        let mut images: Vec<Self> = match frames(&dataset) {
            Ok(frames) => frames.iter().map(|frame| Self::of(name, frame, slice)).collect(),
            Err((first, fault)) => vec![Self::of(name, &first, |_| Err(fault.clone()))],
        };
        if let Some(fault) = images.first().and_then(|first| first.slice.clone().err())
            && images.iter().all(|image| image.slice.as_ref().err() == Some(&fault))
        {
            images.truncate(1);
            images.iter_mut().for_each(|image| image.name = name.to_owned());
        }
        let bytes = Arc::new(dataset.bytes);
        for image in images.iter_mut().filter(|image| image.slice.is_ok() || image.eight_bit.is_some()) {
            image.bytes = Arc::clone(&bytes);
        }
        Ok(images)
    }

    /// What can be looked at of a picture in 8 bits.
    pub(crate) fn viewable(&mut self) -> Option<Viewable> {
        let encoded = self.eight_bit.take()?;
        Some(Viewable { bytes: Arc::clone(&self.bytes), encoded, rows: self.about.rows, columns: self.about.columns })
    }

    /// The slice as work for another instance; `None` where there is none, or no use in that.
    pub(crate) fn task(&self) -> Option<Task<'_>> {
        let slice = self.slice.as_ref().ok()?;
        Task::of(self.picture, slice, &slice.placed(), &self.bytes)
    }

    fn of(name: &str, frame: &Frame, slice: impl FnOnce(&Frame) -> Result<Slice, Fault>) -> Self {
        let about = about(frame);
        let kind = kind(frame, about.lossy);
        let slice = match kind {
            Kind::Slice => slice(frame),
            _ => Err(Fault::new(IssueCode::SeriesSetAside, "")),
        };
        let identifier = |tag| value::identifier(frame.value(tag));
        // Binary in the functional groups, where the classic elements of that meaning are text.
        let number = |tag| frame.value(tag).map(|bytes| format!("{bytes:?}")).unwrap_or_default();
        let group = GroupKey {
            patient: identifier(tags::PATIENT_ID),
            study: identifier(tags::STUDY_INSTANCE_UID),
            series: identifier(tags::SERIES_INSTANCE_UID),
            frame_of_reference: identifier(tags::FRAME_OF_REFERENCE_UID),
        };
        let variant = Variant {
            acquisition: identifier(tags::ACQUISITION_NUMBER) + &number(tags::FRAME_ACQUISITION_NUMBER),
            stack: identifier(tags::STACK_ID),
            kernel: identifier(tags::CONVOLUTION_KERNEL),
            image_type: image_type(frame),
            temporal_position: identifier(tags::TEMPORAL_POSITION_IDENTIFIER) + &number(tags::TEMPORAL_POSITION_INDEX),
            contrast: identifier(tags::CONTRAST_BOLUS_AGENT),
            kvp: identifier(tags::KVP),
            thickness: identifier(tags::SLICE_THICKNESS),
        };
        let mut instance = identifier(tags::SOP_INSTANCE_UID);
        let mut name = name.to_owned();
        if let Some(index) = frame.index {
            name = format!("{name} #{}", index + 1);
            if !instance.is_empty() {
                instance = format!("{instance}#{index:05}");
            }
        }
        let eight_bit = match (&slice, &frame.pixels) {
            (Err(Fault { code: IssueCode::PixelsEightBit, .. }), PixelData::Encapsulated(parts)) => {
                Some(Encoded { syntax: frame.dataset.syntax, parts: parts.clone() })
            }
            _ => None,
        };
        Self { name, picture: 0, bytes: Arc::default(), group, instance, kind, variant, about, slice, eight_bit }
    }
}

fn image_type(frame: &Frame) -> String {
    value::identifier(frame.value(tags::FRAME_TYPE).or_else(|| frame.value(tags::IMAGE_TYPE)))
}

fn kind(frame: &Frame, lossy: bool) -> Kind {
    let class = value::identifier(frame.value(tags::SOP_CLASS_UID));
    let modality = value::identifier(frame.value(tags::MODALITY));
    let is_ct_class = CT_STORAGE.contains(&class.as_str());
    if modality != "CT" && !(modality.is_empty() && is_ct_class) {
        return Kind::NotCt;
    }
    let image_type = image_type(frame).to_ascii_uppercase();
    let types: Vec<&str> = image_type.split('\\').map(str::trim).collect();
    // Loss alone makes a picture a derived one (PS3.3 C.7.6.1.1.2); it still shows its own slice.
    let only_lossy = lossy && matches!(types.as_slice(), [_, "PRIMARY", "AXIAL" | "VOLUME", ..]);
    let derived = types.first() == Some(&"DERIVED") && !only_lossy || types.contains(&"LOCALIZER");
    let samples = frame.value(tags::SAMPLES_PER_PIXEL);
    let coloured = samples.is_some() && frame.word(tags::SAMPLES_PER_PIXEL) != Some(1)
        || !value::identifier(frame.value(tags::PHOTOMETRIC_INTERPRETATION)).starts_with("MONOCHROME");
    if derived || coloured || !(is_ct_class || class.is_empty()) { Kind::Aside } else { Kind::Slice }
}

fn about(frame: &Frame) -> About {
    let character_set = frame.value(tags::SPECIFIC_CHARACTER_SET);
    let text = |tag, limit| value::text(frame.value(tag).unwrap_or_default(), character_set, limit);
    let side = |tag| frame.word(tag).map_or(0, usize::from);
    let date = |tag| frame.value(tag).and_then(value::date);
    // Of a date with a time, the date (DT).
    let timed = || frame.value(tags::ACQUISITION_DATE_TIME).and_then(|value| value::date(value.get(..8)?));
    About {
        description: text(tags::SERIES_DESCRIPTION, 64),
        modality: text(tags::MODALITY, 16),
        date: date(tags::ACQUISITION_DATE)
            .or_else(timed)
            .or_else(|| date(tags::SERIES_DATE))
            .or_else(|| date(tags::STUDY_DATE)),
        rows: side(tags::ROWS),
        columns: side(tags::COLUMNS),
        thickness_mm: frame.value(tags::SLICE_THICKNESS).and_then(value::decimal).filter(|mm| *mm > 0.0),
        supine: supine(frame),
        lossy: frame.dataset.syntax.is_lossy()
            || frame.value(tags::LOSSY_IMAGE_COMPRESSION).and_then(value::ascii) == Some("01"),
        syntax_guessed: frame.dataset.syntax_guessed,
    }
}

/// Whether the patient lay on the back, by the position's term (PS3.3 C.7.3.1.1.2) or its code (PS3.16, CID 20).
fn supine(frame: &Frame) -> Option<bool> {
    let term = frame.value(tags::PATIENT_POSITION).and_then(value::ascii);
    if let Some(term) = term.filter(|term| matches!(term.len(), 3 | 4)) {
        return Some(term.ends_with('S'));
    }
    match frame.value(tags::CODE_VALUE).and_then(value::ascii)? {
        "F-10340" | "40199007" => Some(true),
        "F-10310" | "1240000" | "F-10316" | "F-10318" | "F-10317" | "102535000" | "F-10319" | "102536004" => {
            Some(false)
        }
        _ => None,
    }
}

/// The rows and columns of a file's pictures, within what a CT may have.
pub(crate) fn required_size(dataset: &Dataset) -> Result<(usize, usize), Fault> {
    let side = |tag| dataset.value(tag).and_then(|value| value::word(value, dataset.encoding == Encoding::ExplicitBig));
    let (rows, columns) = (side(tags::ROWS).ok_or_else(no_number)?, side(tags::COLUMNS).ok_or_else(no_number)?);
    let (rows, columns) = (usize::from(rows), usize::from(columns));
    if !SIDES.contains(&rows) || !SIDES.contains(&columns) {
        return Err(Fault::new(IssueCode::PixelsSize, &format!("{columns} × {rows} pixels")));
    }
    Ok((rows, columns))
}

fn slice(frame: &Frame) -> Result<Slice, Fault> {
    use IssueCode as Code;
    let (rows, columns) = required_size(frame.dataset)?;
    let transfer = transfer(frame)?;
    let corner_mm = frame.value(tags::IMAGE_POSITION_PATIENT).and_then(value::decimals::<3>);
    let directions = frame.value(tags::IMAGE_ORIENTATION_PATIENT).and_then(value::decimals::<6>);
    let directions = directions.and_then(crate::geometry::orientation::directions);
    let (Some(corner_mm), Some(directions)) = (corner_mm.map(Vector), directions) else {
        return Err(Fault::new(Code::GeometryNoPosition, ""));
    };
    let spacing = frame.value(tags::PIXEL_SPACING).and_then(value::decimals::<2>);
    let Some(spacing_mm) = spacing.filter(|spacing| spacing.iter().all(|mm| (0.01..=100.0).contains(mm))) else {
        return Err(Fault::new(Code::GeometryNoSpacing, ""));
    };
    if frame.pixels == PixelData::Truncated {
        return Err(Fault::new(Code::FileTruncated, ""));
    }
    let syntax = frame.dataset.syntax;
    let encoded = Encoded::new(syntax, &frame.pixels, rows * columns).map_err(|error| codec_fault(error, syntax))?;
    Ok(Slice { rows, columns, corner_mm, directions, spacing_mm, encoded, transfer })
}

/// What a picture that can't be decoded is called.
pub(crate) fn codec_fault(error: CodecError, syntax: Syntax) -> Fault {
    match (error, syntax) {
        (CodecError::Unsupported, Syntax::Unsupported(name)) => Fault::new(IssueCode::CodecUnsupported, name.0),
        (CodecError::Unsupported, _) => Fault::new(IssueCode::CodecUnsupported, ""),
        (CodecError::Damaged, _) => Fault::new(IssueCode::CodecFailed, ""),
        (CodecError::Size, _) => Fault::new(IssueCode::PixelsSize, ""),
        (CodecError::Depth, _) => Fault::new(IssueCode::PixelsDepth, ""),
        (CodecError::EightBit, _) => Fault::new(IssueCode::PixelsEightBit, ""),
        (CodecError::Sign, _) => Fault::new(IssueCode::PixelsDepth, "signs of which the header knows nothing"),
        (CodecError::Memory, _) => Fault::new(IssueCode::InputTooLarge, ""),
    }
}

fn transfer(frame: &Frame) -> Result<Transfer, Fault> {
    use IssueCode as Code;
    let (stored, shift, signed) = bits(frame)?;
    if frame.dataset.has(tags::MODALITY_LUT_SEQUENCE) {
        return Err(Fault::new(Code::HuNotHounsfield, "a table in place of a slope"));
    }
    let unit = value::identifier(frame.value(tags::RESCALE_TYPE));
    if !unit.is_empty() && unit != "HU" {
        return Err(Fault::new(Code::HuNotHounsfield, "another unit"));
    }
    let number = |tag| frame.value(tag).and_then(value::decimal);
    let (slope, intercept) = (number(tags::RESCALE_SLOPE), number(tags::RESCALE_INTERCEPT));
    let (Some(slope), Some(intercept)) = (slope.filter(|slope| *slope > 0.0), intercept) else {
        return Err(Fault::new(Code::HuRescale, ""));
    };
    let raw = |tag| frame.word(tag);
    let padding = raw(tags::PIXEL_PADDING_VALUE)
        .map(|value| Padding { value, limit: raw(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value) });
    Ok(Transfer { stored, shift, signed, slope, intercept, padding })
}

/// How many bits of a word are stored, how many lie unused below them, and whether the first is a sign.
pub(crate) fn bits(frame: &Frame) -> Result<(u8, u8, bool), Fault> {
    if frame.dataset.syntax == Syntax::JpegBaseline {
        return Err(codec_fault(CodecError::EightBit, frame.dataset.syntax));
    }
    let number = |tag| frame.word(tag).ok_or_else(no_number);
    let (allocated, stored) = (number(tags::BITS_ALLOCATED)?, number(tags::BITS_STORED)?);
    let (high, signed) = (number(tags::HIGH_BIT)?, number(tags::PIXEL_REPRESENTATION)?);
    // A CT's range of some 4,000 values needs twelve bits; ten leave room for odd scanners, eight are a screenshot.
    if allocated != 16 || !(10..=16).contains(&stored) || high >= 16 || high + 1 < stored || signed > 1 {
        return Err(Fault::new(IssueCode::PixelsDepth, &format!("{stored} bits in {allocated}")));
    }
    // All of them were checked to be at most 16.
    Ok((stored as u8, (high + 1 - stored) as u8, signed == 1))
}

fn no_number() -> Fault {
    Fault::new(IssueCode::FileHeader, "a number that describes the picture is missing")
}
