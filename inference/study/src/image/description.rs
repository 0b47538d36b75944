//! What an image's header says of its series: identifiers, kind, reconstruction, and texts for the
//! list.

use dicom_dictionary_std::tags;

use crate::dataset::frames::Frame;
use crate::dataset::value_parsing;

/// CT Image Storage: classic, enhanced and legacy-converted enhanced (PS3.4 table B.5-1).
const CT_STORAGE: [&str; 3] =
    ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"];
/// Characters of a series description that are shown.
const DESCRIPTION_CHARACTERS: usize = 64;
/// Characters of a modality that are shown (CS).
const MODALITY_CHARACTERS: usize = 16;

/// Identifies a series: one patient's series in one frame of reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesKey {
    pub patient: String,
    pub study: String,
    pub series: String,
    pub frame_of_reference: String,
}

impl SeriesKey {
    pub(crate) fn of(frame: &Frame) -> Self {
        let identifier = |tag| value_parsing::identifier(frame.value(tag));
        Self {
            patient: identifier(tags::PATIENT_ID),
            study: identifier(tags::STUDY_INSTANCE_UID),
            series: identifier(tags::SERIES_INSTANCE_UID),
            frame_of_reference: identifier(tags::FRAME_OF_REFERENCE_UID),
        }
    }
}

/// The kind of an image, told by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ImageKind {
    /// An original CT slice.
    Slice,
    /// A localiser, a derived, a secondary or a colour image.
    NotOriginal,
    NotCt,
}

impl ImageKind {
    /// `lossy` is whether the image was compressed with loss.
    pub(crate) fn of(frame: &Frame, lossy: bool) -> Self {
        let class = value_parsing::identifier(frame.value(tags::SOP_CLASS_UID));
        let modality = value_parsing::identifier(frame.value(tags::MODALITY));
        let is_ct_class = CT_STORAGE.contains(&class.as_str());
        if modality != "CT" && !(modality.is_empty() && is_ct_class) {
            return Self::NotCt;
        }
        let image_type = image_type(frame).to_ascii_uppercase();
        let types: Vec<&str> = image_type.split('\\').map(str::trim).collect();
        // Loss alone makes an image a derived one (PS3.3 C.7.6.1.1.2); it still shows its own
        // slice.
        let only_lossy = lossy && matches!(types.as_slice(), [_, "PRIMARY", "AXIAL" | "VOLUME", ..]);
        let derived = types.first() == Some(&"DERIVED") && !only_lossy || types.contains(&"LOCALIZER");
        let samples = frame.value(tags::SAMPLES_PER_PIXEL);
        let photometric = value_parsing::identifier(frame.value(tags::PHOTOMETRIC_INTERPRETATION));
        // One sample a pixel is grey where nothing else is said.
        let coloured = samples.is_some() && frame.word(tags::SAMPLES_PER_PIXEL) != Some(1)
            || !photometric.is_empty() && !photometric.starts_with("MONOCHROME");
        if derived || coloured || !(is_ct_class || class.is_empty()) { Self::NotOriginal } else { Self::Slice }
    }
}

/// What distinguishes the reconstructions that share a series; equal for all slices of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReconstructionKey {
    pub acquisition: String,
    pub stack: String,
    pub kernel: String,
    pub image_type: String,
    pub temporal_position: String,
    pub contrast: String,
    pub kvp: String,
    pub thickness: String,
}

impl ReconstructionKey {
    pub(crate) fn of(frame: &Frame) -> Self {
        let identifier = |tag| value_parsing::identifier(frame.value(tag));
        // Binary in the functional groups, where the classic attributes of that meaning are text.
        let number = |tag| frame.value(tag).map(|bytes| format!("{bytes:?}")).unwrap_or_default();
        Self {
            acquisition: identifier(tags::ACQUISITION_NUMBER) + &number(tags::FRAME_ACQUISITION_NUMBER),
            stack: identifier(tags::STACK_ID),
            kernel: identifier(tags::CONVOLUTION_KERNEL),
            image_type: image_type(frame),
            temporal_position: identifier(tags::TEMPORAL_POSITION_IDENTIFIER) + &number(tags::TEMPORAL_POSITION_INDEX),
            contrast: identifier(tags::CONTRAST_BOLUS_AGENT),
            kvp: identifier(tags::KVP),
            thickness: identifier(tags::SLICE_THICKNESS),
        }
    }
}

fn image_type(frame: &Frame) -> String {
    value_parsing::identifier(frame.value(tags::FRAME_TYPE).or_else(|| frame.value(tags::IMAGE_TYPE)))
}

/// The format that an image comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ImageSource {
    #[default]
    Dicom,
    /// Without patient and date.
    Nifti,
    /// And without the directions of its axes.
    NiftiWithoutOrientation,
}

/// Texts and figures of a series for the list, and what its issues are about.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ImageDescription {
    pub description: String,
    pub modality: String,
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    pub rows: usize,
    pub columns: usize,
    pub thickness_mm: Option<f64>,
    /// Whether the patient lay on the back; absent where the file doesn't say.
    pub supine: Option<bool>,
    /// Whether the image was compressed with loss.
    pub lossy: bool,
    /// The file doesn't name its transfer syntax; its first elements showed it.
    pub syntax_guessed: bool,
    pub source: ImageSource,
}

impl ImageDescription {
    pub(crate) fn of(frame: &Frame) -> Self {
        let character_set = frame.value(tags::SPECIFIC_CHARACTER_SET);
        let text = |tag, limit| value_parsing::text(frame.value(tag).unwrap_or_default(), character_set, limit);
        let side = |tag| frame.word(tag).map_or(0, usize::from);
        let date = |tag| frame.value(tag).and_then(value_parsing::date);
        // The date of a date and time (DT).
        let timed = || frame.value(tags::ACQUISITION_DATE_TIME).and_then(|value| value_parsing::date(value.get(..8)?));
        Self {
            description: text(tags::SERIES_DESCRIPTION, DESCRIPTION_CHARACTERS),
            modality: text(tags::MODALITY, MODALITY_CHARACTERS),
            date: date(tags::ACQUISITION_DATE)
                .or_else(timed)
                .or_else(|| date(tags::SERIES_DATE))
                .or_else(|| date(tags::STUDY_DATE)),
            rows: side(tags::ROWS),
            columns: side(tags::COLUMNS),
            thickness_mm: frame.value(tags::SLICE_THICKNESS).and_then(value_parsing::decimal).filter(|mm| *mm > 0.0),
            supine: supine(frame),
            lossy: frame.dataset.syntax.is_lossy()
                || frame.value(tags::LOSSY_IMAGE_COMPRESSION).and_then(value_parsing::ascii) == Some("01"),
            syntax_guessed: frame.dataset.syntax_guessed,
            source: ImageSource::Dicom,
        }
    }
}

/// Returns whether the patient lay on the back, by the term of Patient Position (PS3.3
/// C.7.3.1.1.2) or its code (PS3.16, CID 20).
fn supine(frame: &Frame) -> Option<bool> {
    let term = frame.value(tags::PATIENT_POSITION).and_then(value_parsing::ascii);
    if let Some(term) = term.filter(|term| matches!(term.len(), 3 | 4)) {
        return Some(term.ends_with('S'));
    }
    match frame.value(tags::CODE_VALUE).and_then(value_parsing::ascii)? {
        "F-10340" | "40199007" => Some(true),
        "F-10310" | "1240000" | "F-10316" | "F-10318" | "F-10317" | "102535000" | "F-10319" | "102536004" => {
            Some(false)
        }
        _ => None,
    }
}
