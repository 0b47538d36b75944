//! The catalogue of issues: a stable code, how grave it is, what happened and what to do.

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
    ($($variant:ident $code:literal $severity:ident $what:literal $todo:literal;)*) => {
        /// The stable name of an issue, such as `geometry.irregular-spacing`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum IssueCode {
            $(#[doc = $what] #[serde(rename = $code)] $variant,)*
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

            /// What was met, in plain words.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }

            /// What the person can do about it.
            #[must_use]
            pub const fn what_to_do(self) -> &'static str {
                match self { $(Self::$variant => $todo,)* }
            }
        }
    };
}

issues! {
    FileEmpty "file.empty" Skip "The file is empty or too short to be a DICOM file." "Nothing to do if the rest of the study is there.";
    FileNotDicom "file.not-dicom" Skip "The file is not a DICOM file." "Nothing to do if the rest of the study is there.";
    FileTruncated "file.truncated" Skip "The file ends before its data does." "Copy or export the study again; a copy was probably interrupted.";
    FileBadLength "file.bad-length" Skip "The file declares more data than it holds." "Export the study again.";
    FileTooNested "file.too-nested" Skip "The file nests its sequences too deeply to be read safely." "Export the study again.";
    FileUnreadable "file.unreadable" Skip "The file could not be read." "Check that it is still there and that it is fully downloaded, then drop it again.";
    FileTooLarge "file.too-large" Skip "The file is larger than this page can hold in memory." "Unpack it if it is an archive, and drop the folder; else measure it on the command line.";
    FileHeader "file.header" Skip "The file's header could not be understood." "Export the study again, as uncompressed CT images if the archive offers it.";
    FileNoSyntax "file.no-syntax" Warning "The files do not say how they are written, or say it wrongly; it was told from their content." "Export the study again if there is a way to.";
    FileNoPixels "file.no-pixels" Skip "The file has no picture in it." "Nothing to do: reports, plans and directory files are passed over.";
    FileDuplicate "file.duplicate" Info "The same picture is there more than once; one copy is used." "Nothing to do.";
    FileOtherFormat "file.other-format" Skip "The file holds pictures in a format that is not read." "Drop the CT's DICOM files, or the CT as a NIfTI file (.nii or .nii.gz) in Hounsfield units.";
    ZipBad "zip.bad" Skip "The archive, or an archive or a file in it, is damaged." "Copy or download the archive again. If that changes nothing, unpack it on your computer and drop the folder that comes out.";
    ArchiveNested "archive.nested" Skip "The archive holds archives within archives, more than are opened one in another." "Unpack it on your computer and drop the folder that comes out.";
    ArchivePassword "archive.password" Skip "The archive is protected by a password." "Unpack it on your computer with its password and drop the folder that comes out.";
    ArchiveUnsupported "archive.unsupported" Skip "The archive is packed in a way that is not opened here." "Unpack it on your computer and drop the folder that comes out.";
    ZipTooLarge "zip.too-large" Stop "The archive unpacks to more than can be held." "Unzip it and drop one study's folder.";
    NiftiAnonymous "nifti.anonymous" Info "A NIfTI file names neither the patient nor the date of the CT." "Check that it is the study you mean.";
    NiftiUnusable "nifti.unusable" Stop "The NIfTI file can't be used." "Export the CT again as one three-dimensional NIfTI-1 file (.nii or .nii.gz) in Hounsfield units.";
    InputNothing "input.nothing" Stop "No chest CT was found in what was dropped." "Drop the folder that holds the CT's DICOM files.";
    InputIncomplete "input.incomplete" Warning "The disc's index lists more pictures than there are in what was dropped." "Drop the whole disc or folder if slices may be missing.";
    InputTooMany "input.too-many" Stop "There are more files than can be looked through." "Drop one study's folder.";
    InputTooLarge "input.too-large" Stop "The study is larger than this page can hold in memory." "Choose a series with fewer or thicker slices, or measure it on the command line.";
    InputReduced "input.reduced" Warning "The series is larger than this page can hold in memory: only every second row and column, or every second slice, was read." "Look at the outlines. The command line measures the series at its full size.";
    CodecUnsupported "codec.unsupported" Skip "The picture is compressed in a way that is not supported." "Export the study uncompressed (Explicit VR Little Endian).";
    CodecFailed "codec.failed" Skip "The compressed picture is damaged." "Copy or export the study again.";
    PixelsSize "pixels.size" Skip "The picture's size does not fit its data." "Export the study again.";
    PixelsDepth "pixels.depth" Skip "The picture's bit depth is not one a CT has." "Choose the original CT series.";
    PixelsEightBit "pixels.eight-bit" Skip "The picture was reduced to 8 bits, which can't hold Hounsfield units." "Export the original CT series, uncompressed or losslessly compressed.";
    PixelsLossy "pixels.lossy" Warning "The pictures were compressed with loss; the numbers may be off." "Use the original pictures if there are any.";
    PixelsBlank "pixels.blank" Warning "Some slices are of one value throughout: there is no picture on them." "Check that the study was exported whole.";
    HuRescale "hu.rescale" Skip "The values that turn stored numbers into Hounsfield units are missing or unreadable." "Export the original CT series again.";
    HuNotHounsfield "hu.not-hounsfield" Skip "The picture is not in Hounsfield units." "Choose the original CT series.";
    HuImplausible "hu.implausible" Stop "The values do not look like Hounsfield units: air and soft tissue are not where they belong." "Choose the original CT series.";
    SeriesNotCt "series.not-ct" Stop "This series is not a CT." "Choose a chest CT.";
    SeriesNotAxialCt "series.not-axial-ct" Stop "This series shows no axial CT slices: it holds localisers, projections such as MIP, thick slabs or secondary pictures." "Choose the original axial series.";
    SeriesDerived "series.derived" Warning "The pictures of this series were derived from others; what was done to their values is not known." "Use the original axial series if there is one.";
    SeriesIdentifiers "series.identifiers" Warning "The slices of this series bear different identifiers. They fit together as one series by size, direction and place." "Check on the slices that they are one scan of one person.";
    SeriesSeveralPeople "series.several-people" Stop "The slices of this series bear different patient identifiers, and they may be of several people." "Export the study again, one person at a time.";
    SeriesUnlikeSlices "series.unlike-slices" Warning "The slices of this series were not all made in the same way, which moves densities by itself." "Look at the outlines before trusting the numbers.";
    SeriesSetAside "series.set-aside" Info "Localisers or derived pictures in the series were set aside." "Nothing to do.";
    SeriesTooFew "series.too-few" Stop "There are too few slices to measure a lung." "Drop the whole series.";
    SeriesSingleLocation "series.single-location" Stop "All slices lie at the same place." "Choose a series that covers the chest.";
    SeriesOverlapping "series.overlapping" Stop "Different pictures lie at the same place, so that it is unclear which belong together." "Export one reconstruction of the chest on its own.";
    SeriesSplit "series.split" Warning "Pictures of several acquisitions, reconstructions or sizes share one series; one set that fits together is used." "Check that it is the one you mean.";
    SeriesMixed "series.mixed" Stop "Pictures of several acquisitions, reconstructions or sizes share one series, and no set of them shows the whole lungs." "Export one acquisition of the chest on its own.";
    SeriesSeveral "series.several" Warning "Several series can be measured; one of them was taken." "List the series, and name the one that is meant by its number.";
    SeriesNotThere "series.not-there" Stop "There is no series of that number." "List the series, and name one of them by its number.";
    SeriesEnhanced "series.enhanced" Stop "The file holds many frames without saying of each where it lies." "Export the study as classic CT images.";
    SeriesUidClash "series.uid-clash" Stop "Different pictures bear the same identifier." "Export the study again without changing identifiers.";
    GeometryNoPosition "geometry.no-position" Skip "A slice has no position or orientation that can be read." "Export the study again.";
    GeometryNoSpacing "geometry.no-spacing" Stop "The distance between pixels is missing or unreadable." "Export the original CT series.";
    GeometryNotAxial "geometry.not-axial" Stop "The slices are not axial." "Choose the axial series.";
    GeometryOrientation "geometry.orientation" Stop "The slices are not parallel to one another." "Choose a series with parallel axial slices.";
    GeometryOrientationAssumed "geometry.orientation-assumed" Warning "The file does not say how the patient lies: right and left may be swapped." "Look where the heart is before trusting which lung is which.";
    GeometryGantryTilt "geometry.gantry-tilt" Warning "The gantry was tilted; volumes are right, pictures are shown as acquired." "Nothing to do.";
    GeometryMissingSlices "geometry.missing-slices" Warning "Slices are missing; their neighbours stand in for them in the volumes." "Copy the study again if the slices exist.";
    GeometryUnevenSpacing "geometry.uneven-spacing" Warning "The slices are not evenly spaced; each counts with its own width." "Nothing to do.";
    GeometryIrregularSpacing "geometry.irregular-spacing" Stop "The slices are spaced too unevenly to measure a volume." "Copy the study again, or choose another series.";
    GeometryThickSlices "geometry.thick-slices" Warning "The slices are far apart; small lesions between them are not seen." "Use a series with thinner slices if there is one.";
    GeometryNotSupine "geometry.not-supine" Warning "The patient did not lie on the back; the networks learnt from patients who did." "Look at the outlines before trusting the numbers.";
    LungsNone "lungs.none" Stop "No lungs were found in this study." "Choose a series that shows the chest.";
    LungsCutOff "lungs.cut-off" Warning "The lungs reach the first or last slice: part of them may not be in the study." "Read volumes and shares as those of the part that is there.";
    LungsBeyondField "lungs.beyond-field" Warning "The lungs reach the side of the picture: part of them lies outside it and is not measured." "Use a reconstruction with a larger field of view if there is one.";
    LungsOneMissing "lungs.one-missing" Warning "Only one lung was found." "Look at the outlines before trusting the numbers.";
    LungsImplausible "lungs.implausible" Warning "The lungs' volume is unusual for an adult." "Look at the outlines before trusting the numbers.";
    LungsLittleAir "lungs.little-air" Warning "The lungs hold less air than those on which the program was validated, as after breathing out." "Look at the outlines before trusting the share: dense lung at the back is easily marked as lesion.";
    PixelsNoisy "pixels.noisy" Warning "The pictures are noisier than those on which the program was validated, as with a sharp kernel or a low dose." "Use a series with a soft kernel if there is one.";
    LesionsDisagreement "lesions.disagreement" Warning "The networks find shares that are further apart than on any study of the validation." "Look at the outlines before trusting the share.";
    LesionsBelowDetection "lesions.below-detection" Info "Marks that are too faint or too small to count as lesion were left out." "Nothing to do: CT-0 then means that no lesion is above the detection limit.";
    LesionsTrace "lesions.trace" Warning "Very little is marked as lesion: the networks mark traces on healthy lungs too." "Look at the outlines before taking them for disease.";
    DynamicsOtherPatient "dynamics.other-patient" Warning "The two studies bear different patient identifiers." "Make sure that both are of the same patient.";
    DynamicsUnknownPatient "dynamics.unknown-patient" Warning "Nothing says whether the two studies are of one person: a patient identifier is missing." "Make sure that both are of the same patient.";
    DynamicsSameStudy "dynamics.same-study" Stop "Both studies are the same one." "Add a study of another date.";
    DynamicsNoDate "dynamics.no-date" Warning "A study has no readable date; the one added as earlier is taken as the earlier." "Check the order.";
    DynamicsSameDate "dynamics.same-date" Warning "Both studies bear the same date; the one added as earlier is taken as the earlier." "Check the order.";
    DynamicsLungVolume "dynamics.lung-volume" Warning "A lung holds less than a third of what it holds in the other study, so that this lung is not compared." "Look at the outlines of both studies: part of the lung may not have been found.";
    DynamicsOtherProtocol "dynamics.other-protocol" Warning "The two studies were not made in the same way, which moves the share by itself." "Read small changes with care.";
    WeightsUnavailable "weights.unavailable" Stop "The networks' weights could not be loaded." "Check the connection and try again.";
    WeightsCorrupt "weights.corrupt" Stop "The networks' weights are not the ones this page was built with." "Reload the page; if it happens again the host's files are damaged.";
    DeviceSelfTest "device.self-test" Warning "The graphics processor computed a known slice wrongly and is not used." "Nothing to do; update its driver if you want it used.";
    DeviceLost "device.lost" Warning "The graphics processor was lost during the run; the CPU went on." "Nothing to do.";
    DeviceRestarted "device.restarted" Info "The graphics processor was lost during the run and taken into use again." "Nothing to do.";
    ModelNonFinite "model.non-finite" Stop "A network's answer was not a number." "Choose the CPU in the settings and try again.";
    WorkerDied "worker.died" Stop "The part of the page that computes has stopped." "It was started anew: open the study again.";
    WorkerUnavailable "worker.unavailable" Stop "The part of the page that computes could not be loaded." "Check the connection and reload the page.";
    WorkerRestarted "worker.restarted" Info "The part of the page that computes had stopped and was started anew; it goes on from what was computed." "Nothing to do.";
    InternalFault "internal.fault" Stop "The computation failed at one step; no number is shown." "Open the study again; if it happens again, tell the makers which step is named.";
}

/// One problem with the input, or the reason for a refusal. [`crate::text::message`] makes the
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
    /// The sentences for a person, in English: in reports that are written, absent in messages.
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
