//! One acquisition and reconstruction of those that share a series.
//!
//! Slices are told apart by what their headers say of acquisition and reconstruction. Places alone
//! don't: two acquisitions may lie evenly between one another. Slices of several acquisitions that
//! follow one another along the body are one stack, as scanners with a moving table write it.

use std::collections::BTreeMap;

use corsai_volume::spacing_tolerance;

use crate::error::GeometryError;
use crate::geometry::slice_spacing::{MIN_SLICES, SAME_PLACE_MM};
use crate::image::description::ReconstructionKey;
use crate::series::lung_content::LungContent;
use crate::series::slice::SeriesSlice;
use crate::series::stack_geometry::StackGeometry;

/// Share of the series' length that the used part covers at least where its pictures don't show how
/// much lung it holds: a shorter one shows no whole chest.
const MIN_COVER: f64 = 0.8;
/// Most air within the body beyond the used part, as a share of that in it: gas of stomach and
/// bowel, but no part of a lung.
const MAX_BEYOND: f64 = 0.25;
/// Parts with at least this share of the largest part's lungs show the lungs as well.
const SAME_LUNGS: f64 = 0.8;
/// Longest time between two slices of one acquisition, s; a table that moves step by step takes
/// less.
const PAUSE_S: u64 = 5;

/// An attribute that distinguishes acquisitions and reconstructions.
type Discriminator = fn(&ReconstructionKey) -> &str;

/// The attributes that distinguish acquisitions and reconstructions, the most distinctive one
/// first. Of slices that can't be told apart by them, nothing is measured.
const DISCRIMINATORS: [Discriminator; 8] = [
    |key| &key.acquisition,
    |key| &key.stack,
    |key| &key.kernel,
    |key| &key.image_type,
    |key| &key.temporal_position,
    |key| &key.contrast,
    |key| &key.kvp,
    |key| &key.thickness,
];

/// Attributes that may differ within one acquisition, too, as do time and number: they tell slices
/// apart where the parts are whole stacks.
const HINTS: [Discriminator; 9] = [
    |key| &key.acquisition_uid,
    |key| &key.irradiation,
    |key| &key.scan_options,
    |key| &key.filter,
    |key| &key.series_number,
    |key| &key.description,
    |key| &key.protocol,
    |key| &key.tube_current,
    |key| &key.exposure,
];

/// Slices of one stack, from the feet to the head.
type Part<'a> = Vec<&'a SeriesSlice>;

/// Returns the slices of one acquisition and reconstruction, and their geometry. Of several that
/// show the lungs it is the largest.
///
/// # Errors
/// Why there are none; [`GeometryError::Mixed`] where no part shows the whole lungs.
pub(crate) fn one_reconstruction<'a>(slices: &[&'a SeriesSlice]) -> Result<(Part<'a>, StackGeometry), GeometryError> {
    let whole = StackGeometry::of(slices);
    let even = whole.as_ref().is_ok_and(|geometry| !geometry.stretches);
    let separable = match &whole {
        Ok(_) => true,
        Err(error) => matches!(
            error,
            GeometryError::Overlapping(_)
                | GeometryError::Uneven { .. }
                | GeometryError::Missing(_)
                | GeometryError::Shifted
        ),
    };
    let mut mixed = false;
    let hints = partitions(slices, &HINTS).into_iter().chain([by_time(slices), by_number(slices)]);
    let partitions = partitions(slices, &DISCRIMINATORS).into_iter().map(|parts| (parts, true));
    for (parts, certain) in partitions.chain(hints.map(|parts| (parts, false))) {
        if !separable || !share_places(&parts, even, certain) {
            continue;
        }
        match best_part(&parts) {
            Ok(found) => return Ok(found),
            Err(_) => mixed |= certain,
        }
    }
    match whole {
        Ok(_) if mixed => Err(GeometryError::Mixed),
        whole => whole.map(|geometry| (slices.to_vec(), geometry)),
    }
}

/// Returns the part that shows the lungs, reduced to one reconstruction; of several the one with
/// most slices, of equally large ones the first.
///
/// # Errors
/// That of the largest part, or [`GeometryError::Mixed`] where no part that has a geometry shows
/// the whole lungs.
pub(crate) fn best_part<'a>(parts: &[Part<'a>]) -> Result<(Part<'a>, StackGeometry), GeometryError> {
    let contents: Vec<LungContent> = parts.iter().map(|part| LungContent::of(part)).collect();
    let ends = |part: &Part| extent(part).unwrap_or_default();
    let (lowest, highest) = parts
        .iter()
        .map(ends)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (a, b)| (low.min(a), high.max(b)));
    let most = contents.iter().map(LungContent::ml).fold(0.0, f64::max);
    let is_whole = |index: usize, part: &Part| {
        let (from, to) = ends(part);
        let lung_ml = contents[index].ml();
        if most <= 0.0 {
            return to - from >= MIN_COVER * (highest - lowest);
        }
        let beyond = contents.iter().enumerate().filter(|(other, _)| *other != index);
        // A slice at the border is within.
        let beyond_ml = beyond.map(|(_, content)| content.ml_outside((from - SAME_PLACE_MM, to + SAME_PLACE_MM)));
        lung_ml >= SAME_LUNGS * most && beyond_ml.fold(0.0, f64::max) <= MAX_BEYOND * lung_ml
    };
    let largest = parts.iter().enumerate().rev().max_by_key(|(_, part)| part.len()).map(|(index, _)| index);
    let mut errors = BTreeMap::new();
    let mut best: Option<(Part, StackGeometry)> = None;
    for (index, part) in parts.iter().enumerate() {
        match one_reconstruction(part) {
            Ok(found) if !is_whole(index, part) => {
                tracing::debug!(slices = found.0.len(), "a part without whole lungs");
            }
            Ok(found) if best.as_ref().is_none_or(|best| found.0.len() > best.0.len()) => best = Some(found),
            Ok(_) => {}
            Err(error) => {
                errors.insert(index, error);
            }
        }
    }
    best.ok_or_else(|| largest.and_then(|largest| errors.remove(&largest)).unwrap_or(GeometryError::Mixed))
}

/// Returns the slices divided by each attribute that has several values. A value that is each
/// slice's own tells nothing apart.
fn partitions<'a>(slices: &[&'a SeriesSlice], attributes: &[Discriminator]) -> Vec<Vec<Part<'a>>> {
    let most = most_parts(slices);
    let divided = attributes.iter().map(|attribute| {
        let mut parts: BTreeMap<&str, Part<'a>> = BTreeMap::new();
        for slice in slices {
            parts.entry(attribute(&slice.reconstruction)).or_default().push(slice);
        }
        parts.into_values().collect::<Vec<_>>()
    });
    divided.filter(|parts| (2..=most).contains(&parts.len())).collect()
}

fn most_parts(slices: &[&SeriesSlice]) -> usize {
    (slices.len() / MIN_SLICES).max(2)
}

/// Divides slices where more than [`PAUSE_S`] passed between two of them; not at all where the time
/// of a slice is unknown.
fn by_time<'a>(slices: &[&'a SeriesSlice]) -> Vec<Part<'a>> {
    let times: Option<Vec<u64>> = slices.iter().map(|slice| slice.reconstruction.time).collect();
    let Some(mut times) = times else { return Vec::new() };
    times.sort_unstable();
    let pauses: Vec<u64> = times.windows(2).filter(|pair| pair[1] - pair[0] > PAUSE_S).map(|pair| pair[1]).collect();
    if pauses.len() + 1 > most_parts(slices) {
        return Vec::new();
    }
    let mut parts = vec![Vec::new(); pauses.len() + 1];
    for slice in slices {
        let part = pauses.partition_point(|start| slice.reconstruction.time >= Some(*start));
        parts[part].push(*slice);
    }
    parts
}

/// Divides slices by their numbers: where counting up leads back along the body, another pass
/// begins; where each number is there as often, each pass has it once. Not at all where a slice has
/// no number, or the numbers follow no places.
fn by_number<'a>(slices: &[&'a SeriesSlice]) -> Vec<Part<'a>> {
    let Some(normal) = slices.first().map(|first| first.plane.normal()) else { return Vec::new() };
    let mut numbered: Vec<(i64, f64, &SeriesSlice)> = Vec::with_capacity(slices.len());
    for slice in slices {
        let Some(number) = slice.reconstruction.number else { return Vec::new() };
        numbered.push((number, slice.position_mm(normal), slice));
    }
    numbered.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let times = numbered.iter().take_while(|one| one.0 == numbered[0].0).count();
    let mut parts: Vec<Part> = if times > 1 { rounds(&numbered, times) } else { runs(&numbered) };
    for part in &mut parts {
        part.sort_by(|a, b| a.position_mm(normal).total_cmp(&b.position_mm(normal)));
    }
    if (2..=most_parts(slices)).contains(&parts.len()) { parts } else { Vec::new() }
}

/// Divides slices, sorted by number and position (mm), of which each number occurs `times` times.
fn rounds<'a>(numbered: &[(i64, f64, &'a SeriesSlice)], times: usize) -> Vec<Part<'a>> {
    let rounds = numbered.chunks(times);
    // Where two of a number are at one place, nothing says which pass is whose.
    let apart = |pair: &[(i64, f64, &SeriesSlice)]| pair[0].0 == pair[1].0 && pair[1].1 - pair[0].1 > SAME_PLACE_MM;
    let whole = |round: &[(i64, f64, &SeriesSlice)]| round.len() == times && round.windows(2).all(apart);
    if !rounds.clone().all(whole) {
        return Vec::new();
    }
    (0..times).map(|pass| rounds.clone().map(|round| round[pass].2).collect()).collect()
}

/// Divides slices that are sorted by number, with their places (mm), where the places turn.
fn runs<'a>(numbered: &[(i64, f64, &'a SeriesSlice)]) -> Vec<Part<'a>> {
    let steps: Vec<f64> = numbered.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let mut parts: Vec<Part> = Vec::new();
    let mut direction = 0.0;
    for (at, (_, _, slice)) in numbered.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| steps[before].signum());
        if before != Some(direction) {
            // The slice at the turn is the next pass's where its distance isn't that of its own.
            let at_turn =
                at >= 3 && (steps[at - 2].abs() - steps[at - 3].abs()).abs() > spacing_tolerance(steps[at - 3].abs());
            let turning = parts.last_mut().filter(|part| at_turn && part.len() > 1).and_then(Vec::pop);
            direction = match before.filter(|_| turning.is_some()) {
                Some(before) => before,
                None => steps.get(at).map_or(0.0, |step| step.signum()),
            };
            parts.push(turning.into_iter().collect());
        }
        if let Some(part) = parts.last_mut() {
            part.push(slice);
        }
    }
    parts
}

/// Returns whether two parts share a range of places. Where the whole is evenly spaced, most of a
/// part of at least [`MIN_SLICES`] has to be within another one's range: a slice or two that were
/// written anew make no part. Nor do they where it is uncertain that the attribute tells apart.
fn share_places(parts: &[Part], even: bool, certain: bool) -> bool {
    let pairs = parts.iter().enumerate().flat_map(|(index, one)| parts[index + 1..].iter().map(move |two| (one, two)));
    pairs.filter(|(one, two)| !even && certain || one.len().min(two.len()) >= MIN_SLICES).any(|(one, two)| {
        let (inside_one, inside_two) = (count_within(two, one), count_within(one, two));
        if even {
            inside_one.min(inside_two) > 0 && 2 * (inside_one + inside_two) >= one.len().min(two.len())
        } else {
            inside_one + inside_two > 0
        }
    })
}

/// Returns how many of some slices are in the range of others.
pub(crate) fn count_within(slices: &[&SeriesSlice], others: &[&SeriesSlice]) -> usize {
    let Some((lowest, highest)) = extent(others) else { return 0 };
    let normal = slices.first().map(|slice| slice.plane.normal());
    let inside = |slice: &&&SeriesSlice| {
        let at = normal.map_or(f64::NAN, |normal| slice.position_mm(normal));
        (lowest - SAME_PLACE_MM..=highest + SAME_PLACE_MM).contains(&at)
    };
    slices.iter().filter(inside).count()
}

/// Returns the lowest and the highest position of sorted slices along their normal, mm.
fn extent(slices: &[&SeriesSlice]) -> Option<(f64, f64)> {
    let (first, last) = (slices.first()?, slices.last()?);
    let normal = first.plane.normal();
    Some((first.position_mm(normal), last.position_mm(normal)))
}
