//! The typed arguments of an issue: what was found, as sizes and counts. The crate
//! `corsai-language` makes sentences of them.

use serde::{Deserialize, Serialize};

/// One of the patient's two lungs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The patient's right lung.
    Right,
    /// The patient's left lung.
    Left,
}

/// An end of the stack of slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Towards the head.
    Upper,
    /// Towards the feet.
    Lower,
}

/// One of two compared studies, by their dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StudyOrder {
    /// The study of the earlier date.
    Earlier,
    /// The study of the later date.
    Later,
}

/// What a count counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Files of a drop.
    Files,
    /// Images that were set aside.
    Images,
    /// Slices that are not axial.
    NotAxial,
    /// Images under one identifier.
    Clashes,
    /// Copies of the same image.
    Copies,
    /// Copies of the same image under other identifiers.
    RenamedCopies,
    /// Frames of a multi-frame file that are described.
    DescribedFrames,
    /// Positions with more than one image.
    SharedPositions,
}

/// An identifier that says which images belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Identifier {
    /// Study Instance UID.
    Study,
    /// Series Instance UID.
    Series,
    /// Frame of Reference UID.
    FrameOfReference,
    /// Patient ID.
    Patient,
    /// Name, birth date or sex of the patient.
    Person,
}

/// A side of the pictures, from the patient's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PictureSide {
    /// The patient's right.
    Right,
    /// The patient's left.
    Left,
    /// The front.
    Front,
    /// The back.
    Back,
    /// The border of the scanner's circle, beyond which there is no picture.
    Circle,
}

/// A reason that has no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Slices are shifted sideways against one another.
    ShiftedSideways,
    /// Rows and columns are not at right angles.
    SkewedAxes,
    /// Direction cosines that are neither of unit length nor at right angles.
    NoRotation,
    /// The samples are signed where the header says unsigned.
    UnexpectedSigns,
    /// A lookup table stands in place of slope and intercept.
    LookupTable,
    /// The rescale type names another unit.
    OtherUnit,
    /// A number that describes the image is missing.
    MissingNumber,
    /// Several samples a pixel.
    SeveralSamples,
    /// The decoder stopped over this image.
    DecoderStopped,
    /// The convolution kernels of two studies differ.
    OtherKernel,
    /// A contrast agent is named in one of two studies alone.
    ContrastInOne,
    /// The slices of a series have several convolution kernels.
    SeveralKernels,
    /// The slices of a series have several tube voltages.
    SeveralVoltages,
    /// A contrast agent is named for some slices of a series alone.
    ContrastOnSome,
    /// The patient identifier is missing in both studies.
    NoPatientInBoth,
    /// The patient identifier is missing in one of the two studies.
    NoPatientInOne,
    /// The patient identifiers of two studies differ.
    OtherPatientId,
    /// The patient's birth dates in two studies differ.
    OtherBirthDate,
    /// The patient's sexes in two studies differ.
    OtherSex,
    /// The patient's names in two studies differ.
    OtherName,
    /// Name and birth date of the patient are the same in two studies.
    SameNameAndBirthDate,
    /// A person has confirmed that both studies are of one patient.
    PatientConfirmed,
    /// The device gave no answer.
    NoAnswer,
    /// No file was dropped.
    NoFile,
}

/// One detail of an issue: a size, a count or a reason; never a header's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Found {
    /// A number of things.
    Count {
        /// How many.
        count: u64,
        /// Of what.
        of: Counted,
    },
    /// A number of things that are too few.
    AtLeast {
        /// How many there are.
        count: u64,
        /// How many are needed.
        needed: u64,
    },
    /// More things than can be taken.
    MoreThan {
        /// The most that can be taken.
        limit: u64,
        /// Of what.
        of: Counted,
    },
    /// More bytes than can be held.
    MoreThanBytes {
        /// The most that can be held.
        limit: u64,
    },
    /// Some of a whole.
    Part {
        /// How many of them.
        count: u64,
        /// How many there are.
        total: u64,
    },
    /// Images of a series that are used.
    Used {
        /// How many are used.
        count: u64,
        /// How many there are.
        total: u64,
    },
    /// Images that an index lists and images that are there.
    Listed {
        /// How many are listed.
        listed: u64,
        /// How many are there.
        present: u64,
    },
    /// A volume larger than memory.
    VolumeSize {
        /// Number of slices.
        slices: u64,
        /// Number of columns.
        columns: u64,
        /// Number of rows.
        rows: u64,
        /// Bytes that it needs.
        bytes: u64,
        /// The most bytes that can be held.
        limit: u64,
    },
    /// The size of a volume, and that of the part that was read.
    Reduced {
        /// Slices, columns and rows of the whole.
        whole: [u64; 3],
        /// Slices, columns and rows that were read.
        read: [u64; 3],
    },
    /// The size of an image.
    ImageSize {
        /// Number of columns.
        columns: u64,
        /// Number of rows.
        rows: u64,
    },
    /// Bits of a sample.
    Bits {
        /// Bits in use.
        stored: u64,
        /// Bits that a sample takes.
        allocated: u64,
    },
    /// A transfer syntax that isn't read, by its name in the DICOM standard.
    TransferSyntax {
        /// Its name.
        name: String,
    },
    /// A file's format that isn't opened, by its usual name.
    FileFormat {
        /// Its name.
        name: String,
    },
    /// Missing slices, and the widest gap.
    Gap {
        /// How many slices are missing.
        missing: u64,
        /// How many there would be.
        total: u64,
        /// The widest gap, mm.
        widest_mm: f64,
        /// The slice below the widest gap, counted from the feet and from 1.
        after: u64,
    },
    /// A distance, mm.
    Distance {
        /// The distance, mm.
        mm: f64,
    },
    /// The least and the greatest distance of slices, mm.
    Distances {
        /// The least, mm.
        least_mm: f64,
        /// The greatest, mm.
        greatest_mm: f64,
    },
    /// An angle, degrees.
    Angle {
        /// The angle, degrees.
        degrees: f64,
    },
    /// The lowest value of an image, HU.
    LowestHu {
        /// The value, HU.
        hu: i16,
    },
    /// Shares of the voxels by their density, 0..=1.
    Densities {
        /// Share of air.
        air: f64,
        /// Share of soft tissue.
        soft: f64,
        /// Share of bone.
        bone: f64,
    },
    /// One lung.
    Lung {
        /// Which one.
        side: Side,
    },
    /// A lung that is missing in one of two studies.
    MissingLung {
        /// Which lung.
        side: Side,
        /// In which study.
        study: StudyOrder,
    },
    /// A lung's volumes in two studies, mL.
    LungVolumes {
        /// Which lung.
        side: Side,
        /// In the earlier study, mL.
        earlier_ml: f64,
        /// In the later study, mL.
        later_ml: f64,
    },
    /// Identifiers in which the images of a series differ.
    Identifiers {
        /// The identifiers.
        identifiers: Vec<Identifier>,
    },
    /// Sides of the pictures that the lungs reach.
    PictureSides {
        /// The sides.
        sides: Vec<PictureSide>,
    },
    /// Ends of the stack that the lungs reach.
    Ends {
        /// The ends.
        ends: Vec<End>,
    },
    /// The volume of both lungs, mL.
    LungVolume {
        /// The volume, mL.
        ml: f64,
    },
    /// The quartile of the lungs' density, and that of the validation.
    LungQuartile {
        /// A quarter of the lungs is below it, HU.
        hu: f64,
        /// In the validation a quarter is below it, HU.
        validated_hu: f64,
    },
    /// The noise of soft tissue, and the most in the validation.
    Noise {
        /// Its standard deviation, HU.
        hu: f64,
        /// The most in the validation, HU.
        validated_hu: f64,
    },
    /// The least and the greatest share of single networks, 0..=1.
    ShareRange {
        /// The least.
        least: f64,
        /// The greatest.
        greatest: f64,
    },
    /// Volumes of lesions and of both lungs, mL.
    LesionVolume {
        /// Lesions, mL.
        lesion_ml: f64,
        /// Both lungs, mL.
        lung_ml: f64,
    },
    /// Distances of slices in two studies, mm.
    SliceDistances {
        /// In the study added as the earlier, mm.
        previous_mm: f64,
        /// In the study under examination, mm.
        current_mm: f64,
    },
    /// Thicknesses of slices in two studies, mm.
    SliceThicknesses {
        /// In the study added as the earlier, mm.
        previous_mm: f64,
        /// In the study under examination, mm.
        current_mm: f64,
    },
    /// Tube voltages in two studies, kV.
    TubeVoltages {
        /// In the study added as the earlier, kV.
        previous_kv: f64,
        /// In the study under examination, kV.
        current_kv: f64,
    },
    /// Volumes of both lungs in two studies, mL: another depth of breath.
    BothLungVolumes {
        /// In the earlier study, mL.
        earlier_ml: f64,
        /// In the later study, mL.
        later_ml: f64,
    },
    /// The series that was taken.
    SeriesTaken {
        /// Its number, from 1.
        number: u64,
        /// How many there are.
        total: u64,
    },
    /// A number of a series that there is none of.
    SeriesNumber {
        /// The number that was asked for.
        number: u64,
        /// How many there are.
        total: u64,
    },
    /// The largest difference of a known slice's answer to the stored one, relative to the latter.
    Deviation {
        /// The difference, 0 and above.
        deviation: f64,
    },
    /// A reason without numbers.
    Reason {
        /// The reason.
        reason: Reason,
    },
    /// Files and folders of a drop that could not be opened.
    Unopened {
        /// How many files.
        files: u64,
        /// How many files there are, opened or not.
        total: u64,
        /// How many folders.
        folders: u64,
    },
    /// An error's own text, in English: the step at which the program failed, or what is wrong with
    /// a NIfTI file.
    Detail {
        /// The text.
        text: String,
    },
}

impl Found {
    /// Returns a number of things.
    #[must_use]
    pub fn count(count: usize, of: Counted) -> Self {
        Self::Count { count: count as u64, of }
    }

    /// Returns some of a whole.
    #[must_use]
    pub fn part(count: usize, total: usize) -> Self {
        Self::Part { count: count as u64, total: total as u64 }
    }

    /// Returns an error's own text.
    #[must_use]
    pub fn detail(text: impl std::fmt::Display) -> Self {
        Self::Detail { text: format!("{text}") }
    }
}

impl From<Reason> for Found {
    fn from(reason: Reason) -> Self {
        Self::Reason { reason }
    }
}
