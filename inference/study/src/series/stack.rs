//! From the slices of one series to one stack of parallel slices, feet first, or the reason there is none.
//!
//! What doesn't belong is told apart by what it is (size, direction, reconstruction), never by name or number; where
//! nothing tells two pictures at one place apart, the series is refused rather than guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use corsai_protocol::{Issue, IssueCode};

use crate::codec::decode::Encoded;
use crate::frame_decoder::{Coding, Task};
use crate::geometry::orientation::{Placed, Vector};
use crate::geometry::slice_spacing::{SAME_PLACE_MM, Trouble, assess};
use crate::image::{About, Fault, Image, Slice, Variant, codec_fault};
use crate::modality_lut::Table;
use crate::volume::Grid;

/// Least z of an axial slice's normal: 20 degrees.
pub(crate) const AXIAL: f64 = 0.939_692_6;
/// Direction cosines that differ by less are those of parallel slices.
const PARALLEL: f64 = 5e-3;
/// Pixel distances that differ by less than this share are equal.
const SAME_SPACING: f64 = 1e-3;
/// mm that slices move sideways per mm of their distance before the gantry counts as tilted: half a degree.
pub(crate) const TILT: f64 = 0.008_7;
/// A slice this far beside the line on which the others lie is another picture's, mm.
const ASIDE_MM: f64 = 1.0;
/// The part that is used of a mixed series must cover this much of its length: a part that covers less is no chest.
const MIN_COVER: f64 = 0.8;
/// An issue names at most so many files.
pub(crate) const MAX_NAMES: usize = 5;

/// One readable slice of a series.
pub(crate) struct Member {
    pub name: String,
    /// Its number among all pictures that were taken in.
    pub picture: u32,
    instance: String,
    variant: Variant,
    pub about: About,
    bytes: Arc<Vec<u8>>,
    slice: Slice,
    pub placed: Placed,
}

impl std::fmt::Debug for Member {
    /// Neither the file's bytes nor anything from its header but sizes and places.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("placed", &self.placed).finish_non_exhaustive()
    }
}

impl Member {
    /// # Errors
    /// The image's own fault, and its name.
    pub(crate) fn new(image: Image) -> Result<Self, (Fault, String)> {
        let Image { name, picture, bytes, instance, variant, about, slice, .. } = image;
        let slice = match slice {
            Ok(slice) => slice,
            Err(fault) => return Err((fault, name)),
        };
        let placed = slice.placed();
        Ok(Self { name, picture, instance, variant, about, bytes, slice, placed })
    }

    /// Its SOP Instance UID, with the frame's number where there are several; empty where the file
    /// has none.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Whether both are the same picture in the same place, byte for byte.
    fn is_copy_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.slice, &other.slice);
        self.placed == other.placed
            && a.transfer == b.transfer
            && a.encoded.syntax == b.encoded.syntax
            && matches!((a.encoded.bytes(&self.bytes), b.encoded.bytes(&other.bytes)), (Ok(a), Ok(b)) if a == b)
    }

    fn same_size(&self, other: &Self) -> bool {
        let (a, b) = (&self.placed, &other.placed);
        let close = |(a, b): (f64, f64)| (a - b).abs() <= SAME_SPACING * a;
        (a.rows, a.columns) == (b.rows, b.columns) && a.spacing_mm.into_iter().zip(b.spacing_mm).all(close)
    }

    fn is_parallel_to(&self, other: &Self) -> bool {
        let pairs = self.placed.directions.into_iter().zip(other.placed.directions);
        pairs.into_iter().all(|(a, b)| a.minus(b).0.iter().all(|difference| difference.abs() <= PARALLEL))
    }

    /// Decodes into canonical order; `hu` has a place for each pixel. The table is kept for the next slice.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub(crate) fn decode(&self, table: &mut Option<Table>, hu: &mut [i16]) -> Result<(), Fault> {
        let encoded = &self.slice.encoded;
        let bytes = encoded.bytes(&self.bytes).map_err(|error| codec_fault(error, encoded.syntax))?;
        Coding::of(&self.slice, &self.placed).decode_into(bytes, table, hu)
    }

    /// The slice as work for another instance; `None` where there is no use in that.
    pub(crate) fn task(&self) -> Option<Task<'_>> {
        Task::of(self.picture, &self.slice, &self.placed, &self.bytes)
    }
}

/// Slices of one size and direction, from the feet to the head, no two at one place.
#[derive(Debug)]
pub(crate) struct Stack {
    pub members: Vec<Member>,
    pub layout: Layout,
}

/// Where the slices of a stack lie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub grid: Grid,
    pub issues: Vec<Issue>,
}

/// Makes a stack of a series' slices; what is left out or doubtful, and why there is none, is added to `issues`.
///
/// # Errors
/// A slice of the series to show in the stack's place.
pub(crate) fn arrange(mut members: Vec<Member>, issues: &mut Vec<Issue>) -> Result<Stack, Option<Sample>> {
    // From here on nothing depends on the order in which the files came.
    members.sort_by(|a, b| (&a.instance, &a.name).cmp(&(&b.instance, &b.name)));
    let members = match without_copies(members, issues) {
        Ok(members) => members,
        Err((members, issue)) => return Err(refused(issue, members, issues)),
    };
    let (axial, oblique): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.placed.normal().0[2].abs() >= AXIAL);
    if axial.is_empty() {
        return Err(refused(Issue::new(IssueCode::GeometryNotAxial, ""), oblique, issues));
    }
    if !oblique.is_empty() {
        issues.push(counted(IssueCode::SeriesSetAside, &oblique, "not axial"));
    }
    let mut left_out = Vec::new();
    let same_size = largest(axial, Member::same_size, &mut left_out);
    let count = same_size.len();
    let mut fanned = Vec::new();
    let parallel = largest(same_size, Member::is_parallel_to, &mut fanned);
    if parallel.len() * 2 <= count && count > 1 {
        return Err(refused(Issue::new(IssueCode::GeometryOrientation, ""), parallel, issues));
    }
    left_out.extend(fanned);
    let sorted = without_twins(by_position(parallel), issues);
    let (members, layout) = match lay_out(&sorted.iter().collect::<Vec<_>>()) {
        Ok(layout) => (sorted, layout),
        Err(trouble) => match one_variant(sorted, &trouble, &mut left_out) {
            Ok(found) => found,
            Err(members) => return Err(refused(trouble.issue(), members, issues)),
        },
    };
    if !left_out.is_empty() {
        let found = format!("{} of {} pictures used", members.len(), members.len() + left_out.len());
        issues.push(Issue::new(IssueCode::SeriesSplit, &found));
    }
    Ok(Stack { members, layout })
}

/// A picture to show of a series that can't be used.
#[derive(Debug)]
pub(crate) enum Sample {
    Slice(Box<Member>),
    EightBit(Viewable),
}

/// A picture that can be looked at and not measured.
pub(crate) struct Viewable {
    pub bytes: Arc<Vec<u8>>,
    pub encoded: Encoded,
    pub rows: usize,
    pub columns: usize,
}

impl std::fmt::Debug for Viewable {
    /// Without the file's bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewable").field("rows", &self.rows).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// The middle one of some slices.
pub(crate) fn sample(members: Vec<Member>) -> Option<Sample> {
    middle(members).map(|member| Sample::Slice(Box::new(member)))
}

pub(crate) fn middle<T>(mut all: Vec<T>) -> Option<T> {
    let middle = all.len() / 2;
    (middle < all.len()).then(|| all.swap_remove(middle))
}

fn refused(issue: Issue, members: Vec<Member>, issues: &mut Vec<Issue>) -> Option<Sample> {
    issues.push(issue);
    sample(members)
}

/// An issue that counts and names files.
fn counted(code: IssueCode, members: &[Member], what: &str) -> Issue {
    let names = members.iter().take(MAX_NAMES).map(|member| member.name.clone()).collect();
    Issue::new(code, &format!("{} {what}", members.len())).with_files(names)
}

/// Drops files that are there twice.
///
/// # Errors
/// Different pictures under one identifier.
fn without_copies(members: Vec<Member>, issues: &mut Vec<Issue>) -> Result<Vec<Member>, (Vec<Member>, Issue)> {
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    let (mut copies, mut clashes) = (Vec::new(), Vec::new());
    // Sorted by identifier, so that those of one identifier are neighbours.
    for member in members {
        match kept.last().filter(|last| !last.instance.is_empty() && last.instance == member.instance) {
            Some(last) if member.is_copy_of(last) => copies.push(member),
            Some(_) => clashes.push(member),
            None => kept.push(member),
        }
    }
    if !copies.is_empty() {
        issues.push(counted(IssueCode::FileDuplicate, &copies, "copies"));
    }
    if clashes.is_empty() { Ok(kept) } else { Err((kept, counted(IssueCode::SeriesUidClash, &clashes, "pictures"))) }
}

/// The largest set whose members are alike; the earlier one where two are equally large. The others go to `rest`.
fn largest(members: Vec<Member>, alike: fn(&Member, &Member) -> bool, rest: &mut Vec<Member>) -> Vec<Member> {
    let mut sets: Vec<Vec<Member>> = Vec::new();
    for member in members {
        match sets.iter_mut().find(|set| set.first().is_some_and(|first| alike(first, &member))) {
            Some(set) => set.push(member),
            None => sets.push(vec![member]),
        }
    }
    take_largest(sets, rest)
}

fn take_largest(mut sets: Vec<Vec<Member>>, rest: &mut Vec<Member>) -> Vec<Member> {
    let best = sets.iter().enumerate().rev().max_by_key(|(_, set)| set.len()).map(|(index, _)| index);
    let best = sets.remove(best.expect("invariant: a set is taken of slices that there are"));
    rest.extend(sets.into_iter().flatten());
    best
}

/// Sorted from the feet to the head; the identifiers only make the order of equal places definite.
fn by_position(mut members: Vec<Member>) -> Vec<Member> {
    let Some(normal) = members.first().map(|first| first.placed.normal()) else { return members };
    let position = |member: &Member| member.placed.corner_mm.dot(normal);
    members.sort_by(|a, b| {
        position(a).total_cmp(&position(b)).then_with(|| (&a.instance, &a.name).cmp(&(&b.instance, &b.name)))
    });
    members
}

/// Drops pictures that are another one's copy at the same place under a new identifier.
fn without_twins(members: Vec<Member>, issues: &mut Vec<Issue>) -> Vec<Member> {
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    let mut twins = Vec::new();
    for member in members {
        let here = |other: &&Member| other.placed.corner_mm.minus(member.placed.corner_mm).length() < SAME_PLACE_MM;
        if kept.iter().rev().take_while(here).any(|other| member.is_copy_of(other)) {
            twins.push(member);
        } else {
            kept.push(member);
        }
    }
    if !twins.is_empty() {
        issues.push(counted(IssueCode::FileDuplicate, &twins, "copies under other identifiers"));
    }
    kept
}

/// Where sorted slices lie.
///
/// # Errors
/// Why they make no volume.
pub(crate) fn lay_out(members: &[&Member]) -> Result<Layout, Trouble> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return Err(Trouble::TooFew(0)) };
    let normal = first.placed.normal();
    let positions_mm: Vec<f64> = members.iter().map(|member| member.placed.corner_mm.dot(normal)).collect();
    let spacing = assess(&positions_mm)?;
    let mut issues = spacing.issues;
    let way = last.placed.corner_mm.minus(first.placed.corner_mm);
    let height = way.dot(normal);
    // What the corners move per mm along the normal; the part beside the normal is the tilt.
    let slope = way.scaled(1.0 / height);
    let line = |position: f64| first.placed.corner_mm.plus(slope.scaled(position - first.placed.corner_mm.dot(normal)));
    let strays = members.iter().zip(&positions_mm);
    if strays.into_iter().any(|(member, at)| member.placed.corner_mm.minus(line(*at)).length() > ASIDE_MM) {
        return Err(Trouble::Shifted);
    }
    let tilt = slope.minus(normal).length();
    if tilt > TILT {
        let degrees = tilt.atan().to_degrees();
        issues.push(Issue::new(IssueCode::GeometryGantryTilt, &format!("{degrees:.1}°")));
    }
    let [row_mm, column_mm] = first.placed.spacing_mm;
    let [horizontal, vertical] = first.placed.directions;
    let step = way.scaled(1.0 / (members.len().saturating_sub(1).max(1)) as f64);
    let [a, b, c] = [horizontal.scaled(column_mm), vertical.scaled(row_mm), step].map(|Vector(axis)| axis);
    let Vector(corner) = first.placed.corner_mm;
    let grid = Grid {
        slices: members.len(),
        rows: first.placed.rows,
        columns: first.placed.columns,
        row_mm,
        column_mm,
        positions_mm,
        slab_mm: spacing.slab_mm,
        patient_from_voxel: [0, 1, 2].map(|axis| [a[axis], b[axis], c[axis], corner[axis]]),
    };
    Ok(Layout { grid, issues })
}

/// What tells reconstructions apart, the most telling first.
const TELLING: [fn(&Variant) -> &str; 8] = [
    |variant| &variant.acquisition,
    |variant| &variant.stack,
    |variant| &variant.kernel,
    |variant| &variant.image_type,
    |variant| &variant.temporal_position,
    |variant| &variant.contrast,
    |variant| &variant.kvp,
    |variant| &variant.thickness,
];

/// The largest reconstruction of several that lie in one another, by the first mark that tells them apart, else by all.
///
/// # Errors
/// The members, where no part of them is a stack that covers what all of them cover.
fn one_variant(
    members: Vec<Member>,
    trouble: &Trouble,
    rest: &mut Vec<Member>,
) -> Result<(Vec<Member>, Layout), Vec<Member>> {
    if !matches!(trouble, Trouble::Overlapping(_) | Trouble::Irregular(_) | Trouble::Shifted) {
        return Err(members);
    }
    let height = |members: &[&Member]| match (members.first(), members.last()) {
        (Some(first), Some(last)) => last.placed.corner_mm.minus(first.placed.corner_mm).dot(first.placed.normal()),
        _ => 0.0,
    };
    let needed = MIN_COVER * height(&members.iter().collect::<Vec<_>>());
    let marks = TELLING.chunks(1).chain([&TELLING[..]]);
    let mut found = None;
    for marks in marks {
        let mut parts: BTreeMap<Vec<&str>, Vec<&Member>> = BTreeMap::new();
        for member in &members {
            parts.entry(marks.iter().map(|mark| mark(&member.variant)).collect()).or_default().push(member);
        }
        let Some((key, part)) = parts.into_iter().rev().max_by_key(|(_, part)| part.len()) else { continue };
        if part.len() == members.len() || height(&part) < needed {
            continue;
        }
        if let Ok(layout) = lay_out(&part) {
            let key: Vec<String> = key.into_iter().map(str::to_owned).collect();
            found = Some((marks, key, layout));
            break;
        }
    }
    let Some((marks, key, layout)) = found else { return Err(members) };
    let belongs = |member: &Member| marks.iter().zip(&key).all(|(mark, value)| mark(&member.variant) == value);
    let (used, others): (Vec<_>, Vec<_>) = members.into_iter().partition(belongs);
    rest.extend(others);
    Ok((used, layout))
}
