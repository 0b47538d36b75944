//! Takes the dropped files one by one and sorts their images into series.

use std::collections::{BTreeMap, BTreeSet};

use corsai_protocol::SeriesId;
use corsai_report::{Counted, Found, Issue, IssueCode, Severity};

use crate::archive::{ArchiveError, Budget, each_file};
use crate::dataset::value_parsing;
use crate::error::{FileError, SliceError};
use crate::file_format::FileFormat;
use crate::image::description::{ReconstructionKey, SeriesKey};
use crate::image::file_image::{FileImage, Origin, Released};
use crate::image::file_reader::{numbered, read_images};
use crate::image::frame_decoder::{DecodeJob, Prefetched};
use crate::issues::RefusedFiles;
use crate::series::entry::Series;
use crate::series::grouping::group;

/// Characters of a file's name that are kept for the screen.
const MAX_NAME: usize = 160;
/// Bytes that a wasm instance can address. Three eighths may be files, three sixteenths a volume;
/// the rest is for the networks, the labels and a second study.
const MEMORY: u64 = 1 << 32;
/// Codes of files that hold no image: they are no missing images of a disc's index.
const NO_IMAGE: [IssueCode; 8] = [
    IssueCode::FileEmpty,
    IssueCode::FileNotDicom,
    IssueCode::FileNoPixels,
    IssueCode::FileOtherFormat,
    IssueCode::ZipBad,
    IssueCode::ArchiveNested,
    IssueCode::ArchivePassword,
    IssueCode::ArchiveUnsupported,
];
/// What archives may unpack to, as a multiple of the bytes that are held: more are let go again.
const UNPACKED_FACTOR: u64 = 4;
/// The part of the largest volume that is decoded before its series is known, as a divisor:
/// prefetched slices are copied into the volume, and are in memory twice for a moment.
const PREFETCH_DIVISOR: usize = 8;

/// How many of a file's first bytes are read where its pixels aren't needed yet, one after the
/// other as far as the header is longer: that of a slice has a few KiB, that of many frames up to
/// 1 MiB.
pub const START_BYTES: [u64; 2] = [1 << 16, 1 << 20];

/// Limits of one intake. An input beyond them is refused before memory runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most files, those in archives included; each frame of a multi-frame file counts as one.
    pub files: usize,
    /// Most bytes of files with images that are held at a time. Beyond them only headers are kept,
    /// and the files of a chosen series are read again. One file has no more, and archives don't
    /// unpack to more than four times as many.
    pub bytes: u64,
    /// Most voxels of one volume, two bytes each; labels and networks need memory of their own. A
    /// larger series is read in part.
    pub voxels: usize,
}

impl Limits {
    /// Returns limits for a program with the memory of the whole machine: 8 GiB of files beside a
    /// volume of 4 GiB.
    #[must_use]
    pub fn native() -> Self {
        Self { files: 200_000, bytes: 1 << 33, voxels: 1 << 31 }
    }
}

impl Default for Limits {
    /// Returns limits for the 4 GiB of a wasm instance: 1.5 GiB of files beside a volume of 1,536
    /// slices of 512².
    fn default() -> Self {
        // Half as many voxels as bytes, which fits any usize.
        Self { files: 20_000, bytes: MEMORY / 8 * 3, voxels: (MEMORY / 32 * 3) as usize }
    }
}

/// Takes files and sorts their images into series.
#[derive(Debug)]
pub struct Intake {
    limits: Limits,
    budget: Budget,
    files: usize,
    /// Where the next file is from.
    origin: Origin,
    bytes: u64,
    /// Files' bytes are let go once their headers are read: all together are more than can be held.
    releases: bool,
    series: BTreeMap<SeriesKey, Vec<FileImage>>,
    /// Files that belong to no series, by reason.
    refused: RefusedFiles<FileError>,
    /// Why nothing is taken any more, once a limit is passed.
    stop: Option<IssueCode>,
    /// Number of images so far.
    images: u32,
    /// Images that the index of a disc lists: a hint only, because an index is copied with parts of
    /// a disc too.
    listed: usize,
    /// Series of the last image.
    last: Option<SeriesKey>,
    prefetched: Prefetched,
    prefetched_voxels: usize,
}

impl Intake {
    /// Returns an empty intake.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            budget: Budget {
                bytes: limits.bytes.saturating_mul(UNPACKED_FACTOR),
                file_bytes: limits.bytes,
                files: limits.files,
            },
            files: 0,
            origin: Origin::default(),
            bytes: 0,
            releases: false,
            series: BTreeMap::new(),
            refused: RefusedFiles::new(),
            stop: None,
            images: 0,
            listed: 0,
            last: None,
            prefetched: Prefetched::new(),
            prefetched_voxels: 0,
        }
    }

    /// Takes one file. An archive, recognised by its content, is unpacked. `name` is for the screen
    /// only.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let name = display_name(name);
        self.last = None;
        self.origin.entry = 0;
        if self.stop.is_none() {
            let mut budget = self.budget;
            let result = each_file(&name, bytes, &mut budget, &mut |name, unpacked| {
                let name = display_name(name);
                match unpacked {
                    Ok(bytes) => self.take(&name, bytes),
                    Err(error) => self.refuse(error, &name),
                }
                self.origin.entry += 1;
            });
            self.budget = budget;
            match result {
                Ok(()) => {}
                Err(ArchiveError::Bad) => self.refuse(FileError::BadArchive, &name),
                Err(ArchiveError::TooLarge) => self.stop = self.stop.or(Some(IssueCode::ZipTooLarge)),
                Err(ArchiveError::TooMany) => self.stop = self.stop.or(Some(IssueCode::InputTooMany)),
            }
        }
        self.origin.file += 1;
    }

    /// Takes a file of `size` bytes by its first ones, in place of [`Self::add`], where all files
    /// together are more than is held. Returns whether these were enough: if not, more of the file,
    /// or all of it, has to be added.
    ///
    /// When all files are taken, [`Self::undecided`] tells which ones are to be read whole.
    #[must_use]
    pub fn add_start(&mut self, name: &str, start: Vec<u8>, size: u64) -> bool {
        let Ok(size) = usize::try_from(size) else { return false };
        if self.stop.is_none() {
            if FileFormat::of(&start).is_some() {
                return false;
            }
            let name = display_name(name);
            let images = match FileImage::read_start(&name, start, size) {
                Ok(images) => Ok(images),
                Err(FileError::NotDicom) => Err(FileError::NotDicom),
                Err(_) => return false,
            };
            self.origin.entry = 0;
            self.last = None;
            self.count(1);
            self.take_images(&name, images.map(|images| numbered(images, self.origin)));
        }
        self.origin.file += 1;
        true
    }

    /// Returns the files that were taken by their first bytes and may hold a copy of another one's
    /// image, by the order in which they were added, from 0: their pixels tell.
    #[must_use]
    pub fn undecided(&self) -> Vec<usize> {
        let mut files = BTreeSet::new();
        for images in self.series.values() {
            let mut same: BTreeMap<ImageIdentity<'_>, Vec<&FileImage>> = BTreeMap::new();
            for image in images {
                for identity in ImageIdentity::of(image).into_iter().flatten() {
                    same.entry(identity).or_default().push(image);
                }
            }
            let several = same.into_values().filter(|images| images.len() > 1).flatten();
            files.extend(several.filter(|image| image.released == Some(Released::Unread)).map(|i| i.origin.file));
        }
        files.into_iter().collect()
    }

    /// Takes the bytes of one of [`Self::undecided`], and keeps a digest of its pixels.
    pub fn complete(&mut self, file: usize, bytes: Vec<u8>) {
        let Ok(read) = FileImage::read("", bytes) else { return };
        let read = numbered(read, Origin { file, ..Origin::default() });
        for held in self.series.values_mut().flatten().filter(|held| held.released == Some(Released::Unread)) {
            let same = read.iter().find(|image| image.origin == held.origin && image.slice == held.slice);
            held.released = same.and_then(FileImage::digest).or(held.released);
        }
    }

    /// Notes a file that could not be read.
    pub fn add_unreadable(&mut self, name: &str) {
        self.last = None;
        self.refuse(FileError::Unreadable, &display_name(name));
        self.origin.file += 1;
    }

    /// Notes a file that alone is larger than [`Limits::bytes`].
    pub fn add_too_large(&mut self, name: &str) {
        self.last = None;
        self.refuse(FileError::TooLarge(self.limits.bytes), &display_name(name));
        self.origin.file += 1;
    }

    fn take(&mut self, name: &str, bytes: Vec<u8>) {
        self.count(1);
        if self.stop.is_some() {
            return;
        }
        // Two bytes a voxel.
        let max_nifti_voxels = usize::try_from(self.limits.bytes / 2).unwrap_or(usize::MAX);
        let images = read_images(name, bytes, self.origin, max_nifti_voxels);
        self.take_images(name, images);
    }

    /// Takes the images of one file, which is counted.
    fn take_images(&mut self, name: &str, images: Result<Vec<FileImage>, FileError>) {
        if self.stop.is_some() {
            return;
        }
        match images {
            Ok(images) => {
                self.count(images.len().saturating_sub(1));
                if self.stop.is_none() {
                    self.keep(images);
                }
            }
            Err(error) => {
                if let FileError::Directory(listed) = error {
                    self.listed = self.listed.max(listed);
                }
                self.refuse(error, name);
            }
        }
    }

    /// Keeps the images of one file, whose bytes they share.
    fn keep(&mut self, images: Vec<FileImage>) {
        let held = images.iter().map(|image| image.bytes.len() as u64).max().unwrap_or(0);
        self.bytes = self.bytes.saturating_add(held);
        if !self.releases && self.bytes > self.limits.bytes {
            tracing::info!(files = self.files, "files' bytes are released");
            self.releases = true;
            self.series.values_mut().flatten().for_each(FileImage::release);
        }
        for mut image in images {
            if self.releases {
                image.release();
            }
            image.number = self.images;
            self.images += 1;
            self.last = Some(image.series.clone());
            self.series.entry(image.series.clone()).or_default().push(image);
        }
    }

    /// Returns the image that was added last as a job, for another worker to decode before its
    /// series is known; `None` where its pixel data are native, or enough slices are prefetched.
    #[must_use]
    pub fn last_job(&self) -> Option<DecodeJob<'_>> {
        if self.prefetched_voxels > self.limits.voxels / PREFETCH_DIVISOR {
            return None;
        }
        self.series.get(self.last.as_ref()?)?.last()?.job()
    }

    /// Keeps the result of a [`Self::last_job`].
    pub fn accept(&mut self, image: u32, decoded: Result<Vec<i16>, SliceError>) {
        self.prefetched_voxels += decoded.as_ref().map_or(0, Vec::len);
        self.prefetched.insert(image, decoded);
    }

    /// Takes all slices that were decoded so far.
    pub fn take_prefetched(&mut self) -> Prefetched {
        std::mem::take(&mut self.prefetched)
    }

    fn count(&mut self, files: usize) {
        self.files += files;
        if self.files > self.limits.files {
            self.stop = self.stop.or(Some(IssueCode::InputTooMany));
        }
    }

    fn refuse(&mut self, error: FileError, name: &str) {
        tracing::debug!(%error, "file not used");
        self.refused.add(error, name.to_owned());
    }

    /// Sorts the images into series.
    #[must_use]
    pub fn finish(self) -> SeriesList {
        let _span =
            tracing::info_span!("series", files = self.files, images = self.images, bytes = self.bytes).entered();
        let Self { limits, series, refused, stop, images, listed, .. } = self;
        // A part of the files may be a part of a series: no number is better than a part's.
        let series = if stop.is_some() { BTreeMap::new() } else { series };
        let mut series: Vec<Series> =
            group(series).into_iter().flat_map(|group| Series::of_group(group, limits.voxels)).collect();
        // Stable: equal ones stay in the order of their identifiers.
        series.sort_by_cached_key(Series::sort_key);
        for (index, series) in series.iter_mut().enumerate() {
            series.set_id(SeriesId(
                u32::try_from(index).expect("invariant: there are fewer series than images, and those are counted"),
            ));
        }
        let mut issues = Vec::new();
        if let Some(code) = stop {
            let found = match code {
                IssueCode::InputTooMany => Found::MoreThan { limit: limits.files as u64, of: Counted::Files },
                _ => Found::MoreThanBytes { limit: limits.bytes.saturating_mul(UNPACKED_FACTOR) },
            };
            issues.push(Issue::new(code, [found]));
        } else if series.is_empty() {
            issues.push(Issue::new(IssueCode::InputNothing, []));
        }
        let present = images as usize + refused.count(|code| !NO_IMAGE.contains(&code));
        if stop.is_none() && present < listed {
            let found = Found::Listed { listed: listed as u64, present: present as u64 };
            issues.push(Issue::new(IssueCode::InputIncomplete, [found]));
        }
        let mut of_files = refused.into_issues(None);
        if !series.is_empty() {
            // What stops a single file doesn't stop the others.
            for issue in &mut of_files {
                issue.severity = issue.severity.min(Severity::Skip);
            }
        }
        issues.extend(of_files);
        tracing::info!(series = series.len(), issues = issues.len(), "images sorted into series");
        SeriesList { issues, series }
    }
}

/// What two copies of one image have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ImageIdentity<'a> {
    Instance(&'a str),
    /// Kernel, acquisition, and the bits of the corner's coordinates.
    Place([&'a str; 2], [u64; 3]),
}

impl<'a> ImageIdentity<'a> {
    fn of(image: &'a FileImage) -> [Option<Self>; 2] {
        let instance = Some(image.instance.as_str()).filter(|instance| !instance.is_empty());
        let place = image.slice.as_ref().ok().map(|slice| slice.corner_mm.0.map(f64::to_bits));
        let ReconstructionKey { kernel, acquisition, .. } = &image.reconstruction;
        [instance.map(Self::Instance), place.map(|place| Self::Place([kernel, acquisition], place))]
    }
}

/// Returns a name for the screen: without control characters, and not too long.
fn display_name(name: &str) -> String {
    value_parsing::text(name.as_bytes(), None, MAX_NAME)
}

/// The series of the files that were added.
#[derive(Debug)]
pub struct SeriesList {
    /// Issues of the input as a whole, the grave ones first, and of files that belong to no series.
    pub issues: Vec<Issue>,
    /// Series that can be measured come first, among them those described as of the lungs.
    /// `series[i]` has the id `SeriesId(i)`.
    pub series: Vec<Series>,
}

impl SeriesList {
    /// Returns the series to take without asking: the only one that can be measured, unless it was
    /// split off from several reconstructions.
    #[must_use]
    pub fn only_usable(&self) -> Option<SeriesId> {
        let mut usable = self.series.iter().map(Series::summary).filter(|summary| summary.usable);
        let (only, None) = (usable.next()?, usable.next()) else { return None };
        let split = only.issues.iter().any(|issue| issue.code == IssueCode::SeriesSplit);
        (!split).then_some(only.id)
    }
}
