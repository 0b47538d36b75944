//! One network on one device: bytes in, probabilities out.

use std::borrow::Cow;

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use burn::tensor::{Tensor, activation};
use corsai_kernels::{Precision, free_blocks, in_planned_blocks, sigmoid, softmax};
use corsai_manifest::{Architecture, Manifest, NetworkEntry, Part};
use sha2::{Digest, Sha256};

use crate::{NetworkError, PackError, Weights, fpn::Fpn, layers::Maps, resnet::ResNet18, unet::Unet};

/// Dimensions of a network's input `[batch, channels, size, size]` and output `[batch, classes, size, size]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub channels: usize,
    pub classes: usize,
    pub size: usize,
}

impl Shape {
    /// The shape a manifest entry describes.
    #[must_use]
    pub fn of(entry: &NetworkEntry) -> Self {
        let (channels, classes) = match entry.architecture {
            Architecture::FpnEfficientNetB0 { in_channels, classes, .. }
            | Architecture::UnetResNet21 { in_channels, classes }
            | Architecture::ResNet18 { in_channels, classes }
            | Architecture::UnetDpn92 { in_channels, classes } => (in_channels, classes),
        };
        Self { channels, classes, size: entry.input.size }
    }

    /// Whether every halving of the input gives a whole size: all architectures halve it five
    /// times, and add the maps of each size to enlarged ones of the next.
    const fn can_be_halved(self) -> bool {
        self.size > 0 && self.size.is_multiple_of(1 << 5)
    }

    /// Values of one input.
    #[must_use]
    pub const fn input_len(self) -> usize {
        self.channels * self.size * self.size
    }

    /// Values of one output.
    #[must_use]
    pub const fn output_len(self) -> usize {
        self.classes * self.size * self.size
    }
}

#[derive(Debug)]
enum Model {
    Fpn(Box<Fpn>),
    Unet(Box<Unet>),
    ResNet18(Box<ResNet18>),
}

impl Model {
    fn take(weights: &mut Weights, architecture: &Architecture, device: &Device) -> Result<Self, PackError> {
        Ok(match *architecture {
            Architecture::FpnEfficientNetB0 { in_channels, classes, pyramid_channels, segmentation_channels } => {
                let widths = (pyramid_channels, segmentation_channels);
                Self::Fpn(Box::new(Fpn::take(weights, (in_channels, classes), widths, device)?))
            }
            Architecture::UnetResNet21 { in_channels, classes } => {
                Self::Unet(Box::new(Unet::over_resnet21(weights, (in_channels, classes), device)?))
            }
            Architecture::UnetDpn92 { in_channels, classes } => {
                Self::Unet(Box::new(Unet::over_dpn92(weights, (in_channels, classes), device)?))
            }
            Architecture::ResNet18 { in_channels, classes } => {
                Self::ResNet18(Box::new(ResNet18::take(weights, (in_channels, classes), device)?))
            }
        })
    }

    fn forward(&self, x: Maps) -> Maps {
        match self {
            Self::Fpn(model) => model.forward(x),
            Self::Unet(model) => model.forward(x),
            Self::ResNet18(model) => model.forward(x),
        }
    }
}

/// A device, and how one with a GPU stores feature maps and weights.
#[derive(Debug, Clone)]
pub struct Place {
    pub(crate) device: Device,
    pub(crate) precision: Precision,
}

impl Place {
    /// With f32 alone, whatever the device knows.
    #[must_use]
    pub fn single(device: &Device) -> Self {
        Self { device: device.clone(), precision: Precision::Single }
    }

    /// How maps and weights are stored there.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }
}

impl From<&Device> for Place {
    /// With f16 on a GPU that knows it.
    fn from(device: &Device) -> Self {
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            return Self { device: device.clone(), precision: Precision::least(device) };
        }
        Self::single(device)
    }
}

/// A network, its weights on a device.
#[derive(Debug)]
pub struct Network {
    shape: Shape,
    /// Values that the layers keep, four bytes each on the device.
    kept: usize,
    model: Model,
    place: Place,
}

impl Network {
    /// Verifies every part's SHA-256, reads the weights and puts them on the device.
    ///
    /// # Errors
    /// [`NetworkError::Parts`], `Part` and `Pack`.
    pub fn load(entry: &NetworkEntry, parts: &[Vec<u8>], place: impl Into<Place>) -> Result<Self, NetworkError> {
        let file = verify(&entry.parts, parts)?;
        Self::of(entry, Weights::read(&file)?, place.into())
    }

    /// The same with weights of noise, for checks of an architecture.
    ///
    /// # Errors
    /// [`NetworkError::Pack`] where the device has no shader for a layer.
    pub fn made_up(entry: &NetworkEntry, place: impl Into<Place>) -> Result<Self, NetworkError> {
        Self::of(entry, Weights::made_up(), place.into())
    }

    fn of(entry: &NetworkEntry, mut weights: Weights<'_>, place: Place) -> Result<Self, NetworkError> {
        // A network is loaded where another one has run, and its slices need the room that the other's took.
        free_blocks();
        weights.precision = place.precision;
        let model = Model::take(&mut weights, &entry.architecture, &place.device)?;
        Ok(Self { shape: Shape::of(entry), kept: weights.kept(), model, place })
    }

    /// Where it is, and how maps and weights are stored there.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Bytes that the weights take on the CPU, in the form in which it multiplies them; more than a GPU needs.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        4 * self.kept
    }

    /// About what so many bytes of a file take on the CPU: integers of 4 or 8 bits become f32, and most kernels of 3×3
    /// are kept four times as large, as tiles are multiplied by them.
    #[must_use]
    pub const fn bytes_of(file: usize) -> usize {
        9 * file
    }

    /// Dimensions of input and output.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Probabilities `[batch, classes, size, size]` for inputs `[batch, channels, size, size]`, both in C order:
    /// a sigmoid for one class, a softmax over several.
    ///
    /// # Errors
    /// [`NetworkError::Input`] for a wrong length, `Device` when nothing comes back, `NonFinite`.
    pub async fn probabilities(&self, inputs: Vec<f32>) -> Result<Vec<f32>, NetworkError> {
        self.answers(inputs, true).await
    }

    /// The same before sigmoid or softmax.
    ///
    /// # Errors
    /// As [`Self::probabilities`].
    pub async fn logits(&self, inputs: Vec<f32>) -> Result<Vec<f32>, NetworkError> {
        self.answers(inputs, false).await
    }

    #[cfg_attr(not(feature = "gpu"), allow(clippy::unused_async, reason = "a GPU's answer is waited for"))]
    async fn answers(&self, inputs: Vec<f32>, probabilities: bool) -> Result<Vec<f32>, NetworkError> {
        let Shape { channels, classes, size } = self.shape;
        let each = self.shape.input_len();
        let batch = inputs.len() / each;
        if batch == 0 || !inputs.len().is_multiple_of(each) {
            return Err(NetworkError::Input { found: inputs.len(), expected: each });
        }
        let mut answers = Vec::with_capacity(batch * self.shape.output_len());
        #[cfg(feature = "gpu")]
        if self.place.device != Device::flex() {
            // One picture keeps a whole GPU busy.
            for one in inputs.chunks_exact(each) {
                let maps = self.model.forward(Maps::new(one, [1, channels, size], &self.place));
                answers.extend(read_back(maps.planes(), probabilities).await?);
            }
            return finite(answers);
        }
        in_planned_blocks(|| {
            self.model.forward(Maps::new(&inputs, [batch, channels, size], &self.place)).read(&mut answers);
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

/// Reads `models/manifest.json`.
///
/// # Errors
/// [`NetworkError::Format`], `Oversized`, `InputSize`, or `Pack` when it isn't a manifest.
pub fn read_manifest(json: &str) -> Result<Manifest, NetworkError> {
    let manifest: Manifest =
        serde_json::from_str(json).map_err(|e| NetworkError::Pack(crate::PackError::Header(e.to_string())))?;
    if manifest.format != Manifest::FORMAT {
        return Err(NetworkError::Format(manifest.format));
    }
    if let Some(family) = manifest.oversized_family() {
        return Err(NetworkError::Oversized(family));
    }
    match manifest.networks.iter().find(|entry| !Shape::of(entry).can_be_halved()) {
        Some(entry) => Err(NetworkError::InputSize { name: entry.name.clone(), size: entry.input.size }),
        None => Ok(manifest),
    }
}

/// The file that the parts make.
fn verify<'a>(expected: &[Part], parts: &'a [Vec<u8>]) -> Result<Cow<'a, [u8]>, NetworkError> {
    if expected.len() != parts.len() {
        return Err(NetworkError::Parts { found: parts.len(), expected: expected.len() });
    }
    for (index, (part, bytes)) in expected.iter().zip(parts).enumerate() {
        if bytes.len() as u64 != part.bytes || hex(&Sha256::digest(bytes)) != part.sha256 {
            return Err(NetworkError::Part { index, found: bytes.len(), expected: part.bytes });
        }
    }
    Ok(if let [whole] = parts { whole.into() } else { parts.concat().into() })
}

pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::MANIFEST_JSON;

    #[test]
    fn a_manifest_with_an_input_that_cannot_be_halved_five_times_is_refused() {
        assert!(read_manifest(MANIFEST_JSON).is_ok());
        for (size, whole) in [("0", false), ("33", false), ("250", false), ("272", false), ("288", true)] {
            let changed = MANIFEST_JSON.replacen("\"size\": 256", &format!("\"size\": {size}"), 1);
            assert_ne!(changed, MANIFEST_JSON);
            match read_manifest(&changed) {
                Ok(_) => assert!(whole, "{size}"),
                Err(NetworkError::InputSize { size: found, .. }) => {
                    assert_eq!((found.to_string(), whole), (size.into(), false))
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}
