//! Our kernels beside Burn's on this machine's CPU, in one thread, by layers of the networks:
//! `RAYON_NUM_THREADS=1 cargo run --release -p corsai-kernels --example kernels`. The best of many runs counts.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{relu, sigmoid},
    module::{conv2d, interpolate},
    ops::{ConvOptions, InterpolateMode, InterpolateOptions},
};
use corsai_kernels::{
    Buffer, Dense, Depthwise, Direct, First, Gathered, Onto, Tiled, enlarge, group_norm_relu, in_planned_blocks,
};

const TIME: Duration = Duration::from_millis(600);

fn noise(count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn tensor<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(noise(shape.iter().product()), shape), &Device::flex())
}

fn best(mut run: impl FnMut()) -> f64 {
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < TIME {
        let begun = Instant::now();
        run();
        best = best.min(begun.elapsed());
    }
    best.as_secs_f64() * 1e3
}

fn row(name: &str, ours: f64, burns: f64) {
    println!("| {name} | {ours:.2} | {burns:.2} | {:.1} |", burns / ours);
}

fn three(inputs: usize, outputs: usize, side: usize) {
    let (weight, x) = (tensor([outputs, inputs, 3, 3]), tensor([1, inputs, side, side]));
    let options = ConvOptions::new_with_padding([1; 2], [(1, 1); 2], [1; 2], 1);
    let own = Tiled::new(&noise(outputs * inputs * 9), None, [inputs, outputs]).unwrap();
    let planes = noise(inputs * side * side);
    let ours = best(|| {
        in_planned_blocks(|| {
            let mut found = Buffer::new(outputs * side * side);
            own.run(&planes, [side; 2], false, &mut found).unwrap();
            black_box(&found);
        });
    });
    let burns = best(|| {
        black_box(conv2d(x.clone(), weight.clone(), None, options.clone()).into_data());
    });
    row(&format!("3×3, {inputs} → {outputs}, {side}²"), ours, burns);
}

fn dense(inputs: usize, outputs: usize, side: usize) {
    let own = Dense::new(&noise(outputs * inputs), None, [inputs, outputs], (1, 1, 0)).unwrap();
    let planes = noise(inputs * side * side);
    let ours = best(|| {
        in_planned_blocks(|| {
            let mut found = Buffer::new(outputs * side * side);
            own.run(&planes, [side; 2], First::Nothing, Onto::new(&mut found)).unwrap();
            black_box(&found);
        });
    });
    let (weight, x) = (tensor([outputs, inputs, 1, 1]), tensor([1, inputs, side, side]));
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
    let burns = best(|| {
        black_box(conv2d(x.clone(), weight.clone(), None, options.clone()).into_data());
    });
    row(&format!("1×1, {inputs} → {outputs}, {side}²"), ours, burns);
}

fn direct(channels: [usize; 3], kernel: usize, stride: usize, side: usize) {
    let [inputs, outputs, groups] = channels;
    let weight = noise(outputs * inputs / groups * kernel * kernel);
    let own = Direct::new(&weight, None, channels, (kernel, stride, kernel / 2)).unwrap();
    let planes = noise(inputs * side * side);
    let [high, wide] = own.size(side, side);
    let ours = best(|| {
        in_planned_blocks(|| {
            let mut found = Buffer::new(outputs * high * wide);
            own.run(&planes, [side; 2], false, &mut found).unwrap();
            black_box(&found);
        });
    });
    let (weight, x) = (tensor([outputs, inputs / groups, kernel, kernel]), tensor([1, inputs, side, side]));
    let options = ConvOptions::new_with_padding([stride; 2], [(kernel / 2, kernel / 2); 2], [1; 2], groups);
    let burns = best(|| {
        black_box(conv2d(x.clone(), weight.clone(), None, options.clone()).into_data());
    });
    row(&format!("{kernel}×{kernel}, stride {stride}, {inputs} → {outputs} in {groups} groups, {side}²"), ours, burns);
}

fn depthwise(channels: usize, kernel: usize, stride: usize, side: usize) {
    let own = Depthwise::new(noise(channels * kernel * kernel), noise(channels), kernel, stride, (kernel - stride) / 2);
    let (own, planes) = (own.unwrap(), noise(channels * side * side));
    let [high, wide] = own.size(side, side);
    let ours = best(|| {
        in_planned_blocks(|| {
            let (mut found, mut means) = (Buffer::new(channels * high * wide), Buffer::new(channels));
            own.run(&planes, [side; 2], true, Gathered { planes: &mut found, means: &mut means }).unwrap();
            black_box((&found, &means));
        });
    });
    let (weight, x) = (tensor([channels, 1, kernel, kernel]), tensor([1, channels, side, side]));
    let least = kernel - stride;
    let options = ConvOptions::new_with_padding([stride; 2], [(least / 2, least - least / 2); 2], [1; 2], channels);
    let silu = |x: Tensor<4>| sigmoid(x.clone()) * x;
    let burns = best(|| {
        let x = silu(conv2d(silu(x.clone()), weight.clone(), Some(tensor([channels])), options.clone()));
        let [_, _, rows, columns] = x.dims();
        black_box(x.clone().reshape([channels, rows * columns]).mean_dim(1).into_data());
    });
    row(
        &format!("depthwise {kernel}×{kernel}, stride {stride}, {channels}, {side}², with its activations and means"),
        ours,
        burns,
    );
}

fn norm(channels: usize, side: usize) {
    let (mut planes, [gamma, beta]) = (noise(channels * side * side), [noise(channels), noise(channels)]);
    let ours = best(|| group_norm_relu(&mut planes, 32, &gamma, &beta, 1e-5));
    let (x, gamma, beta) =
        (tensor([1, channels, side, side]), tensor([1, channels, 1, 1]), tensor([1, channels, 1, 1]));
    let burns = best(|| {
        let grouped: Tensor<3> = x.clone().reshape([1, 32, channels / 32 * side * side]);
        let centred = grouped.clone() - grouped.mean_dim(2);
        let scale = ((centred.clone() * centred.clone()).mean_dim(2) + 1e-5).sqrt().recip();
        let normal: Tensor<4> = (centred * scale).reshape([1, channels, side, side]);
        black_box(relu(normal * gamma.clone() + beta.clone()).into_data());
    });
    row(&format!("group norm and max(0, x), {channels}, {side}²"), ours, burns);
}

fn bilinear(channels: usize, side: usize) {
    let (planes, x) = (noise(channels * side * side), tensor([1, channels, side, side]));
    let ours = best(|| {
        in_planned_blocks(|| {
            let mut found = Buffer::new(4 * planes.len());
            enlarge(&planes, [side; 2], 2, true, &mut found);
            black_box(&found);
        });
    });
    let options =
        InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(true).with_output_size([side * 2; 2]);
    let burns = best(|| {
        black_box(interpolate(x.clone(), options.clone()).into_data());
    });
    row(&format!("bilinear to twice the size, {channels}, {side}²"), ours, burns);
}

fn main() {
    println!("| layer | ours, ms | Burn Flex, ms | Burn / ours |\n|---|---:|---:|---:|");
    for (inputs, outputs, side) in
        [(256, 128, 64), (128, 128, 32), (256, 128, 16), (64, 64, 64), (256, 256, 16), (32, 16, 256)]
    {
        three(inputs, outputs, side);
    }
    for (inputs, outputs, side) in
        [(16, 96, 128), (144, 24, 64), (240, 40, 32), (1152, 192, 8), (1296, 384, 16), (384, 1048, 16)]
    {
        dense(inputs, outputs, side);
    }
    for (channels, kernel, stride, side) in
        [(32, 3, 1, 128), (96, 3, 2, 128), (240, 5, 1, 32), (672, 5, 2, 16), (1152, 5, 1, 8)]
    {
        depthwise(channels, kernel, stride, side);
    }
    for (channels, kernel, stride, side) in [
        ([96, 96, 32], 3, 1, 64),
        ([384, 384, 32], 3, 1, 16),
        ([768, 768, 32], 3, 1, 8),
        ([1, 32, 1], 3, 2, 256),
        ([1, 64, 1], 7, 2, 256),
    ] {
        direct(channels, kernel, stride, side);
    }
    norm(128, 64);
    bilinear(128, 32);
}
