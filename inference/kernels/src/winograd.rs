//! 3×3 convolution by Winograd's minimal filtering, F(4×4, 3×3) of Lavin and Gray (CVPR 2016): sixteen outputs take 36
//! multiplications an input channel in place of 144. The multiplications are 36 matrix products, one for each place of a
//! transformed tile, which the caller does; this is what comes before and after them.
//!
//! Four neighbouring tiles are transformed together: a plane's columns are dealt out to four phases, so that the tiles'
//! values lie side by side.

use std::ops::{Add, Mul, Sub};

/// Outputs of a tile along each axis, and inputs: its neighbours are in it too.
const OUT: usize = 4;
const IN: usize = OUT + 2;
/// Places of a transformed tile.
pub const PLACES: usize = IN * IN;
/// Tiles that are transformed together.
const LANES: usize = 4;
/// Between the places of one channel's tiles in a block: not a power of two, or they share their places in a cache.
const GAP: usize = 16;

#[derive(Clone, Copy, Default)]
struct Lanes([f32; LANES]);

impl Add for Lanes {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }
}

impl Sub for Lanes {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] - other.0[lane]))
    }
}

impl Mul<Lanes> for f32 {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, lanes: Lanes) -> Lanes {
        Lanes(lanes.0.map(|value| self * value))
    }
}

/// Bᵀ: what an input tile is multiplied by from both sides.
#[inline(always)]
fn of_input([a, b, c, d, e, f]: [Lanes; IN]) -> [Lanes; IN] {
    let (even, odd) = (e - 4.0 * c, d - 4.0 * b);
    let (wide, steep) = (e - c, 2.0 * (d - b));
    [4.0 * a - 5.0 * c + e, even + odd, even - odd, wide + steep, wide - steep, 4.0 * b - 5.0 * d + f]
}

/// Aᵀ: what a product is multiplied by from both sides.
#[inline(always)]
fn of_output([a, b, c, d, e, f]: [Lanes; IN]) -> [Lanes; OUT] {
    let (sum, difference) = (b + c, b - c);
    let (far, steep) = (d + e, d - e);
    [a + sum + far, difference + 2.0 * steep, sum + 4.0 * far, difference + 8.0 * steep + f]
}

/// G: what a kernel is multiplied by from both sides.
fn of_kernel([a, b, c]: [f64; 3]) -> [f64; IN] {
    let (sum, far) = (a + c, a / 24.0 + c / 6.0);
    [a / 4.0, -(sum + b) / 6.0, -(sum - b) / 6.0, far + b / 12.0, far - b / 12.0, c]
}

/// Kernels `[outputs, inputs, 3, 3]` as the left factors of the products, `[PLACES, outputs, inputs]`.
#[must_use]
pub fn kernels(weight: &[f32]) -> Vec<f32> {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    rows: usize,
    columns: usize,
    /// Tiles down and across; some of the latter lie beside the picture.
    down: usize,
    across: usize,
}

impl Tiling {
    /// Of a picture of `rows` × `columns`.
    #[must_use]
    pub const fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, down: rows.div_ceil(OUT), across: columns.div_ceil(OUT).next_multiple_of(LANES) }
    }

    /// Tiles of one channel.
    #[must_use]
    pub const fn tiles(&self) -> usize {
        self.down * self.across
    }

    /// Values between the places of one channel's tiles in a block.
    const fn pitch(&self) -> usize {
        self.tiles() + GAP
    }

    /// Planes `[channels, rows, columns]`, zeros around them, as the right factors of the products,
    /// `[PLACES, channels, tiles]`.
    #[must_use]
    pub fn inputs(&self, planes: &[f32]) -> Vec<f32> {
        let channels = planes.len() / (self.rows * self.columns).max(1);
        let mut factors = vec![0.0; PLACES * channels * self.tiles()];
        let mut scratch = Scratch::new(self);
        let mut block = vec![0.0; PLACES * self.pitch()];
        for (channel, plane) in planes.chunks_exact((self.rows * self.columns).max(1)).enumerate() {
            scratch.fill(plane, self.columns);
            for down in 0..self.down {
                for across in (0..self.across).step_by(LANES) {
                    let columns: [[Lanes; IN]; IN] = std::array::from_fn(|column| {
                        of_input(std::array::from_fn(|row| scratch.take(down, row, across, column)))
                    });
                    let places: [[Lanes; IN]; IN] =
                        std::array::from_fn(|row| of_input(std::array::from_fn(|column| columns[column][row])));
                    for (place, lanes) in places.as_flattened().iter().enumerate() {
                        put(&mut block, place * self.pitch() + down * self.across + across, *lanes);
                    }
                }
            }
            for (from, to) in block.chunks_exact(self.pitch()).zip(factors.chunks_exact_mut(channels * self.tiles())) {
                let to = to.chunks_exact_mut(self.tiles()).nth(channel).unwrap_or_default();
                to.copy_from_slice(&from[..self.tiles()]);
            }
        }
        factors
    }

    /// Products `[PLACES, channels, tiles]` as planes `[channels, rows, columns]`; `bias` has a value a channel, or none.
    #[must_use]
    pub fn outputs(&self, products: &[f32], channels: usize, bias: Option<&[f32]>) -> Vec<f32> {
        let mut planes = vec![0.0; channels * self.rows * self.columns];
        let mut block = vec![0.0; PLACES * self.pitch()];
        for (channel, plane) in planes.chunks_exact_mut((self.rows * self.columns).max(1)).enumerate() {
            let bias = bias.and_then(|bias| bias.get(channel)).copied().unwrap_or_default();
            let sources = products.chunks_exact((channels * self.tiles()).max(1));
            for (from, to) in sources.zip(block.chunks_exact_mut(self.pitch())) {
                let from = from.chunks_exact(self.tiles()).nth(channel).unwrap_or_default();
                to[..from.len()].copy_from_slice(from);
            }
            for (down, band) in plane.chunks_mut(OUT * self.columns).enumerate() {
                for (group, across) in (0..self.across).step_by(LANES).enumerate() {
                    let columns: [[Lanes; OUT]; IN] = std::array::from_fn(|column| {
                        of_output(std::array::from_fn(|row| {
                            get(&block, (row * IN + column) * self.pitch() + down * self.across + across)
                        }))
                    });
                    for (row, line) in band.chunks_exact_mut(self.columns).enumerate() {
                        let values = of_output(std::array::from_fn(|column| columns[column][row]));
                        let tiles: [[f32; OUT]; LANES] =
                            std::array::from_fn(|lane| std::array::from_fn(|at| values[at].0[lane] + bias));
                        let left = (group * LANES * OUT).min(line.len());
                        line[left..].iter_mut().zip(tiles.as_flattened()).for_each(|(to, value)| *to = *value);
                    }
                }
            }
        }
        planes
    }
}

#[inline(always)]
fn get(values: &[f32], at: usize) -> Lanes {
    values.get(at..).and_then(<[f32]>::first_chunk).map_or(Lanes::default(), |lanes| Lanes(*lanes))
}

#[inline(always)]
fn put(values: &mut [f32], at: usize, lanes: Lanes) {
    if let Some(to) = values.get_mut(at..).and_then(<[f32]>::first_chunk_mut) {
        *to = lanes.0;
    }
}

/// A plane with zeros around it; its columns are dealt out to `OUT` phases, which lie one behind the other in a line.
struct Scratch {
    values: Vec<f32>,
    /// Values of a phase's line.
    pitch: usize,
}

impl Scratch {
    fn new(tiling: &Tiling) -> Self {
        // A tile's last two columns are the next one's first.
        let pitch = tiling.across + LANES;
        Self { values: vec![0.0; (tiling.down * OUT + 2) * OUT * pitch], pitch }
    }

    fn fill(&mut self, plane: &[f32], columns: usize) {
        let lines = self.values.chunks_exact_mut(OUT * self.pitch).skip(1);
        for (line, from) in lines.zip(plane.chunks_exact(columns)) {
            for (phase, part) in line.chunks_exact_mut(self.pitch).enumerate() {
                // Column 0 lies behind one of zeros.
                let (first, place) = if phase == 0 { (OUT - 1, 1) } else { (phase - 1, 0) };
                let values = from.get(first..).unwrap_or_default().iter().step_by(OUT);
                part[place..].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
            }
        }
    }

    #[inline(always)]
    fn take(&self, down: usize, row: usize, across: usize, column: usize) -> Lanes {
        let line = (down * OUT + row) * OUT + column % OUT;
        get(&self.values, line * self.pitch + across + column / OUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::noise;

    fn by_tiles(
        weight: &[f32],
        planes: &[f32],
        [inputs, outputs, rows, columns]: [usize; 4],
        bias: &[f32],
    ) -> Vec<f32> {
        let tiling = Tiling::new(rows, columns);
        let (left, right) = (kernels(weight), tiling.inputs(planes));
        let tiles = tiling.tiles();
        let mut products = vec![0.0_f32; PLACES * outputs * tiles];
        for place in 0..PLACES {
            for (output, tile) in (0..outputs).flat_map(|output| (0..tiles).map(move |tile| (output, tile))) {
                products[(place * outputs + output) * tiles + tile] = (0..inputs)
                    .map(|i| left[(place * outputs + output) * inputs + i] * right[(place * inputs + i) * tiles + tile])
                    .sum();
            }
        }
        tiling.outputs(&products, outputs, Some(bias))
    }

    /// By the definition, in f64.
    fn plain(weight: &[f32], planes: &[f32], [inputs, outputs, rows, columns]: [usize; 4], bias: &[f32]) -> Vec<f64> {
        let mut values = Vec::new();
        for (output, at) in (0..outputs).flat_map(|output| (0..rows * columns).map(move |at| (output, at))) {
            let mut sum = f64::from(bias[output]);
            for (input, tap) in (0..inputs).flat_map(|input| (0..9).map(move |tap| (input, tap))) {
                let (y, x) = (at / columns + tap / 3, at % columns + tap % 3);
                if (1..=rows).contains(&y) && (1..=columns).contains(&x) {
                    let value = planes[(input * rows + y - 1) * columns + x - 1];
                    sum += f64::from(weight[(output * inputs + input) * 9 + tap]) * f64::from(value);
                }
            }
            values.push(sum);
        }
        values
    }

    #[test]
    fn every_size_is_the_definition() {
        for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 4), (8, 8), (7, 17), (16, 16), (13, 33)] {
            for (inputs, outputs) in [(1, 1), (3, 2), (17, 5)] {
                let size = [inputs, outputs, rows, columns];
                let (weight, bias) = (noise(inputs * outputs * 9, 3), noise(outputs, 5));
                let planes = noise(inputs * rows * columns, 9);
                let expected = plain(&weight, &planes, size, &bias);
                let found = by_tiles(&weight, &planes, size, &bias);
                assert_eq!(found.len(), expected.len());
                let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
                for (a, b) in found.iter().zip(&expected) {
                    assert!((f64::from(*a) - b).abs() < 1e-5 * largest.max(1.0), "{size:?}: {a} {b}");
                }
            }
        }
    }
}
