//! Feature maps on a GPU: conversion, upsampling, pooling and sums.

use burn::tensor::{Device, Tensor};

use crate::{output_size::output_size, quantized::Precision};

use super::{
    device::{upload, workgroups},
    launch::Launch,
    source::{DispatchShape, Shader, UpsamplePrologue},
};

/// Feature maps of one picture on a GPU.
#[derive(Debug, Clone)]
pub struct GpuFeatureMaps {
    /// `[1, rows, columns, width]`. Channels from `channels` up to `width` have no values yet.
    pub(super) data: Tensor<4>,
    pub(super) channels: usize,
    /// A pending max(0, x · scale + shift), applied when the maps are read: the scales of all
    /// channels, then the shifts.
    pub(super) pending_affine: Option<Tensor<1>>,
    /// The precision of maps that are made of these.
    pub(super) precision: Precision,
}

impl GpuFeatureMaps {
    /// Uploads planes `[channels, rows, columns]` as f32. Maps made of them have `precision`.
    #[must_use]
    pub fn new(planes: &[f32], [channels, rows, columns]: [usize; 3], precision: Precision, device: &Device) -> Self {
        let pixels = rows * columns;
        let mut values = Vec::with_capacity(planes.len());
        for pixel in 0..pixels {
            values.extend((0..channels).map(|c| planes[c * pixels + pixel]));
        }
        Self::from_tensor(upload(values, device).reshape([1, rows, columns, channels]), precision)
    }

    pub(super) fn from_tensor(data: Tensor<4>, precision: Precision) -> Self {
        let channels = data.dims()[3];
        Self { data, channels, pending_affine: None, precision }
    }

    /// Returns the values as f32 in NCHW order, `[1, channels, rows, columns]`.
    #[must_use]
    pub fn to_nchw(&self) -> Tensor<4> {
        let data = Self { precision: Precision::Single, ..self.clone() }.materialize().data;
        let [_, rows, columns, channels] = data.dims();
        if channels == 1 { data.reshape([1, 1, rows, columns]) } else { data.permute([0, 3, 1, 2]) }
    }

    pub(super) fn flatten(&self) -> Tensor<1> {
        let [_, rows, columns, width] = self.data.dims();
        self.data.clone().reshape([rows * columns * width])
    }

    /// Returns a dispatch's shape with this input; channels and width are counted in `unit`s.
    pub(super) fn dispatch_shape(&self, unit: usize) -> DispatchShape {
        let [_, rows, columns, width] = self.data.dims();
        DispatchShape { rows, columns, channels: self.channels / unit, width: width / unit, ..DispatchShape::default() }
    }

    /// Whether nothing is pending and there is no room for more channels.
    pub(super) fn is_materialized(&self) -> bool {
        self.pending_affine.is_none() && self.data.dims()[3] == self.channels
    }

    /// Whether the values are stored in `precision`: all are but a network's input.
    pub(super) fn has_own_precision(&self) -> bool {
        Precision::of_tensor(&self.data) == self.precision.for_channels(self.channels)
    }

    /// Returns the maps in their precision with nothing pending and no room for more channels.
    #[must_use]
    pub fn materialize(&self) -> Self {
        if self.is_materialized() && self.has_own_precision() {
            return self.clone();
        }
        self.upsample_bilinear(1, true, None)
    }

    /// Returns the maps after max(0, x · scale + shift). The work is done when they are read.
    #[must_use]
    pub fn affine_relu(&self, norm: &GpuAffine) -> Self {
        Self { pending_affine: Some(norm.0.clone()), ..self.clone() }
    }

    /// Returns the maps after max(0, x).
    #[must_use]
    pub fn relu(&self) -> Self {
        // A pending norm ends with ReLU.
        if self.pending_affine.is_some() {
            self.materialize()
        } else {
            self.resample(UpsamplePrologue::Relu, (1, true), None)
        }
    }

    /// Upsamples bilinearly by a whole `factor` (`align_corners` as in `PyTorch`) and adds
    /// `residual`, which has the output's size.
    #[must_use]
    pub fn upsample_bilinear(&self, factor: usize, align_corners: bool, residual: Option<&Self>) -> Self {
        let prologue =
            if self.pending_affine.is_some() { UpsamplePrologue::AffineRelu } else { UpsamplePrologue::Identity };
        self.resample(prologue, (factor, align_corners), residual)
    }

    fn resample(
        &self,
        prologue: UpsamplePrologue,
        (factor, align_corners): (usize, bool),
        residual: Option<&Self>,
    ) -> Self {
        let vectorized = self.channels.is_multiple_of(4);
        let unit = if vectorized { 4 } else { 1 };
        let shape = self.dispatch_shape(unit);
        let shape = DispatchShape { out_rows: shape.rows * factor, out_columns: shape.columns * factor, ..shape };
        let (from, to) = (Precision::of_tensor(&self.data), self.precision.for_channels(self.channels));
        let (input, residual) = (self.flatten(), residual.map(|maps| maps.materialize().flatten()));
        let launch = Launch {
            shader: Shader::UpsampleBilinear {
                vectorized,
                align_corners,
                prologue,
                residual: residual.is_some(),
                from,
                to,
            },
            shape,
            workgroups: workgroups(shape.out_rows * shape.out_columns * shape.channels),
            out: [1, shape.out_rows, shape.out_columns, self.channels],
        };
        Self::from_tensor(launch.enqueue(&input, &[self.pending_affine.as_ref(), residual.as_ref()]), self.precision)
    }

    /// Max-pools with a 3×3 kernel, stride 2 and a padding of 1.
    #[must_use]
    pub fn max_pool_3x3(&self) -> Self {
        let maps = self.materialize();
        let shape = maps.dispatch_shape(4);
        let [out_rows, out_columns] = output_size([shape.rows, shape.columns], 2);
        let shape = DispatchShape { out_rows, out_columns, ..shape };
        let launch = Launch {
            shader: Shader::MaxPool { maps: Precision::of_tensor(&maps.data) },
            shape,
            workgroups: workgroups(shape.out_rows * shape.out_columns * shape.channels),
            out: [1, shape.out_rows, shape.out_columns, self.channels],
        };
        Self::from_tensor(launch.enqueue(&maps.flatten(), &[]), self.precision)
    }

    /// Returns each channel's sum over every partition of the pixels, `[partitions, channels]`, and
    /// a shape that counts channels singly.
    pub(super) fn channel_sums(&self) -> (Tensor<1>, DispatchShape) {
        self.reduce_pixels(1, |maps| Shader::ChannelSums { maps })
    }

    /// Returns each channel's mean, sum of squared deviations and number of pixels for every
    /// partition of the pixels, `[partitions, 3, channels]`, and a shape that counts channels
    /// singly.
    pub(super) fn channel_moments(&self) -> (Tensor<1>, DispatchShape) {
        self.reduce_pixels(3, |maps| Shader::ChannelMoments { maps })
    }

    fn reduce_pixels(&self, statistics: usize, shader: impl FnOnce(Precision) -> Shader) -> (Tensor<1>, DispatchShape) {
        let maps = self.materialize();
        let shape = maps.dispatch_shape(4);
        let partitions = (shape.rows * shape.columns).div_ceil(512).min(64);
        let launch = Launch {
            shader: shader(Precision::of_tensor(&maps.data)),
            shape: DispatchShape { partitions, ..shape },
            workgroups: [shape.channels.div_ceil(8) as u32, partitions as u32],
            out: [1, partitions, statistics, self.channels],
        };
        let found = launch.enqueue(&maps.flatten(), &[]).reshape([partitions * statistics * self.channels]);
        (found, DispatchShape { partitions, ..maps.dispatch_shape(1) })
    }
}

/// A scale and a shift per channel on a GPU.
#[derive(Debug, Clone)]
pub struct GpuAffine(Tensor<1>);

impl GpuAffine {
    /// Uploads scales and shifts, both `[channels]`.
    #[must_use]
    pub fn new(scales: &[f32], shifts: &[f32], device: &Device) -> Self {
        Self(upload([scales, shifts].concat(), device))
    }
}
