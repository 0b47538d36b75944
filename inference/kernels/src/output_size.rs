//! The output size of a convolution or a pooling, one rule for every device.

/// Returns the rows and columns of an output: those of the input divided by `stride`, rounded up.
/// `PyTorch` gives the same for a padding of half a kernel, `TensorFlow` for padding "same".
#[must_use]
pub const fn output_size([rows, columns]: [usize; 2], stride: usize) -> [usize; 2] {
    [rows.div_ceil(stride), columns.div_ceil(stride)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_has_the_size_of_pytorch() {
        for (kernel, stride) in [(1, 1), (1, 2), (3, 1), (3, 2), (5, 2), (7, 2)] {
            for size in 1..70 {
                // torch.nn.Conv2d with padding = kernel // 2.
                let expected = (size + 2 * (kernel / 2) - kernel) / stride + 1;
                assert_eq!(output_size([size, 33], stride)[0], expected, "{size}, kernel {kernel}, stride {stride}");
            }
        }
        assert_eq!(output_size([33, 34], 2), [17, 17]);
    }
}
