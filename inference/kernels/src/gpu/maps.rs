//! Feature maps, and what is done to them beside convolutions.

use burn::tensor::{Device, Tensor};

use crate::{Precision, output_size::output_size};

use super::{
    groups,
    launch::Launch,
    on_device,
    source::{First, GATED, Kernel, NORMED, Shape},
};

/// Feature maps of one picture on a GPU.
#[derive(Debug, Clone)]
pub struct Maps {
    /// `[1, rows, columns, width]`; the channels past `channels` are not there yet.
    pub(super) data: Tensor<4>,
    pub(super) channels: usize,
    /// To be put through max(0, x · a + b) when they are read: a and then b of every channel.
    pub(super) norms: Option<Tensor<1>>,
    /// What maps made of these are stored in.
    pub(super) precision: Precision,
}

impl Maps {
    /// A picture's planes `[channels, rows, columns]`; these stay f32.
    #[must_use]
    pub fn new(planes: &[f32], [channels, rows, columns]: [usize; 3], precision: Precision, device: &Device) -> Self {
        let pixels = rows * columns;
        let mut values = Vec::with_capacity(planes.len());
        for pixel in 0..pixels {
            values.extend((0..channels).map(|c| planes[c * pixels + pixel]));
        }
        Self::of(on_device(values, device).reshape([1, rows, columns, channels]), precision)
    }

    pub(super) fn of(data: Tensor<4>, precision: Precision) -> Self {
        let channels = data.dims()[3];
        Self { data, channels, norms: None, precision }
    }

    /// `[1, channels, rows, columns]`, f32.
    #[must_use]
    pub fn planes(&self) -> Tensor<4> {
        let data = Self { precision: Precision::Single, ..self.clone() }.settled().data;
        let [_, rows, columns, channels] = data.dims();
        if channels == 1 { data.reshape([1, 1, rows, columns]) } else { data.permute([0, 3, 1, 2]) }
    }

    pub(super) fn flat(&self) -> Tensor<1> {
        let [_, rows, columns, width] = self.data.dims();
        self.data.clone().reshape([rows * columns * width])
    }

    /// Rows, columns, channels and width in `unit`s.
    pub(super) fn shape(&self, unit: usize) -> Shape {
        let [_, rows, columns, width] = self.data.dims();
        Shape { rows, columns, channels: self.channels / unit, width: width / unit, ..Shape::default() }
    }

    /// Whether nothing is pending and there is no room for more channels.
    pub(super) fn is_whole(&self) -> bool {
        self.norms.is_none() && self.data.dims()[3] == self.channels
    }

    /// Whether they are stored in their precision: all are but a network's input.
    pub(super) fn is_stored(&self) -> bool {
        Precision::held(&self.data) == self.precision.of(self.channels)
    }

    /// The same with nothing pending and no room for more channels, in its precision.
    #[must_use]
    pub fn settled(&self) -> Self {
        if self.is_whole() && self.is_stored() {
            return self.clone();
        }
        self.enlarged(1, true, None)
    }

    /// The same, to be put through a norm when they are read.
    #[must_use]
    pub fn normed(&self, norm: &Affine) -> Self {
        Self { norms: Some(norm.0.clone()), ..self.clone() }
    }

    /// The same, of which what is below zero is zero.
    #[must_use]
    pub fn rectified(&self) -> Self {
        // A norm ends so.
        if self.norms.is_some() { self.settled() } else { self.taken(First::Rectified, (1, true), None) }
    }

    /// Enlarged bilinearly by a whole factor, with corner pixels `aligned` or else pixels taken as areas; `added` is of
    /// that size.
    #[must_use]
    pub fn enlarged(&self, factor: usize, aligned: bool, added: Option<&Self>) -> Self {
        let first = if self.norms.is_some() { First::Normed } else { First::Nothing };
        self.taken(first, (factor, aligned), added)
    }

    fn taken(&self, first: First, (factor, aligned): (usize, bool), added: Option<&Self>) -> Self {
        let fours = self.channels.is_multiple_of(4);
        let unit = if fours { 4 } else { 1 };
        let shape = self.shape(unit);
        let shape = Shape { out_rows: shape.rows * factor, out_columns: shape.columns * factor, ..shape };
        let (from, to) = (Precision::held(&self.data), self.precision.of(self.channels));
        let (flat, added) = (self.flat(), added.map(|maps| maps.settled().flat()));
        let launch = Launch {
            kernel: Kernel::Enlarge { fours, aligned, first, added: added.is_some(), from, to },
            shape,
            workgroups: groups(shape.out_rows * shape.out_columns * shape.channels),
            out: [1, shape.out_rows, shape.out_columns, self.channels],
        };
        Self::of(launch.on(&flat, &[self.norms.as_ref(), added.as_ref()]), self.precision)
    }

    /// The largest of 3×3 at every second pixel.
    #[must_use]
    pub fn pooled(&self) -> Self {
        let settled = self.settled();
        let shape = settled.shape(4);
        let [out_rows, out_columns] = output_size([shape.rows, shape.columns], 2);
        let shape = Shape { out_rows, out_columns, ..shape };
        let launch = Launch {
            kernel: Kernel::Pool { maps: Precision::held(&settled.data) },
            shape,
            workgroups: groups(shape.out_rows * shape.out_columns * shape.channels),
            out: [1, shape.out_rows, shape.out_columns, self.channels],
        };
        Self::of(launch.on(&settled.flat(), &[]), self.precision)
    }

    /// Each channel's sums over parts of the pixels, `[parts, channels]`, with the shape that
    /// counts channels singly.
    fn sums(&self) -> (Tensor<1>, Shape) {
        self.reduced(1, |maps| Kernel::Sums { maps })
    }

    /// Each channel's mean and sum of squared deviations from it over parts of the pixels, and how
    /// many these were: `[parts, 3, channels]`.
    fn moments(&self) -> (Tensor<1>, Shape) {
        self.reduced(3, |maps| Kernel::Moments { maps })
    }

    fn reduced(&self, kinds: usize, kernel: impl FnOnce(Precision) -> Kernel) -> (Tensor<1>, Shape) {
        let settled = self.settled();
        let shape = settled.shape(4);
        let parts = (shape.rows * shape.columns).div_ceil(512).min(64);
        let launch = Launch {
            kernel: kernel(Precision::held(&settled.data)),
            shape: Shape { parts, ..shape },
            workgroups: [shape.channels.div_ceil(8) as u32, parts as u32],
            out: [1, parts, kinds, self.channels],
        };
        let found = launch.on(&settled.flat(), &[]).reshape([parts * kinds * self.channels]);
        (found, Shape { parts, ..settled.shape(1) })
    }
}

/// A factor and a summand for every channel.
#[derive(Debug, Clone)]
pub struct Affine(Tensor<1>);

impl Affine {
    #[must_use]
    pub fn new(factors: &[f32], summands: &[f32], device: &Device) -> Self {
        Self(on_device([factors, summands].concat(), device))
    }
}

/// Group normalisation (ε = 1e-5) with a factor and a summand a channel, and max(0, x) behind it.
#[derive(Debug)]
pub struct GroupNorm {
    groups: usize,
    gamma: Tensor<1>,
    beta: Tensor<1>,
}

impl GroupNorm {
    /// `None` for more channels than the shader has room for.
    #[must_use]
    pub fn new(groups: usize, gamma: Vec<f32>, beta: Vec<f32>, device: &Device) -> Option<Self> {
        let fits = gamma.len() <= NORMED && gamma.len() == beta.len() && gamma.len().is_multiple_of(groups);
        fits.then(|| Self { groups, gamma: on_device(gamma, device), beta: on_device(beta, device) })
    }

    #[must_use]
    pub fn forward(&self, maps: &Maps) -> Maps {
        let (moments, shape) = maps.moments();
        let launch = Launch {
            kernel: Kernel::Norms,
            shape: Shape { per_group: maps.channels / self.groups, ..shape },
            workgroups: [1, 1],
            out: [1, 1, 2, maps.channels],
        };
        let norms = launch.on(&moments, &[Some(&self.gamma), Some(&self.beta)]).reshape([2 * maps.channels]);
        Maps { norms: Some(norms), ..maps.settled() }
    }
}

/// A gate a channel from the means of all: a hidden layer with SiLU, then a sigmoid.
#[derive(Debug)]
pub struct SqueezeExcite {
    hidden: usize,
    /// Weights `[channels, hidden]` and biases of the hidden layer, weights `[hidden, channels]` and biases of the gates.
    layers: [Tensor<1>; 4],
}

impl SqueezeExcite {
    /// Of weights `[hidden, channels]` and `[channels, hidden]`, each with its biases; `None` for more of either than the
    /// shader has room for.
    #[must_use]
    pub fn new(squeeze: [Vec<f32>; 2], excite: [Vec<f32>; 2], device: &Device) -> Option<Self> {
        let (channels, hidden) = (excite[1].len(), squeeze[1].len());
        let fits = channels <= GATED[0] && hidden <= GATED[1] && squeeze[0].len() == channels * hidden;
        if !fits || excite[0].len() != channels * hidden {
            return None;
        }
        let [[squeeze, squeeze_bias], [excite, excite_bias]] = [squeeze, excite];
        let layers = [transposed(&squeeze, channels), squeeze_bias, transposed(&excite, hidden), excite_bias];
        Some(Self { hidden, layers: layers.map(|values| on_device(values, device)) })
    }

    /// A gate for every channel.
    #[must_use]
    pub fn gate(&self, maps: &Maps) -> Tensor<1> {
        let (sums, shape) = maps.sums();
        let launch = Launch {
            kernel: Kernel::Gate,
            shape: Shape { hidden: self.hidden, ..shape },
            workgroups: [1, 1],
            out: [1, 1, 1, maps.channels],
        };
        launch.on(&sums, &self.layers.each_ref().map(Some)).reshape([maps.channels])
    }
}

/// `[rows, columns]` → `[columns, rows]`.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| values.iter().skip(c).step_by(columns).copied()).collect()
}
