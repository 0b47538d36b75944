//! CPU kernels of this crate beside the same layers in Burn (backend Flex), on the layer shapes of
//! the shipped networks, in one thread:
//!
//! ```text
//! RAYON_NUM_THREADS=1 cargo bench -p corsai-kernels
//! ```
//!
//! Every kernel is a module with the functions `corsai` and `burn`. Both compute the same layer of
//! one picture; the inputs are noise.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData, module::conv2d, ops::ConvOptions};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// A square convolution of square planes.
#[derive(Debug, Clone, Copy)]
struct Layer {
    inputs: usize,
    outputs: usize,
    groups: usize,
    kernel: usize,
    stride: usize,
    /// Rows and columns of the input.
    side: usize,
}

impl Layer {
    const fn conv(inputs: usize, outputs: usize, kernel: usize, side: usize) -> Self {
        Self { inputs, outputs, groups: 1, kernel, stride: 1, side }
    }

    const fn strided(inputs: usize, outputs: usize, kernel: usize, stride: usize, side: usize) -> Self {
        Self { stride, ..Self::conv(inputs, outputs, kernel, side) }
    }

    const fn grouped(channels: usize, groups: usize, kernel: usize, stride: usize, side: usize) -> Self {
        Self { groups, ..Self::strided(channels, channels, kernel, stride, side) }
    }

    fn weights(self) -> usize {
        self.outputs * self.inputs / self.groups * self.kernel * self.kernel
    }

    /// Values of the input.
    fn values(self) -> usize {
        self.inputs * self.side * self.side
    }

    /// Runs the convolution in Burn; `padding` is that before and after each axis.
    fn bench_burn(self, bencher: Bencher<'_, '_>, padding: (usize, usize)) {
        let weight = tensor([self.outputs, self.inputs / self.groups, self.kernel, self.kernel]);
        let x = tensor([1, self.inputs, self.side, self.side]);
        let options = ConvOptions::new_with_padding([self.stride; 2], [padding; 2], [1; 2], self.groups);
        bencher.bench_local(|| black_box(conv2d(x.clone(), weight.clone(), None, options.clone()).into_data()));
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, outputs, groups, kernel, stride, side } = self;
        write!(f, "{kernel}x{kernel}/{stride}, {inputs} to {outputs}, {groups} groups, {side}x{side}")
    }
}

/// Returns `count` values between −1 and 1 that look random.
fn noise(count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn tensor<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(noise(shape.iter().product()), shape), &Device::flex())
}

mod winograd {
    use corsai_kernels::{Buffer, WinogradConv3x3, with_planned_memory};

    use super::{Bencher, Layer, black_box, noise};

    const LAYERS: [Layer; 6] = [
        Layer::conv(256, 128, 3, 64),
        Layer::conv(128, 128, 3, 32),
        Layer::conv(256, 128, 3, 16),
        Layer::conv(64, 64, 3, 64),
        Layer::conv(256, 256, 3, 16),
        Layer::conv(32, 16, 3, 256),
    ];

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>, layer: Layer) {
        let Layer { inputs, outputs, side, .. } = layer;
        let conv = WinogradConv3x3::new(&noise(layer.weights()), None, [inputs, outputs]).unwrap();
        let planes = noise(layer.values());
        bencher.bench_local(|| {
            with_planned_memory(|| {
                let mut found = Buffer::new(outputs * side * side);
                conv.run(&planes, [side; 2], false, &mut found).unwrap();
                black_box(&found);
            });
        });
    }

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>, layer: Layer) {
        layer.bench_burn(bencher, (1, 1));
    }
}

mod pointwise {
    use corsai_kernels::{Buffer, GemmConv2d, OutputPlanes, Prologue, with_planned_memory};

    use super::{Bencher, Layer, black_box, noise};

    const LAYERS: [Layer; 6] = [
        Layer::conv(16, 96, 1, 128),
        Layer::conv(144, 24, 1, 64),
        Layer::conv(240, 40, 1, 32),
        Layer::conv(1152, 192, 1, 8),
        Layer::conv(1296, 384, 1, 16),
        Layer::conv(384, 1048, 1, 16),
    ];

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>, layer: Layer) {
        let Layer { inputs, outputs, side, .. } = layer;
        let conv = GemmConv2d::new(&noise(layer.weights()), None, [inputs, outputs], (1, 1, 0)).unwrap();
        let planes = noise(layer.values());
        bencher.bench_local(|| {
            with_planned_memory(|| {
                let mut found = Buffer::new(outputs * side * side);
                conv.run(&planes, [side; 2], Prologue::Identity, OutputPlanes::new(&mut found)).unwrap();
                black_box(&found);
            });
        });
    }

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>, layer: Layer) {
        layer.bench_burn(bencher, (0, 0));
    }
}

mod direct {
    use corsai_kernels::{Buffer, DirectConv2d, with_planned_memory};

    use super::{Bencher, Layer, black_box, noise};

    const LAYERS: [Layer; 5] = [
        Layer::grouped(96, 32, 3, 1, 64),
        Layer::grouped(384, 32, 3, 1, 16),
        Layer::grouped(768, 32, 3, 1, 8),
        Layer::strided(1, 32, 3, 2, 256),
        Layer::strided(1, 64, 7, 2, 256),
    ];

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>, layer: Layer) {
        let Layer { inputs, outputs, groups, kernel, stride, side } = layer;
        let geometry = (kernel, stride, kernel / 2);
        let conv = DirectConv2d::new(&noise(layer.weights()), None, [inputs, outputs, groups], geometry).unwrap();
        let planes = noise(layer.values());
        let [out_rows, out_columns] = conv.output_size(side, side);
        bencher.bench_local(|| {
            with_planned_memory(|| {
                let mut found = Buffer::new(outputs * out_rows * out_columns);
                conv.run(&planes, [side; 2], false, &mut found).unwrap();
                black_box(&found);
            });
        });
    }

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>, layer: Layer) {
        layer.bench_burn(bencher, (layer.kernel / 2, layer.kernel / 2));
    }
}

/// With `SiLU` before and behind it, a bias, and each plane's mean: as in an `EfficientNet` block.
mod depthwise {
    use burn::tensor::{Tensor, activation::sigmoid, module::conv2d, ops::ConvOptions};
    use corsai_kernels::{Buffer, DepthwiseConv2d, DepthwiseOutput, with_planned_memory};

    use super::{Bencher, Layer, black_box, noise, tensor};

    const LAYERS: [Layer; 5] = [
        Layer::grouped(32, 32, 3, 1, 128),
        Layer::grouped(96, 96, 3, 2, 128),
        Layer::grouped(240, 240, 5, 1, 32),
        Layer::grouped(672, 672, 5, 2, 16),
        Layer::grouped(1152, 1152, 5, 1, 8),
    ];

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>, layer: Layer) {
        let Layer { inputs: channels, kernel, stride, side, .. } = layer;
        let (weight, bias) = (noise(layer.weights()), noise(channels));
        let conv = DepthwiseConv2d::new(weight, bias, kernel, stride, (kernel - stride) / 2).unwrap();
        let planes = noise(layer.values());
        let [out_rows, out_columns] = conv.output_size(side, side);
        bencher.bench_local(|| {
            with_planned_memory(|| {
                let mut found = Buffer::new(channels * out_rows * out_columns);
                let mut means = Buffer::new(channels);
                let to = DepthwiseOutput { planes: &mut found, means: &mut means };
                conv.run(&planes, [side; 2], true, to).unwrap();
                black_box((&found, &means));
            });
        });
    }

    #[divan::bench(args = LAYERS, max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>, layer: Layer) {
        let Layer { inputs: channels, kernel, stride, side, .. } = layer;
        let (weight, bias) = (tensor([channels, 1, kernel, kernel]), tensor([channels]));
        let x: Tensor<4> = tensor([1, channels, side, side]);
        let padding = kernel - stride;
        let padding = [(padding / 2, padding - padding / 2); 2];
        let options = ConvOptions::new_with_padding([stride; 2], padding, [1; 2], channels);
        let silu = |x: Tensor<4>| sigmoid(x.clone()) * x;
        bencher.bench_local(|| {
            let x = silu(conv2d(silu(x.clone()), weight.clone(), Some(bias.clone()), options.clone()));
            let [_, _, rows, columns] = x.dims();
            black_box(x.clone().reshape([channels, rows * columns]).mean_dim(1).into_data())
        });
    }
}

/// Group normalisation over 32 groups and `ReLU`, 128 channels of 64 × 64.
mod group_norm {
    use burn::tensor::{Tensor, activation::relu};
    use corsai_kernels::group_norm_relu;

    use super::{Bencher, black_box, noise, tensor};

    const CHANNELS: usize = 128;
    const SIDE: usize = 64;

    #[divan::bench(max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>) {
        let (mut planes, gamma, beta) = (noise(CHANNELS * SIDE * SIDE), noise(CHANNELS), noise(CHANNELS));
        bencher.bench_local(|| group_norm_relu(black_box(&mut planes), 32, &gamma, &beta, 1e-5));
    }

    #[divan::bench(max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>) {
        let x: Tensor<4> = tensor([1, CHANNELS, SIDE, SIDE]);
        let (gamma, beta) = (tensor([1, CHANNELS, 1, 1]), tensor([1, CHANNELS, 1, 1]));
        bencher.bench_local(|| {
            let grouped: Tensor<3> = x.clone().reshape([1, 32, CHANNELS / 32 * SIDE * SIDE]);
            let centred = grouped.clone() - grouped.mean_dim(2);
            let scale = ((centred.clone() * centred.clone()).mean_dim(2) + 1e-5).sqrt().recip();
            let normal: Tensor<4> = (centred * scale).reshape([1, CHANNELS, SIDE, SIDE]);
            black_box(relu(normal * gamma.clone() + beta.clone()).into_data())
        });
    }
}

/// Bilinear upsampling to twice the size with aligned corners, 128 channels of 32 × 32.
mod upsample_bilinear {
    use burn::tensor::{
        module::interpolate,
        ops::{InterpolateMode, InterpolateOptions},
    };
    use corsai_kernels::{Buffer, upsample_bilinear, with_planned_memory};

    use super::{Bencher, black_box, noise, tensor};

    const CHANNELS: usize = 128;
    const SIDE: usize = 32;

    #[divan::bench(max_time = 1)]
    fn corsai(bencher: Bencher<'_, '_>) {
        let planes = noise(CHANNELS * SIDE * SIDE);
        bencher.bench_local(|| {
            with_planned_memory(|| {
                let mut found = Buffer::new(4 * planes.len());
                upsample_bilinear(&planes, [SIDE; 2], 2, true, &mut found);
                black_box(&found);
            });
        });
    }

    #[divan::bench(max_time = 1)]
    fn burn(bencher: Bencher<'_, '_>) {
        let x = tensor([1, CHANNELS, SIDE, SIDE]);
        let options =
            InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(true).with_output_size([2 * SIDE; 2]);
        bencher.bench_local(|| black_box(interpolate(x.clone(), options.clone()).into_data()));
    }
}
