//! 3×3 convolution by Winograd's minimal filtering, F(4×4, 3×3) of Lavin and Gray (CVPR 2016): sixteen outputs take 36
//! multiplications an input channel in place of 144. The multiplications are 36 matrix products, one for each place of a
//! transformed tile.
//!
//! As many neighbouring tiles are transformed together as a register holds: a plane's columns are dealt out to four phases,
//! so that the tiles' values lie side by side.

use pulp::{Simd, WithSimd, bytemuck::cast_slice};

use crate::{
    Buffer,
    product::{COLUMNS, Goal, Left, Onto, multiply_panels},
    simd::{fused, in_registers},
};

/// Outputs of a tile along each axis, and inputs: its neighbours are in it too.
const OUT: usize = 4;
const IN: usize = OUT + 2;
/// Places of a transformed tile.
const PLACES: usize = IN * IN;
/// Between the places of one channel's tiles in a block: not a power of two, or they share their places in a cache.
const GAP: usize = 16;

/// Bᵀ: what an input tile is multiplied by from both sides.
#[inline(always)]
fn of_input<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; IN]) -> [S::f32s; IN] {
    let (even, odd) = (times(simd, -4.0, c, e), times(simd, -4.0, b, d));
    let (wide, steep) = (simd.sub_f32s(e, c), simd.sub_f32s(d, b));
    [
        times(simd, 4.0, a, times(simd, -5.0, c, e)),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        times(simd, 2.0, steep, wide),
        times(simd, -2.0, steep, wide),
        times(simd, 4.0, b, times(simd, -5.0, d, f)),
    ]
}

/// Aᵀ: what a product is multiplied by from both sides.
#[inline(always)]
fn of_output<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; IN]) -> [S::f32s; OUT] {
    let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
    let (far, steep) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
    [
        simd.add_f32s(simd.add_f32s(a, sum), far),
        times(simd, 2.0, steep, difference),
        times(simd, 4.0, far, sum),
        simd.add_f32s(times(simd, 8.0, steep, difference), f),
    ]
}

/// factor · x + y
#[inline(always)]
fn times<S: Simd>(simd: S, factor: f32, x: S::f32s, y: S::f32s) -> S::f32s {
    fused(simd, simd.splat_f32s(factor), x, y)
}

/// G: what a kernel is multiplied by from both sides.
fn of_kernel([a, b, c]: [f64; 3]) -> [f64; IN] {
    let (sum, far) = (a + c, a / 24.0 + c / 6.0);
    [a / 4.0, -(sum + b) / 6.0, -(sum - b) / 6.0, far + b / 12.0, far - b / 12.0, c]
}

/// A 3×3 convolution of stride 1 with a border of zeros.
#[derive(Debug, Clone)]
pub struct Tiled {
    /// A left factor a place, `[outputs, inputs]`.
    factors: Vec<Left>,
    /// A value an output channel.
    bias: Vec<f32>,
}

impl Tiled {
    /// `weight` is `[outputs, inputs, 3, 3]`; `None` for weights or a bias of another size.
    #[must_use]
    pub fn new(weight: &[f32], bias: Option<Vec<f32>>, [inputs, outputs]: [usize; 2]) -> Option<Self> {
        let bias = bias.unwrap_or_else(|| vec![0.0; outputs]);
        if weight.len() != 9 * inputs * outputs || weight.is_empty() || bias.len() != outputs {
            return None;
        }
        let factors = kernels(weight);
        let factors = factors.chunks(weight.len() / 9).map(|place| Left::new(place, outputs, inputs));
        Some(Self { factors: factors.collect::<Option<_>>()?, bias })
    }

    /// Output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.factors.first().map_or(0, Left::rows)
    }

    /// Convolves planes `[inputs, rows, columns]` into `[outputs, rows, columns]`, with max(0, x) behind it if `relu`.
    /// `None` where the values don't fit.
    #[must_use]
    pub fn run(&self, input: &[f32], size: [usize; 2], relu: bool, planes: &mut [f32]) -> Option<()> {
        let (inputs, area) = (self.factors.first()?.depth(), size[0] * size[1]);
        if input.len() != inputs * area || planes.len() != self.outputs() * area || input.is_empty() {
            return None;
        }
        in_registers(Run { of: self, input, inputs, size, relu, planes });
        Some(())
    }
}

struct Run<'a> {
    of: &'a Tiled,
    input: &'a [f32],
    inputs: usize,
    size: [usize; 2],
    relu: bool,
    planes: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { of, input, inputs, size: [rows, columns], relu, planes } = self;
        let tiling = Tiling::new(rows, columns, S::F32_LANES);
        let panels = tiling.inputs(simd, input, inputs);
        let each = of.outputs() * tiling.tiles();
        let mut products = Buffer::new(PLACES * each);
        // The bias is added behind the transform.
        let zeros = vec![0.0; of.outputs()];
        let places = panels.chunks_exact(panels.len() / PLACES).zip(products.chunks_exact_mut(each));
        for (left, (panels, products)) in of.factors.iter().zip(places) {
            multiply_panels(
                left,
                panels,
                &mut Goal { onto: Onto::new(products), columns: tiling.tiles(), bias: &zeros },
            );
        }
        drop(panels);
        tiling.outputs(simd, &products, of, relu, planes);
    }
}

/// Kernels `[outputs, inputs, 3, 3]` as the left factors of the products, `[PLACES, outputs, inputs]`.
fn kernels(weight: &[f32]) -> Vec<f32> {
    let count = weight.len() / 9;
    let mut factors = vec![0.0; PLACES * count];
    for (at, kernel) in weight.chunks_exact(9).enumerate() {
        let rows: [[f64; IN]; 3] =
            std::array::from_fn(|row| of_kernel(std::array::from_fn(|column| f64::from(kernel[3 * row + column]))));
        for column in 0..IN {
            for (row, value) in of_kernel(std::array::from_fn(|row| rows[row][column])).into_iter().enumerate() {
                factors[(row * IN + column) * count + at] = value as f32;
            }
        }
    }
    factors
}

/// How a picture is cut into tiles.
#[derive(Debug, Clone, Copy)]
struct Tiling {
    rows: usize,
    columns: usize,
    /// Tiles down and across; some of the latter lie beside the picture.
    down: usize,
    across: usize,
}

impl Tiling {
    /// Of a picture of `rows` × `columns`, so many tiles at a time.
    const fn new(rows: usize, columns: usize, lanes: usize) -> Self {
        let across = columns.div_ceil(OUT).next_multiple_of(lanes);
        Self { rows, columns, down: rows.div_ceil(OUT), across }
    }

    /// Tiles of one channel.
    const fn tiles(&self) -> usize {
        self.down * self.across
    }

    /// Values between the places of one channel's tiles in a block.
    const fn pitch(&self) -> usize {
        self.tiles() + GAP
    }

    /// Planes `[channels, rows, columns]`, zeros around them, as the right factors of the products,
    /// `[PLACES, panels, channels, COLUMNS]`.
    #[inline(always)]
    fn inputs<S: Simd>(&self, simd: S, planes: &[f32], channels: usize) -> Buffer {
        let each = self.tiles().div_ceil(COLUMNS) * channels * COLUMNS;
        // What lies beside the last tile is multiplied, and dropped.
        let mut factors = Buffer::new(PLACES * each);
        let mut scratch = Scratch::new(self, S::F32_LANES);
        let mut block = Buffer::new(PLACES * self.pitch());
        let block: &mut [f32] = &mut block;
        for (channel, plane) in planes.chunks_exact(self.rows * self.columns).enumerate() {
            let lines = scratch.filled(plane, self.columns);
            for down in 0..self.down {
                for across in (0..self.across).step_by(S::F32_LANES) {
                    let nothing = [simd.splat_f32s(0.0); IN];
                    let mut columns = [nothing; IN];
                    for (column, to) in columns.iter_mut().enumerate() {
                        let mut rows = nothing;
                        for (row, to) in rows.iter_mut().enumerate() {
                            *to = lines.take(simd, down, row, across, column);
                        }
                        *to = of_input(simd, rows);
                    }
                    for row in 0..IN {
                        let mut values = nothing;
                        values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
                        for (column, value) in of_input(simd, values).into_iter().enumerate() {
                            let at = (row * IN + column) * self.pitch() + down * self.across + across;
                            S::as_mut_simd_f32s(&mut block[at..at + S::F32_LANES]).0[0] = value;
                        }
                    }
                }
            }
            for (from, panels) in block.chunks_exact(self.pitch()).zip(factors.chunks_exact_mut(each)) {
                let panels = panels.chunks_exact_mut(channels * COLUMNS);
                for (from, panel) in from[..self.tiles()].chunks(COLUMNS).zip(panels) {
                    panel[channel * COLUMNS..][..from.len()].copy_from_slice(from);
                }
            }
        }
        factors
    }

    /// Products `[PLACES, channels, tiles]` as planes `[channels, rows, columns]`.
    #[inline(always)]
    fn outputs<S: Simd>(&self, simd: S, products: &[f32], of: &Tiled, relu: bool, planes: &mut [f32]) {
        let channels = of.outputs();
        let least = simd.splat_f32s(if relu { 0.0 } else { f32::NEG_INFINITY });
        let mut block = Buffer::new(PLACES * self.pitch());
        let block: &mut [f32] = &mut block;
        for (channel, plane) in planes.chunks_exact_mut((self.rows * self.columns).max(1)).enumerate() {
            let bias = simd.splat_f32s(of.bias[channel]);
            let sources = products.chunks_exact((channels * self.tiles()).max(1));
            for (from, to) in sources.zip(block.chunks_exact_mut(self.pitch())) {
                to[..self.tiles()].copy_from_slice(&from[channel * self.tiles()..][..self.tiles()]);
            }
            for (down, band) in plane.chunks_mut(OUT * self.columns).enumerate() {
                for across in (0..self.across).step_by(S::F32_LANES) {
                    let nothing = [simd.splat_f32s(0.0); IN];
                    let mut columns = [[simd.splat_f32s(0.0); OUT]; IN];
                    for (column, to) in columns.iter_mut().enumerate() {
                        let mut places = nothing;
                        for (row, to) in places.iter_mut().enumerate() {
                            let at = (row * IN + column) * self.pitch() + down * self.across + across;
                            *to = S::as_simd_f32s(&block[at..at + S::F32_LANES]).0[0];
                        }
                        *to = of_output(simd, places);
                    }
                    for (row, line) in band.chunks_exact_mut(self.columns).enumerate() {
                        let mut values = nothing;
                        values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
                        let line = &mut line[(across * OUT).min(self.columns)..];
                        for (at, values) in of_output(simd, values).into_iter().enumerate() {
                            let values = simd.max_f32s(least, simd.add_f32s(values, bias));
                            let tiles = line.iter_mut().skip(at).step_by(OUT);
                            tiles.zip(cast_slice::<_, f32>(&[values])).for_each(|(to, value)| *to = *value);
                        }
                    }
                }
            }
        }
    }
}

/// A plane with zeros around it; its columns are dealt out to `OUT` phases, which lie one behind the other in a line.
struct Scratch {
    values: Buffer,
    /// Values of a phase's line.
    pitch: usize,
}

impl Scratch {
    fn new(tiling: &Tiling, lanes: usize) -> Self {
        // A tile's last two columns are the next one's first.
        let pitch = tiling.across + lanes;
        Self { values: Buffer::zeros((tiling.down * OUT + 2) * OUT * pitch), pitch }
    }

    fn filled(&mut self, plane: &[f32], columns: usize) -> Lines<'_> {
        let lines = self.values.chunks_exact_mut(OUT * self.pitch).skip(1);
        for (line, from) in lines.zip(plane.chunks_exact(columns)) {
            for (phase, part) in line.chunks_exact_mut(self.pitch).enumerate() {
                // Column 0 lies behind one of zeros.
                let (first, place) = if phase == 0 { (OUT - 1, 1) } else { (phase - 1, 0) };
                // A picture may be narrower than a tile.
                let values = from.get(first..).unwrap_or_default().iter().step_by(OUT);
                part[place..].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
            }
        }
        Lines { values: &self.values, pitch: self.pitch }
    }
}

/// What a [`Scratch`] holds.
#[derive(Clone, Copy)]
struct Lines<'a> {
    values: &'a [f32],
    pitch: usize,
}

impl Lines<'_> {
    #[inline(always)]
    fn take<S: Simd>(self, _: S, down: usize, row: usize, across: usize, column: usize) -> S::f32s {
        let line = (down * OUT + row) * OUT + column % OUT;
        let at = line * self.pitch + across + column / OUT;
        S::as_simd_f32s(&self.values[at..at + S::F32_LANES]).0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{noise, plain};

    #[test]
    fn every_size_is_the_definition() {
        for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 4), (8, 8), (7, 17), (16, 16), (13, 33)] {
            for (inputs, outputs) in [(1, 1), (3, 2), (17, 5)] {
                let (weight, bias) = (noise(inputs * outputs * 9, 3), noise(outputs, 5));
                let planes = noise(inputs * rows * columns, 9);
                let expected = plain(&weight, &bias, [inputs, outputs, 1], (3, 1, 1), (&planes, rows, columns));
                let own = Tiled::new(&weight, Some(bias), [inputs, outputs]).unwrap();
                let [found, rectified] = [false, true].map(|relu| {
                    let mut found = vec![f32::NAN; expected.len()];
                    own.run(&planes, [rows, columns], relu, &mut found).unwrap();
                    found
                });
                let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
                for ((a, b), above) in found.iter().zip(&expected).zip(rectified) {
                    let case = format!("{inputs} {outputs} {rows} {columns}");
                    assert!((f64::from(*a) - b).abs() < 2e-5 * largest.max(1.0), "{case}: {a} {b}");
                    assert_eq!(a.max(0.0).to_bits(), above.to_bits(), "{case}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Tiled::new(&[0.0; 8], None, [1, 1]).is_none() && Tiled::new(&[], None, [0, 1]).is_none());
        assert!(Tiled::new(&[0.0; 9], Some(vec![0.0; 2]), [1, 1]).is_none());
        let own = Tiled::new(&[0.0; 9], None, [1, 1]).unwrap();
        assert!(own.run(&[0.0; 4], [2, 2], false, &mut [0.0; 4]).is_some());
        assert!(own.run(&[0.0; 3], [2, 2], false, &mut [0.0; 4]).is_none());
        assert!(own.run(&[0.0; 4], [2, 2], false, &mut [0.0; 3]).is_none());
        assert!(own.run(&[], [0, 0], false, &mut []).is_none());
    }
}
