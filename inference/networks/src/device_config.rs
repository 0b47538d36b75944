//! The device of a network and the precision in which it stores tensors.

use burn::tensor::Device;
use corsai_kernels::Precision;

/// A device, and the precision of feature maps and weights on it. A CPU uses f32 alone.
#[derive(Debug, Clone)]
pub struct DeviceConfig {
    pub(crate) device: Device,
    pub(crate) precision: Precision,
}

impl DeviceConfig {
    /// Returns a configuration with f32, whatever the device supports.
    #[must_use]
    pub fn single_precision(device: &Device) -> Self {
        Self { device: device.clone(), precision: Precision::Single }
    }

    /// The precision of feature maps and weights.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// Whether the device is a GPU.
    #[cfg(feature = "gpu")]
    pub(crate) fn is_gpu(&self) -> bool {
        self.device != Device::flex()
    }
}

impl From<&Device> for DeviceConfig {
    /// Uses f16 on a GPU that supports it, else f32.
    fn from(device: &Device) -> Self {
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            return Self { device: device.clone(), precision: Precision::smallest_for(device) };
        }
        Self::single_precision(device)
    }
}
