//! From stored words to Hounsfield units, as one table over all 65,536 words.
//!
//! A word is shifted and masked to the bits that are stored (what lies beside them is overlay or garbage), given its
//! sign, compared with the padding, rescaled and clamped. dicom-rs's pixel decoding is not used: it leaves padding in,
//! ignores the high bit, and takes the identity for a rescale it can't read.

use serde::{Deserialize, Serialize};

use crate::codec::Depth;

/// What air is, and the least value a voxel may have, HU.
pub(crate) const AIR_HU: i16 = -1024;

/// How many words of 16 bits there are.
const WORDS: usize = 1 << 16;

/// Stored values that mean "nothing was measured here" (0028,0120 and 0028,0121), as the 16 bits of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Padding {
    pub value: u16,
    /// The other end of the range; the same where there is none.
    pub limit: u16,
}

/// How one slice's words become Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// Bits stored, 10..=16 in a header; a codec may have fewer.
    pub stored: u8,
    /// Unused bits below the stored ones; `stored + shift` is at most 16.
    pub shift: u8,
    pub signed: bool,
    /// HU per stored step, above 0.
    pub slope: f64,
    /// HU of a stored 0.
    pub intercept: f64,
    pub padding: Option<Padding>,
}

impl Transfer {
    /// The stored value in a word.
    pub(crate) fn value(&self, word: u16) -> i32 {
        let mask = if self.stored >= 16 { u16::MAX } else { (1 << self.stored) - 1 };
        let bits = i32::from(word >> self.shift & mask);
        if self.signed && bits >> (self.stored - 1) & 1 == 1 { bits - (1 << self.stored) } else { bits }
    }

    fn is_padding(&self, word: u16, value: i32) -> bool {
        let Some(padding) = self.padding else { return false };
        // Scanners pad beyond the stored bits too: then the whole word is the padding value.
        if word == padding.value {
            return true;
        }
        let read = |word: u16| if self.signed { i32::from(word as i16) } else { i32::from(word) };
        let (a, b) = (read(padding.value), read(padding.limit));
        (a.min(b)..=a.max(b)).contains(&value)
    }

    fn hounsfield(&self, word: u16) -> i16 {
        let value = self.value(word);
        if self.is_padding(word, value) {
            return AIR_HU;
        }
        let hu = (self.slope * f64::from(value) + self.intercept).round();
        hu.clamp(f64::from(AIR_HU), f64::from(i16::MAX)) as i16
    }

    /// Hounsfield units by word.
    pub(crate) fn table(&self) -> Table {
        let hu: Vec<i16> = (0..=u16::MAX).map(|word| self.hounsfield(word)).collect();
        Table { of: *self, hu: hu.try_into().expect("invariant: the table has a value for every word") }
    }

    /// The same as a codec's word length has it.
    ///
    /// Where a codec's words are shorter than the header's, the sign ends there. Where they are longer, bits beyond
    /// those stored are overlay or garbage, unless the codec carries values: then they are all of the number.
    pub(crate) fn with_codec(mut self, carried: Option<Depth>) -> Self {
        let Some(Depth { precision, values }) = carried.filter(|depth| (2..=16).contains(&depth.precision)) else {
            return self;
        };
        if values {
            (self.stored, self.shift) = (precision, 0);
        } else if precision < self.stored + self.shift {
            (self.stored, self.shift) = (self.stored.min(precision), 0);
        }
        self
    }
}

/// The table of one [`Transfer`]; slices of a series mostly share it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    of: Transfer,
    hu: Box<[i16; WORDS]>,
}

impl Table {
    pub(crate) fn is_of(&self, transfer: &Transfer) -> bool {
        self.of == *transfer
    }

    pub(crate) fn hu(&self, word: u16) -> i16 {
        self.hu[usize::from(word)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Transfer =
        Transfer { stored: 12, shift: 0, signed: false, slope: 1.0, intercept: -1024.0, padding: None };

    proptest! {
        #[test]
        fn masks_and_signs_as_arithmetic_does(word: u16, stored in 10_u8..=16, shift in 0_u8..=6, signed: bool) {
            prop_assume!(stored + shift <= 16);
            let transfer = Transfer { stored, shift, signed, ..PLAIN };
            let modulus = 1_i64 << stored;
            let bits = (i64::from(word) / (1 << shift)).rem_euclid(modulus);
            let expected = if signed && bits >= modulus / 2 { bits - modulus } else { bits };
            prop_assert_eq!(i64::from(transfer.value(word)), expected);
        }

        #[test]
        fn garbage_beside_the_stored_bits_changes_nothing(value in 0_u16..4096, garbage in 0_u16..16, signed: bool) {
            let transfer = Transfer { signed, ..PLAIN };
            prop_assert_eq!(transfer.hounsfield(value), transfer.hounsfield(value | garbage << 12));
            let raised = Transfer { shift: 4, signed, ..PLAIN };
            prop_assert_eq!(raised.hounsfield(value << 4 | garbage), transfer.hounsfield(value));
        }

        #[test]
        fn rescale_is_linear_and_clamped(word in 0_u16..4096, slope in 0.25_f64..4.0, intercept in -3000_f64..3000.0) {
            let transfer = Transfer { slope, intercept, ..PLAIN };
            let exact = slope * f64::from(word) + intercept;
            let hu = f64::from(transfer.hounsfield(word));
            prop_assert!((hu - exact.max(-1024.0)).abs() <= 0.5, "{} for {}", hu, exact);
        }
    }

    #[test]
    fn padding_is_air_however_it_is_written() {
        let signed = Transfer { stored: 16, signed: true, intercept: 0.0, ..PLAIN };
        let minus_2000 = (-2000_i16) as u16;
        let padded =
            |transfer: Transfer, value, limit| Transfer { padding: Some(Padding { value, limit }), ..transfer };
        assert_eq!(padded(signed, minus_2000, minus_2000).hounsfield(minus_2000), AIR_HU);
        // The same bits in an unsigned picture would be 63,536 HU.
        let unsigned = Transfer { signed: false, ..signed };
        assert_eq!(padded(unsigned, minus_2000, minus_2000).hounsfield(minus_2000), AIR_HU);
        assert_eq!(unsigned.hounsfield(minus_2000), i16::MAX);
        // Padding that doesn't fit the stored bits.
        assert_eq!(padded(PLAIN, minus_2000, minus_2000).hounsfield(minus_2000), AIR_HU);
        // A range, in either direction; its neighbours are measured.
        for (value, limit) in [(100, 200), (200, 100)] {
            let ranged = padded(PLAIN, value, limit);
            assert!([100, 150, 200].iter().all(|word| ranged.hounsfield(*word) == AIR_HU));
            assert_eq!((ranged.hounsfield(99), ranged.hounsfield(201)), (99 - 1024, 201 - 1024));
        }
    }

    #[test]
    fn nothing_is_below_air() {
        let signed = Transfer { stored: 16, signed: true, intercept: 0.0, ..PLAIN };
        assert_eq!(signed.hounsfield((-3024_i16) as u16), AIR_HU);
        assert_eq!(signed.hounsfield((-1024_i16) as u16), AIR_HU);
        assert_eq!(signed.hounsfield((-1023_i16) as u16), -1023);
    }

    #[test]
    fn a_codec_tells_where_the_sign_is() {
        let depth = |precision, values| Some(Depth { precision, values });
        let header = Transfer { stored: 16, signed: true, intercept: 0.0, ..PLAIN };
        assert_eq!(header.with_codec(depth(12, false)).hounsfield(0x0FFF), -1);
        assert_eq!(header.with_codec(depth(16, false)), header);
        assert_eq!(header.with_codec(None), header);
        // Bits beside the stored ones are an overlay's, but a value is whole.
        let twelve = Transfer { stored: 12, ..header };
        assert_eq!(twelve.with_codec(depth(16, false)).hounsfield(0xF001), 1);
        assert_eq!(twelve.with_codec(depth(16, true)).hounsfield((-3000_i16) as u16), AIR_HU);
        assert_eq!(PLAIN.with_codec(depth(16, true)).hounsfield(4100), 4100 - 1024);
        // Raised words are raised in the codec too, unless it is too short for that.
        let raised = Transfer { stored: 12, shift: 4, ..PLAIN };
        assert_eq!(raised.with_codec(depth(16, false)).hounsfield(100 << 4), 100 - 1024);
        assert_eq!(raised.with_codec(depth(12, false)).hounsfield(100), 100 - 1024);
    }
}
