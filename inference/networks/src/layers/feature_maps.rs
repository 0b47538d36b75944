//! Feature maps on the device of a network.

#[cfg(feature = "gpu")]
use burn::tensor::Tensor;
use corsai_kernels::Activation;
#[cfg(feature = "gpu")]
use corsai_kernels::gpu::GpuFeatureMaps;

use super::cpu::CpuFeatureMaps;
use crate::device_config::DeviceConfig;

/// What follows a convolution.
pub(crate) type Epilogue<'a> = corsai_kernels::Epilogue<'a, FeatureMaps>;
/// What a convolution adds before its activation.
pub(crate) type Residual<'a> = corsai_kernels::Residual<'a, FeatureMaps>;
/// Where the result of a convolution goes.
pub(crate) type Destination<'a> = corsai_kernels::Destination<'a, FeatureMaps>;

/// Feature maps: of a batch on the CPU, of one picture on a GPU.
#[derive(Debug, Clone)]
pub(crate) enum FeatureMaps {
    Cpu(CpuFeatureMaps),
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuFeatureMaps>),
}

#[cfg(feature = "gpu")]
impl From<GpuFeatureMaps> for FeatureMaps {
    fn from(maps: GpuFeatureMaps) -> Self {
        Self::Gpu(Box::new(maps))
    }
}

/// Panics: a layer met feature maps of another device.
#[cfg(feature = "gpu")]
pub(crate) fn wrong_device() -> ! {
    unreachable!("invariant: a network's layers and feature maps are on one device")
}

impl FeatureMaps {
    /// Puts inputs `[batch, channels, size, size]` on the device; a GPU takes a batch of 1.
    pub fn new(inputs: &[f32], [batch, channels, size]: [usize; 3], device_config: &DeviceConfig) -> Self {
        #[cfg(feature = "gpu")]
        if device_config.is_gpu() {
            let DeviceConfig { device, precision } = device_config;
            return Self::from(GpuFeatureMaps::new(inputs, [channels, size, size], *precision, device));
        }
        let _ = device_config;
        Self::Cpu(CpuFeatureMaps::new(inputs, [batch, channels, size, size]))
    }

    /// The maps on the CPU.
    pub fn as_cpu(&self) -> &CpuFeatureMaps {
        match self {
            Self::Cpu(maps) => maps,
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => wrong_device(),
        }
    }

    /// The maps on a GPU.
    #[cfg(feature = "gpu")]
    pub fn as_gpu(&self) -> &GpuFeatureMaps {
        match self {
            Self::Cpu(_) => wrong_device(),
            Self::Gpu(maps) => maps,
        }
    }

    /// Appends the values `[batch, channels, rows, columns]` to `to`, on the CPU.
    pub fn append_to(self, to: &mut Vec<f32>) {
        match self {
            Self::Cpu(maps) => maps.append_to(to),
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => wrong_device(),
        }
    }

    /// Returns the values `[1, channels, rows, columns]`, on a GPU.
    #[cfg(feature = "gpu")]
    pub fn into_nchw(self) -> Tensor<4> {
        self.as_gpu().to_nchw()
    }

    /// Max-pools with a 3×3 kernel, stride 2 and a padding of 1.
    pub fn max_pool_3x3(self) -> Self {
        match self {
            Self::Cpu(maps) => Self::Cpu(maps.max_pool_3x3()),
            #[cfg(feature = "gpu")]
            Self::Gpu(maps) => Self::from(maps.max_pool_3x3()),
        }
    }

    /// Applies max(0, x).
    pub fn relu(self) -> Self {
        match self {
            Self::Cpu(maps) => Self::Cpu(maps.activate(Activation::Relu)),
            #[cfg(feature = "gpu")]
            Self::Gpu(maps) => Self::from(maps.relu()),
        }
    }

    /// Upsamples bilinearly by a whole factor (`align_corners` as in `PyTorch`) and adds
    /// `residual`.
    pub fn upsample_bilinear(self, factor: usize, align_corners: bool, residual: Option<Self>) -> Self {
        match (self, residual) {
            (Self::Cpu(maps), None) => Self::Cpu(maps.upsample_bilinear(factor, align_corners)),
            (Self::Cpu(maps), Some(Self::Cpu(residual))) => {
                Self::Cpu(maps.upsample_bilinear(factor, align_corners).add(residual))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(maps), None) => Self::from(maps.upsample_bilinear(factor, align_corners, None)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(maps), Some(Self::Gpu(residual))) => {
                Self::from(maps.upsample_bilinear(factor, align_corners, Some(&*residual)))
            }
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }
}
