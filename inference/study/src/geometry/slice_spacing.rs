//! From slices' positions along the normal to the slab that each slice stands for.
//!
//! Only positions count: thickness and spacing in headers are often another reconstruction's. A
//! slab reaches half the way to each neighbour, so that slabs fill the measured length without gap
//! or overlap, with and without missing slices.

use corsai_volume::{median_gap, spacing_tolerance};

use crate::error::{GeometryError, MissingSlices};
use crate::geometry::warning::GeometryWarning;

/// Fewer slices are no chest.
pub(crate) const MIN_SLICES: usize = 8;
/// Slices nearer to one another than this are at one place, mm.
pub(crate) const SAME_PLACE_MM: f64 = 0.01;
/// Deviation from the median distance that is rounding: the larger of a share of it and mm. A
/// larger one, up to [`spacing_tolerance`], is measured slice by slice, with a warning.
const EVEN: (f64, f64) = (0.01, 0.01);
/// Distances beyond this multiple of the median are gaps in which slices are missing.
const GAP: f64 = 1.5;
/// Share of missing slices beyond which no volume is measured; one is always accepted.
const MAX_MISSING: f64 = 0.05;
/// The widest gap that neighbours stand in for, mm, unless one slice alone is wider. A wider one
/// could hide a lesion.
const MAX_GAP_MM: f64 = 10.0;
/// Fewest neighbouring distances that are alike and make a stretch of their own.
const MIN_STRETCH: usize = 3;
/// Distance beyond which small lesions fall between slices, mm; guidelines ask for 5 or less.
pub(crate) const THICK_MM: f64 = 5.05;

/// The slabs of a series, and the warnings about them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SliceSpacing {
    /// One for each slice.
    pub slab_mm: Vec<f64>,
    pub warnings: Vec<GeometryWarning>,
    /// The slices make stretches of several distances.
    pub stretches: bool,
}

/// Assesses positions in rising order, mm.
///
/// # Errors
/// Where no volume can be measured.
pub(crate) fn assess(positions_mm: &[f64]) -> Result<SliceSpacing, GeometryError> {
    let gaps: Vec<f64> = positions_mm.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if !gaps.is_empty() && gaps.iter().all(|gap| *gap < SAME_PLACE_MM) {
        return Err(GeometryError::SingleLocation);
    }
    if positions_mm.len() < MIN_SLICES {
        return Err(GeometryError::TooFew { slices: positions_mm.len(), needed: MIN_SLICES });
    }
    let overlaps = gaps.iter().filter(|gap| **gap < SAME_PLACE_MM).count();
    if overlaps > 0 {
        return Err(GeometryError::Overlapping(overlaps));
    }
    let median = median_gap(positions_mm);
    let mut warnings = Vec::new();
    let even = || -> Result<Vec<GeometryWarning>, GeometryError> {
        let missing = missing(&gaps, median, positions_mm.len())?.map(GeometryWarning::MissingSlices);
        Ok(missing.into_iter().chain(uneven(&gaps, median)?).collect())
    };
    let mut stretches = false;
    match even() {
        Ok(found) => warnings.extend(found),
        Err(error) => {
            warnings.push(several_distances(&gaps).ok_or(error)?);
            stretches = true;
        }
    }
    if median > THICK_MM {
        warnings.push(GeometryWarning::ThickSlices { median_mm: median });
    }
    // The volume extends beyond the first and the last slice by half the median distance.
    let half = |gap: Option<&f64>| gap.copied().unwrap_or(median) / 2.0;
    let below = |slice: usize| half(slice.checked_sub(1).and_then(|before| gaps.get(before)));
    let slab_mm = (0..positions_mm.len()).map(|slice| below(slice) + half(gaps.get(slice))).collect();
    Ok(SliceSpacing { slab_mm, warnings, stretches })
}

/// Returns the warning of slices that make stretches, each of [`MIN_STRETCH`] or more distances
/// that are alike. Between two stretches there may be one distance of any kind. `None` where they
/// don't, where distances are wider than [`MAX_GAP_MM`], or where too many slices are missing in a
/// stretch.
fn several_distances(gaps: &[f64]) -> Option<GeometryWarning> {
    let widest = gaps.iter().copied().fold(0.0, f64::max);
    if widest > MAX_GAP_MM + rounding(MAX_GAP_MM) {
        return None;
    }
    let (mut stretches, mut joins, mut missing, mut at) = (0, 0, 0.0, 0);
    let mut distance: Option<f64> = None;
    while at < gaps.len() {
        let alike = |gap: &&f64| (**gap - gaps[at]).abs() <= spacing_tolerance(gaps[at]);
        let length = gaps[at..].iter().take_while(alike).count();
        if length >= MIN_STRETCH {
            stretches += 1;
            distance = Some(gaps[at]);
            at += length;
            continue;
        }
        match distance {
            Some(distance) if gaps[at] > GAP * distance => missing += (gaps[at] / distance).round() - 1.0,
            _ => joins += 1,
        }
        at += 1;
    }
    let accepted = missing <= 1.0 || missing <= MAX_MISSING * (gaps.len() as f64 + 1.0 + missing);
    let least = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    (stretches > 1 && joins < stretches && accepted)
        .then_some(GeometryWarning::UnevenSpacing { least_mm: least, most_mm: widest })
}

/// Returns the gaps in which slices are missing.
fn missing(gaps: &[f64], median: f64, present: usize) -> Result<Option<MissingSlices>, GeometryError> {
    let wide = || gaps.iter().enumerate().filter(|(_, gap)| **gap > GAP * median);
    let Some((below, widest)) = wide().max_by(|a, b| a.1.total_cmp(b.1)) else { return Ok(None) };
    let missing = wide().map(|(_, gap)| (gap / median).round() - 1.0).sum::<f64>() as usize;
    let all = missing + present;
    let found = MissingSlices { missing, all, widest_mm: *widest, after: below + 1 };
    let accepted = missing <= 1 || missing as f64 <= MAX_MISSING * all as f64;
    if !accepted || *widest > MAX_GAP_MM.max(2.0 * median) + spacing_tolerance(median) {
        return Err(GeometryError::Missing(found));
    }
    Ok(Some(found))
}

fn uneven(gaps: &[f64], median: f64) -> Result<Option<GeometryWarning>, GeometryError> {
    let usual = || gaps.iter().copied().filter(|gap| *gap <= GAP * median);
    let (least_mm, most_mm) = usual().fold((median, median), |(least, most), gap| (least.min(gap), most.max(gap)));
    let deviation = (median - least_mm).max(most_mm - median);
    if deviation <= rounding(median) {
        Ok(None)
    } else if deviation <= spacing_tolerance(median) {
        Ok(Some(GeometryWarning::UnevenSpacing { least_mm, most_mm }))
    } else {
        Err(GeometryError::Uneven { least_mm, most_mm })
    }
}

fn rounding(median: f64) -> f64 {
    (EVEN.0 * median).max(EVEN.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even(count: usize, mm: f64) -> Vec<f64> {
        (0..count).map(|i| i as f64 * mm - 300.0).collect()
    }

    #[test]
    fn even_slices_stand_for_their_distance() {
        let spacing = assess(&even(20, 2.5)).unwrap();
        assert!(spacing.warnings.is_empty());
        assert!(spacing.slab_mm.iter().all(|mm| (mm - 2.5).abs() < 1e-9));
        assert_eq!(assess(&even(20, 8.0)).unwrap().warnings, [GeometryWarning::ThickSlices { median_mm: 8.0 }]);
    }

    #[test]
    fn a_missing_slice_is_shared_by_its_neighbours() {
        let mut positions = even(40, 5.0);
        positions.remove(10);
        let spacing = assess(&positions).unwrap();
        let missing = MissingSlices { missing: 1, all: 40, widest_mm: 10.0, after: 10 };
        assert_eq!(spacing.warnings, [GeometryWarning::MissingSlices(missing)]);
        assert_eq!((spacing.slab_mm[9], spacing.slab_mm[10], spacing.slab_mm[11]), (7.5, 7.5, 5.0));
        // Next to an end it doesn't grow beyond the volume.
        let mut positions = even(40, 5.0);
        positions.remove(1);
        assert_eq!(assess(&positions).unwrap().slab_mm[0], 7.5);
    }

    #[test]
    fn too_many_missing_slices_stop() {
        let mut wide = even(100, 2.0);
        wide.drain(40..45);
        assert!(matches!(assess(&wide), Err(GeometryError::Missing(_))));
        let scattered: Vec<f64> =
            even(60, 1.0).into_iter().enumerate().filter(|(i, _)| i % 10 != 5).map(|p| p.1).collect();
        assert!(matches!(assess(&scattered), Err(GeometryError::Missing(_))));
    }

    #[test]
    fn stretches_of_another_distance_are_measured_with_their_own_width() {
        let positions = |stretches: &[(usize, f64)]| -> Vec<f64> {
            let gaps = stretches.iter().flat_map(|(count, mm)| vec![*mm; *count]);
            gaps.scan(0.0, |at, gap| Some(std::mem::replace(at, *at + gap))).collect()
        };
        for stretches in [
            &[(20, 5.0), (13, 10.0), (20, 5.0)][..],
            &[(30, 3.0), (12, 6.0)],
            &[(29, 5.0), (1, 1.0), (40, 1.0)],
            &[(10, 2.0), (8, 1.0), (1, 1.4), (10, 2.0)],
            // A slice is missing beside.
            &[(12, 3.0), (1, 6.0), (12, 3.0), (12, 6.0)],
        ] {
            let positions = positions(stretches);
            let spacing = assess(&positions).unwrap();
            let [least_mm, most_mm] =
                [f64::min, f64::max].map(|end| stretches.iter().map(|s| s.1).reduce(end).unwrap());
            assert_eq!(spacing.warnings, [GeometryWarning::UnevenSpacing { least_mm, most_mm }]);
            assert!(spacing.stretches);
            let length = positions[positions.len() - 1] - positions[0] + median_gap(&positions);
            assert!((spacing.slab_mm.iter().sum::<f64>() - length).abs() < 1e-9);
        }
        // Too wide, without stretches, and two stacks within one another.
        for refused in [
            &[(20, 6.0), (8, 12.0), (20, 6.0)][..],
            &[(2, 3.0), (2, 5.0), (2, 3.0), (2, 5.0), (2, 3.0), (2, 5.0)],
            &[(20, 5.0), (1, 3.0), (1, 2.0), (1, 3.0), (1, 2.0), (1, 3.0), (20, 5.0)],
        ] {
            assert!(assess(&positions(refused)).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn rounding_is_even_jitter_is_said_and_more_stops() {
        let jittered = |by: f64| -> Vec<f64> {
            even(30, 2.0).into_iter().enumerate().map(|(i, mm)| if i % 3 == 1 { mm + by } else { mm }).collect()
        };
        assert!(assess(&jittered(0.005)).unwrap().warnings.is_empty());
        assert!(matches!(assess(&jittered(0.1)).unwrap().warnings[..], [GeometryWarning::UnevenSpacing { .. }]));
        assert!(matches!(assess(&jittered(0.5)), Err(GeometryError::Uneven { .. })));
        // 0.625 mm written with one digit.
        let rounded: Vec<f64> = (0..200).map(|i| (f64::from(i) * 6.25).round() / 10.0).collect();
        assert!(matches!(assess(&rounded).unwrap().warnings[..], [GeometryWarning::UnevenSpacing { .. }]));
    }

    #[test]
    fn too_few_slices_and_shared_places_have_their_names() {
        assert_eq!(assess(&[]), Err(GeometryError::TooFew { slices: 0, needed: MIN_SLICES }));
        assert_eq!(assess(&[3.0]), Err(GeometryError::TooFew { slices: 1, needed: MIN_SLICES }));
        assert_eq!(assess(&[3.0; 20]), Err(GeometryError::SingleLocation));
        let mut doubled = even(20, 2.0);
        doubled.insert(5, doubled[5]);
        assert_eq!(assess(&doubled), Err(GeometryError::Overlapping(1)));
    }

    proptest! {
        #[test]
        fn slabs_fill_the_measured_length(jitter in prop::collection::vec(-0.04_f64..0.04, 30), lost in 1_usize..29) {
            let mut positions: Vec<f64> = even(30, 2.0).iter().zip(&jitter).map(|(mm, by)| mm + by).collect();
            positions.remove(lost);
            let spacing = assess(&positions).unwrap();
            let length = positions[28] - positions[0] + median_gap(&positions);
            prop_assert!((spacing.slab_mm.iter().sum::<f64>() - length).abs() < 1e-9);
            prop_assert!(spacing.slab_mm.iter().all(|mm| *mm > 0.0));
        }
    }
}
