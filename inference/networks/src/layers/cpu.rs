//! The layers on the CPU: our own kernels where they are faster, Burn's elsewhere.

use std::ops::RangeInclusive;

use burn::tensor::{
    Device, Tensor,
    activation::{relu, sigmoid},
    module::{conv2d, interpolate, max_pool2d},
    ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions},
};
use corsai_kernels::{
    Activation, Direct, enlarged, silu,
    winograd::{self, Tiling},
};

use super::{Added, ConvShape, Into, Maps, Then, tensor};
use crate::{PackError, Weights};

/// Feature maps as planes, `[batch, channels, rows, columns]`.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    values: Tensor<4>,
    /// To be put through SiLU when they are read: a depthwise convolution does so by the way.
    raw: bool,
}

impl Planes {
    pub const fn new(values: Tensor<4>) -> Self {
        Self { values, raw: false }
    }

    pub fn settled(self) -> Tensor<4> {
        if self.raw { changed(self.values, silu) } else { self.values }
    }

    /// Each picture after `change`, which has its planes `[channels, rows, columns]`.
    pub fn changed(self, change: impl FnMut(&mut [f32])) -> Self {
        Self::new(changed(self.settled(), change))
    }

    pub fn activated(self, activation: Activation) -> Self {
        match activation {
            Activation::None => self,
            Activation::Relu => Self::new(relu(self.settled())),
            Activation::Silu => Self { values: self.settled(), raw: true },
        }
    }

    pub fn affine_relu(self, scale: Tensor<4>, shift: Tensor<4>) -> Self {
        Self::new(relu(self.settled() * scale + shift))
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
        Self::new(each_picture(x, to, |picture| enlarged(picture, [rows, columns], factor, aligned)))
    }

    /// Rows and columns doubled by repetition.
    fn doubled(self) -> Tensor<4> {
        let x = self.settled();
        let [_, _, rows, columns] = x.dims();
        interpolate(x, InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([rows * 2, columns * 2]))
    }

    /// Doubled, with the channels of others behind.
    pub fn doubled_beside(self, beside: Option<Tensor<4>>) -> Tensor<4> {
        let doubled = self.doubled();
        match beside {
            Some(beside) => Tensor::cat(vec![doubled, beside], 1),
            None => doubled,
        }
    }

    /// The first channels of `more` added to the first of these, the others behind all.
    fn grown(self, more: &Tensor<4>, added: usize) -> Self {
        let x = self.settled();
        let part = |of: &Tensor<4>, first: usize| of.clone().narrow(1, first, of.dims()[1] - first);
        let sum = x.clone().narrow(1, 0, added) + more.clone().narrow(1, 0, added);
        Self::new(Tensor::cat(vec![sum, part(&x, added), part(more, added)], 1))
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

/// What comes after a convolution.
pub(super) fn finished(x: Tensor<4>, then: Then<'_>) -> Planes {
    let x = match then.added {
        Added::Nothing => x,
        Added::Same(maps) => x + planes(maps).settled(),
        Added::Doubled(maps) => x + planes(maps).doubled(),
    };
    let x = Planes::new(x).activated(then.activation);
    match then.into {
        Into::New | Into::Wide(_) => x,
        Into::Grown(maps, added) => planes(maps).grown(&x.settled(), added),
    }
}

/// A convolution: 3×3 by Winograd's way, what has few input channels a group by a kernel of ours.
#[derive(Debug)]
pub(crate) enum Conv {
    Burn(Box<BurnConv>),
    Tiled(Box<TiledConv>),
    Direct(Direct),
}

/// With its geometry; weight `[out, in / groups, kernel, kernel]`.
#[derive(Debug)]
pub(crate) struct BurnConv {
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
}

/// The products' left factors, `[places, out, in]`.
#[derive(Debug)]
pub(crate) struct TiledConv {
    factors: Tensor<3>,
    bias: Option<Vec<f32>>,
}

impl Conv {
    /// Fewer channels are not worth being cut into tiles; more take too much memory, for four times the weights are kept.
    const TILED: RangeInclusive<usize> = 16 * 16..=256 * 256;
    /// Input channels of a convolution that are few, and of a group of a grouped one.
    const FEW: [usize; 2] = [4, 24];

    pub fn new(weight: &[f32], bias: Option<Vec<f32>>, shape: ConvShape, device: &Device) -> Self {
        let ConvShape { inputs, outputs, kernel, stride, groups, padding, .. } = shape;
        let plain = (kernel, stride, groups) == (3, 1, 1);
        if plain && Self::TILED.contains(&(inputs * outputs)) {
            let factors = tensor(winograd::kernels(weight), [winograd::PLACES, outputs, inputs], device);
            return Self::Tiled(Box::new(TiledConv { factors, bias }));
        }
        let padding = padding.around(kernel, stride);
        if inputs / groups <= Self::FEW[usize::from(groups > 1)] {
            let way = (kernel, stride, padding.0);
            if let Some(own) = Direct::new(weight, bias.clone(), [inputs, outputs, groups], way) {
                return Self::Direct(own);
            }
        }
        let options = ConvOptions::new_with_padding([stride; 2], [padding; 2], [1; 2], groups);
        let bias = bias.map(|bias| tensor(bias, [outputs], device));
        Self::Burn(Box::new(BurnConv { weight: tensor(weight.to_vec(), shape.dims(), device), bias, options }))
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Burn(conv) => conv2d(x, conv.weight.clone(), conv.bias.clone(), conv.options.clone()),
            Self::Tiled(conv) => conv.forward(x),
            Self::Direct(conv) => {
                let [_, _, rows, columns] = x.dims();
                let [high, wide] = conv.size(rows, columns);
                each_picture(x, [conv.outputs(), high, wide], |picture| {
                    conv.run(picture, rows, columns).unwrap_or_default()
                })
            }
        }
    }

    /// What [`Self::forward`] makes of `x · gate`; gate `[1, inputs, 1, 1]`.
    pub fn gated(&self, x: Tensor<4>, gate: Tensor<4>) -> Tensor<4> {
        match self {
            // The weights are fewer than the pixels.
            Self::Burn(conv) if x.dims()[0] == 1 => {
                conv2d(x, conv.weight.clone() * gate, conv.bias.clone(), conv.options.clone())
            }
            _ => self.forward(x * gate),
        }
    }
}

impl TiledConv {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let ([_, inputs, rows, columns], [places, outputs, _]) = (x.dims(), self.factors.dims());
        let tiling = Tiling::new(rows, columns);
        each_picture(x, [outputs, rows, columns], |picture| {
            let right = tensor(tiling.inputs(picture), [places, inputs, tiling.tiles()], &Device::flex());
            let products = self.factors.clone().matmul(right).into_data();
            tiling.outputs(products.as_slice().unwrap_or_default(), outputs, self.bias.as_deref())
        })
    }
}

/// Each picture of a batch through a kernel.
fn each_picture(x: Tensor<4>, to: [usize; 3], mut kernel: impl FnMut(&[f32]) -> Vec<f32>) -> Tensor<4> {
    let (batch, device) = (x.dims()[0], x.device());
    let data = x.into_data();
    let pictures = data.as_slice::<f32>().unwrap_or_default();
    let mut values = Vec::new();
    for picture in pictures.chunks_exact((pictures.len() / batch.max(1)).max(1)) {
        let found = kernel(picture);
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

#[derive(Debug)]
enum Depthwise {
    Own(corsai_kernels::Depthwise),
    Burn(Conv),
}

impl GatedDepthwise {
    pub fn take(
        weights: &mut Weights,
        (name, shape): (&str, ConvShape),
        layers: [(&str, ConvShape); 2],
        device: &Device,
    ) -> Result<Self, PackError> {
        let weight = weights.take(&format!("{name}.weight"), &shape.dims())?;
        let bias = shape.bias(weights, name)?;
        let own = bias.clone().and_then(|bias| {
            corsai_kernels::Depthwise::new(weight.clone(), bias, shape.kernel, shape.stride, shape.before())
        });
        let depthwise = own.map_or_else(|| Depthwise::Burn(Conv::new(&weight, bias, shape, device)), Depthwise::Own);
        let mut layer = |(name, shape): (&str, ConvShape)| -> Result<Conv, PackError> {
            let weight = weights.take(&format!("{name}.weight"), &shape.dims())?;
            Ok(Conv::new(&weight, shape.bias(weights, name)?, shape, device))
        };
        let [squeeze, excite] = layers;
        Ok(Self { depthwise, squeeze: layer(squeeze)?, excite: layer(excite)? })
    }

    /// The result, and gates `[batch, channels, 1, 1]`.
    pub fn forward(&self, x: Planes) -> (Planes, Tensor<4>) {
        let [batch, channels, rows, columns] = x.values.dims();
        let means_of = [batch, channels, 1, 1];
        let (values, means) = match &self.depthwise {
            Depthwise::Own(own) => {
                let mut means = Vec::with_capacity(batch * channels);
                let [high, wide] = own.size(rows, columns);
                let values = each_picture(x.values, [channels, high, wide], |picture| {
                    let found = own.run(picture, rows, columns, x.raw).unwrap_or_default();
                    means.extend(found.means);
                    found.values
                });
                let means = tensor(means, means_of, &values.device());
                (values, means)
            }
            Depthwise::Burn(conv) => {
                let values = Planes::new(conv.forward(x.settled())).activated(Activation::Silu).settled();
                let [_, _, rows, columns] = values.dims();
                let mean = values.clone().reshape([batch, channels, rows * columns]).mean_dim(2);
                (values, mean.reshape(means_of))
            }
        };
        let hidden = Planes::new(self.squeeze.forward(means)).activated(Activation::Silu).settled();
        (Planes::new(values), sigmoid(self.excite.forward(hidden)))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

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
}
