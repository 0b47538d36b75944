//! 3×3 convolution by Winograd's minimal filtering, F(4×4, 3×3) of Lavin and Gray (CVPR 2016):
//! sixteen outputs take 36 multiplications an input channel in place of 144. The multiplications
//! are 36 matrix products, one for each element of a transformed tile.
//!
//! As many neighbouring tiles are transformed together as a register has lanes. For that, a plane's
//! columns are decomposed into four phases: the same column of neighbouring tiles is contiguous.

use pulp::{Simd, WithSimd, bytemuck::cast_slice};

use crate::{
    buffer::Buffer,
    gemm::{GemmOutput, NR, OutputPlanes, PackedLhs, gemm_packed},
    simd::{dispatch, mul_add},
};

/// Outputs of a tile along each axis.
const TILE_OUT: usize = 4;
/// Inputs of a tile along each axis. Neighbouring tiles share two of them.
const TILE_IN: usize = TILE_OUT + 2;
/// Elements of a transformed tile.
const TILE_ELEMENTS: usize = TILE_IN * TILE_IN;
/// Values between two elements' tiles in a block. Elements a power of two apart would fall into the
/// same cache sets.
const BLOCK_PADDING: usize = 16;

/// Multiplies a column of an input tile by Bᵀ.
#[inline(always)]
fn input_transform<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; TILE_IN]) -> [S::f32s; TILE_IN] {
    let (even, odd) = (scaled_add(simd, -4.0, c, e), scaled_add(simd, -4.0, b, d));
    let (wide, steep) = (simd.sub_f32s(e, c), simd.sub_f32s(d, b));
    [
        scaled_add(simd, 4.0, a, scaled_add(simd, -5.0, c, e)),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        scaled_add(simd, 2.0, steep, wide),
        scaled_add(simd, -2.0, steep, wide),
        scaled_add(simd, 4.0, b, scaled_add(simd, -5.0, d, f)),
    ]
}

/// Multiplies a column of a product tile by Aᵀ.
#[inline(always)]
fn output_transform<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; TILE_IN]) -> [S::f32s; TILE_OUT] {
    let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
    let (far, steep) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
    [
        simd.add_f32s(simd.add_f32s(a, sum), far),
        scaled_add(simd, 2.0, steep, difference),
        scaled_add(simd, 4.0, far, sum),
        simd.add_f32s(scaled_add(simd, 8.0, steep, difference), f),
    ]
}

/// Returns factor · x + y.
#[inline(always)]
fn scaled_add<S: Simd>(simd: S, factor: f32, x: S::f32s, y: S::f32s) -> S::f32s {
    mul_add(simd, simd.splat_f32s(factor), x, y)
}

/// Multiplies a column of a kernel by G.
fn kernel_transform([a, b, c]: [f64; 3]) -> [f64; TILE_IN] {
    let (sum, far) = (a + c, a / 24.0 + c / 6.0);
    [a / 4.0, -(sum + b) / 6.0, -(sum - b) / 6.0, far + b / 12.0, far - b / 12.0, c]
}

/// A 3×3 convolution of stride 1, padded with one row and column of zeros on every side.
#[derive(Debug, Clone)]
pub struct WinogradConv3x3 {
    /// The transformed kernels, `[TILE_ELEMENTS]` of `[outputs, inputs]`.
    kernels: Vec<PackedLhs>,
    /// `[outputs]`.
    bias: Vec<f32>,
}

impl WinogradConv3x3 {
    /// Transforms `weight`, `[outputs, inputs, 3, 3]`; `bias` is `[outputs]` or zeros. Returns
    /// `None` if a length does not fit.
    #[must_use]
    pub fn new(weight: &[f32], bias: Option<Vec<f32>>, [inputs, outputs]: [usize; 2]) -> Option<Self> {
        let bias = bias.unwrap_or_else(|| vec![0.0; outputs]);
        if weight.len() != 9 * inputs * outputs || weight.is_empty() || bias.len() != outputs {
            return None;
        }
        let kernels = transform_kernels(weight);
        let kernels = kernels.chunks(weight.len() / 9).map(|element| PackedLhs::new(element, outputs, inputs));
        Some(Self { kernels: kernels.collect::<Option<_>>()?, bias })
    }

    /// Output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.kernels.first().map_or(0, PackedLhs::rows)
    }

    /// Convolves `input`, `[inputs, rows, columns]`, into `planes`, `[outputs, rows, columns]`, and
    /// applies max(0, x) if `relu`. `size` is rows and columns. Returns `None` if a length does not
    /// fit.
    #[must_use]
    pub fn run(&self, input: &[f32], size: [usize; 2], relu: bool, planes: &mut [f32]) -> Option<()> {
        let (inputs, area) = (self.kernels.first()?.depth(), size[0] * size[1]);
        if input.len() != inputs * area || planes.len() != self.outputs() * area || input.is_empty() {
            return None;
        }
        dispatch(WinogradPass { conv: self, input, inputs, size, relu, planes });
        Some(())
    }
}

/// One run of a [`WinogradConv3x3`].
struct WinogradPass<'a> {
    conv: &'a WinogradConv3x3,
    input: &'a [f32],
    inputs: usize,
    size: [usize; 2],
    relu: bool,
    planes: &'a mut [f32],
}

impl WithSimd for WinogradPass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, input, inputs, size: [rows, columns], relu, planes } = self;
        let tiling = Tiling::new(rows, columns, S::F32_LANES);
        let panels = tiling.transform_inputs(simd, input, inputs);
        let each = conv.outputs() * tiling.tiles();
        let mut products = Buffer::new(TILE_ELEMENTS * each);
        // The bias is added after the output transform.
        let zeros = vec![0.0; conv.outputs()];
        let elements = panels.chunks_exact(panels.len() / TILE_ELEMENTS).zip(products.chunks_exact_mut(each));
        for (lhs, (panels, products)) in conv.kernels.iter().zip(elements) {
            gemm_packed(
                lhs,
                panels,
                &mut GemmOutput { destination: OutputPlanes::new(products), columns: tiling.tiles(), bias: &zeros },
            );
        }
        drop(panels);
        tiling.transform_outputs(simd, &products, conv, relu, planes);
    }
}

/// Transforms kernels `[outputs, inputs, 3, 3]` to `[TILE_ELEMENTS, outputs, inputs]`.
fn transform_kernels(weight: &[f32]) -> Vec<f32> {
    let count = weight.len() / 9;
    let mut transformed = vec![0.0; TILE_ELEMENTS * count];
    for (at, kernel) in weight.chunks_exact(9).enumerate() {
        let rows: [[f64; TILE_IN]; 3] = std::array::from_fn(|row| {
            kernel_transform(std::array::from_fn(|column| f64::from(kernel[3 * row + column])))
        });
        for column in 0..TILE_IN {
            for (row, value) in kernel_transform(std::array::from_fn(|row| rows[row][column])).into_iter().enumerate() {
                transformed[(row * TILE_IN + column) * count + at] = value as f32;
            }
        }
    }
    transformed
}

/// The tiles of a plane.
#[derive(Debug, Clone, Copy)]
struct Tiling {
    rows: usize,
    columns: usize,
    /// Rows of tiles.
    tile_rows: usize,
    /// Columns of tiles, a multiple of the lanes: the last ones may be outside the plane.
    tile_columns: usize,
}

impl Tiling {
    /// Covers a plane of `rows` × `columns`; `lanes` tiles are transformed at a time.
    const fn new(rows: usize, columns: usize, lanes: usize) -> Self {
        let tile_columns = columns.div_ceil(TILE_OUT).next_multiple_of(lanes);
        Self { rows, columns, tile_rows: rows.div_ceil(TILE_OUT), tile_columns }
    }

    /// Tiles of one channel.
    const fn tiles(&self) -> usize {
        self.tile_rows * self.tile_columns
    }

    /// Values between two elements of one channel's tiles in a block.
    const fn element_stride(&self) -> usize {
        self.tiles() + BLOCK_PADDING
    }

    /// Transforms zero-padded planes `[channels, rows, columns]` into the packed right-hand sides
    /// of the products, `[TILE_ELEMENTS, panels, channels, NR]`.
    #[inline(always)]
    fn transform_inputs<S: Simd>(&self, simd: S, planes: &[f32], channels: usize) -> Buffer {
        let each = self.tiles().div_ceil(NR) * channels * NR;
        // Values behind the last tile are multiplied and dropped.
        let mut factors = Buffer::new(TILE_ELEMENTS * each);
        let mut padded = PaddedPlane::new(self, S::F32_LANES);
        let mut block = Buffer::new(TILE_ELEMENTS * self.element_stride());
        let block: &mut [f32] = &mut block;
        for (channel, plane) in planes.chunks_exact(self.rows * self.columns).enumerate() {
            let lines = padded.fill(plane, self.columns);
            for tile_row in 0..self.tile_rows {
                for tile_column in (0..self.tile_columns).step_by(S::F32_LANES) {
                    let nothing = [simd.splat_f32s(0.0); TILE_IN];
                    let mut columns = [nothing; TILE_IN];
                    for (column, to) in columns.iter_mut().enumerate() {
                        let mut rows = nothing;
                        for (row, to) in rows.iter_mut().enumerate() {
                            *to = lines.load(simd, tile_row, row, tile_column, column);
                        }
                        *to = input_transform(simd, rows);
                    }
                    for row in 0..TILE_IN {
                        let mut values = nothing;
                        values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
                        for (column, value) in input_transform(simd, values).into_iter().enumerate() {
                            let at = (row * TILE_IN + column) * self.element_stride()
                                + tile_row * self.tile_columns
                                + tile_column;
                            S::as_mut_simd_f32s(&mut block[at..at + S::F32_LANES]).0[0] = value;
                        }
                    }
                }
            }
            for (from, panels) in block.chunks_exact(self.element_stride()).zip(factors.chunks_exact_mut(each)) {
                let panels = panels.chunks_exact_mut(channels * NR);
                for (from, panel) in from[..self.tiles()].chunks(NR).zip(panels) {
                    panel[channel * NR..][..from.len()].copy_from_slice(from);
                }
            }
        }
        factors
    }

    /// Transforms products `[TILE_ELEMENTS, channels, tiles]` into planes
    /// `[channels, rows, columns]`.
    #[inline(always)]
    fn transform_outputs<S: Simd>(
        &self,
        simd: S,
        products: &[f32],
        conv: &WinogradConv3x3,
        relu: bool,
        planes: &mut [f32],
    ) {
        let channels = conv.outputs();
        let minimum = simd.splat_f32s(if relu { 0.0 } else { f32::NEG_INFINITY });
        let mut block = Buffer::new(TILE_ELEMENTS * self.element_stride());
        let block: &mut [f32] = &mut block;
        for (channel, plane) in planes.chunks_exact_mut((self.rows * self.columns).max(1)).enumerate() {
            let bias = simd.splat_f32s(conv.bias[channel]);
            let sources = products.chunks_exact((channels * self.tiles()).max(1));
            for (from, to) in sources.zip(block.chunks_exact_mut(self.element_stride())) {
                to[..self.tiles()].copy_from_slice(&from[channel * self.tiles()..][..self.tiles()]);
            }
            for (tile_row, band) in plane.chunks_mut(TILE_OUT * self.columns).enumerate() {
                for tile_column in (0..self.tile_columns).step_by(S::F32_LANES) {
                    let nothing = [simd.splat_f32s(0.0); TILE_IN];
                    let mut columns = [[simd.splat_f32s(0.0); TILE_OUT]; TILE_IN];
                    for (column, to) in columns.iter_mut().enumerate() {
                        let mut elements = nothing;
                        for (row, to) in elements.iter_mut().enumerate() {
                            let at = (row * TILE_IN + column) * self.element_stride()
                                + tile_row * self.tile_columns
                                + tile_column;
                            *to = S::as_simd_f32s(&block[at..at + S::F32_LANES]).0[0];
                        }
                        *to = output_transform(simd, elements);
                    }
                    for (row, line) in band.chunks_exact_mut(self.columns).enumerate() {
                        let mut values = nothing;
                        values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
                        let line = &mut line[(tile_column * TILE_OUT).min(self.columns)..];
                        for (at, values) in output_transform(simd, values).into_iter().enumerate() {
                            let values = simd.max_f32s(minimum, simd.add_f32s(values, bias));
                            let tiles = line.iter_mut().skip(at).step_by(TILE_OUT);
                            tiles.zip(cast_slice::<_, f32>(&[values])).for_each(|(to, value)| *to = *value);
                        }
                    }
                }
            }
        }
    }
}

/// A zero-padded plane. Each row holds its columns by phase: phase `p` has the columns p,
/// p + `TILE_OUT`, p + 2 · `TILE_OUT`, …
struct PaddedPlane {
    values: Buffer,
    /// Values of one phase of a row.
    phase_len: usize,
}

impl PaddedPlane {
    /// Makes a plane of zeros with room for all tiles.
    fn new(tiling: &Tiling, lanes: usize) -> Self {
        // The last two columns of a tile are the first ones of the next.
        let phase_len = tiling.tile_columns + lanes;
        Self { values: Buffer::zeros((tiling.tile_rows * TILE_OUT + 2) * TILE_OUT * phase_len), phase_len }
    }

    /// Copies a plane into the padding and returns a view of both.
    fn fill(&mut self, plane: &[f32], columns: usize) -> PaddedPlaneView<'_> {
        let lines = self.values.chunks_exact_mut(TILE_OUT * self.phase_len).skip(1);
        for (line, from) in lines.zip(plane.chunks_exact(columns)) {
            for (phase, part) in line.chunks_exact_mut(self.phase_len).enumerate() {
                // Column 0 comes after one column of padding.
                let (first, offset) = if phase == 0 { (TILE_OUT - 1, 1) } else { (phase - 1, 0) };
                // A plane may be narrower than a tile.
                let values = from.get(first..).unwrap_or_default().iter().step_by(TILE_OUT);
                part[offset..].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
            }
        }
        PaddedPlaneView { values: &self.values, phase_len: self.phase_len }
    }
}

/// The values of a [`PaddedPlane`].
#[derive(Clone, Copy)]
struct PaddedPlaneView<'a> {
    values: &'a [f32],
    phase_len: usize,
}

impl PaddedPlaneView<'_> {
    #[inline(always)]
    fn load<S: Simd>(self, _: S, tile_row: usize, row: usize, tile_column: usize, column: usize) -> S::f32s {
        let line = (tile_row * TILE_OUT + row) * TILE_OUT + column % TILE_OUT;
        let at = line * self.phase_len + tile_column + column / TILE_OUT;
        S::as_simd_f32s(&self.values[at..at + S::F32_LANES]).0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{conv2d_reference, noise};

    #[test]
    fn every_size_matches_the_definition() {
        for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 4), (8, 8), (7, 17), (16, 16), (13, 33)] {
            for (inputs, outputs) in [(1, 1), (3, 2), (17, 5)] {
                let (weight, bias) = (noise(inputs * outputs * 9, 3), noise(outputs, 5));
                let planes = noise(inputs * rows * columns, 9);
                let expected =
                    conv2d_reference(&weight, &bias, [inputs, outputs, 1], (3, 1, 1), (&planes, rows, columns));
                let conv = WinogradConv3x3::new(&weight, Some(bias), [inputs, outputs]).unwrap();
                let [found, with_relu] = [false, true].map(|relu| {
                    let mut found = vec![f32::NAN; expected.len()];
                    conv.run(&planes, [rows, columns], relu, &mut found).unwrap();
                    found
                });
                let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
                for ((a, b), above) in found.iter().zip(&expected).zip(with_relu) {
                    let case = format!("{inputs} {outputs} {rows} {columns}");
                    assert!((f64::from(*a) - b).abs() < 2e-5 * largest.max(1.0), "{case}: {a} {b}");
                    assert_eq!(a.max(0.0).to_bits(), above.to_bits(), "{case}");
                }
            }
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        assert!(
            WinogradConv3x3::new(&[0.0; 8], None, [1, 1]).is_none()
                && WinogradConv3x3::new(&[], None, [0, 1]).is_none()
        );
        assert!(WinogradConv3x3::new(&[0.0; 9], Some(vec![0.0; 2]), [1, 1]).is_none());
        let conv = WinogradConv3x3::new(&[0.0; 9], None, [1, 1]).unwrap();
        assert!(conv.run(&[0.0; 4], [2, 2], false, &mut [0.0; 4]).is_some());
        assert!(conv.run(&[0.0; 3], [2, 2], false, &mut [0.0; 4]).is_none());
        assert!(conv.run(&[0.0; 4], [2, 2], false, &mut [0.0; 3]).is_none());
        assert!(conv.run(&[], [0, 0], false, &mut []).is_none());
    }
}
