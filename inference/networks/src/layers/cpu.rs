//! The layers on the CPU: kernels of our own, and Burn's tensors between them.

use std::ops::RangeInclusive;

use burn::tensor::{
    Tensor,
    activation::sigmoid,
    module::{interpolate, max_pool2d},
    ops::{InterpolateMode, InterpolateOptions, MaxPoolOptions},
};
use corsai_kernels::{Activation, Dense, Depthwise, Direct, First, Onto, Tiled, enlarged};

use super::{Added, ConvShape, Into, Maps, Then, tensor};
use crate::{PackError, Weights};

/// Feature maps as planes, `[batch, channels, rows, columns]`.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    values: Tensor<4>,
    /// What is done to them when they are read: many kernels do so by the way. Gates are `[batch, channels]`.
    first: First,
}

impl Planes {
    pub const fn new(values: Tensor<4>) -> Self {
        Self { values, first: First::Nothing }
    }

    pub fn settled(self) -> Tensor<4> {
        let Self { values, first } = self;
        if first == First::Nothing {
            return values;
        }
        let [_, channels, rows, columns] = values.dims();
        let mut batch = 0..;
        changed(values, |picture| {
            let first = of_picture(&first, batch.next().unwrap_or_default(), channels);
            let planes = picture.chunks_exact_mut((rows * columns).max(1)).enumerate();
            planes.for_each(|(channel, plane)| first.apply(channel, plane));
        })
    }

    /// Each picture after `change`, which has its planes `[channels, rows, columns]`.
    pub fn changed(self, change: impl FnMut(&mut [f32])) -> Self {
        Self::new(changed(self.settled(), change))
    }

    /// To be read after `first`.
    fn first(self, first: First) -> Self {
        Self { values: self.settled(), first }
    }

    pub fn activated(self, activation: Activation) -> Self {
        match activation {
            Activation::None => self,
            Activation::Relu => self.first(First::Relu),
            Activation::Silu => self.first(First::Silu),
        }
    }

    /// max(0, x · a + b), a and b a channel.
    pub fn affine_relu(self, norm: [Vec<f32>; 2]) -> Self {
        self.first(First::NormRelu(norm))
    }

    pub fn plus(self, other: Self) -> Self {
        Self::new(self.settled() + other.settled())
    }

    pub fn pooled(self) -> Self {
        let options = MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]);
        Self::new(max_pool2d(self.settled(), options))
    }

    pub fn enlarged(self, factor: usize, aligned: bool) -> Self {
        let x = self.settled();
        let [_, channels, rows, columns] = x.dims();
        let to = [channels, rows * factor, columns * factor];
        if factor == 1 {
            return Self::new(x);
        }
        Self::new(each_picture(x, to, |_, picture| enlarged(picture, [rows, columns], factor, aligned)))
    }

    /// Rows and columns doubled by repetition.
    fn doubled(self) -> Tensor<4> {
        let x = self.settled();
        let [_, _, rows, columns] = x.dims();
        interpolate(x, InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([rows * 2, columns * 2]))
    }

    /// Doubled, with the channels of others behind.
    pub fn doubled_beside(self, beside: Option<Self>) -> Self {
        let doubled = self.doubled();
        Self::new(match beside {
            Some(beside) => Tensor::cat(vec![doubled, beside.settled()], 1),
            None => doubled,
        })
    }
}

/// What is done to the values of one picture of a batch.
fn of_picture(first: &First, picture: usize, channels: usize) -> First {
    match first {
        First::Gate(gates) => {
            First::Gate(gates.chunks_exact(channels.max(1)).nth(picture).unwrap_or_default().to_vec())
        }
        other => other.clone(),
    }
}

fn changed(x: Tensor<4>, change: impl FnMut(&mut [f32])) -> Tensor<4> {
    let [_, channels, rows, columns] = x.dims();
    let device = x.device();
    // The CPU's values are at hand: nothing is waited for and, where they have no other owner, nothing copied.
    let mut data = x.into_data();
    if let Ok(values) = data.as_mut_slice::<f32>() {
        values.chunks_exact_mut((channels * rows * columns).max(1)).for_each(change);
    }
    Tensor::from_data(data, &device)
}

fn planes(maps: &Maps) -> Planes {
    match maps {
        Maps::Cpu(planes) => planes.clone(),
        #[cfg(feature = "gpu")]
        Maps::Gpu(_) => super::elsewhere(),
    }
}

/// A convolution by the kernel that suits it.
#[derive(Debug)]
pub(crate) enum Conv {
    Dense(Dense),
    Tiled(Tiled),
    /// Few input channels a group.
    Direct(Direct),
}

impl Conv {
    /// Fewer channels are not worth being cut into tiles; more take too much memory, for four times the weights are kept.
    const TILED: RangeInclusive<usize> = 16 * 16..=256 * 256;
    /// So few input channels are not worth a product of matrices.
    const FEW: usize = 4;

    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape) -> Result<Self, PackError> {
        let weight = weights.take(&format!("{name}.weight"), &shape.dims())?;
        Self::new(&weight, shape.bias(weights, name)?, shape).ok_or_else(|| PackError::Form(name.into()))
    }

    /// `None` where no kernel can do it, or weights or bias don't fit.
    fn new(weight: &[f32], bias: Option<Vec<f32>>, shape: ConvShape) -> Option<Self> {
        let ConvShape { inputs, outputs, kernel, stride, groups, .. } = shape;
        let way = (kernel, stride, shape.before());
        if groups > 1 || kernel > 1 && inputs <= Self::FEW {
            return Direct::new(weight, bias, [inputs, outputs, groups], way).map(Self::Direct);
        }
        if way == (3, 1, 1) && Self::TILED.contains(&(inputs * outputs)) {
            return Tiled::new(weight, bias, [inputs, outputs]).map(Self::Tiled);
        }
        Dense::new(weight, bias, [inputs, outputs], way).map(Self::Dense)
    }

    /// Output channels, and rows and columns of what comes of maps of such a size.
    fn size(&self, rows: usize, columns: usize) -> [usize; 3] {
        let (outputs, [rows, columns]) = match self {
            Self::Dense(conv) => (conv.outputs(), conv.size(rows, columns)),
            Self::Tiled(conv) => (conv.outputs(), [rows, columns]),
            Self::Direct(conv) => (conv.outputs(), conv.size(rows, columns)),
        };
        [outputs, rows, columns]
    }

    pub fn forward(&self, x: Planes, then: Then<'_>) -> Planes {
        let Planes { values, first } = if matches!(self, Self::Dense(_)) { x } else { Planes::new(x.settled()) };
        let [_, inputs, rows, columns] = values.dims();
        let [outputs, high, wide] = self.size(rows, columns);
        let (there, added) = match (then.added, then.into) {
            (Added::Same(maps), _) => (Some(planes(maps).settled()), outputs),
            (Added::Doubled(maps), _) => (Some(planes(maps).doubled()), outputs),
            (Added::Nothing, Into::Grown(maps, added)) => (Some(planes(maps).settled()), added),
            (Added::Nothing, Into::New | Into::Wide(_)) => (None, 0),
        };
        let skipped = there.as_ref().map_or(0, |there| there.dims()[1] - added);
        let there = there.map(Tensor::into_data);
        let there = there.as_ref().and_then(|data| data.as_slice::<f32>().ok()).unwrap_or_default();
        let (area, size, relu) = (high * wide, [rows, columns], then.activation == Activation::Relu);
        let to = [outputs + skipped, high, wide];
        let found = each_picture(values, to, |nth, picture| {
            let there = there.chunks_exact(((added + skipped) * area).max(1)).nth(nth).unwrap_or_default();
            let alone = relu && there.is_empty();
            let with_there = |found| joined(there, found, added * area, relu);
            match self {
                Self::Dense(conv) => {
                    let mut planes = Vec::with_capacity(to.iter().product());
                    planes.extend_from_slice(there);
                    planes.resize(to.iter().product(), 0.0);
                    let onto = Onto { planes: &mut planes, added, skipped, relu };
                    conv.run(picture, size, &of_picture(&first, nth, inputs), onto).map(|()| planes)
                }
                Self::Tiled(conv) => conv.run(picture, size, alone).map(with_there),
                Self::Direct(conv) => conv.run(picture, size, alone).map(with_there),
            }
            .unwrap_or_default()
        });
        let found = Planes::new(found);
        if relu { found } else { found.activated(then.activation) }
    }

    /// What [`Self::forward`] makes of `x · gate`.
    pub fn gated(&self, x: Planes, gate: Vec<f32>, then: Then<'_>) -> Planes {
        self.forward(x.first(First::Gate(gate)), then)
    }
}

/// What a convolution `found`, its first values added to those that are `there`, the others behind all of them.
fn joined(there: &[f32], found: Vec<f32>, added: usize, relu: bool) -> Vec<f32> {
    if there.is_empty() {
        return found;
    }
    let (sums, more) = found.split_at(added);
    let mut values = [there, more].concat();
    values.iter_mut().zip(sums).for_each(|(value, sum)| *value += sum);
    if relu {
        corsai_kernels::relu(&mut values);
    }
    values
}

/// Each picture of a batch, with its number, through a kernel.
fn each_picture(x: Tensor<4>, to: [usize; 3], mut kernel: impl FnMut(usize, &[f32]) -> Vec<f32>) -> Tensor<4> {
    let (batch, device) = (x.dims()[0], x.device());
    let data = x.into_data();
    let pictures = data.as_slice::<f32>().unwrap_or_default();
    let mut values = Vec::new();
    for (nth, picture) in pictures.chunks_exact((pictures.len() / batch.max(1)).max(1)).enumerate() {
        let found = kernel(nth, picture);
        // One picture is the rule: nothing is copied then.
        if values.is_empty() { values = found } else { values.extend(found) }
    }
    tensor(values, [batch, to[0], to[1], to[2]], &device)
}

/// A depthwise convolution with SiLU behind it, and squeeze and excitation.
#[derive(Debug)]
pub(crate) struct GatedDepthwise {
    depthwise: Depthwise,
    squeeze: Conv,
    excite: Conv,
}

impl GatedDepthwise {
    pub fn take(
        weights: &mut Weights,
        (name, shape): (&str, ConvShape),
        layers: [(&str, ConvShape); 2],
    ) -> Result<Self, PackError> {
        let weight = weights.take(&format!("{name}.weight"), &shape.dims())?;
        let bias = shape.bias(weights, name)?.unwrap_or_else(|| vec![0.0; shape.outputs]);
        let depthwise = Depthwise::new(weight, bias, shape.kernel, shape.stride, shape.before());
        let depthwise = depthwise.ok_or_else(|| PackError::Form(name.into()))?;
        let [squeeze, excite] = layers.map(|(name, shape)| Conv::take(weights, name, shape));
        Ok(Self { depthwise, squeeze: squeeze?, excite: excite? })
    }

    /// The result, and gates `[batch, channels]`.
    pub fn forward(&self, x: Planes) -> (Planes, Vec<f32>) {
        let raw = x.first == First::Silu;
        let values = if raw { x.values } else { x.settled() };
        let ([batch, channels, rows, columns], device) = (values.dims(), values.device());
        let mut means = Vec::with_capacity(batch * channels);
        let [high, wide] = self.depthwise.size(rows, columns);
        let values = each_picture(values, [channels, high, wide], |_, picture| {
            let found = self.depthwise.run(picture, rows, columns, raw).unwrap_or_default();
            means.extend(found.means);
            found.values
        });
        let means = Planes::new(tensor(means, [batch, channels, 1, 1], &device));
        let hidden = self.squeeze.forward(means, Then::SILU);
        let gates = sigmoid(self.excite.forward(hidden, Then::default()).settled());
        (Planes::new(values), gates.into_data().try_into_vec().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn silu_is_burns_and_keeps_what_is_no_number() {
        let device = Device::flex();
        let values: Vec<f32> = (-400..400).map(|i| i as f32 * 0.5).collect();
        let x = Tensor::<4>::from_data(TensorData::new(values, [1, 2, 20, 20]), &device);
        let expected = sigmoid(x.clone()) * x.clone();
        let found = |x| Planes::new(x).activated(Activation::Silu).settled();
        let worst = (found(x) - expected).abs().max().into_data();
        assert!(worst.as_slice::<f32>().unwrap()[0] < 1e-5);
        let nan = Tensor::<4>::full([1, 1, 1, 1], f32::NAN, &device);
        assert!(found(nan).into_data().as_slice::<f32>().unwrap()[0].is_nan());
    }

    #[test]
    fn gates_are_each_pictures_own() {
        let device = Device::flex();
        let x = Planes::new(Tensor::ones([2, 2, 1, 2], &device)).first(First::Gate(vec![1.0, 2.0, 3.0, 4.0]));
        let found = x.settled().into_data();
        assert_eq!(found.as_slice::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    }
}
