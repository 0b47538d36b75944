//! Everything that was dropped, file by file, until it is known which series there are.

use std::collections::BTreeMap;

use corsai_protocol::{Issue, IssueCode, SeriesId};

use crate::archive::{ArchiveError, Budget, Unpacked, is_archive, unpack};
use crate::dataset::reader::FileError;
use crate::dataset::value_parsing as value;
use crate::frame_decoder::{Ahead, Task};
use crate::image::{Fault, GroupKey, Image};
use crate::series::{Series, fault_issues};

/// Characters of a file's name that are kept for the screen.
const MAX_NAME: usize = 160;
/// What a wasm instance can address. Three eighths of it may be files, three sixteenths a volume; the rest is for the
/// networks, the labels and a second study.
const MEMORY: u64 = 1 << 32;

/// What is said of files that hold no picture.
const NO_PICTURE: [IssueCode; 4] =
    [IssueCode::FileEmpty, IssueCode::FileNotDicom, IssueCode::FileNoPixels, IssueCode::ZipBad];
/// Of the largest volume, what may be decoded ahead: it needs memory twice for a moment.
const AHEAD_SHARE: usize = 8;

/// What one drop may hold; more ends in a refusal before memory does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, those in archives included; each frame of a multi-frame file counts as one.
    pub files: usize,
    /// Bytes of pictures that are kept while the drop lasts; archives may not unpack to more either.
    pub bytes: u64,
    /// Voxels of one volume, two bytes each; labels and the networks need their own memory beside it.
    pub voxels: usize,
}

impl Default for Limits {
    /// What fits the 4 GiB of a wasm instance: 1.5 GiB of files beside a volume of 1,536 slices of 512².
    fn default() -> Self {
        // Half as many voxels as bytes, which fits any usize.
        Self { files: 20_000, bytes: MEMORY / 8 * 3, voxels: (MEMORY / 32 * 3) as usize }
    }
}

/// Takes files and sorts them into series.
#[derive(Debug)]
pub struct Intake {
    limits: Limits,
    budget: Budget,
    files: usize,
    bytes: u64,
    groups: BTreeMap<GroupKey, Vec<Image>>,
    /// Files that no series took, by reason.
    refused: BTreeMap<(IssueCode, String), Vec<String>>,
    /// Once set, nothing is taken any more.
    stop: Option<IssueCode>,
    /// How many pictures there were so far, and where the last one is.
    pictures: u32,
    /// Pictures that a disc's index lists: only a hint, for indices are copied along with parts of a disc.
    listed: usize,
    last: Option<GroupKey>,
    ahead: Ahead,
    ahead_voxels: usize,
}

impl Intake {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            budget: Budget { bytes: limits.bytes, files: limits.files },
            files: 0,
            bytes: 0,
            groups: BTreeMap::new(),
            refused: BTreeMap::new(),
            stop: None,
            pictures: 0,
            listed: 0,
            last: None,
            ahead: Ahead::new(),
            ahead_voxels: 0,
        }
    }

    /// Takes one file. An archive, told by its content, is unpacked. `name` is for the screen only.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let name = shown(name);
        self.last = None;
        if !is_archive(&bytes) {
            self.take(&name, bytes);
            return;
        }
        if self.stop.is_some() {
            return;
        }
        let mut budget = self.budget;
        let result = unpack(&name, &bytes, &mut budget, &mut |name, unpacked| {
            let name = shown(name);
            match unpacked {
                Unpacked::File(bytes) => self.take(&name, bytes),
                Unpacked::Unreadable => self.refuse(IssueCode::FileUnreadable, &name),
                Unpacked::BadArchive => self.refuse(IssueCode::ZipBad, &name),
            }
        });
        self.budget = budget;
        match result {
            Ok(()) => {}
            Err(ArchiveError::Bad) => self.refuse(IssueCode::ZipBad, &name),
            Err(ArchiveError::TooLarge) => self.stop = self.stop.or(Some(IssueCode::ZipTooLarge)),
            Err(ArchiveError::TooMany) => self.stop = self.stop.or(Some(IssueCode::InputTooMany)),
        }
    }

    /// Notes a file that is there but could not be read.
    pub fn fail(&mut self, name: &str) {
        self.refuse(IssueCode::FileUnreadable, &shown(name));
    }

    /// Notes a file that alone is larger than all that may be held.
    pub fn too_large(&mut self) {
        self.stop = self.stop.or(Some(IssueCode::InputTooLarge));
    }

    fn take(&mut self, name: &str, bytes: Vec<u8>) {
        self.count(1);
        if self.stop.is_some() {
            return;
        }
        match Image::read(name, bytes) {
            Ok(images) => {
                self.count(images.len().saturating_sub(1));
                // A file's pictures share its bytes.
                let kept = images.iter().map(|image| image.bytes.len() as u64).max().unwrap_or(0);
                self.bytes = self.bytes.saturating_add(kept);
                if self.bytes > self.limits.bytes {
                    self.stop = self.stop.or(Some(IssueCode::InputTooLarge));
                }
                if self.stop.is_some() {
                    return;
                }
                for mut image in images {
                    image.picture = self.pictures;
                    self.pictures += 1;
                    self.last = Some(image.group.clone());
                    self.groups.entry(image.group.clone()).or_default().push(image);
                }
            }
            Err(error) => {
                if let FileError::Directory(listed) = error {
                    self.listed = self.listed.max(listed);
                }
                self.refuse(error.code(), name);
            }
        }
    }

    /// The picture that was taken in last, for another instance to decode before it is known what belongs to it; `None`
    /// where it isn't worth that, or enough is decoded that nobody may ask for.
    #[must_use]
    pub fn last_task(&self) -> Option<Task<'_>> {
        if self.ahead_voxels > self.limits.voxels / AHEAD_SHARE {
            return None;
        }
        self.groups.get(self.last.as_ref()?)?.last()?.task()
    }

    /// Keeps what became of a [`Self::last_task`].
    pub fn accept(&mut self, picture: u32, decoded: Result<Vec<i16>, Fault>) {
        self.ahead_voxels += decoded.as_ref().map_or(0, Vec::len);
        self.ahead.insert(picture, decoded);
    }

    /// All that was decoded so far.
    pub fn take_ahead(&mut self) -> Ahead {
        std::mem::take(&mut self.ahead)
    }

    fn count(&mut self, files: usize) {
        self.files += files;
        if self.files > self.limits.files {
            self.stop = self.stop.or(Some(IssueCode::InputTooMany));
        }
    }

    fn refuse(&mut self, code: IssueCode, name: &str) {
        self.refused.entry((code, String::new())).or_default().push(name.to_owned());
    }

    /// Sorts what came in into series.
    #[must_use]
    pub fn finish(self) -> Opened {
        let Self { limits, groups, refused, stop, pictures, listed, .. } = self;
        // A part of a drop could be a part of a series: no number is better than a part's.
        let groups = if stop.is_some() { BTreeMap::new() } else { groups };
        let mut series: Vec<Series> =
            groups.into_iter().map(|(group, images)| Series::new(&group, images, limits.voxels)).collect();
        // Stable: equal ones stay in the order of their identifiers.
        series.sort_by_cached_key(Series::rank);
        for (index, series) in series.iter_mut().enumerate() {
            series.number(SeriesId(
                u32::try_from(index).expect("invariant: there are fewer series than files, and those are counted"),
            ));
        }
        let found = match stop {
            Some(IssueCode::InputTooMany) => format!("more than {} files", limits.files),
            _ => format!("more than {}", megabytes(limits.bytes)),
        };
        let mut issues: Vec<Issue> = stop.into_iter().map(|code| Issue::new(code, &found)).collect();
        if stop.is_none() && series.is_empty() {
            issues.push(Issue::new(IssueCode::InputNothing, ""));
        }
        let unreadable =
            refused.iter().filter(|((code, _), _)| !NO_PICTURE.contains(code)).map(|(_, names)| names.len());
        let found = pictures as usize + unreadable.sum::<usize>();
        if stop.is_none() && found < listed {
            issues.push(Issue::new(IssueCode::InputIncomplete, &format!("{listed} listed, {found} found")));
        }
        for (reason, names) in refused {
            let severity = reason.0.severity();
            issues.extend(fault_issues(BTreeMap::from([(reason, names)]), severity));
        }
        Opened { issues, series }
    }
}

/// A size for a person, in units of a million bytes, at most two digits behind the point.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", (bytes as f64 / 1e4).round() / 100.0)
}

/// A name for the screen: nothing that steers it, and not too long.
fn shown(name: &str) -> String {
    value::text(name.as_bytes(), None, MAX_NAME)
}

/// What was found in a drop.
#[derive(Debug)]
pub struct Opened {
    /// Of the drop as a whole, the grave ones first, and of files that no series took.
    pub issues: Vec<Issue>,
    /// Usable ones first, and among them those described as of the lungs. `series[i]` has the id `SeriesId(i)`.
    pub series: Vec<Series>,
}

impl Opened {
    /// The series to take without asking: the only usable one, unless it was cut out of several that share its name.
    #[must_use]
    pub fn only_clean(&self) -> Option<SeriesId> {
        let mut usable = self.series.iter().map(Series::summary).filter(|summary| summary.usable);
        let (only, None) = (usable.next()?, usable.next()) else { return None };
        let mixed = only.issues.iter().any(|issue| issue.code == IssueCode::SeriesSplit);
        (!mixed).then_some(only.id)
    }
}
