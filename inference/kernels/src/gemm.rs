//! General matrix multiplication (GEMM) in the blocking of BLIS: the left-hand side is packed once,
//! when a network is loaded; the right-hand side is produced and packed panel by panel. Bias, sum
//! and `ReLU` are applied while the result is in registers.
//!
//! Registers have the width of the processor. Product and sum are fused where the build allows it
//! (AVX2, or wasm's relaxed SIMD).

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::{
    buffer::Buffer,
    simd::{dispatch, mul_add},
};

/// Rows of a register tile. With [`NR`] columns, a tile's sums fill eight registers.
const MR: usize = 4;
/// Columns of a register tile.
pub(crate) const NR: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };
/// Depth of a block: one panel of the right-hand side stays in the first-level cache.
const KC: usize = 256;
/// Columns of a block: they stay in the second-level cache.
const NC: usize = 256;
/// Values between two panels. Panels a power of two apart would fall into the same cache sets.
const PANEL_PADDING: usize = 16;

/// A packed left-hand side, `[blocks, depth, MR]`. The last block is padded with zeros.
#[derive(Debug, Clone)]
pub struct PackedLhs {
    values: Vec<[f32; MR]>,
    rows: usize,
    depth: usize,
}

impl PackedLhs {
    /// Packs a row-major matrix `[rows, depth]`. Returns `None` if `values` has another length or
    /// is empty.
    #[must_use]
    pub fn new(values: &[f32], rows: usize, depth: usize) -> Option<Self> {
        if values.len() != rows * depth || values.is_empty() {
            return None;
        }
        let mut packed = vec![[0.0; MR]; rows.div_ceil(MR) * depth];
        for (row, from) in values.chunks_exact(depth).enumerate() {
            let block = packed[row / MR * depth..].iter_mut();
            block.zip(from).for_each(|(to, value)| to[row % MR] = *value);
        }
        Some(Self { values: packed, rows, depth })
    }

    /// Rows of this matrix and of the product.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of this matrix, and rows of the right-hand side.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }
}

/// A right-hand side that is produced row by row.
pub trait RhsRows {
    /// Writes `to.len()` values of the row `depth`, beginning with the column `first_column`.
    fn row(&self, depth: usize, first_column: usize, to: &mut [f32]);
}

/// The planes that a convolution writes, `[channels, rows, columns]`.
///
/// With both counts at 0 the planes are overwritten. Otherwise the first `accumulated` channels of
/// the result are added to the first planes, the next `skipped` planes stay as they are, and the
/// remaining channels overwrite the planes after those (the dual path of a DPN).
#[derive(Debug)]
pub struct OutputPlanes<'a> {
    /// All planes, including the skipped ones.
    pub planes: &'a mut [f32],
    /// Channels of the result that are added to the existing values.
    pub accumulated: usize,
    /// Planes behind the accumulated ones that are not touched.
    pub skipped: usize,
    /// Whether max(0, x) is applied last.
    pub relu: bool,
}

impl<'a> OutputPlanes<'a> {
    /// Planes that are overwritten, without `ReLU`.
    pub fn new(planes: &'a mut [f32]) -> Self {
        Self { planes, accumulated: 0, skipped: 0, relu: false }
    }
}

/// The destination of a product, and the bias that is added to it.
#[derive(Debug)]
pub struct GemmOutput<'a> {
    /// The planes; each row of the product is one plane.
    pub destination: OutputPlanes<'a>,
    /// Columns of the product: values of a plane.
    pub columns: usize,
    /// `[rows of the product]`.
    pub bias: &'a [f32],
}

/// Multiplies `lhs` by `rhs` into `output`.
pub fn gemm(lhs: &PackedLhs, rhs: &impl RhsRows, output: &mut GemmOutput<'_>) {
    let panel_stride = KC.min(lhs.depth) * NR + PANEL_PADDING;
    // Columns behind the product's last one are multiplied and dropped.
    let mut panels = Buffer::new(NC.min(output.columns).div_ceil(NR) * panel_stride);
    let mut line = [0.0; NC];
    for first_column in (0..output.columns).step_by(NC) {
        let line = &mut line[..NC.min(output.columns - first_column)];
        for begin in (0..lhs.depth).step_by(KC) {
            let depth_range = begin..lhs.depth.min(begin + KC);
            for (at, depth) in depth_range.clone().enumerate() {
                rhs.row(depth, first_column, line);
                for (panel, values) in panels.chunks_exact_mut(panel_stride).zip(line.chunks(NR)) {
                    panel[at * NR..][..values.len()].copy_from_slice(values);
                }
            }
            dispatch(MacroKernel {
                lhs,
                depth_range,
                panels: &panels,
                panel_stride,
                first_column,
                output: &mut *output,
            });
        }
    }
}

/// Multiplies `lhs` by a right-hand side that is packed already, `[panels, depth, NR]`.
pub(crate) fn gemm_packed(lhs: &PackedLhs, panels: &[f32], output: &mut GemmOutput<'_>) {
    let panel_stride = lhs.depth * NR;
    for (nth, panels) in panels.chunks(NC / NR * panel_stride).enumerate() {
        let depth_range = 0..lhs.depth;
        dispatch(MacroKernel { lhs, depth_range, panels, panel_stride, first_column: nth * NC, output: &mut *output });
    }
}

/// The product of all rows of the left-hand side and one block of the right-hand side.
struct MacroKernel<'a, 'b> {
    lhs: &'a PackedLhs,
    depth_range: Range<usize>,
    panels: &'a [f32],
    panel_stride: usize,
    /// Column of the first panel.
    first_column: usize,
    output: &'a mut GemmOutput<'b>,
}

impl WithSimd for MacroKernel<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match NR / S::F32_LANES {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            // Without SIMD, one value at a time.
            _ => self.run::<S, NR>(simd),
        }
    }
}

impl MacroKernel<'_, '_> {
    /// Computes the block with `N` registers a panel row.
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { lhs, depth_range, panels, panel_stride, first_column, output } = self;
        let (is_first, is_last) = (depth_range.start == 0, depth_range.end == lhs.depth);
        for (nth, block) in lhs.values.chunks_exact(lhs.depth).enumerate() {
            let weights = &block[depth_range.clone()];
            for (panel, column) in panels.chunks(panel_stride).zip((first_column..output.columns).step_by(NR)) {
                let values = S::as_simd_f32s(&panel[..depth_range.len() * NR]).0.as_chunks::<N>().0;
                let mut sums = [[simd.splat_f32s(0.0); N]; MR];
                for (weights, values) in weights.iter().zip(values) {
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        let weight = simd.splat_f32s(*weight);
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum = mul_add(simd, weight, *value, *sum);
                        }
                    }
                }
                for (row, sums) in (nth * MR..lhs.rows).zip(sums) {
                    output.store(simd, (row, column), sums, (is_first, is_last));
                }
            }
        }
    }
}

impl GemmOutput<'_> {
    /// Stores up to [`NR`] columns of one row of a register tile. `is_first` and `is_last` tell
    /// whether the tile is of the first and of the last block of the depth: the bias is added in
    /// the first, `ReLU` applied in the last.
    #[inline(always)]
    fn store<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: [S::f32s; N],
        (is_first, is_last): (bool, bool),
    ) {
        let OutputPlanes { planes, accumulated, skipped, relu } = &mut self.destination;
        let channel = if row < *accumulated { row } else { row + *skipped };
        let width = NR.min(self.columns - column);
        let line = &mut planes[channel * self.columns + column..][..width];
        let bias = simd.splat_f32s(if is_first { self.bias[row] } else { 0.0 });
        let accumulate = !is_first || row < *accumulated;
        let finish = |to: &mut [S::f32s]| {
            for (to, sum) in to.iter_mut().zip(sums) {
                let sum = simd.add_f32s(sum, bias);
                let sum = if accumulate { simd.add_f32s(*to, sum) } else { sum };
                *to = if is_last && *relu { simd.max_f32s(simd.splat_f32s(0.0), sum) } else { sum };
            }
        };
        if width == NR {
            finish(S::as_mut_simd_f32s(line).0);
        } else {
            let mut whole = [0.0; NR];
            whole[..width].copy_from_slice(line);
            finish(S::as_mut_simd_f32s(&mut whole).0);
            line.copy_from_slice(&whole[..width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::noise;

    struct Rows<'a>(&'a [f32], usize);

    impl RhsRows for Rows<'_> {
        fn row(&self, depth: usize, first_column: usize, to: &mut [f32]) {
            to.copy_from_slice(&self.0[depth * self.1 + first_column..][..to.len()]);
        }
    }

    #[test]
    fn every_size_matches_the_definition() {
        for rows in [1, 4, 7, 33] {
            for depth in [1, 5, KC, KC + 1, 2 * KC + 9] {
                for columns in [1, NR, NR + 3, NC, NC + 1, 2 * NC + NR] {
                    let (a, b) = (noise(rows * depth, 3), noise(depth * columns, 5));
                    let bias = noise(rows, 7);
                    let exact: Vec<f64> = (0..rows * columns)
                        .map(|at| {
                            let (row, column) = (at / columns, at % columns);
                            let product = |i: usize| f64::from(a[row * depth + i]) * f64::from(b[i * columns + column]);
                            f64::from(bias[row]) + (0..depth).map(product).sum::<f64>()
                        })
                        .collect();
                    let lhs = PackedLhs::new(&a, rows, depth).unwrap();
                    for (accumulated, skipped, relu) in [(0, 0, false), (rows, 0, true), (rows / 2, 3, false)] {
                        let before = noise((rows + skipped) * columns, 11);
                        let mut planes = before.clone();
                        let destination = OutputPlanes { planes: &mut planes, accumulated, skipped, relu };
                        let output = &mut GemmOutput { destination, columns, bias: &bias };
                        gemm(&lhs, &Rows(&b, columns), output);
                        for (channel, (found, was)) in planes.chunks(columns).zip(before.chunks(columns)).enumerate() {
                            if (accumulated..accumulated + skipped).contains(&channel) {
                                assert_eq!(found, was);
                                continue;
                            }
                            let row = if channel < accumulated { channel } else { channel - skipped };
                            for ((found, exact), was) in found.iter().zip(&exact[row * columns..]).zip(was) {
                                let sum = exact + if row < accumulated { f64::from(*was) } else { 0.0 };
                                let expected = if relu { sum.max(0.0) } else { sum };
                                let case = format!("{rows} {depth} {columns} {accumulated}");
                                assert!((f64::from(*found) - expected).abs() < 1e-4, "{case}: {found} {expected}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        assert!(PackedLhs::new(&[0.0; 5], 2, 3).is_none() && PackedLhs::new(&[], 0, 3).is_none());
    }
}
