//! From stored words to Hounsfield units (the modality LUT of PS3.3 C.11.1), as one table over all
//! 65,536 words.
//!
//! A word is shifted and masked to its stored bits (the bits beside them are an overlay or
//! garbage), given its sign, compared with the padding, rescaled and clamped. dicom-rs's pixel
//! decoding isn't used: it leaves padding in, ignores the high bit, and takes the identity for a
//! rescale that it can't read.

use serde::{Deserialize, Serialize};

use crate::codec::samples::CodecBitDepth;
use crate::dataset::value_parsing;

/// The lowest value of a voxel, HU: air, and everything that was not measured.
pub(crate) const MIN_HU: i16 = -1024;

/// Number of 16-bit words.
const WORDS: usize = 1 << 16;

/// The bits of a 16-bit word that are the stored value (PS3.5 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredBits {
    /// Bits Stored (0028,0101), 10..=16; a codec may have fewer.
    pub count: u8,
    /// Unused bits below the stored ones; `count + shift` is at most 16.
    pub shift: u8,
    /// Pixel Representation (0028,0103): two's complement.
    pub signed: bool,
}

impl StoredBits {
    /// Returns the stored value of a word.
    pub(crate) fn value(self, word: u16) -> i32 {
        let mask = if self.count >= 16 { u16::MAX } else { (1 << self.count) - 1 };
        let bits = i32::from(word >> self.shift & mask);
        if self.signed && bits >> (self.count - 1) & 1 == 1 { bits - (1 << self.count) } else { bits }
    }

    /// Returns the stored bits of the words that a codec decoded.
    ///
    /// Where a codec's words are shorter than the header's, the sign bit is the codec's. Where they
    /// are longer, bits beyond those stored are an overlay or garbage, unless the codec's samples
    /// are values: then all of their bits count.
    pub(crate) fn with_codec(mut self, codec: Option<CodecBitDepth>) -> Self {
        let Some(CodecBitDepth { precision, are_values }) = codec.filter(|depth| (2..=16).contains(&depth.precision))
        else {
            return self;
        };
        if are_values {
            (self.count, self.shift) = (precision, 0);
        } else if precision < self.count + self.shift {
            (self.count, self.shift) = (self.count.min(precision), 0);
        }
        self
    }
}

/// Stored values of pixels that were not measured (0028,0120 and 0028,0121), as the 16 bits of the
/// file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Padding {
    pub value: u16,
    /// The other end of the range; the same value where there is no range.
    pub limit: u16,
}

/// How the words of one slice become Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rescale {
    pub bits: StoredBits,
    /// Rescale Slope (0028,1053), HU for each stored step, above 0.
    pub slope: f64,
    /// Rescale Intercept (0028,1052), HU of stored value 0.
    pub intercept: f64,
    pub padding: Option<Padding>,
}

impl Rescale {
    fn is_padding(&self, word: u16, value: i32) -> bool {
        let Some(padding) = self.padding else { return false };
        // Scanners pad beyond the stored bits too: then the whole word is the padding value.
        if word == padding.value {
            return true;
        }
        let read = |word: u16| if self.bits.signed { i32::from(word as i16) } else { i32::from(word) };
        let (a, b) = (read(padding.value), read(padding.limit));
        (a.min(b)..=a.max(b)).contains(&value)
    }

    fn hounsfield(&self, word: u16) -> i16 {
        let value = self.bits.value(word);
        if self.is_padding(word, value) {
            return MIN_HU;
        }
        clamped_hu(self.slope * f64::from(value) + self.intercept)
    }

    /// Returns the table of Hounsfield units by word.
    pub(crate) fn lut(&self) -> ModalityLut {
        let hu: Vec<i16> = (0..=u16::MAX).map(|word| self.hounsfield(word)).collect();
        ModalityLut { of: *self, hu: hu.try_into().expect("invariant: the table has a value for every word") }
    }

    /// Returns the rescale of the words that a codec decoded; see [`StoredBits::with_codec`].
    pub(crate) fn with_codec(self, codec: Option<CodecBitDepth>) -> Self {
        Self { bits: self.bits.with_codec(codec), ..self }
    }
}

/// How the floating-point samples of one slice become Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct FloatRescale {
    /// Samples have 64 bits rather than 32.
    pub double: bool,
    pub big_endian: bool,
    /// HU for each stored unit, above 0.
    pub slope: f64,
    /// HU of a stored 0.
    pub intercept: f64,
    /// Lowest and highest value of pixels that were not measured.
    pub padding: Option<[f64; 2]>,
}

impl FloatRescale {
    /// Returns the Hounsfield units of the sample at an index; `None` beyond the end. What is no
    /// number was not measured.
    pub(crate) fn hounsfield(&self, bytes: &[u8], index: usize) -> Option<i16> {
        let width = if self.double { 8 } else { 4 };
        let sample = bytes.get(index.checked_mul(width)?..)?.get(..width)?;
        let value = value_parsing::float(sample, self.big_endian)?;
        let padding = self.padding.is_some_and(|[lowest, highest]| (lowest..=highest).contains(&value));
        Some(if padding || value.is_nan() { MIN_HU } else { clamped_hu(self.slope * value + self.intercept) })
    }
}

/// How stored samples become Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum HuMapping {
    Words(Rescale),
    Floats(FloatRescale),
}

/// Returns a value rounded and clamped to the range of a voxel, [`MIN_HU`] and above.
pub(crate) fn clamped_hu(value: f64) -> i16 {
    value.round().clamp(f64::from(MIN_HU), f64::from(i16::MAX)) as i16
}

/// The table of one [`Rescale`]; the slices of a series mostly share it.
#[derive(Debug, Clone)]
pub(crate) struct ModalityLut {
    of: Rescale,
    hu: Box<[i16; WORDS]>,
}

impl ModalityLut {
    /// Returns whether the table is that of `rescale`.
    pub(crate) fn is_of(&self, rescale: &Rescale) -> bool {
        self.of == *rescale
    }

    /// Returns the Hounsfield units of a word.
    pub(crate) fn hu(&self, word: u16) -> i16 {
        self.hu[usize::from(word)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BITS: StoredBits = StoredBits { count: 12, shift: 0, signed: false };
    const PLAIN: Rescale = Rescale { bits: BITS, slope: 1.0, intercept: -1024.0, padding: None };
    /// Sixteen signed bits that are Hounsfield units.
    const SIGNED: Rescale =
        Rescale { bits: StoredBits { count: 16, shift: 0, signed: true }, slope: 1.0, intercept: 0.0, padding: None };

    fn with_bits(bits: StoredBits) -> Rescale {
        Rescale { bits, ..PLAIN }
    }

    proptest! {
        #[test]
        fn masks_and_signs_as_arithmetic_does(word: u16, count in 10_u8..=16, shift in 0_u8..=6, signed: bool) {
            prop_assume!(count + shift <= 16);
            let bits = StoredBits { count, shift, signed };
            let modulus = 1_i64 << count;
            let unsigned = (i64::from(word) / (1 << shift)).rem_euclid(modulus);
            let expected = if signed && unsigned >= modulus / 2 { unsigned - modulus } else { unsigned };
            prop_assert_eq!(i64::from(bits.value(word)), expected);
        }

        #[test]
        fn garbage_beside_the_stored_bits_changes_nothing(value in 0_u16..4096, garbage in 0_u16..16, signed: bool) {
            let low = with_bits(StoredBits { signed, ..BITS });
            prop_assert_eq!(low.hounsfield(value), low.hounsfield(value | garbage << 12));
            let high = with_bits(StoredBits { shift: 4, signed, ..BITS });
            prop_assert_eq!(high.hounsfield(value << 4 | garbage), low.hounsfield(value));
        }

        #[test]
        fn rescale_is_linear_and_clamped(word in 0_u16..4096, slope in 0.25_f64..4.0, intercept in -3000_f64..3000.0) {
            let rescale = Rescale { slope, intercept, ..PLAIN };
            let exact = slope * f64::from(word) + intercept;
            let hu = f64::from(rescale.hounsfield(word));
            prop_assert!((hu - exact.max(-1024.0)).abs() <= 0.5, "{} for {}", hu, exact);
        }
    }

    #[test]
    fn padding_is_air_however_it_is_written() {
        let minus_2000 = (-2000_i16) as u16;
        let padded = |rescale: Rescale, value, limit| Rescale { padding: Some(Padding { value, limit }), ..rescale };
        assert_eq!(padded(SIGNED, minus_2000, minus_2000).hounsfield(minus_2000), MIN_HU);
        // The same bits in an unsigned image would be 63,536 HU.
        let unsigned = Rescale { bits: StoredBits { signed: false, ..SIGNED.bits }, ..SIGNED };
        assert_eq!(padded(unsigned, minus_2000, minus_2000).hounsfield(minus_2000), MIN_HU);
        assert_eq!(unsigned.hounsfield(minus_2000), i16::MAX);
        // Padding that doesn't fit the stored bits.
        assert_eq!(padded(PLAIN, minus_2000, minus_2000).hounsfield(minus_2000), MIN_HU);
        // A range, in either direction; its neighbours are measured.
        for (value, limit) in [(100, 200), (200, 100)] {
            let ranged = padded(PLAIN, value, limit);
            assert!([100, 150, 200].iter().all(|word| ranged.hounsfield(*word) == MIN_HU));
            assert_eq!((ranged.hounsfield(99), ranged.hounsfield(201)), (99 - 1024, 201 - 1024));
        }
    }

    #[test]
    fn floats_are_rounded_and_what_is_none_is_air() {
        let single = FloatRescale { double: false, big_endian: false, slope: 2.0, intercept: -1000.0, padding: None };
        let bytes: Vec<u8> =
            [0.0_f32, 520.3, f32::NAN, f32::NEG_INFINITY].iter().flat_map(|v| v.to_le_bytes()).collect();
        let values: Vec<Option<i16>> = (0..5).map(|index| single.hounsfield(&bytes, index)).collect();
        assert_eq!(values, [Some(-1000), Some(41), Some(MIN_HU), Some(MIN_HU), None]);
        let double = FloatRescale { double: true, big_endian: true, padding: Some([500.0, 501.0]), ..single };
        let bytes: Vec<u8> = [500.5_f64, 502.0].iter().flat_map(|v| v.to_be_bytes()).collect();
        assert_eq!([0, 1, 2].map(|index| double.hounsfield(&bytes, index)), [Some(MIN_HU), Some(4), None]);
    }

    #[test]
    fn nothing_is_below_air() {
        assert_eq!(SIGNED.hounsfield((-3024_i16) as u16), MIN_HU);
        assert_eq!(SIGNED.hounsfield((-1024_i16) as u16), MIN_HU);
        assert_eq!(SIGNED.hounsfield((-1023_i16) as u16), -1023);
    }

    #[test]
    fn a_codec_tells_where_the_sign_is() {
        let depth = |precision, are_values| Some(CodecBitDepth { precision, are_values });
        assert_eq!(SIGNED.with_codec(depth(12, false)).hounsfield(0x0FFF), -1);
        assert_eq!(SIGNED.with_codec(depth(16, false)), SIGNED);
        assert_eq!(SIGNED.with_codec(None), SIGNED);
        // Bits beside the stored ones are an overlay's, but a value is whole.
        let twelve = Rescale { bits: StoredBits { count: 12, ..SIGNED.bits }, ..SIGNED };
        assert_eq!(twelve.with_codec(depth(16, false)).hounsfield(0xF001), 1);
        assert_eq!(twelve.with_codec(depth(16, true)).hounsfield((-3000_i16) as u16), MIN_HU);
        assert_eq!(PLAIN.with_codec(depth(16, true)).hounsfield(4100), 4100 - 1024);
        // Raised words are raised in the codec too, unless it is too short for that.
        let raised = with_bits(StoredBits { shift: 4, ..BITS });
        assert_eq!(raised.with_codec(depth(16, false)).hounsfield(100 << 4), 100 - 1024);
        assert_eq!(raised.with_codec(depth(12, false)).hounsfield(100), 100 - 1024);
    }
}
