//! One network on one device, from the bytes of its weights to probabilities.

use std::borrow::Cow;

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use burn::tensor::{Tensor, activation};
use corsai_kernels::{free_planned_memory, sigmoid, softmax, with_planned_memory};
use corsai_manifest::{Architecture, NetworkEntry, Part};

use crate::{
    device_config::DeviceConfig, error::NetworkError, fpn::Fpn, layers::FeatureMaps, resnet::ResNet18,
    sha256::sha256_hex, shape::NetworkShape, unet::Unet, weights::Weights,
};

#[derive(Debug)]
enum Model {
    Fpn(Box<Fpn>),
    Unet(Box<Unet>),
    ResNet18(Box<ResNet18>),
}

impl Model {
    fn load(weights: &mut Weights, architecture: &Architecture, device: &Device) -> Result<Self, NetworkError> {
        Ok(match *architecture {
            Architecture::FpnEfficientNetB0 { in_channels, classes, pyramid_channels, segmentation_channels } => {
                let widths = (pyramid_channels, segmentation_channels);
                Self::Fpn(Box::new(Fpn::load(weights, (in_channels, classes), widths, device)?))
            }
            Architecture::UnetResNet21 { in_channels, classes } => {
                Self::Unet(Box::new(Unet::load_resnet21(weights, (in_channels, classes), device)?))
            }
            Architecture::UnetDpn92 { in_channels, classes } => {
                Self::Unet(Box::new(Unet::load_dpn92(weights, (in_channels, classes), device)?))
            }
            Architecture::ResNet18 { in_channels, classes } => {
                Self::ResNet18(Box::new(ResNet18::load(weights, (in_channels, classes), device)?))
            }
        })
    }

    fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        match self {
            Self::Fpn(model) => model.forward(x),
            Self::Unet(model) => model.forward(x),
            Self::ResNet18(model) => model.forward(x),
        }
    }
}

/// A network with its weights on a device.
#[derive(Debug)]
pub struct Network {
    shape: NetworkShape,
    /// Values that the layers hold, in f32 on the CPU.
    held_values: usize,
    model: Model,
    device_config: DeviceConfig,
}

impl Network {
    /// Verifies the SHA-256 of every part, reads the weights and uploads them to the device.
    ///
    /// # Errors
    /// [`NetworkError::PartCount`] and [`NetworkError::PartDigest`]; any error of a weights file;
    /// [`NetworkError::UnsupportedLayer`].
    pub fn load(
        entry: &NetworkEntry,
        parts: &[Vec<u8>],
        device_config: impl Into<DeviceConfig>,
    ) -> Result<Self, NetworkError> {
        let (file, device_config) = (verify(&entry.parts, parts)?, device_config.into());
        Self::build(entry, Weights::read(&file, device_config.precision)?, device_config)
    }

    /// Builds the network with random weights, for checks of an architecture.
    ///
    /// # Errors
    /// [`NetworkError::UnsupportedLayer`].
    pub fn with_random_weights(
        entry: &NetworkEntry,
        device_config: impl Into<DeviceConfig>,
    ) -> Result<Self, NetworkError> {
        let device_config = device_config.into();
        Self::build(entry, Weights::random(device_config.precision), device_config)
    }

    fn build(
        entry: &NetworkEntry,
        mut weights: Weights<'_>,
        device_config: DeviceConfig,
    ) -> Result<Self, NetworkError> {
        // The network that ran before on this thread may have left its planned memory.
        free_planned_memory();
        let model = Model::load(&mut weights, &entry.architecture, &device_config.device)?;
        Ok(Self { shape: NetworkShape::from_entry(entry), held_values: weights.held_values(), model, device_config })
    }

    /// The device, and the precision of feature maps and weights on it.
    #[must_use]
    pub const fn device_config(&self) -> &DeviceConfig {
        &self.device_config
    }

    /// Bytes that the weights take on the CPU, in the form in which kernels read them. A GPU needs
    /// less.
    #[must_use]
    pub const fn weight_memory(&self) -> usize {
        4 * self.held_values
    }

    /// Returns an upper estimate of [`Self::weight_memory`] for a weights file of `file_bytes`:
    /// 4-bit and 8-bit integers become f32, and Winograd kernels are four times as large as their
    /// weights.
    #[must_use]
    pub const fn weight_memory_for_file(file_bytes: usize) -> usize {
        9 * file_bytes
    }

    /// Dimensions of input and output.
    #[must_use]
    pub const fn shape(&self) -> NetworkShape {
        self.shape
    }

    /// Returns probabilities `[batch, classes, size, size]` in 0..=1 for inputs
    /// `[batch, channels, size, size]`, both in C order: a sigmoid for one class, a softmax over
    /// several.
    ///
    /// # Errors
    /// [`NetworkError::Input`] for a wrong length, [`NetworkError::Device`] if the device fails,
    /// [`NetworkError::NonFinite`].
    pub async fn probabilities(&self, inputs: Vec<f32>) -> Result<Vec<f32>, NetworkError> {
        self.forward(inputs, true).await
    }

    /// Returns logits: the values of [`Self::probabilities`] before sigmoid or softmax.
    ///
    /// # Errors
    /// Those of [`Self::probabilities`].
    pub async fn logits(&self, inputs: Vec<f32>) -> Result<Vec<f32>, NetworkError> {
        self.forward(inputs, false).await
    }

    #[cfg_attr(not(feature = "gpu"), allow(clippy::unused_async, reason = "a GPU is awaited"))]
    async fn forward(&self, inputs: Vec<f32>, probabilities: bool) -> Result<Vec<f32>, NetworkError> {
        let NetworkShape { channels, classes, size } = self.shape;
        let each = self.shape.input_len();
        let batch = inputs.len() / each;
        if batch == 0 || !inputs.len().is_multiple_of(each) {
            return Err(NetworkError::Input { found: inputs.len(), expected: each });
        }
        let mut answers = Vec::with_capacity(batch * self.shape.output_len());
        #[cfg(feature = "gpu")]
        if self.device_config.is_gpu() {
            // One picture occupies a whole GPU.
            for one in inputs.chunks_exact(each) {
                let maps = self.model.forward(FeatureMaps::new(one, [1, channels, size], &self.device_config));
                answers.extend(read_back(maps.into_nchw(), probabilities).await?);
            }
            return finite(answers);
        }
        with_planned_memory(|| {
            let x = FeatureMaps::new(&inputs, [batch, channels, size], &self.device_config);
            self.model.forward(x).append_to(&mut answers);
        });
        match classes {
            _ if !probabilities => {}
            1 => sigmoid(&mut answers),
            _ => answers.chunks_exact_mut(self.shape.output_len()).for_each(|answer| softmax(answer, classes)),
        }
        finite(answers)
    }
}

#[cfg(feature = "gpu")]
async fn read_back(logits: Tensor<4>, probabilities: bool) -> Result<Vec<f32>, NetworkError> {
    let answer = match logits.dims() {
        _ if !probabilities => logits,
        [_, 1, ..] => activation::sigmoid(logits),
        _ => activation::softmax(logits, 1),
    };
    let data = answer.into_data_async().await.map_err(|e| NetworkError::Device(format!("{e:?}")))?;
    data.try_into_vec::<f32>().map_err(|e| NetworkError::Device(format!("{e:?}")))
}

fn finite(values: Vec<f32>) -> Result<Vec<f32>, NetworkError> {
    if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(NetworkError::NonFinite) }
}

/// Checks the parts against the manifest and returns the file that they form.
fn verify<'a>(expected: &[Part], parts: &'a [Vec<u8>]) -> Result<Cow<'a, [u8]>, NetworkError> {
    if expected.len() != parts.len() {
        return Err(NetworkError::PartCount { found: parts.len(), expected: expected.len() });
    }
    for (index, (part, bytes)) in expected.iter().zip(parts).enumerate() {
        if bytes.len() as u64 != part.bytes || sha256_hex(bytes) != part.sha256 {
            return Err(NetworkError::PartDigest { index, found: bytes.len(), expected: part.bytes });
        }
    }
    Ok(if let [whole] = parts { whole.into() } else { parts.concat().into() })
}
