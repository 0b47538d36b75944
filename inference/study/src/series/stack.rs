//! From the slices of one series to one stack of parallel slices, feet first, or why there is none.
//!
//! Slices are separated by what they are (size, direction, acquisition, reconstruction), never by
//! name or number. Where nothing separates two images at one place, the series is refused.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use corsai_report::{Counted, Found, Issue, IssueCode, Reason};

use crate::error::GeometryError;
use crate::geometry::slice_spacing::{MIN_SLICES, SAME_PLACE_MM, THICK_MM};
use crate::issues::{ToIssue, counted};
use crate::series::reconstruction::{best_part, one_reconstruction};
use crate::series::slice::{Comparison, SeriesSlice};
use crate::series::stack_geometry::{AXIAL, StackGeometry};

/// How often a stack is halved to fit memory: a chest of 1,024² pixels needs one.
const MAX_HALVINGS: usize = 2;
/// Beyond this multiple of the slices' distance a thick slice is a slab.
const SLAB: f64 = 1.5;

/// Pairs of copies in two encodings that are decoded and compared; of more the rest are taken for
/// copies, too.
const MAX_COMPARED: usize = 16;

/// Slices of one size and direction, from the feet to the head, no two at one place.
#[derive(Debug)]
pub(crate) struct SliceStack {
    pub slices: Vec<SeriesSlice>,
    pub geometry: StackGeometry,
}

impl SliceStack {
    /// Builds a stack of a series' slices, and returns it with those slices that another
    /// acquisition, reconstruction or size sets apart. Copies, slices that aren't axial, and why
    /// there is no stack, are added to `issues`.
    ///
    /// # Errors
    /// The slices without a stack: one of them is shown in its place.
    pub(crate) fn build(
        mut slices: Vec<SeriesSlice>,
        issues: &mut Vec<Issue>,
    ) -> Result<(Self, Vec<SeriesSlice>), Vec<SeriesSlice>> {
        // From here on nothing depends on the order in which the files came.
        slices.sort_by(|a, b| (&a.instance, &a.name).cmp(&(&b.instance, &b.name)));
        Self::try_build(slices, issues).map_err(|(error, slices)| {
            issues.push(error.to_issue());
            slices
        })
    }

    /// Builds the further stacks of slices that a first one left out.
    pub(crate) fn further(mut left_out: Vec<SeriesSlice>) -> Vec<Self> {
        let mut stacks = Vec::new();
        while left_out.len() >= MIN_SLICES
            && let Ok((stack, rest)) = Self::try_build(left_out, &mut Vec::new())
        {
            stacks.push(stack);
            left_out = rest;
        }
        stacks
    }

    fn try_build(
        slices: Vec<SeriesSlice>,
        issues: &mut Vec<Issue>,
    ) -> Result<(Self, Vec<SeriesSlice>), (GeometryError, Vec<SeriesSlice>)> {
        let slices = without_copies(slices, issues)?;
        let (axial, oblique): (Vec<_>, Vec<_>) =
            slices.into_iter().partition(|slice| slice.plane.normal().0[2].abs() >= AXIAL);
        if axial.is_empty() {
            return Err((GeometryError::NotAxial, oblique));
        }
        if !oblique.is_empty() {
            issues.push(counted(IssueCode::SeriesSetAside, oblique.len(), Counted::NotAxial, names(&oblique)));
        }
        let sorted = without_renamed_copies(by_position(axial), issues);
        let all: Vec<&SeriesSlice> = sorted.iter().collect();
        let (used, geometry) = match one_size(&all) {
            Ok((used, geometry)) => (used.into_iter().map(|slice| slice.number).collect::<BTreeSet<u32>>(), geometry),
            Err(error) => return Err((error, sorted)),
        };
        let (slices, left_out): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|slice| used.contains(&slice.number));
        Ok((Self { slices, geometry }, left_out))
    }

    /// Returns the stack with every second row and column, or every second slice, left out until it
    /// has at most `max_voxels`: first what is sampled most densely.
    ///
    /// # Errors
    /// The slices, where that isn't enough.
    pub(crate) fn reduced(self, max_voxels: usize) -> Result<Self, Vec<SeriesSlice>> {
        let Self { mut slices, mut geometry } = self;
        for _ in 0..MAX_HALVINGS {
            if geometry.grid.voxel_count() <= max_voxels {
                return Ok(Self { slices, geometry });
            }
            if geometry.grid.slice_mm() < geometry.grid.row_mm().max(geometry.grid.column_mm()) {
                slices = slices.into_iter().step_by(2).collect();
            } else {
                slices.iter_mut().for_each(SeriesSlice::thin);
            }
            match StackGeometry::of(&slices.iter().collect::<Vec<_>>()) {
                Ok(coarser) => geometry = coarser,
                Err(_) => return Err(slices),
            }
        }
        if geometry.grid.voxel_count() <= max_voxels { Ok(Self { slices, geometry }) } else { Err(slices) }
    }

    /// Returns whether each slice sums up the tissue of several: it is thick, and much thicker than
    /// its distance to the next one.
    pub(crate) fn is_of_slabs(&self) -> bool {
        let thickness_mm = self.middle().and_then(|slice| slice.description.thickness_mm).unwrap_or(0.0);
        thickness_mm > THICK_MM && thickness_mm > SLAB * self.geometry.grid.slice_mm()
    }

    /// Returns the issue of slices that follow one another and were made in several ways.
    pub(crate) fn unlike_slices(&self) -> Option<Issue> {
        let several = |value: fn(&SeriesSlice) -> String| {
            let values: BTreeSet<String> = self.slices.iter().map(value).collect();
            values.len() > 1
        };
        let found = [
            (several(|slice| slice.reconstruction.kernel.clone()), Reason::SeveralKernels),
            (several(|slice| slice.reconstruction.kvp.clone()), Reason::SeveralVoltages),
            (several(|slice| slice.description.contrast.to_string()), Reason::ContrastOnSome),
        ];
        let found: Vec<Found> =
            found.into_iter().filter(|(differ, _)| *differ).map(|(_, reason)| reason.into()).collect();
        (!found.is_empty()).then(|| Issue::new(IssueCode::SeriesUnlikeSlices, found))
    }

    /// Returns the middle slice, for the preview.
    pub(crate) fn middle(&self) -> Option<&SeriesSlice> {
        self.slices.get(self.slices.len() / 2)
    }
}

fn names(slices: &[SeriesSlice]) -> Vec<String> {
    slices.iter().map(|slice| slice.name.clone()).collect()
}

/// Drops files that are there twice.
///
/// # Errors
/// Different images under one identifier.
fn without_copies(
    slices: Vec<SeriesSlice>,
    issues: &mut Vec<Issue>,
) -> Result<Vec<SeriesSlice>, (GeometryError, Vec<SeriesSlice>)> {
    let mut kept: Vec<SeriesSlice> = Vec::with_capacity(slices.len());
    let (mut copies, mut clashes) = (Vec::new(), Vec::new());
    let mut looks = 0..MAX_COMPARED;
    // Sorted by identifier, so that slices of one identifier are neighbours.
    for slice in slices {
        let last = kept.last_mut().filter(|last| !last.instance.is_empty() && last.instance == slice.instance);
        let Some(last) = last else {
            kept.push(slice);
            continue;
        };
        match slice.compare(last, || looks.next().is_some()) {
            Comparison::Different => clashes.push(slice),
            Comparison::Copy => copies.push(slice),
            Comparison::BetterCopy => copies.push(std::mem::replace(last, slice)),
        }
    }
    if !copies.is_empty() {
        issues.push(counted(IssueCode::FileDuplicate, copies.len(), Counted::Copies, names(&copies)));
    }
    if clashes.is_empty() {
        return Ok(kept);
    }
    Err((GeometryError::IdentifierClash { clashes: clashes.len(), files: names(&clashes) }, kept))
}

/// Returns the slices of one size, direction, acquisition and reconstruction, and their geometry.
///
/// # Errors
/// Why there are none.
fn one_size<'a>(slices: &[&'a SeriesSlice]) -> Result<(Vec<&'a SeriesSlice>, StackGeometry), GeometryError> {
    let mut sets: Vec<Vec<&SeriesSlice>> = Vec::new();
    for size in alike(slices, SeriesSlice::has_size_of) {
        let mut parallel = alike(&size, SeriesSlice::is_parallel_to);
        parallel.sort_by_key(|set| Reverse(set.len()));
        if parallel.first().is_some_and(|set| set.len() * 2 <= size.len()) && size.len() > 1 {
            parallel.truncate(0);
        }
        sets.extend(parallel);
    }
    match &sets[..] {
        [] => Err(GeometryError::NotParallel),
        [one] => one_reconstruction(one),
        _ => best_part(&sets),
    }
}

/// Divides slices into sets that are alike, in the order of their first slices. Each set is sorted
/// along its own normal.
fn alike<'a>(slices: &[&'a SeriesSlice], alike: fn(&SeriesSlice, &SeriesSlice) -> bool) -> Vec<Vec<&'a SeriesSlice>> {
    let mut sets: Vec<Vec<&SeriesSlice>> = Vec::new();
    for slice in slices {
        match sets.iter_mut().find(|set| set.first().is_some_and(|first| alike(first, slice))) {
            Some(set) => set.push(slice),
            None => sets.push(vec![slice]),
        }
    }
    for set in &mut sets {
        let normal = set[0].plane.normal();
        set.sort_by(|a, b| a.position_mm(normal).total_cmp(&b.position_mm(normal)));
    }
    sets
}

/// Sorts slices from the feet to the head; identifiers only make the order of equal places
/// definite.
fn by_position(mut slices: Vec<SeriesSlice>) -> Vec<SeriesSlice> {
    let Some(normal) = slices.first().map(|first| first.plane.normal()) else { return slices };
    slices.sort_by(|a, b| {
        let positions = a.position_mm(normal).total_cmp(&b.position_mm(normal));
        positions.then_with(|| (&a.instance, &a.name).cmp(&(&b.instance, &b.name)))
    });
    slices
}

/// Drops images that are another one's copy at the same place under a new identifier.
fn without_renamed_copies(slices: Vec<SeriesSlice>, issues: &mut Vec<Issue>) -> Vec<SeriesSlice> {
    let mut kept: Vec<SeriesSlice> = Vec::with_capacity(slices.len());
    let mut copies = Vec::new();
    for slice in slices {
        let here = |other: &&SeriesSlice| other.plane.corner_mm.minus(slice.plane.corner_mm).length() < SAME_PLACE_MM;
        let is_copy = |other: &SeriesSlice| {
            let alike = slice.reconstruction == other.reconstruction || slice.is_encoded_as(other);
            alike && slice.compare(other, || true) != Comparison::Different
        };
        if kept.iter().rev().take_while(here).any(is_copy) {
            copies.push(slice);
        } else {
            kept.push(slice);
        }
    }
    if !copies.is_empty() {
        issues.push(counted(IssueCode::FileDuplicate, copies.len(), Counted::RenamedCopies, names(&copies)));
    }
    kept
}
