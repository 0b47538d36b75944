//! The catalogue of issues: a stable code, and how grave it is. What happened and what to do are
//! sentences of the crate `corsai-language`, by code.

use serde::{Deserialize, Serialize};

use crate::Found;

/// How grave an issue is: it decides what happens to the input it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Good to know; the numbers are not in doubt.
    Info,
    /// Used, and said beside the numbers.
    Warning,
    /// The file is ignored and counted.
    Skip,
    /// No number.
    Stop,
}

macro_rules! issues {
    ($($variant:ident $code:literal $severity:ident;)*) => {
        /// The stable name of an issue, such as `geometry.irregular-spacing`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum IssueCode {
            $(#[doc = concat!("`", $code, "`")] #[serde(rename = $code)] $variant,)*
        }

        impl IssueCode {
            /// All of them, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable string.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means for the input.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

issues! {
    FileEmpty "file.empty" Skip;
    FileNotDicom "file.not-dicom" Skip;
    FileTruncated "file.truncated" Skip;
    FileBadLength "file.bad-length" Skip;
    FileTooNested "file.too-nested" Skip;
    FileUnreadable "file.unreadable" Skip;
    FileTooLarge "file.too-large" Skip;
    FileHeader "file.header" Skip;
    FileNoSyntax "file.no-syntax" Warning;
    FileNoPixels "file.no-pixels" Skip;
    FileDuplicate "file.duplicate" Info;
    FileOtherFormat "file.other-format" Skip;
    ZipBad "zip.bad" Skip;
    ArchiveNested "archive.nested" Skip;
    ArchivePassword "archive.password" Skip;
    ArchiveUnsupported "archive.unsupported" Skip;
    ZipTooLarge "zip.too-large" Stop;
    NiftiAnonymous "nifti.anonymous" Info;
    NiftiUnusable "nifti.unusable" Stop;
    InputNothing "input.nothing" Stop;
    InputIncomplete "input.incomplete" Warning;
    InputTooMany "input.too-many" Stop;
    InputTooLarge "input.too-large" Stop;
    InputReduced "input.reduced" Warning;
    CodecUnsupported "codec.unsupported" Skip;
    CodecFailed "codec.failed" Skip;
    PixelsSize "pixels.size" Skip;
    PixelsDepth "pixels.depth" Skip;
    PixelsEightBit "pixels.eight-bit" Skip;
    PixelsLossy "pixels.lossy" Warning;
    PixelsBlank "pixels.blank" Warning;
    HuRescale "hu.rescale" Skip;
    HuNotHounsfield "hu.not-hounsfield" Skip;
    HuImplausible "hu.implausible" Stop;
    SeriesNotCt "series.not-ct" Stop;
    SeriesNotAxialCt "series.not-axial-ct" Stop;
    SeriesDerived "series.derived" Warning;
    SeriesIdentifiers "series.identifiers" Warning;
    SeriesSeveralPeople "series.several-people" Stop;
    SeriesUnlikeSlices "series.unlike-slices" Warning;
    SeriesSetAside "series.set-aside" Info;
    SeriesTooFew "series.too-few" Stop;
    SeriesSingleLocation "series.single-location" Stop;
    SeriesOverlapping "series.overlapping" Stop;
    SeriesSplit "series.split" Warning;
    SeriesMixed "series.mixed" Stop;
    SeriesSeveral "series.several" Warning;
    SeriesNotThere "series.not-there" Stop;
    SeriesEnhanced "series.enhanced" Stop;
    SeriesUidClash "series.uid-clash" Stop;
    GeometryNoPosition "geometry.no-position" Skip;
    GeometryNoSpacing "geometry.no-spacing" Stop;
    GeometryNotAxial "geometry.not-axial" Stop;
    GeometryOrientation "geometry.orientation" Stop;
    GeometryOrientationAssumed "geometry.orientation-assumed" Warning;
    GeometryGantryTilt "geometry.gantry-tilt" Warning;
    GeometryMissingSlices "geometry.missing-slices" Warning;
    GeometryUnevenSpacing "geometry.uneven-spacing" Warning;
    GeometryIrregularSpacing "geometry.irregular-spacing" Stop;
    GeometryThickSlices "geometry.thick-slices" Warning;
    GeometryNotSupine "geometry.not-supine" Warning;
    LungsNone "lungs.none" Stop;
    LungsCutOff "lungs.cut-off" Warning;
    LungsBeyondField "lungs.beyond-field" Warning;
    LungsOneMissing "lungs.one-missing" Warning;
    LungsImplausible "lungs.implausible" Warning;
    LungsLittleAir "lungs.little-air" Warning;
    PixelsNoisy "pixels.noisy" Warning;
    LesionsDisagreement "lesions.disagreement" Warning;
    LesionsBelowDetection "lesions.below-detection" Info;
    LesionsTrace "lesions.trace" Warning;
    DynamicsOtherPatient "dynamics.other-patient" Warning;
    DynamicsOtherName "dynamics.other-name" Warning;
    DynamicsUnknownPatient "dynamics.unknown-patient" Warning;
    DynamicsSameStudy "dynamics.same-study" Stop;
    DynamicsNoDate "dynamics.no-date" Warning;
    DynamicsSameDate "dynamics.same-date" Warning;
    DynamicsLungVolume "dynamics.lung-volume" Warning;
    DynamicsOtherProtocol "dynamics.other-protocol" Warning;
    WeightsUnavailable "weights.unavailable" Stop;
    WeightsCorrupt "weights.corrupt" Stop;
    DeviceSelfTest "device.self-test" Warning;
    DeviceLost "device.lost" Warning;
    DeviceRestarted "device.restarted" Info;
    ModelNonFinite "model.non-finite" Stop;
    WorkerDied "worker.died" Stop;
    WorkerUnavailable "worker.unavailable" Stop;
    WorkerRestarted "worker.restarted" Info;
    InternalFault "internal.fault" Stop;
}

/// One problem with the input, or the reason for a refusal. The crate `corsai-language` makes the
/// sentences of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Issue {
    /// Stable name of the problem.
    pub code: IssueCode,
    /// How grave it is here.
    pub severity: Severity,
    /// Sizes, counts and reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    /// The issue is of the earlier one of two compared studies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier_study: bool,
    /// The sentences for a person: in reports that are written, absent in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Names of the files concerned as they were dropped, for the screen only: never exported, at
    /// most a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Issue {
    /// Returns an issue of the code's usual severity. `found` gives sizes, counts and reasons; it
    /// may be empty.
    #[must_use]
    pub fn new(code: IssueCode, found: impl IntoIterator<Item = Found>) -> Self {
        let (severity, found) = (code.severity(), found.into_iter().collect());
        Self { code, severity, found, earlier_study: false, message: None, files: Vec::new() }
    }

    /// Names the files concerned.
    #[must_use]
    pub fn with_files(mut self, files: Vec<String>) -> Self {
        self.files = files;
        self
    }

    /// Raises or lowers the severity, where the same problem is graver for a whole study than for a
    /// file.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Marks the issue as one of the earlier study; what stops that one does not stop the current
    /// one.
    #[must_use]
    pub fn of_earlier_study(mut self) -> Self {
        self.earlier_study = true;
        self.severity = self.severity.min(Severity::Warning);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        let mut seen = std::collections::BTreeSet::new();
        for code in IssueCode::ALL {
            assert!(seen.insert(code.as_str()));
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<IssueCode>(&json).unwrap(), *code);
        }
    }
}
