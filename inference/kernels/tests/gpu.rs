//! The shaders against their definitions on the CPU: in f32, and with feature maps and weights
//! stored as f16 if the adapter supports that.
//!
//! Without an adapter the tests are skipped, unless `CORSAI_GPU` is `required`; the tests of f16
//! are skipped unless it is `f16`.

#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::too_many_arguments)]

use std::sync::LazyLock;

use burn::tensor::{Device, Tensor, wgpu::MemoryConfiguration};
use corsai_kernels::{
    Activation, Destination, Epilogue, Precision, QuantizedTensor, Residual,
    gpu::{ConvGeometry, GpuAffine, GpuConv2d, GpuFeatureMaps, GpuGroupNorm, GpuSqueezeExcite},
};

/// The device of a test, and the precision in which it stores.
struct TestDevice {
    device: Device,
    precision: Precision,
    /// Allowed error as a share of the largest value. An f16 has eleven bits, and drivers may round
    /// either way: a thousandth for the result, and as much for inputs that were not exact.
    tolerance: f32,
}

impl TestDevice {
    /// The largest value that can be stored; larger ones become it.
    fn limit(&self) -> f32 {
        if self.precision == Precision::Half { 65504.0 } else { f32::INFINITY }
    }
}

fn is_required(what: &[&str]) -> bool {
    std::env::var("CORSAI_GPU").is_ok_and(|value| what.contains(&value.as_str()))
}

/// The one device of all tests: a process has each adapter once.
fn on(precision: Precision) -> Option<TestDevice> {
    static DEVICE: LazyLock<Result<Device, String>> = LazyLock::new(|| {
        let options = Device::wgpu_options().memory_config(MemoryConfiguration::ExclusivePages);
        options.init_with_setup().map(|(device, _)| device).map_err(|reason| format!("{reason:?}"))
    });
    let device = match &*DEVICE {
        Ok(device) => device.clone(),
        Err(reason) => {
            assert!(!is_required(&["required", "f16"]), "there is no adapter: {reason}");
            eprintln!("skipped: there is no adapter: {reason}");
            return None;
        }
    };
    if precision == Precision::Half && Precision::smallest_for(&device) != precision {
        assert!(!is_required(&["f16"]), "the adapter has no f16");
        eprintln!("skipped: the adapter has no f16");
        return None;
    }
    Some(TestDevice { device, precision, tolerance: if precision == Precision::Half { 2e-3 } else { 2e-5 } })
}

macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        mod in_f32 {
            $(#[test]
            fn $name() {
                if let Some(on) = super::on(super::Precision::Single) {
                    super::$name(&on);
                }
            })*
        }

        mod in_f16 {
            $(#[test]
            fn $name() {
                if let Some(on) = super::on(super::Precision::Half) {
                    super::$name(&on);
                }
            })*
        }
    };
}

tests!(
    gemm_convolutions_of_many_shapes,
    epilogues_of_gemm_convolutions,
    prologues_of_gemm_convolutions,
    dual_paths,
    stems_and_heads,
    grouped_and_depthwise_convolutions,
    squeeze_and_excitation,
    group_normalisation,
    group_normalisation_far_from_zero,
    upsampling_and_pooling,
);

/// Between −1 and 1, in steps that an f16 can hold.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let value = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 21) as f32 / 1024.0 - 1.0;
    (0..count as u32).map(value).collect()
}

/// Steps that an f16 can hold below 32.
fn round_to_f16_steps(value: f32) -> f32 {
    (value * 64.0).round() / 64.0
}

/// Planes `[channels, rows, columns]`.
#[derive(Debug, Clone, PartialEq)]
struct Planes {
    values: Vec<f32>,
    dims: [usize; 3],
}

impl Planes {
    fn noise(dims: [usize; 3], seed: u32) -> Self {
        Self { values: noise(dims.iter().product(), seed), dims }
    }

    fn from_fn(dims: [usize; 3], value: impl Fn(usize, usize, usize) -> f32) -> Self {
        let [channels, rows, columns] = dims;
        let places = (0..channels).flat_map(|c| (0..rows).flat_map(move |y| (0..columns).map(move |x| (c, y, x))));
        Self { values: places.map(|(c, y, x)| value(c, y, x)).collect(), dims }
    }

    fn at(&self, c: usize, y: usize, x: usize) -> f32 {
        self.values[(c * self.dims[1] + y) * self.dims[2] + x]
    }

    /// Zero outside.
    fn at_or_zero(&self, c: usize, y: isize, x: isize) -> f32 {
        let inside = (0..self.dims[1] as isize).contains(&y) && (0..self.dims[2] as isize).contains(&x);
        if inside { self.at(c, y as usize, x as usize) } else { 0.0 }
    }

    fn map(&self, value: impl Fn(usize, f32) -> f32) -> Self {
        Self::from_fn(self.dims, |c, y, x| value(c, self.at(c, y, x)))
    }

    fn add(&self, other: &Self) -> Self {
        Self::from_fn(self.dims, |c, y, x| self.at(c, y, x) + other.at(c, y, x))
    }

    fn upsample_nearest_2x(&self) -> Self {
        let [channels, rows, columns] = self.dims;
        Self::from_fn([channels, rows * 2, columns * 2], |c, y, x| self.at(c, y / 2, x / 2))
    }

    fn concat(&self, other: &Self) -> Self {
        let [channels, rows, columns] = self.dims;
        let values = [self.values.clone(), other.values.clone()].concat();
        Self { values, dims: [channels + other.dims[0], rows, columns] }
    }

    /// As a network's input comes.
    fn as_network_input(&self, on: &TestDevice) -> GpuFeatureMaps {
        GpuFeatureMaps::new(&self.values, self.dims, on.precision, &on.device)
    }

    /// As layers make them.
    fn on(&self, on: &TestDevice) -> GpuFeatureMaps {
        self.as_network_input(on).materialize()
    }
}

fn relu(v: f32) -> f32 {
    v.max(0.0)
}

fn silu(v: f32) -> f32 {
    v / (1.0 + (-v).exp())
}

fn activated(activation: Activation, planes: &Planes) -> Planes {
    planes.map(|_, v| match activation {
        Activation::None => v,
        Activation::Relu => relu(v),
        Activation::Silu => silu(v),
    })
}

fn conv2d_reference(x: &Planes, weight: &[f32], bias: &[f32], geometry: ConvGeometry) -> Planes {
    let ConvGeometry { inputs, outputs, kernel, stride, pad_begin, groups } = geometry;
    let each = inputs / groups;
    Planes::from_fn([outputs, x.dims[1].div_ceil(stride), x.dims[2].div_ceil(stride)], |o, y, column| {
        let mut sum = f64::from(bias[o]);
        for i in 0..each {
            let c = o / (outputs / groups) * each + i;
            for down in 0..kernel {
                for across in 0..kernel {
                    let at = |place: usize, tap: usize| (place * stride + tap) as isize - pad_begin as isize;
                    let w = weight[((o * each + i) * kernel + down) * kernel + across];
                    sum += f64::from(w) * f64::from(x.at_or_zero(c, at(y, down), at(column, across)));
                }
            }
        }
        sum as f32
    })
}

#[track_caller]
fn assert_close(on: &TestDevice, found: &GpuFeatureMaps, expected: &Planes, what: &str) {
    let [_, rows, columns, channels] = found.materialize().to_nchw().permute([0, 2, 3, 1]).dims();
    assert_eq!([channels, rows, columns], expected.dims, "{what}");
    let data: Tensor<4> = found.to_nchw();
    let found: Vec<f32> = data.into_data().try_into_vec().unwrap();
    let expected: Vec<f32> = expected.values.iter().map(|v| v.clamp(-on.limit(), on.limit())).collect();
    let largest = expected.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
    let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(found.iter().all(|v| v.is_finite()) && off <= on.tolerance * largest, "{what}: off by {}", off / largest);
}

struct Layer {
    weights: QuantizedTensor,
    bias: Vec<f32>,
    geometry: ConvGeometry,
}

impl Layer {
    fn new(geometry: ConvGeometry, int8: bool) -> Self {
        let ConvGeometry { inputs, outputs, kernel, groups, .. } = geometry;
        let values = noise(outputs * inputs / groups * kernel * kernel, 7);
        let weights = if int8 {
            let values = values.iter().map(|v| (v * 127.0) as i8).collect();
            QuantizedTensor::Int8 { values, scales: noise(outputs, 8).iter().map(|v| 0.01 + v.abs() * 0.01).collect() }
        } else {
            QuantizedTensor::F32(values)
        };
        Self { weights, bias: noise(outputs, 9), geometry }
    }

    fn on(&self, on: &TestDevice) -> GpuConv2d {
        let bias = Some(self.bias.clone());
        GpuConv2d::new(self.weights.clone(), bias, self.geometry, on.precision, &on.device).unwrap()
    }

    fn reference(&self, x: &Planes) -> Planes {
        conv2d_reference(x, &self.weights.clone().dequantize(), &self.bias, self.geometry)
    }
}

fn plain(inputs: usize, outputs: usize, kernel: usize) -> ConvGeometry {
    ConvGeometry { inputs, outputs, kernel, stride: 1, pad_begin: kernel / 2, groups: 1 }
}

fn gemm_convolutions_of_many_shapes(on: &TestDevice) {
    for (inputs, outputs) in [(8, 4), (16, 64), (20, 36), (64, 128), (40, 12), (112, 68)] {
        for (kernel, stride, pad_begin) in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (3, 2, 0), (5, 1, 2)] {
            for [rows, columns] in [[8, 8], [2, 6], [14, 10], [9, 7], [33, 33], [66, 34]] {
                // Large pictures with one geometry only: the definition is slow.
                if rows >= 33 && (kernel, inputs) != (3, 16) {
                    continue;
                }
                let geometry = ConvGeometry { inputs, outputs, kernel, stride, pad_begin, groups: 1 };
                let x = Planes::noise([inputs, rows, columns], 3);
                for int8 in [false, true] {
                    let layer = Layer::new(geometry, int8);
                    let found = layer.on(on).forward(&x.on(on), Epilogue::default());
                    assert_close(
                        on,
                        &found,
                        &layer.reference(&x),
                        &format!("{geometry:?} on {rows} × {columns}, int8: {int8}"),
                    );
                }
            }
        }
    }
}

fn epilogues_of_gemm_convolutions(on: &TestDevice) {
    let layer = Layer::new(plain(16, 24, 3), true);
    let (x, conv) = (Planes::noise([16, 12, 10], 4), layer.on(on));
    let plain = layer.reference(&x);
    let (other, half) = (Planes::noise([24, 12, 10], 5), Planes::noise([24, 6, 5], 6));
    for activation in [Activation::None, Activation::Relu, Activation::Silu] {
        let epilogue = Epilogue::activation(activation);
        assert_close(on, &conv.forward(&x.on(on), epilogue), &activated(activation, &plain), "alone");
        let maps = other.on(on);
        let found = conv.forward(&x.on(on), Epilogue { residual: Residual::Same(&maps), ..epilogue });
        assert_close(on, &found, &activated(activation, &plain.add(&other)), "residual");
        let maps = half.on(on);
        let found = conv.forward(&x.on(on), Epilogue { residual: Residual::UpsampledNearest(&maps), ..epilogue });
        assert_close(on, &found, &activated(activation, &plain.add(&half.upsample_nearest_2x())), "upsampled residual");
    }
    // Far from zero no activation may overflow.
    let far = x.map(|_, v| v * 1e4);
    let found = conv.forward(&far.on(on), Epilogue::SILU);
    assert_close(on, &found, &activated(Activation::Silu, &layer.reference(&far)), "far from zero");
}

fn prologues_of_gemm_convolutions(on: &TestDevice) {
    for int8 in [false, true] {
        let layer = Layer::new(plain(40, 20, 3), int8);
        let (x, conv) = (Planes::noise([40, 10, 8], 4), layer.on(on));
        let gates: Vec<f32> = noise(40, 11);
        let gate = Tensor::<1>::from_floats(gates.as_slice(), &on.device);
        let found = conv.forward_gated(&x.on(on), &gate, Epilogue::default());
        assert_close(on, &found, &layer.reference(&x.map(|c, v| v * gates[c])), "gated");
        let (scales, shifts) = (noise(40, 12), noise(40, 13));
        let normed = x.on(on).affine_relu(&GpuAffine::new(&scales, &shifts, &on.device));
        let expected = x.map(|c, v| relu(v * scales[c] + shifts[c]));
        assert_close(on, &conv.forward(&normed, Epilogue::default()), &layer.reference(&expected), "affine");
        assert_close(on, &normed.materialize(), &expected, "affine, materialized");
        let (coarse, fine) = (Planes::noise([28, 5, 4], 14), Planes::noise([12, 10, 8], 15));
        let found = conv.forward_concat(&coarse.on(on), Some(&fine.on(on)), Epilogue::default());
        assert_close(on, &found, &layer.reference(&coarse.upsample_nearest_2x().concat(&fine)), "concat");
        let alone = Planes::noise([40, 5, 4], 16);
        assert_close(
            on,
            &conv.forward_concat(&alone.on(on), None, Epilogue::default()),
            &layer.reference(&alone.upsample_nearest_2x()),
            "upsampled",
        );
    }
}

fn dual_paths(on: &TestDevice) {
    let begin = Layer::new(plain(16, 24, 1), true);
    let more = Layer::new(plain(8, 20, 1), true);
    let x = Planes::noise([16, 6, 10], 1);
    let mut stage = begin.on(on).forward(&x.on(on), Epilogue::destination(Destination::WithCapacity(32)));
    let mut expected = begin.reference(&x);
    for seed in 0..2 {
        let y = Planes::noise([8, 6, 10], seed);
        let found = more.reference(&y);
        stage = more.on(on).forward(&y.on(on), Epilogue::destination(Destination::DualPath(&stage, 16)));
        let channels = expected.dims[0] + 4;
        expected = Planes::from_fn([channels, 6, 10], |c, y, x| match c {
            c if c < 16 => expected.at(c, y, x) + found.at(c, y, x),
            c if c + 4 < channels => expected.at(c, y, x),
            c => found.at(c + 20 - channels, y, x),
        });
        assert_close(on, &stage, &expected, "dual path");
        let reader = Layer::new(plain(channels, 12, 3), false);
        assert_close(
            on,
            &reader.on(on).forward(&stage, Epilogue::default()),
            &reader.reference(&expected),
            "read in the middle",
        );
    }
}

fn stems_and_heads(on: &TestDevice) {
    for (inputs, outputs, kernel, stride, pad_begin) in [
        (1, 32, 3, 2, 0),
        (4, 32, 3, 2, 0),
        (1, 64, 7, 2, 3),
        (3, 8, 3, 1, 1),
        (128, 1, 1, 1, 0),
        (64, 3, 1, 1, 0),
        (16, 1, 3, 1, 1),
    ] {
        let layer = Layer::new(ConvGeometry { inputs, outputs, kernel, stride, pad_begin, groups: 1 }, true);
        for [rows, columns] in [[16, 12], [2, 2], [33, 17]] {
            let x = Planes::noise([inputs, rows, columns], 21);
            let epilogue = Epilogue::RELU;
            for x_on in [x.as_network_input(on), x.on(on)] {
                let found = layer.on(on).forward(&x_on, epilogue);
                assert_close(
                    on,
                    &found,
                    &activated(Activation::Relu, &layer.reference(&x)),
                    &format!("{inputs} → {outputs}"),
                );
            }
        }
    }
}

fn grouped_and_depthwise_convolutions(on: &TestDevice) {
    for (channels, groups) in [(96, 32), (192, 32), (24, 4), (24, 24), (40, 40)] {
        for (kernel, stride, pad_begin) in [(3, 1, 1), (3, 2, 0), (3, 2, 1), (5, 1, 2), (5, 2, 1), (5, 2, 2)] {
            for [rows, columns] in [[8, 8], [6, 10], [2, 2], [4, 18], [5, 33]] {
                let geometry = ConvGeometry { inputs: channels, outputs: channels, kernel, stride, pad_begin, groups };
                let layer = Layer::new(geometry, true);
                let x = Planes::noise([channels, rows, columns], 31);
                let epilogue = Epilogue::SILU;
                let found = layer.on(on).forward(&x.on(on), epilogue);
                let what = format!("{geometry:?} on {rows} × {columns}");
                assert_close(on, &found, &activated(Activation::Silu, &layer.reference(&x)), &what);
            }
        }
    }
}

fn squeeze_and_excitation(on: &TestDevice) {
    for (channels, hidden, rows, columns) in [(32, 8, 40, 36), (96, 4, 64, 64), (1152, 48, 8, 8), (144, 6, 2, 2)] {
        let x = Planes::noise([channels, rows, columns], 41).map(|c, v| round_to_f16_steps(v + c as f32 / 100.0));
        let squeeze = [noise(hidden * channels, 42), noise(hidden, 43)];
        let excite = [noise(channels * hidden, 44), noise(channels, 45)];
        let pixels = (rows * columns) as f32;
        let means: Vec<f32> = x.values.chunks(rows * columns).map(|plane| plane.iter().sum::<f32>() / pixels).collect();
        let linear = |[weight, bias]: &[Vec<f32>; 2], x: &[f32]| -> Vec<f32> {
            let row = |(row, b): (&[f32], &f32)| b + row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>();
            weight.chunks(x.len()).zip(bias).map(row).collect()
        };
        let inner: Vec<f32> = linear(&squeeze, &means).into_iter().map(silu).collect();
        let expected: Vec<f32> = linear(&excite, &inner).into_iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect();
        let gates = GpuSqueezeExcite::new(squeeze, excite, &on.device).unwrap();
        let found: Vec<f32> = gates.gate(&x.on(on)).into_data().try_into_vec().unwrap();
        let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(found.len() == channels && off < on.tolerance.max(1e-4), "{channels} channels: off by {off}");
    }
}

/// Group normalisation over 32 groups and ReLU, in f64.
fn group_norm_reference(x: &Planes, gamma: &[f32], beta: &[f32]) -> Planes {
    let per_group = x.dims[0] / 32;
    let each = per_group * x.dims[1] * x.dims[2];
    let statistics = |group: &[f32]| {
        let mean = group.iter().map(|v| f64::from(*v)).sum::<f64>() / each as f64;
        let variance = group.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / each as f64;
        (mean, (variance + 1e-5).sqrt())
    };
    let groups: Vec<(f64, f64)> = x.values.chunks(each).map(statistics).collect();
    x.map(|c, v| {
        let (mean, deviation) = groups[c / per_group];
        relu(((f64::from(v) - mean) / deviation) as f32 * gamma[c] + beta[c])
    })
}

fn group_normalisation(on: &TestDevice) {
    for (channels, rows, columns) in [(64, 8, 8), (128, 64, 48), (32, 2, 2), (256, 5, 7)] {
        let x =
            Planes::noise([channels, rows, columns], 51).map(|c, v| round_to_f16_steps(v * 0.3 + (c % 5) as f32 * 0.5));
        let (gamma, beta) = (noise(channels, 52), noise(channels, 53));
        let expected = group_norm_reference(&x, &gamma, &beta);
        let norm = GpuGroupNorm::new(32, gamma, beta, &on.device).unwrap();
        assert_close(on, &norm.forward(&x.on(on)), &expected, &format!("{channels} channels"));
    }
}

/// Where the mean is ten thousand times the deviation, nothing is left of it in a difference of
/// squares.
fn group_normalisation_far_from_zero(on: &TestDevice) {
    // An f16 knows sixteenths near 100.
    let deviation = if on.precision == Precision::Half { 0.0625 } else { 0.01 };
    // x · a + b with a = 1 / σ and b = −μ / σ is rounded at the size of μ / σ.
    let rounding = TestDevice { device: on.device.clone(), precision: on.precision, tolerance: 2e-3 };
    for (name, even, odd) in
        [("one mean", 100.0, 100.0), ("two means in a group", 100.0, 101.0), ("below zero", -100.0, -100.0)]
    {
        for (rows, columns) in [(8, 8), (64, 48), (160, 160)] {
            let x = Planes::noise([64, rows, columns], 54)
                .map(|c, v| if c % 2 == 0 { even } else { odd } + (v * 2.0).round() * deviation);
            let (gamma, beta) = (vec![1.0; 64], vec![0.0; 64]);
            let expected = group_norm_reference(&x, &gamma, &beta);
            let norm = GpuGroupNorm::new(32, gamma, beta, &on.device).unwrap();
            assert_close(&rounding, &norm.forward(&x.on(on)), &expected, &format!("{name}, {rows} × {columns}"));
        }
    }
    // One value far from all others, and just the one that deviations are taken from.
    let x =
        Planes::from_fn([64, 64, 48], |c, y, column| if (y, column) == (0, 0) { 0.0 } else { 100.0 + (c % 3) as f32 });
    let (gamma, beta) = (noise(64, 55), noise(64, 56));
    let expected = group_norm_reference(&x, &gamma, &beta);
    let norm = GpuGroupNorm::new(32, gamma, beta, &on.device).unwrap();
    assert_close(&rounding, &norm.forward(&x.on(on)), &expected, "one value far from the others");
}

fn upsampling_and_pooling(on: &TestDevice) {
    for channels in [1, 3, 4, 24] {
        let x = Planes::noise([channels, 6, 5], 61);
        for (factor, align_corners) in [(2, true), (4, true), (2, false), (16, false)] {
            let dims = [channels, 6 * factor, 5 * factor];
            let source = |place: usize, size: usize| {
                let at = if align_corners {
                    place as f32 * (size - 1) as f32 / (size * factor - 1) as f32
                } else {
                    ((place as f32 + 0.5) / factor as f32 - 0.5).max(0.0)
                };
                let low = at.floor() as usize;
                (low.min(size - 1), (low + 1).min(size - 1), at - low as f32)
            };
            let expected = Planes::from_fn(dims, |c, y, column| {
                let ((top, bottom, down), (left, right, across)) = (source(y, 6), source(column, 5));
                let mix = |row| x.at(c, row, left) * (1.0 - across) + x.at(c, row, right) * across;
                mix(top) * (1.0 - down) + mix(bottom) * down
            });
            let other = Planes::noise(dims, 62);
            assert_close(on, &x.on(on).upsample_bilinear(factor, align_corners, None), &expected, "bilinear");
            let found = x.on(on).upsample_bilinear(factor, align_corners, Some(&other.on(on)));
            assert_close(on, &found, &expected.add(&other), "bilinear and residual");
        }
    }
    for (rows, columns) in [(33, 33), (10, 6)] {
        let x = Planes::noise([8, rows, columns], 63);
        let expected = Planes::from_fn([8, rows.div_ceil(2), columns.div_ceil(2)], |c, y, column| {
            let near = |at: usize, size: usize| (2 * at).saturating_sub(1)..(2 * at + 2).min(size);
            let places = near(y, rows).flat_map(|row| near(column, columns).map(move |column| (row, column)));
            places.map(|(row, column)| x.at(c, row, column)).fold(f32::MIN, f32::max)
        });
        assert_close(on, &x.on(on).max_pool_3x3(), &expected, "max pool");
    }
    let x = Planes::noise([8, 10, 6], 63);
    assert_close(on, &x.on(on).relu(), &x.map(|_, v| relu(v)), "relu");
}
