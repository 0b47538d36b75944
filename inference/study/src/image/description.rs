//! What an image's header says of its series: identifiers, kind, reconstruction, and texts for the
//! list.

use corsai_protocol::PersonKeys;
use corsai_report::Identifier;
use dicom_dictionary_std::tags;

use crate::dataset::frames::Frame;
use crate::dataset::value_parsing;
use crate::image::person::{digest, person_keys};

/// CT Image Storage: classic, enhanced and legacy-converted enhanced (PS3.4 table B.5-1).
const CT_STORAGE: [&str; 3] =
    ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"];
/// Characters of a series description that are shown.
pub(crate) const DESCRIPTION_CHARACTERS: usize = 64;
/// Characters of a modality that are shown (CS).
const MODALITY_CHARACTERS: usize = 16;
/// Characters of a person's name that are compared: three representations of 64 (PN).
const NAME_CHARACTERS: usize = 194;
/// Characters of a date that are compared.
const DATE_CHARACTERS: usize = 16;

/// Words of an image type or a description, in capitals, by which a derived image doesn't show the
/// densities of one slice: projections, slabs, renderings, maps.
const NOT_DENSITIES: [&str; 19] = [
    "MIP",
    "MINIP",
    "MAXIP",
    "AIP",
    "IP",
    "PROJECTION",
    "AVERAGE",
    "SLAB",
    "THICK",
    "VRT",
    "VR",
    "VOLREN",
    "SSD",
    "RENDERED",
    "CURVED",
    "CPR",
    "SUBTRACTION",
    "PERFUSION",
    "MAP",
];

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

impl SeriesKey {
    /// Returns one of the identifiers; nothing of a person, who is no part of the key.
    pub(crate) fn identifier(&self, identifier: Identifier) -> &str {
        match identifier {
            Identifier::Study => &self.study,
            Identifier::Series => &self.series,
            Identifier::FrameOfReference => &self.frame_of_reference,
            Identifier::Patient => &self.patient,
            Identifier::Person => "",
        }
    }

    /// Returns the key with some identifiers left empty.
    pub(crate) fn without(&self, identifiers: &[Identifier]) -> Self {
        let keep = |identifier| if identifiers.contains(&identifier) { "" } else { self.identifier(identifier) };
        Self {
            patient: keep(Identifier::Patient).to_owned(),
            study: keep(Identifier::Study).to_owned(),
            series: keep(Identifier::Series).to_owned(),
            frame_of_reference: keep(Identifier::FrameOfReference).to_owned(),
        }
    }
}

/// The kind of an image, told by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ImageKind {
    /// An original CT slice.
    Slice,
    /// An image that was derived from others and may show a slice's densities all the same.
    DerivedSlice,
    /// A localiser, a projection, a secondary or a colour image.
    NotOriginal,
    NotCt,
}

impl ImageKind {
    /// Returns whether the image may be a slice of a volume.
    pub(crate) const fn is_slice(self) -> bool {
        matches!(self, Self::Slice | Self::DerivedSlice)
    }

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
        let derived = types.first() == Some(&"DERIVED") && !only_lossy;
        let samples = frame.value(tags::SAMPLES_PER_PIXEL);
        let photometric = value_parsing::identifier(frame.value(tags::PHOTOMETRIC_INTERPRETATION));
        // One sample a pixel is grey where nothing else is said.
        let coloured = samples.is_some() && frame.word(tags::SAMPLES_PER_PIXEL) != Some(1)
            || !photometric.is_empty() && !photometric.starts_with("MONOCHROME");
        let no_density = types.contains(&"LOCALIZER") || derived && is_no_density(&types, frame);
        if no_density || coloured || !(is_ct_class || class.is_empty()) {
            Self::NotOriginal
        } else if derived {
            Self::DerivedSlice
        } else {
            Self::Slice
        }
    }
}

/// Returns whether a derived image is a projection, a slab, a rendering or a map by its words.
fn is_no_density(types: &[&str], frame: &Frame) -> bool {
    let description = value_parsing::identifier(frame.value(tags::SERIES_DESCRIPTION)).to_ascii_uppercase();
    let texts = types.iter().copied().chain([description.as_str()]);
    let mut words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.any(|word| NOT_DENSITIES.contains(&word))
}

/// How a slice was acquired and reconstructed; equal for all slices of one reconstruction, but for
/// number and time.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReconstructionKey {
    pub acquisition: String,
    pub acquisition_uid: String,
    pub irradiation: String,
    pub scan_options: String,
    pub filter: String,
    pub stack: String,
    pub kernel: String,
    pub image_type: String,
    pub temporal_position: String,
    pub contrast: String,
    pub kvp: String,
    pub thickness: String,
    pub series_number: String,
    pub description: String,
    pub protocol: String,
    pub tube_current: String,
    pub exposure: String,
    /// Instance Number; equal for all frames of one file.
    pub number: Option<i64>,
    /// Seconds since 1 January of year 1 at which the slice was acquired; those of the day where
    /// the day is unknown.
    pub time: Option<u64>,
}

impl ReconstructionKey {
    pub(crate) fn of(frame: &Frame) -> Self {
        let identifier = |tag| value_parsing::identifier(frame.value(tag));
        // Binary in the functional groups, where the classic attributes of that meaning are text.
        let number = |tag| frame.value(tag).map(|bytes| format!("{bytes:?}")).unwrap_or_default();
        Self {
            acquisition: identifier(tags::ACQUISITION_NUMBER) + &number(tags::FRAME_ACQUISITION_NUMBER),
            acquisition_uid: identifier(tags::ACQUISITION_UID),
            irradiation: identifier(tags::IRRADIATION_EVENT_UID),
            scan_options: identifier(tags::SCAN_OPTIONS),
            filter: identifier(tags::FILTER_TYPE),
            stack: identifier(tags::STACK_ID),
            kernel: identifier(tags::CONVOLUTION_KERNEL),
            image_type: image_type(frame),
            temporal_position: identifier(tags::TEMPORAL_POSITION_IDENTIFIER)
                + &number(tags::TEMPORAL_POSITION_INDEX)
                + &identifier(tags::TRIGGER_TIME),
            contrast: identifier(tags::CONTRAST_BOLUS_AGENT),
            kvp: identifier(tags::KVP),
            thickness: identifier(tags::SLICE_THICKNESS),
            series_number: identifier(tags::SERIES_NUMBER),
            description: identifier(tags::SERIES_DESCRIPTION),
            protocol: identifier(tags::PROTOCOL_NAME),
            tube_current: identifier(tags::X_RAY_TUBE_CURRENT),
            exposure: identifier(tags::EXPOSURE),
            number: frame.value(tags::INSTANCE_NUMBER).and_then(value_parsing::integer),
            time: acquisition_time(frame),
        }
    }
}

/// Returns the time of acquisition, s; where the file doesn't say, that of its content.
fn acquisition_time(frame: &Frame) -> Option<u64> {
    let text = |tag| frame.value(tag).and_then(value_parsing::ascii);
    let date_time = text(tags::FRAME_ACQUISITION_DATE_TIME).or_else(|| text(tags::ACQUISITION_DATE_TIME));
    let (day, time) = match date_time.filter(|text| text.len() > 8).and_then(|text| text.split_at_checked(8)) {
        Some((day, time)) => (Some(day), time),
        None => match text(tags::ACQUISITION_TIME).filter(|time| !time.is_empty()) {
            Some(time) => (text(tags::ACQUISITION_DATE), time),
            None => (text(tags::CONTENT_DATE), text(tags::CONTENT_TIME)?),
        },
    };
    let digits: String =
        time.chars().take_while(|c| !matches!(c, '.' | '+' | '-')).filter(char::is_ascii_digit).collect();
    let two = |at: usize| digits.get(at..at + 2).and_then(|digits| digits.parse::<u64>().ok());
    let seconds = two(0)? * 3600 + two(2).unwrap_or(0) * 60 + two(4).unwrap_or(0);
    let days = day.and_then(|day| value_parsing::days(day.as_bytes())).unwrap_or(0);
    Some(days * 86_400 + seconds)
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
    /// Digest of the convolution kernel; absent where the file doesn't name it.
    pub kernel_key: Option<u64>,
    /// Tube voltage, kV.
    pub tube_voltage_kv: Option<f64>,
    /// Whether a contrast agent is named.
    pub contrast: bool,
    /// Digests of the patient's name, birth date and sex.
    pub person: PersonKeys,
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
            kernel_key: Some(value_parsing::identifier(frame.value(tags::CONVOLUTION_KERNEL)))
                .filter(|kernel| !kernel.is_empty())
                .map(digest),
            tube_voltage_kv: frame.value(tags::KVP).and_then(value_parsing::decimal).filter(|kv| *kv > 0.0),
            contrast: is_contrast(&value_parsing::identifier(frame.value(tags::CONTRAST_BOLUS_AGENT))),
            person: person_keys(
                &text(tags::PATIENT_NAME, NAME_CHARACTERS),
                &text(tags::PATIENT_BIRTH_DATE, DATE_CHARACTERS),
                &text(tags::PATIENT_SEX, MODALITY_CHARACTERS),
            ),
            supine: supine(frame),
            lossy: frame.dataset.syntax.is_lossy()
                || frame.value(tags::LOSSY_IMAGE_COMPRESSION).and_then(value_parsing::ascii) == Some("01"),
            syntax_guessed: frame.dataset.syntax_guessed,
            source: ImageSource::Dicom,
        }
    }
}

/// Returns whether a text names a contrast agent; some scanners write that there was none.
fn is_contrast(agent: &str) -> bool {
    !matches!(agent.to_ascii_lowercase().as_str(), "" | "no" | "none" | "n" | "0" | "non" | "without" | "w/o")
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
