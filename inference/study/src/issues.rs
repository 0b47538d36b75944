//! Issues for people, made of errors and warnings.

use std::collections::BTreeMap;

use corsai_report::{Counted, Found, Issue, IssueCode, Reason, Severity};
use corsai_volume::{Grid, VolumeError};

use crate::error::{CodecError, FileError, GeometryError, MissingSlices, SliceError, StudyError};
use crate::geometry::warning::GeometryWarning;

/// Most files that an issue names.
pub(crate) const MAX_NAMES: usize = 5;
/// Bytes of a voxel.
const VOXEL_BYTES: u64 = 2;

/// An error that an issue is made of.
pub(crate) trait ToIssue {
    /// Returns the issue, without counts and names of files.
    fn to_issue(&self) -> Issue;
}

impl ToIssue for FileError {
    fn to_issue(&self) -> Issue {
        let named = |code, name: &'static str| Issue::new(code, [Found::FileFormat { name: name.to_owned() }]);
        let code = match self {
            Self::Empty => IssueCode::FileEmpty,
            Self::NotDicom => IssueCode::FileNotDicom,
            Self::Truncated => IssueCode::FileTruncated,
            Self::BadLength => IssueCode::FileBadLength,
            Self::TooNested => IssueCode::FileTooNested,
            Self::Header => IssueCode::FileHeader,
            Self::NoPixels | Self::Directory(_) => IssueCode::FileNoPixels,
            Self::Unreadable => IssueCode::FileUnreadable,
            Self::BadArchive => IssueCode::ZipBad,
            Self::TooLarge(limit) => {
                return Issue::new(IssueCode::FileTooLarge, [Found::MoreThanBytes { limit: *limit }]);
            }
            Self::NestedArchive => IssueCode::ArchiveNested,
            Self::Encrypted => IssueCode::ArchivePassword,
            Self::UnsupportedArchive(format) => return named(IssueCode::ArchiveUnsupported, format.name()),
            Self::OtherFormat(format) => return named(IssueCode::FileOtherFormat, format.name()),
            Self::Nifti(why) => return Issue::new(IssueCode::NiftiUnusable, [Found::detail(why)]),
            Self::NiftiTooLarge(why) => return Issue::new(IssueCode::InputTooLarge, [Found::detail(why)]),
            Self::NiftiEightBit => IssueCode::PixelsEightBit,
        };
        Issue::new(code, [])
    }
}

impl ToIssue for CodecError {
    fn to_issue(&self) -> Issue {
        match self {
            Self::UnsupportedSyntax(syntax) => {
                Issue::new(IssueCode::CodecUnsupported, [Found::TransferSyntax { name: syntax.name().to_owned() }])
            }
            Self::Unsupported => Issue::new(IssueCode::CodecUnsupported, []),
            Self::Damaged | Self::Decoder(_) => Issue::new(IssueCode::CodecFailed, []),
            Self::BrokeOff => Issue::new(IssueCode::CodecFailed, [Reason::DecoderStopped.into()]),
            Self::Size => Issue::new(IssueCode::PixelsSize, []),
            Self::Depth => Issue::new(IssueCode::PixelsDepth, []),
            Self::EightBit => Issue::new(IssueCode::PixelsEightBit, []),
            Self::Sign => Issue::new(IssueCode::PixelsDepth, [Reason::UnexpectedSigns.into()]),
            Self::Memory => Issue::new(IssueCode::InputTooLarge, []),
        }
    }
}

impl ToIssue for SliceError {
    fn to_issue(&self) -> Issue {
        match *self {
            Self::MissingNumber => Issue::new(IssueCode::FileHeader, [Reason::MissingNumber.into()]),
            Self::Size { rows, columns } => {
                let found = Found::ImageSize { columns: columns as u64, rows: rows as u64 };
                Issue::new(IssueCode::PixelsSize, [found])
            }
            Self::BitDepth { stored, allocated } => {
                let found = Found::Bits { stored: u64::from(stored), allocated: u64::from(allocated) };
                Issue::new(IssueCode::PixelsDepth, [found])
            }
            Self::SeveralSamples => Issue::new(IssueCode::PixelsDepth, [Reason::SeveralSamples.into()]),
            Self::NotOriginal => Issue::new(IssueCode::SeriesSetAside, []),
            Self::NoPosition => Issue::new(IssueCode::GeometryNoPosition, []),
            Self::NoRotation => Issue::new(IssueCode::GeometryNoPosition, [Reason::NoRotation.into()]),
            Self::NoPixelSpacing => Issue::new(IssueCode::GeometryNoSpacing, []),
            Self::Truncated => Issue::new(IssueCode::FileTruncated, []),
            Self::ModalityLutSequence => Issue::new(IssueCode::HuNotHounsfield, [Reason::LookupTable.into()]),
            Self::OtherUnit => Issue::new(IssueCode::HuNotHounsfield, [Reason::OtherUnit.into()]),
            Self::Rescale => Issue::new(IssueCode::HuRescale, []),
            Self::FramesNotDescribed { described } => {
                Issue::new(IssueCode::SeriesEnhanced, [Found::count(described, Counted::DescribedFrames)])
            }
            Self::NoPixelData => Issue::new(IssueCode::FileNoPixels, []),
            Self::FileNotRead => Issue::new(IssueCode::FileUnreadable, []),
            Self::SkewedAxes => Issue::new(IssueCode::GeometryOrientation, [Reason::SkewedAxes.into()]),
            Self::NoSuchSlice => Issue::new(IssueCode::InternalFault, [Found::detail(self)]),
            Self::Codec(ref error) => error.to_issue(),
        }
    }
}

impl ToIssue for GeometryError {
    fn to_issue(&self) -> Issue {
        match self {
            Self::TooFew { slices, needed } => {
                let found = Found::AtLeast { count: *slices as u64, needed: *needed as u64 };
                Issue::new(IssueCode::SeriesTooFew, [found])
            }
            Self::SingleLocation => Issue::new(IssueCode::SeriesSingleLocation, []),
            Self::Overlapping(positions) => {
                Issue::new(IssueCode::SeriesOverlapping, [Found::count(*positions, Counted::SharedPositions)])
            }
            Self::Mixed => Issue::new(IssueCode::SeriesMixed, []),
            Self::Uneven { least_mm, most_mm } => {
                Issue::new(IssueCode::GeometryIrregularSpacing, [distances(*least_mm, *most_mm)])
            }
            Self::Missing(missing) => Issue::new(IssueCode::GeometryIrregularSpacing, [gap(*missing)]),
            Self::Shifted => Issue::new(IssueCode::GeometryOrientation, [Reason::ShiftedSideways.into()]),
            Self::NotAxial => Issue::new(IssueCode::GeometryNotAxial, []),
            Self::NotParallel => Issue::new(IssueCode::GeometryOrientation, []),
            Self::IdentifierClash { clashes, files } => {
                counted(IssueCode::SeriesUidClash, *clashes, Counted::Clashes, files.clone())
            }
            Self::Grid(VolumeError::TooLarge) => Issue::new(IssueCode::InputTooLarge, []),
            Self::Grid(error) => Issue::new(IssueCode::GeometryIrregularSpacing, [Found::detail(error)]),
        }
    }
}

impl StudyError {
    /// Returns the issue with which the file would be left out of a study.
    #[must_use]
    pub fn issue(&self) -> Issue {
        match self {
            Self::File(error) => error.to_issue(),
            Self::Slice(error) => error.to_issue(),
        }
    }
}

impl ToIssue for GeometryWarning {
    fn to_issue(&self) -> Issue {
        match *self {
            Self::MissingSlices(missing) => Issue::new(IssueCode::GeometryMissingSlices, [gap(missing)]),
            Self::UnevenSpacing { least_mm, most_mm } => {
                Issue::new(IssueCode::GeometryUnevenSpacing, [distances(least_mm, most_mm)])
            }
            Self::ThickSlices { median_mm } => {
                Issue::new(IssueCode::GeometryThickSlices, [Found::Distance { mm: median_mm }])
            }
            Self::GantryTilt { degrees } => Issue::new(IssueCode::GeometryGantryTilt, [Found::Angle { degrees }]),
        }
    }
}

fn gap(MissingSlices { missing, all, widest_mm, after }: MissingSlices) -> Found {
    Found::Gap { missing: missing as u64, total: all as u64, widest_mm, after: after as u64 }
}

fn distances(least_mm: f64, greatest_mm: f64) -> Found {
    Found::Distances { least_mm, greatest_mm }
}

/// Returns an issue that counts and names files.
pub(crate) fn counted(code: IssueCode, count: usize, of: Counted, mut files: Vec<String>) -> Issue {
    files.truncate(MAX_NAMES);
    Issue::new(code, [Found::count(count, of)]).with_files(files)
}

/// Returns the issue of a volume with more than `max_voxels` voxels.
pub(crate) fn volume_too_large(grid: &Grid, max_voxels: usize) -> Issue {
    let [bytes, limit] = [grid.voxel_count(), max_voxels].map(|voxels| voxels as u64 * VOXEL_BYTES);
    let [slices, columns, rows] = [grid.slices(), grid.columns(), grid.rows()].map(|side| side as u64);
    Issue::new(IssueCode::InputTooLarge, [Found::VolumeSize { slices, columns, rows, bytes, limit }])
}

/// Returns the issue of a series that is read in part, with both sizes.
pub(crate) fn reduced(whole: &Grid, read: &Grid) -> Issue {
    let size = |grid: &Grid| [grid.slices(), grid.columns(), grid.rows()].map(|side| side as u64);
    Issue::new(IssueCode::InputReduced, [Found::Reduced { whole: size(whole), read: size(read) }])
}

/// Files that can't be used, grouped by the reason. Names are those of the screen.
#[derive(Debug)]
pub(crate) struct RefusedFiles<E>(BTreeMap<E, Vec<String>>);

impl<E: Ord + ToIssue> RefusedFiles<E> {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds one file.
    pub(crate) fn add(&mut self, error: E, name: String) {
        self.0.entry(error).or_default().push(name);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of files whose issue is one of those.
    pub(crate) fn count(&self, which: impl Fn(IssueCode) -> bool) -> usize {
        self.0.iter().filter(|(error, _)| which(error.to_issue().code)).map(|(_, names)| names.len()).sum()
    }

    /// Returns one issue for each reason, in the order of the codes, with the number of files and
    /// some of their names. `severity` replaces the codes' own.
    pub(crate) fn into_issues(self, severity: Option<Severity>) -> Vec<Issue> {
        let mut reasons: Vec<(Issue, Vec<String>)> = Vec::new();
        for (error, names) in self.0 {
            let issue = error.to_issue();
            // Errors that make the same issue are neighbours in their order.
            match reasons.last_mut().filter(|(last, _)| last.code == issue.code && last.found == issue.found) {
                Some((_, all)) => all.extend(names),
                None => reasons.push((issue, names)),
            }
        }
        reasons.sort_by_key(|(issue, _)| issue.code);
        let finished = |(mut issue, mut names): (Issue, Vec<String>)| {
            issue.found.push(Found::count(names.len(), Counted::Files));
            issue.severity = severity.unwrap_or(issue.severity);
            names.sort();
            names.truncate(MAX_NAMES);
            issue.with_files(names)
        };
        reasons.into_iter().map(finished).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_issue_for_each_reason_with_the_first_names() {
        let mut files = RefusedFiles::new();
        for name in ["c", "a", "b"] {
            files.add(SliceError::Codec(CodecError::Damaged), name.to_owned());
        }
        files.add(CodecError::Decoder("no marker".to_owned()).into(), "d".to_owned());
        files.add(SliceError::Truncated, "e".to_owned());
        let issues = files.into_issues(Some(Severity::Stop));
        let codes: Vec<IssueCode> = issues.iter().map(|issue| issue.code).collect();
        assert_eq!(codes, [IssueCode::FileTruncated, IssueCode::CodecFailed]);
        assert_eq!(issues[1].found, [Found::count(4, Counted::Files)]);
        assert_eq!(issues[1].files, ["a", "b", "c", "d"]);
        assert!(issues.iter().all(|issue| issue.severity == Severity::Stop));
    }
}
