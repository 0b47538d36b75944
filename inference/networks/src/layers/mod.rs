//! Feature maps and the layers of the networks, each for the CPU (`cpu`) and for a GPU
//! ([`corsai_kernels`]'s `gpu`).

mod conv;
mod conv_shape;
mod cpu;
mod feature_maps;
#[cfg(feature = "gpu")]
mod gpu;
mod norm;
mod squeeze_excite;

pub(crate) use conv::Conv2d;
pub(crate) use conv_shape::{ConvShape, Padding};
pub(crate) use feature_maps::{Destination, Epilogue, FeatureMaps, Residual};
pub(crate) use norm::{AffineRelu, GroupNormRelu};
pub(crate) use squeeze_excite::GatedDepthwise;
