//! The layers on the CPU: kernels of our own, and feature maps in planned blocks between them.

use std::{ops::RangeInclusive, rc::Rc, sync::Arc};

use corsai_kernels::{
    Activation, Buffer, Dense, Depthwise, Direct, First, Gathered, Onto, Tiled, double, enlarge, pool, sigmoid,
};

use super::{Added, ConvShape, Into, Maps, Then};
use crate::{PackError, Weights};

/// Feature maps as planes, `[batch, channels, rows, columns]`.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    values: Rc<Buffer>,
    shape: [usize; 4],
    first: Pending,
}

/// What is done to maps when they are read: many kernels do so by the way.
#[derive(Debug, Clone, Default)]
enum Pending {
    #[default]
    Nothing,
    Relu,
    Silu,
    /// `[batch, channels]`.
    Gate(Rc<Buffer>),
    /// max(0, x · a + b), a and b a channel.
    NormRelu(Arc<[Vec<f32>; 2]>),
}

impl Pending {
    /// What is done to one picture of a batch.
    fn of(&self, picture: usize, channels: usize) -> First<'_> {
        match self {
            Self::Nothing => First::Nothing,
            Self::Relu => First::Relu,
            Self::Silu => First::Silu,
            Self::Gate(gates) => First::Gate(gates.chunks_exact(channels.max(1)).nth(picture).unwrap_or_default()),
            Self::NormRelu(norm) => First::NormRelu([&norm[0], &norm[1]]),
        }
    }
}

/// The values, copied where someone else has them too.
fn unshared(values: Rc<Buffer>) -> Buffer {
    Rc::try_unwrap(values).unwrap_or_else(|shared| Buffer::clone(&shared))
}

impl Planes {
    fn of(values: Buffer, shape: [usize; 4]) -> Self {
        Self { values: Rc::new(values), shape, first: Pending::Nothing }
    }

    pub fn new(values: &[f32], shape: [usize; 4]) -> Self {
        Self::of(Buffer::of(values), shape)
    }

    /// Values of one picture; at least 1.
    fn each(&self) -> usize {
        self.shape.iter().skip(1).product::<usize>().max(1)
    }

    fn size(&self) -> [usize; 2] {
        [self.shape[2], self.shape[3]]
    }

    /// Each picture with its number.
    fn pictures(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.values.chunks_exact(self.each()).enumerate()
    }

    /// With nothing left to be done to them.
    fn settled(self) -> Self {
        if matches!(self.first, Pending::Nothing) {
            return self;
        }
        let (shape, each, area) = (self.shape, self.each(), self.shape[2] * self.shape[3]);
        let mut values = unshared(self.values);
        for (nth, picture) in values.chunks_exact_mut(each).enumerate() {
            let first = self.first.of(nth, shape[1]);
            let planes = picture.chunks_exact_mut(area.max(1)).enumerate();
            planes.for_each(|(channel, plane)| first.apply(channel, plane));
        }
        Self::of(values, shape)
    }

    /// Appends the values to `to`.
    pub fn read(self, to: &mut Vec<f32>) {
        to.extend_from_slice(&self.settled().values);
    }

    /// Each picture after `change`, which has its planes `[channels, rows, columns]`.
    pub fn changed(self, change: impl FnMut(&mut [f32])) -> Self {
        let settled = self.settled();
        let (shape, each) = (settled.shape, settled.each());
        let mut values = unshared(settled.values);
        values.chunks_exact_mut(each).for_each(change);
        Self::of(values, shape)
    }

    /// To be read after `first`.
    fn first(self, first: Pending) -> Self {
        Self { first, ..self.settled() }
    }

    pub fn activated(self, activation: Activation) -> Self {
        match activation {
            Activation::None => self,
            Activation::Relu => self.first(Pending::Relu),
            Activation::Silu => self.first(Pending::Silu),
        }
    }

    /// max(0, x · a + b), a and b a channel.
    pub fn affine_relu(self, norm: &Arc<[Vec<f32>; 2]>) -> Self {
        self.first(Pending::NormRelu(Arc::clone(norm)))
    }

    pub fn plus(self, other: Self) -> Self {
        let (settled, other) = (self.settled(), other.settled());
        let shape = settled.shape;
        let mut values = unshared(settled.values);
        values.iter_mut().zip(other.values.iter()).for_each(|(value, other)| *value += other);
        Self::of(values, shape)
    }

    pub fn pooled(self) -> Self {
        let from = self.settled();
        let [batch, channels, rows, columns] = from.shape;
        let shape = [batch, channels, rows.div_ceil(2), columns.div_ceil(2)];
        let mut values = Buffer::new(shape.iter().product());
        pool(&from.values, from.size(), &mut values);
        Self::of(values, shape)
    }

    pub fn enlarged(self, factor: usize, aligned: bool) -> Self {
        let from = self.settled();
        if factor == 1 {
            return from;
        }
        let [batch, channels, rows, columns] = from.shape;
        let shape = [batch, channels, rows * factor, columns * factor];
        let mut values = Buffer::new(shape.iter().product());
        enlarge(&from.values, from.size(), factor, aligned, &mut values);
        Self::of(values, shape)
    }

    /// Rows and columns doubled by repetition, with the channels of others behind.
    pub fn doubled_beside(self, beside: Option<Self>) -> Self {
        let (from, beside) = (self.settled(), beside.map(Self::settled));
        let [batch, channels, rows, columns] = from.shape;
        let more = beside.as_ref().map_or(0, |beside| beside.shape[1]);
        let shape = [batch, channels + more, rows * 2, columns * 2];
        let doubled = channels * 4 * rows * columns;
        let mut values = Buffer::new(shape.iter().product());
        let each = (values.len() / batch.max(1)).max(1);
        for ((nth, picture), to) in from.pictures().zip(values.chunks_exact_mut(each)) {
            let (front, behind) = to.split_at_mut(doubled);
            double(picture, columns, front);
            let beside = beside.as_ref().and_then(|beside| beside.pictures().nth(nth));
            behind.copy_from_slice(beside.map_or(&[], |(_, picture)| picture));
        }
        Self::of(values, shape)
    }
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
        let conv = Self::new(&weight, shape.bias(weights, name)?, shape);
        if let Some(Self::Tiled(_)) = conv {
            // Each kernel's nine values have become 36.
            weights.grew(3 * weight.len());
        }
        conv.ok_or_else(|| PackError::Form(name.into()))
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
        let x = if matches!(self, Self::Dense(_)) { x } else { x.settled() };
        let (batch, inputs, size) = (x.shape[0], x.shape[1], x.size());
        let [outputs, high, wide] = self.size(size[0], size[1]);
        let (there, added) = match (then.added, then.into) {
            (Added::Same(maps), _) => (Some(planes(maps).settled()), outputs),
            (Added::Doubled(maps), _) => (Some(planes(maps).doubled_beside(None)), outputs),
            (Added::Nothing, Into::Grown(maps, added)) => (Some(planes(maps).settled()), added),
            (Added::Nothing, Into::New | Into::Wide(_)) => (None, 0),
        };
        let skipped = there.as_ref().map_or(0, |there| there.shape[1] - added);
        let relu = then.activation == Activation::Relu;
        let shape = [batch, outputs + skipped, high, wide];
        let each = shape.iter().skip(1).product::<usize>().max(1);
        let mut found = match there {
            None => Buffer::new(batch * each),
            Some(there) if there.shape == shape => unshared(there.values),
            Some(there) => {
                let mut wider = Buffer::new(batch * each);
                for ((_, from), to) in there.pictures().zip(wider.chunks_exact_mut(each)) {
                    to.iter_mut().zip(from).for_each(|(to, value)| *to = *value);
                }
                wider
            }
        };
        for ((nth, picture), planes) in x.pictures().zip(found.chunks_exact_mut(each)) {
            let onto = Onto { planes: &mut *planes, added, skipped, relu };
            let area = high * wide;
            let done = match self {
                Self::Dense(conv) => conv.run(picture, size, x.first.of(nth, inputs), onto),
                Self::Tiled(conv) => aside(onto, outputs, area, |relu, to| conv.run(picture, size, relu, to)),
                Self::Direct(conv) => aside(onto, outputs, area, |relu, to| conv.run(picture, size, relu, to)),
            };
            if done.is_none() {
                // The network's answer is refused then.
                planes.fill(f32::NAN);
            }
        }
        let found = Planes::of(found, shape);
        if relu { found } else { found.activated(then.activation) }
    }

    /// What [`Self::forward`] makes of `x · gate`.
    pub fn gated(&self, x: Planes, gate: Gates, then: Then<'_>) -> Planes {
        self.forward(x.first(Pending::Gate(gate)), then)
    }
}

/// Gates `[batch, channels]`.
pub(crate) type Gates = Rc<Buffer>;

/// A convolution that only overwrites: beside the planes, where there is something on them.
fn aside(onto: Onto<'_>, outputs: usize, area: usize, run: impl FnOnce(bool, &mut [f32]) -> Option<()>) -> Option<()> {
    let Onto { planes, added, skipped, relu } = onto;
    if added + skipped == 0 {
        return run(relu, planes);
    }
    let mut found = Buffer::new(outputs * area);
    run(false, &mut found)?;
    let (sums, more) = found.split_at_checked(added * area)?;
    let (there, behind) = planes.split_at_mut_checked((added + skipped) * area)?;
    there.iter_mut().zip(sums).for_each(|(value, sum)| *value += sum);
    behind.iter_mut().zip(more).for_each(|(to, value)| *to = *value);
    if relu {
        corsai_kernels::relu(planes);
    }
    Some(())
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

    /// The result, and its gates.
    pub fn forward(&self, x: Planes) -> (Planes, Gates) {
        let raw = matches!(x.first, Pending::Silu);
        let x = if raw { x } else { x.settled() };
        let ([batch, channels, ..], size) = (x.shape, x.size());
        let [high, wide] = self.depthwise.size(size[0], size[1]);
        let shape = [batch, channels, high, wide];
        let (mut values, mut means) = (Buffer::new(shape.iter().product()), Buffer::new(batch * channels));
        let pictures = values.chunks_exact_mut((channels * high * wide).max(1));
        for ((_, picture), (planes, means)) in x.pictures().zip(pictures.zip(means.chunks_exact_mut(channels.max(1)))) {
            if self.depthwise.run(picture, size, raw, Gathered { planes: &mut *planes, means: &mut *means }).is_none() {
                // The network's answer is refused then.
                means.fill(f32::NAN);
                planes.fill(f32::NAN);
            }
        }
        let hidden = self.squeeze.forward(Planes::of(means, [batch, channels, 1, 1]), Then::SILU);
        let gates = self.excite.forward(hidden, Then::default()).changed(sigmoid);
        (Planes::of(values, shape), gates.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(planes: Planes) -> Vec<f32> {
        let mut values = Vec::new();
        planes.read(&mut values);
        values
    }

    #[test]
    fn gates_are_each_pictures_own() {
        let gates = Pending::Gate(Rc::new(Buffer::of(&[1.0, 2.0, 3.0, 4.0])));
        let found = Planes::new(&[1.0; 8], [2, 2, 1, 2]).first(gates);
        assert_eq!(read(found), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn what_others_have_too_stays_as_it_is() {
        let maps = Planes::new(&[-1.0, 2.0], [1, 1, 1, 2]);
        assert_eq!(read(maps.clone().activated(Activation::Relu)), [0.0, 2.0]);
        assert_eq!(read(maps.clone().plus(maps.clone())), [-2.0, 4.0]);
        assert_eq!(read(maps.clone().changed(|picture| picture.fill(7.0))), [7.0, 7.0]);
        assert_eq!(read(maps), [-1.0, 2.0]);
    }

    #[test]
    fn each_picture_of_a_batch_is_doubled_beside_its_own() {
        let coarse = Planes::new(&[1.0, 2.0], [2, 1, 1, 1]);
        let beside = Planes::new(&[3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0], [2, 1, 2, 2]);
        let found = coarse.doubled_beside(Some(beside));
        assert_eq!(found.shape, [2, 2, 2, 2]);
        assert_eq!(read(found), [[1.0; 4], [3.0; 4], [2.0; 4], [4.0; 4]].concat());
    }

    #[test]
    fn a_result_is_added_or_comes_behind_whatever_the_kernel() {
        let shape = |inputs| ConvShape { groups: 1, bias: false, ..ConvShape::three(inputs, 3) };
        // Kernels that hand a pixel on as it is: by tiles, directly and as a product.
        for (inputs, tiled) in [(100, true), (4, false), (5, false)] {
            let mut weight = vec![0.0; 3 * inputs * 9];
            (0..3).for_each(|output| weight[(output * inputs + output) * 9 + 4] = 1.0);
            let conv = Conv::new(&weight, None, shape(inputs)).unwrap();
            assert_eq!(matches!(conv, Conv::Tiled(_)), tiled);
            let x = || {
                let value = |at: usize| (at / 4 % inputs) as f32 - 1.0;
                Planes::new(&(0..2 * inputs * 4).map(value).collect::<Vec<_>>(), [2, inputs, 2, 2])
            };
            let near = |found: Planes, expected: &[f32]| {
                let found = read(found);
                assert_eq!(found.len(), 2 * expected.len() * 4);
                for (at, value) in found.iter().enumerate() {
                    let expected = expected[at / 4 % expected.len()];
                    assert!((value - expected).abs() < 1e-5, "{inputs} {at}: {value} {expected}");
                }
            };
            near(conv.forward(x(), Then::default()), &[-1.0, 0.0, 1.0]);
            let there = Maps::Cpu(Planes::new(&[0.5; 24], [2, 3, 2, 2]));
            near(conv.forward(x(), Then { added: Added::Same(&there), ..Then::RELU }), &[0.0, 0.5, 1.5]);
            near(conv.forward(x(), Then::into(Into::Grown(&there, 1))), &[-0.5, 0.5, 0.5, 0.0, 1.0]);
            let coarse = Maps::Cpu(Planes::new(&[0.25; 6], [2, 3, 1, 1]));
            near(conv.forward(x(), Then::added(Added::Doubled(&coarse))), &[-0.75, 0.25, 1.25]);
        }
    }

    #[test]
    fn what_no_kernel_can_do_is_no_number() {
        let conv = Conv::new(&[1.0; 10], None, ConvShape { bias: false, ..ConvShape::pointwise(5, 2) }).unwrap();
        assert!(read(conv.forward(Planes::new(&[1.0; 4], [1, 4, 1, 1]), Then::default())).iter().all(|v| v.is_nan()));
    }
}
