//! Products of matrices: the left factor is laid out once, when a network is loaded, the right one as it comes into being,
//! and what follows (bias, sum, ReLU) happens while the result is at hand. Multiplied in registers of whatever width the
//! processor has, fused where the build may (wasm's relaxed SIMD, AVX2).

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::{
    Buffer,
    simd::{fused, in_registers},
};

/// Rows of the left factor and columns of the right one that are multiplied together: eight registers of sums.
const ROWS: usize = 4;
pub(crate) const COLUMNS: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };
/// How much of the factors' common side is taken at a time: one panel stays in the first cache, …
const DEPTH: usize = 256;
/// … and so many columns in the second.
const WIDE: usize = 256;
/// Between panels: they would share their places in a cache if a power of two lay between them.
const GAP: usize = 16;

/// A left factor, `[blocks, depth, ROWS]`; the last block may hold zeros.
#[derive(Debug, Clone)]
pub struct Left {
    values: Vec<[f32; ROWS]>,
    rows: usize,
    depth: usize,
}

impl Left {
    /// Of `[rows, depth]`; `None` where there are more or fewer values.
    #[must_use]
    pub fn new(values: &[f32], rows: usize, depth: usize) -> Option<Self> {
        if values.len() != rows * depth || values.is_empty() {
            return None;
        }
        let mut packed = vec![[0.0; ROWS]; rows.div_ceil(ROWS) * depth];
        for (row, from) in values.chunks_exact(depth).enumerate() {
            let block = packed[row / ROWS * depth..].iter_mut();
            block.zip(from).for_each(|(to, value)| to[row % ROWS] = *value);
        }
        Some(Self { values: packed, rows, depth })
    }

    /// Rows of the product.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of this factor, and rows of the other.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }
}

/// A right factor that is made row by row.
pub trait Right {
    /// The values of row `depth` from column `first` on.
    fn row(&self, depth: usize, first: usize, to: &mut [f32]);
}

/// Planes that a result goes into, `[channels, …]`.
#[derive(Debug)]
pub struct Onto<'a> {
    pub planes: &'a mut [f32],
    /// So many of the result's channels are added to the planes that are there.
    pub added: usize,
    /// So many planes after those are left as they are.
    pub skipped: usize,
    /// Whether max(0, x) follows.
    pub relu: bool,
}

impl<'a> Onto<'a> {
    /// Planes that are overwritten.
    pub fn new(planes: &'a mut [f32]) -> Self {
        Self { planes, added: 0, skipped: 0, relu: false }
    }
}

/// Where a product goes.
#[derive(Debug)]
pub struct Goal<'a> {
    pub onto: Onto<'a>,
    /// Values of a plane.
    pub columns: usize,
    /// A value a row.
    pub bias: &'a [f32],
}

/// The product of both factors.
pub fn multiply(left: &Left, right: &impl Right, goal: &mut Goal<'_>) {
    let pitch = DEPTH.min(left.depth) * COLUMNS + GAP;
    // What lies beside the product's last column is multiplied, and dropped.
    let mut panels = Buffer::new(WIDE.min(goal.columns).div_ceil(COLUMNS) * pitch);
    let mut line = [0.0; WIDE];
    for first in (0..goal.columns).step_by(WIDE) {
        let line = &mut line[..WIDE.min(goal.columns - first)];
        for begin in (0..left.depth).step_by(DEPTH) {
            let part = begin..left.depth.min(begin + DEPTH);
            for (at, depth) in part.clone().enumerate() {
                right.row(depth, first, line);
                for (panel, values) in panels.chunks_exact_mut(pitch).zip(line.chunks(COLUMNS)) {
                    panel[at * COLUMNS..][..values.len()].copy_from_slice(values);
                }
            }
            in_registers(Step { left, part, panels: &panels, pitch, first, goal: &mut *goal });
        }
    }
}

/// The product with a right factor that lies in panels already, `[panels, depth, COLUMNS]`.
pub(crate) fn multiply_panels(left: &Left, panels: &[f32], goal: &mut Goal<'_>) {
    let pitch = left.depth * COLUMNS;
    for (nth, panels) in panels.chunks(WIDE / COLUMNS * pitch).enumerate() {
        let part = 0..left.depth;
        in_registers(Step { left, part, panels, pitch, first: nth * WIDE, goal: &mut *goal });
    }
}

/// All rows by some columns, over a part of the depth.
struct Step<'a, 'b> {
    left: &'a Left,
    part: Range<usize>,
    panels: &'a [f32],
    pitch: usize,
    /// Column of the first panel.
    first: usize,
    goal: &'a mut Goal<'b>,
}

impl WithSimd for Step<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match COLUMNS / S::F32_LANES {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            // One value at a time.
            _ => self.run::<S, COLUMNS>(simd),
        }
    }
}

impl Step<'_, '_> {
    /// `N` registers a panel.
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { left, part, panels, pitch, first, goal } = self;
        let (begins, ends) = (part.start == 0, part.end == left.depth);
        for (nth, block) in left.values.chunks_exact(left.depth).enumerate() {
            let weights = &block[part.clone()];
            for (panel, column) in panels.chunks(pitch).zip((first..goal.columns).step_by(COLUMNS)) {
                let values = S::as_simd_f32s(&panel[..part.len() * COLUMNS]).0.as_chunks::<N>().0;
                let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
                for (weights, values) in weights.iter().zip(values) {
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        let weight = simd.splat_f32s(*weight);
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum = fused(simd, weight, *value, *sum);
                        }
                    }
                }
                for (row, sums) in (nth * ROWS..left.rows).zip(sums) {
                    goal.take(simd, (row, column), sums, (begins, ends));
                }
            }
        }
    }
}

impl Goal<'_> {
    /// Takes some columns of a row, of a product's first part of the depth, a later one, or its last.
    #[inline(always)]
    fn take<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: [S::f32s; N],
        (begins, ends): (bool, bool),
    ) {
        let Onto { planes, added, skipped, relu } = &mut self.onto;
        let channel = if row < *added { row } else { row + *skipped };
        let width = COLUMNS.min(self.columns - column);
        let line = &mut planes[channel * self.columns + column..][..width];
        let bias = simd.splat_f32s(if begins { self.bias[row] } else { 0.0 });
        let sums_up = !begins || row < *added;
        let finish = |to: &mut [S::f32s]| {
            for (to, sum) in to.iter_mut().zip(sums) {
                let sum = simd.add_f32s(sum, bias);
                let sum = if sums_up { simd.add_f32s(*to, sum) } else { sum };
                *to = if ends && *relu { simd.max_f32s(simd.splat_f32s(0.0), sum) } else { sum };
            }
        };
        if width == COLUMNS {
            finish(S::as_mut_simd_f32s(line).0);
        } else {
            let mut whole = [0.0; COLUMNS];
            whole[..width].copy_from_slice(line);
            finish(S::as_mut_simd_f32s(&mut whole).0);
            line.copy_from_slice(&whole[..width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::noise;

    struct Rows<'a>(&'a [f32], usize);

    impl Right for Rows<'_> {
        fn row(&self, depth: usize, first: usize, to: &mut [f32]) {
            to.copy_from_slice(&self.0[depth * self.1 + first..][..to.len()]);
        }
    }

    #[test]
    fn every_size_is_the_definition() {
        for rows in [1, 4, 7, 33] {
            for depth in [1, 5, DEPTH, DEPTH + 1, 2 * DEPTH + 9] {
                for columns in [1, COLUMNS, COLUMNS + 3, WIDE, WIDE + 1, 2 * WIDE + COLUMNS] {
                    let (a, b) = (noise(rows * depth, 3), noise(depth * columns, 5));
                    let bias = noise(rows, 7);
                    let exact: Vec<f64> = (0..rows * columns)
                        .map(|at| {
                            let (row, column) = (at / columns, at % columns);
                            let product = |i: usize| f64::from(a[row * depth + i]) * f64::from(b[i * columns + column]);
                            f64::from(bias[row]) + (0..depth).map(product).sum::<f64>()
                        })
                        .collect();
                    let left = Left::new(&a, rows, depth).unwrap();
                    for (added, skipped, relu) in [(0, 0, false), (rows, 0, true), (rows / 2, 3, false)] {
                        let before = noise((rows + skipped) * columns, 11);
                        let mut planes = before.clone();
                        let onto = Onto { planes: &mut planes, added, skipped, relu };
                        let goal = &mut Goal { onto, columns, bias: &bias };
                        multiply(&left, &Rows(&b, columns), goal);
                        for (channel, (found, was)) in planes.chunks(columns).zip(before.chunks(columns)).enumerate() {
                            if (added..added + skipped).contains(&channel) {
                                assert_eq!(found, was);
                                continue;
                            }
                            let row = if channel < added { channel } else { channel - skipped };
                            for ((found, exact), was) in found.iter().zip(&exact[row * columns..]).zip(was) {
                                let sum = exact + if row < added { f64::from(*was) } else { 0.0 };
                                let expected = if relu { sum.max(0.0) } else { sum };
                                let case = format!("{rows} {depth} {columns} {added}");
                                assert!((f64::from(*found) - expected).abs() < 1e-4, "{case}: {found} {expected}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Left::new(&[0.0; 5], 2, 3).is_none() && Left::new(&[], 0, 3).is_none());
    }
}
