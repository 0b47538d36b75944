//! Dimensions of a network's input and output.

use corsai_manifest::{Architecture, NetworkEntry};

/// Dimensions of a network's input `[batch, channels, size, size]` and output
/// `[batch, classes, size, size]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkShape {
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub classes: usize,
    /// Rows and columns of both.
    pub size: usize,
}

impl NetworkShape {
    /// Returns the shape that a manifest entry describes.
    #[must_use]
    pub fn from_entry(entry: &NetworkEntry) -> Self {
        let (channels, classes) = match entry.architecture {
            Architecture::FpnEfficientNetB0 { in_channels, classes, .. }
            | Architecture::UnetResNet21 { in_channels, classes }
            | Architecture::ResNet18 { in_channels, classes }
            | Architecture::UnetDpn92 { in_channels, classes } => (in_channels, classes),
        };
        Self { channels, classes, size: entry.input.size }
    }

    /// Whether the input can be halved five times, as all architectures do: they add feature maps
    /// of each size to upsampled ones of the next.
    pub(crate) const fn can_be_halved(self) -> bool {
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
