//! How much lung the slices of a stack show, roughly, from a few of them: enough to tell a pass
//! over the chest from one over the abdomen.

use corsai_volume::AERATED_HU;

use crate::series::slice::SeriesSlice;

/// Slices of a stack that are looked at.
const SAMPLES: usize = 12;

/// Air within the body on some slices of a stack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LungContent {
    /// Position, mm along the normal, and volume, mL, that each of the slices stands for.
    slabs: Vec<(f64, f64)>,
}

impl LungContent {
    /// Looks at slices that are sorted from the feet to the head. Slices that can't be decoded show
    /// nothing.
    pub(crate) fn of(slices: &[&SeriesSlice]) -> Self {
        let (Some(first), Some(last)) = (slices.first(), slices.last()) else { return Self { slabs: Vec::new() } };
        let normal = first.plane.normal();
        let extent_mm = last.position_mm(normal) - first.position_mm(normal);
        let samples = SAMPLES.min(slices.len());
        let slab_mm = extent_mm / samples as f64;
        let sampled = (0..samples).map(|i| slices[(2 * i + 1) * slices.len() / (2 * samples)]);
        let slab = |slice: &SeriesSlice| {
            let hu = slice.decoded().ok()?;
            let pixel_mm2 = slice.plane.spacing_mm[0] * slice.plane.spacing_mm[1];
            let enclosed = enclosed_air(&hu, slice.plane.columns) as f64;
            Some((slice.position_mm(normal), enclosed * pixel_mm2 * slab_mm / 1000.0))
        };
        Self { slabs: sampled.filter_map(slab).collect() }
    }

    /// Returns the volume, mL.
    pub(crate) fn ml(&self) -> f64 {
        self.slabs.iter().map(|(_, ml)| ml).sum()
    }

    /// Returns the volume, mL, of the slabs that are not between two positions, mm.
    pub(crate) fn ml_outside(&self, (lowest, highest): (f64, f64)) -> f64 {
        self.slabs.iter().filter(|(at, _)| *at < lowest || *at > highest).map(|(_, ml)| ml).sum()
    }
}

/// Returns the number of pixels with air that no path of air joins to the picture's side.
fn enclosed_air(hu: &[i16], columns: usize) -> usize {
    let rows = hu.len() / columns.max(1);
    let mut open: Vec<bool> = hu.iter().map(|hu| *hu < AERATED_HU).collect();
    let at_side = |at: &usize| {
        let (row, column) = (at / columns, at % columns);
        row == 0 || column == 0 || row + 1 == rows || column + 1 == columns
    };
    let mut reached: Vec<usize> = (0..open.len()).filter(at_side).filter(|at| open[*at]).collect();
    for at in &reached {
        open[*at] = false;
    }
    while let Some(at) = reached.pop() {
        let column = at % columns;
        let beside = [
            (column > 0).then(|| at - 1),
            (column + 1 < columns).then_some(at + 1),
            at.checked_sub(columns),
            Some(at + columns),
        ];
        for next in beside.into_iter().flatten() {
            if open.get(next) == Some(&true) {
                open[next] = false;
                reached.push(next);
            }
        }
    }
    open.into_iter().filter(|open| *open).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn air_around_the_body_is_no_lung() {
        let picture = "........\
                       .######.\
                       .#..#.#.\
                       .#.##.#.\
                       ..#####.\
                       ........";
        let hu: Vec<i16> = picture.bytes().map(|pixel| if pixel == b'#' { 40 } else { -850 }).collect();
        assert_eq!(enclosed_air(&hu, 8), 5);
        assert_eq!(enclosed_air(&[-1000; 12], 4), 0);
        assert_eq!(enclosed_air(&[], 0), 0);
    }
}
