//! Noise, and the definition of a convolution, for the tests of the kernels.

/// Values between −1 and 1 that look random.
pub fn noise(count: usize, seed: u32) -> Vec<f32> {
    let value = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32 / (1 << 23) as f32 - 1.0;
    (0..count as u32).map(value).collect()
}

/// A convolution by its definition, in f64.
pub fn conv2d_reference(
    weight: &[f32],
    bias: &[f32],
    [inputs, outputs, groups]: [usize; 3],
    (kernel, stride, pad_begin): (usize, usize, usize),
    (input, rows, columns): (&[f32], usize, usize),
) -> Vec<f64> {
    let (each_in, each_out) = (inputs / groups, outputs / groups);
    let [out_rows, out_columns] = [rows, columns].map(|side| side.div_ceil(stride));
    let mut values = Vec::new();
    for (output, at) in (0..outputs).flat_map(|output| (0..out_rows * out_columns).map(move |at| (output, at))) {
        let mut sum = f64::from(bias[output]);
        for (nth, tap) in (0..each_in).flat_map(|nth| (0..kernel * kernel).map(move |tap| (nth, tap))) {
            let (y, x) = (at / out_columns * stride + tap / kernel, at % out_columns * stride + tap % kernel);
            if (pad_begin..pad_begin + rows).contains(&y) && (pad_begin..pad_begin + columns).contains(&x) {
                let plane = output / each_out * each_in + nth;
                let value = input[(plane * rows + y - pad_begin) * columns + x - pad_begin];
                sum += f64::from(weight[(output * each_in + nth) * kernel * kernel + tap]) * f64::from(value);
            }
        }
        values.push(sum);
    }
    values
}
