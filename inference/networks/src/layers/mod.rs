//! What the networks share: feature maps, and the layers that take them on, each of which knows its way on the CPU
//! (`cpu`) and on a GPU (`corsai_kernels::gpu`).

#![allow(clippy::large_enum_variant, reason = "they hold handles, and few of them exist")]

mod cpu;

use std::sync::Arc;

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use burn::tensor::Tensor;
#[cfg(feature = "gpu")]
use corsai_kernels::gpu;
use corsai_kernels::{Activation, group_norm_relu};

use crate::{PackError, Place, Weights};

/// Feature maps.
#[derive(Debug, Clone)]
pub(crate) enum Maps {
    Cpu(cpu::Planes),
    /// Of one picture.
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Maps>),
}

#[cfg(feature = "gpu")]
impl From<gpu::Maps> for Maps {
    fn from(maps: gpu::Maps) -> Self {
        Self::Gpu(Box::new(maps))
    }
}

/// A layer met maps of another device: a network is on one device.
#[cfg(feature = "gpu")]
fn elsewhere() -> ! {
    unreachable!("a network's layers and maps lie on one device")
}

impl Maps {
    /// Of inputs `[batch, channels, size, size]`; a GPU takes one.
    pub fn new(inputs: &[f32], [batch, channels, size]: [usize; 3], place: &Place) -> Self {
        #[cfg(feature = "gpu")]
        if place.device != Device::flex() {
            return Self::from(gpu::Maps::new(inputs, [channels, size, size], place.precision, &place.device));
        }
        let _ = place;
        Self::Cpu(cpu::Planes::new(inputs, [batch, channels, size, size]))
    }

    /// Appends the values `[batch, channels, rows, columns]`, on the CPU.
    pub fn read(self, to: &mut Vec<f32>) {
        match self {
            Self::Cpu(planes) => planes.read(to),
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => elsewhere(),
        }
    }

    /// `[1, channels, rows, columns]`, on a GPU.
    #[cfg(feature = "gpu")]
    pub fn planes(self) -> Tensor<4> {
        match self {
            Self::Cpu(_) => elsewhere(),
            Self::Gpu(maps) => maps.planes(),
        }
    }

    /// The largest of 3×3 at every second pixel.
    pub fn pooled(self) -> Self {
        match self {
            Self::Cpu(planes) => Self::Cpu(planes.pooled()),
            #[cfg(feature = "gpu")]
            Self::Gpu(maps) => Self::from(maps.pooled()),
        }
    }

    /// max(0, x).
    pub fn rectified(self) -> Self {
        match self {
            Self::Cpu(planes) => Self::Cpu(planes.activated(Activation::Relu)),
            #[cfg(feature = "gpu")]
            Self::Gpu(maps) => Self::from(maps.rectified()),
        }
    }

    /// Enlarged bilinearly by a whole factor, and `added` to it.
    pub fn enlarged(self, factor: usize, corners: Corners, added: Option<Self>) -> Self {
        let aligned = corners == Corners::Aligned;
        match (self, added) {
            (Self::Cpu(planes), None) => Self::Cpu(planes.enlarged(factor, aligned)),
            (Self::Cpu(planes), Some(Self::Cpu(added))) => Self::Cpu(planes.enlarged(factor, aligned).plus(added)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(maps), None) => Self::from(maps.enlarged(factor, aligned, None)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(maps), Some(Self::Gpu(added))) => Self::from(maps.enlarged(factor, aligned, Some(&*added))),
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }
}

/// Where an enlarged map's corner pixels lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Corners {
    /// On those of the map.
    Aligned,
    /// Pixels are areas (PyTorch's `align_corners=False`).
    Areas,
}

/// What a convolution adds before its activation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Added<'a> {
    #[default]
    Nothing,
    Same(&'a Maps),
    /// Doubled by repetition.
    Doubled(&'a Maps),
}

/// Where a convolution's result goes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Into<'a> {
    #[default]
    New,
    /// Into maps that will grow to so many channels; on the CPU they are made anew each time.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the CPU doesn't need to know"))]
    Wide(usize),
    /// So many of its channels are added to the first ones of these maps, the others come behind all of theirs.
    Grown(&'a Maps, usize),
}

/// What comes after a convolution.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Then<'a> {
    pub added: Added<'a>,
    pub activation: Activation,
    pub into: Into<'a>,
}

impl<'a> Then<'a> {
    pub const RELU: Self = Self { added: Added::Nothing, activation: Activation::Relu, into: Into::New };
    pub const SILU: Self = Self { added: Added::Nothing, activation: Activation::Silu, into: Into::New };

    pub fn into(into: Into<'a>) -> Self {
        Self { into, ..Self::default() }
    }

    pub fn added(added: Added<'a>) -> Self {
        Self { added, ..Self::default() }
    }

    #[cfg(feature = "gpu")]
    fn on_gpu(self) -> gpu::Then<'a> {
        let of = |maps: &'a Maps| if let Maps::Gpu(maps) = maps { &**maps } else { elsewhere() };
        gpu::Then {
            added: match self.added {
                Added::Nothing => None,
                Added::Same(maps) => Some((of(maps), false)),
                Added::Doubled(maps) => Some((of(maps), true)),
            },
            activation: self.activation,
            into: match self.into {
                Into::New => gpu::Into::New,
                Into::Wide(channels) => gpu::Into::Wide(channels),
                Into::Grown(maps, added) => gpu::Into::Grown(of(maps), added),
            },
        }
    }
}

/// Geometry of a convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub groups: usize,
    pub bias: bool,
    pub padding: Padding,
}

/// Where the pixels go that a convolution adds around a picture; its output always has the input's size / stride.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Padding {
    /// As few as it takes, the odd one after the picture: TensorFlow's "same" for even sizes, as EfficientNet has it.
    Least,
    /// Half a kernel on every side: PyTorch's habit.
    Half,
}

impl Padding {
    /// Before and after a picture.
    fn around(self, kernel: usize, stride: usize) -> (usize, usize) {
        let least = kernel - stride.min(kernel);
        match self {
            Self::Least => (least / 2, least - least / 2),
            Self::Half => (kernel / 2, kernel / 2),
        }
    }
}

impl ConvShape {
    fn dims(&self) -> [usize; 4] {
        [self.outputs, self.inputs / self.groups, self.kernel, self.kernel]
    }

    fn before(&self) -> usize {
        self.padding.around(self.kernel, self.stride).0
    }

    fn bias(&self, weights: &mut Weights, name: &str) -> Result<Option<Vec<f32>>, PackError> {
        self.bias.then(|| weights.take(&format!("{name}.bias"), &[self.outputs])).transpose()
    }

    pub fn pointwise(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, kernel: 1, stride: 1, groups: 1, bias: true, padding: Padding::Half }
    }

    /// 3×3 with a bias.
    pub fn three(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 3, ..Self::pointwise(inputs, outputs) }
    }

    /// 7×7 at half the size with a bias: how a ResNet and a DPN begin.
    pub fn stem(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 7, stride: 2, ..Self::pointwise(inputs, outputs) }
    }
}

/// A 2-D convolution.
#[derive(Debug)]
pub(crate) enum Conv {
    Cpu(cpu::Conv),
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Conv>),
}

impl Conv {
    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            let weight = weights.take_stored(&format!("{name}.weight"), &shape.dims())?;
            let bias = shape.bias(weights, name)?;
            let ConvShape { inputs, outputs, kernel, stride, groups, .. } = shape;
            let geometry = gpu::Geometry { inputs, outputs, kernel, stride, before: shape.before(), groups };
            let conv = gpu::Conv::new(weight, bias, geometry, weights.precision, device);
            return conv.map(|conv| Self::Gpu(Box::new(conv))).ok_or_else(|| PackError::Form(name.into()));
        }
        let _ = device;
        cpu::Conv::take(weights, name, shape).map(Self::Cpu)
    }

    pub fn forward(&self, x: Maps, then: Then<'_>) -> Maps {
        match (self, x) {
            (Self::Cpu(conv), Maps::Cpu(x)) => Maps::Cpu(conv.forward(x, then)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), Maps::Gpu(x)) => Maps::from(conv.forward(&x, then.on_gpu())),
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }

    /// What [`Self::forward`] makes of `x · gate`.
    pub fn gated(&self, x: Maps, gate: Gate, then: Then<'_>) -> Maps {
        match (self, x, gate) {
            (Self::Cpu(conv), Maps::Cpu(x), Gate::Cpu(gate)) => Maps::Cpu(conv.gated(x, gate, then)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), Maps::Gpu(x), Gate::Gpu(gate)) => Maps::from(conv.gated(&x, gate, then.on_gpu())),
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }

    /// What [`Self::forward`] makes of `coarse`, doubled by repetition, with the channels of `beside` behind its own.
    pub fn joined(&self, coarse: Maps, beside: Option<Maps>, then: Then<'_>) -> Maps {
        match (self, coarse) {
            (Self::Cpu(conv), Maps::Cpu(coarse)) => {
                let beside = beside.map(|maps| match maps {
                    Maps::Cpu(planes) => planes,
                    #[cfg(feature = "gpu")]
                    Maps::Gpu(_) => elsewhere(),
                });
                Maps::Cpu(conv.forward(coarse.doubled_beside(beside), then))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), Maps::Gpu(coarse)) => {
                let beside = beside.map(|maps| if let Maps::Gpu(maps) = maps { maps } else { elsewhere() });
                Maps::from(conv.joined(&coarse, beside.as_deref(), then.on_gpu()))
            }
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }
}

/// A gate for every channel.
#[derive(Debug)]
pub(crate) enum Gate {
    Cpu(cpu::Gates),
    #[cfg(feature = "gpu")]
    Gpu(Tensor<1>),
}

/// A convolution of each channel by itself with SiLU behind it, and the gates that its planes' means give (squeeze and
/// excitation).
#[derive(Debug)]
pub(crate) enum GatedDepthwise {
    Cpu(Box<cpu::GatedDepthwise>),
    #[cfg(feature = "gpu")]
    Gpu(Box<(gpu::Conv, gpu::SqueezeExcite)>),
}

impl GatedDepthwise {
    /// `hidden` is how many values the gates come from; `names` are the convolution's, and those of the layers to the
    /// hidden values and to the gates.
    pub fn take(
        weights: &mut Weights,
        names: [&str; 3],
        (shape, hidden): (ConvShape, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let wide = shape.outputs;
        let [own, to_hidden, to_gates] = names;
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            let Conv::Gpu(conv) = Conv::take(weights, own, shape, device)? else { elsewhere() };
            let mut layer = |name: &str, dims: [usize; 2]| -> Result<[Vec<f32>; 2], PackError> {
                let weight = weights.take(&format!("{name}.weight"), &[dims[0], dims[1], 1, 1])?;
                Ok([weight, weights.take(&format!("{name}.bias"), &dims[..1])?])
            };
            let layers = (layer(to_hidden, [hidden, wide])?, layer(to_gates, [wide, hidden])?);
            let gates = gpu::SqueezeExcite::new(layers.0, layers.1, device);
            let both = gates.map(|gates| Self::Gpu(Box::new((*conv, gates))));
            return both.ok_or_else(|| PackError::Form(to_hidden.into()));
        }
        let layers = [(to_hidden, ConvShape::pointwise(wide, hidden)), (to_gates, ConvShape::pointwise(hidden, wide))];
        let _ = device;
        cpu::GatedDepthwise::take(weights, (own, shape), layers).map(|own| Self::Cpu(Box::new(own)))
    }

    pub fn forward(&self, x: Maps) -> (Maps, Gate) {
        match (self, x) {
            (Self::Cpu(own), Maps::Cpu(x)) => {
                let (x, gate) = own.forward(x);
                (Maps::Cpu(x), Gate::Cpu(gate))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(own), Maps::Gpu(x)) => {
                let (conv, gates) = own.as_ref();
                let x = conv.forward(&x, gpu::Then { activation: Activation::Silu, ..gpu::Then::default() });
                let gate = gates.gate(&x);
                (Maps::from(x), Gate::Gpu(gate))
            }
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }
}

/// Batch-norm that nothing comes before to be folded into: y = max(0, x · a + b), a and b a channel.
#[derive(Debug)]
pub(crate) enum AffineRelu {
    /// a and b.
    Cpu(Arc<[Vec<f32>; 2]>),
    #[cfg(feature = "gpu")]
    Gpu(gpu::Affine),
}

impl AffineRelu {
    pub fn take(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, PackError> {
        let mut part = |part: &str| weights.take(&format!("{name}.{part}"), &[channels]);
        let (scale, shift) = (part("weight")?, part("bias")?);
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            return Ok(Self::Gpu(gpu::Affine::new(&scale, &shift, device)));
        }
        let _ = device;
        Ok(Self::Cpu(Arc::new([scale, shift])))
    }

    pub fn forward(&self, x: Maps) -> Maps {
        match (self, x) {
            (Self::Cpu(norm), Maps::Cpu(x)) => Maps::Cpu(x.affine_relu(norm)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(norm), Maps::Gpu(x)) => Maps::from(x.normed(norm)),
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }
}

/// Group normalisation over 32 groups with an affine map a channel, ε = 1e-5 (PyTorch's defaults), and max(0, x).
#[derive(Debug)]
pub(crate) enum GroupNormRelu {
    Cpu {
        gamma: Vec<f32>,
        beta: Vec<f32>,
    },
    #[cfg(feature = "gpu")]
    Gpu(gpu::GroupNorm),
}

impl GroupNormRelu {
    const GROUPS: usize = 32;
    const EPSILON: f32 = 1e-5;

    pub fn take(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, PackError> {
        let mut part = |part: &str| weights.take(&format!("{name}.{part}"), &[channels]);
        let (gamma, beta) = (part("weight")?, part("bias")?);
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            let norm = gpu::GroupNorm::new(Self::GROUPS, gamma, beta, device);
            return norm.map(Self::Gpu).ok_or_else(|| PackError::Form(name.into()));
        }
        let _ = device;
        Ok(Self::Cpu { gamma, beta })
    }

    pub fn forward(&self, x: Maps) -> Maps {
        match (self, x) {
            (Self::Cpu { gamma, beta }, Maps::Cpu(x)) => {
                Maps::Cpu(x.changed(|picture| group_norm_relu(picture, Self::GROUPS, gamma, beta, Self::EPSILON)))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(norm), Maps::Gpu(x)) => Maps::from(norm.forward(&x)),
            #[cfg(feature = "gpu")]
            _ => elsewhere(),
        }
    }
}
