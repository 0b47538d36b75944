//! Huffman codes and the bits of an entropy-coded segment (ITU-T T.81, annexes C and F.2.2).

use crate::error::CodecError;

/// Codes up to this length are found in one table look-up.
const SHORT_BITS: usize = 9;

/// A Huffman table: codes for bytes.
#[derive(Debug, Clone)]
pub(crate) struct HuffmanTable {
    values: Vec<u8>,
    /// By the next [`SHORT_BITS`] bits: the length and value of a short code; length 0 for a longer
    /// one.
    short: Vec<(u8, u8)>,
    /// By length − 1: the first longer code, left-aligned in 16 bits, and the index of the value of
    /// code 0 of this length, which may be negative.
    long: [(u32, i32); 16],
}

impl HuffmanTable {
    /// Reads a table's counts by length and its values; returns the table and the bytes behind it.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] where there are more codes than bits allow, or fewer values than
    /// codes.
    pub(crate) fn read(body: &[u8]) -> Result<(Self, &[u8]), CodecError> {
        let (counts, rest) = body.split_first_chunk::<16>().ok_or(CodecError::Damaged)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (values, rest) = rest.split_at_checked(total).ok_or(CodecError::Damaged)?;
        let mut codes = Self { values: values.to_vec(), short: vec![(0, 0); 1 << SHORT_BITS], long: [(0, 0); 16] };
        let (mut code, mut index) = (0_u32, 0_usize);
        for ((bits, count), long) in (1_usize..).zip(counts).zip(&mut codes.long) {
            // At most 16 · 255 codes, and fewer than 2¹⁶.
            let first = index as i32 - code as i32;
            for _ in 0..*count {
                if bits <= SHORT_BITS {
                    let value = *values.get(index).expect("invariant: there is a value for each counted code");
                    let from = (code as usize) << (SHORT_BITS - bits);
                    let slots =
                        codes.short.get_mut(from..from + (1 << (SHORT_BITS - bits))).ok_or(CodecError::Damaged)?;
                    slots.fill((bits as u8, value));
                }
                code += 1;
                index += 1;
            }
            if code > 1 << bits {
                return Err(CodecError::Damaged);
            }
            *long = (code << (16 - bits), first);
            code <<= 1;
        }
        Ok((codes, rest))
    }
}

/// Reads an entropy-coded segment bit by bit, up to the next marker.
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, left-aligned.
    buffer: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, count: 0 }
    }

    /// Fills the buffer to at least 32 bits, unless a marker or the end comes before.
    fn fill(&mut self) {
        // Four bytes at once, as long as none of them is 0xFF.
        if self.count <= 32
            && let Some(word) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<4>())
        {
            let word = u32::from_be_bytes(*word);
            if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.buffer |= u64::from(word) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        while self.count <= 56 {
            let Some(&byte) = self.bytes.get(self.at) else { return };
            if byte == 0xFF {
                // A zero makes it a byte like others (T.81, F.1.2.3); anything else makes a marker.
                if self.bytes.get(self.at + 1) != Some(&0) {
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn skip(&mut self, bits: u32) -> Result<(), CodecError> {
        self.count = self.count.checked_sub(bits).ok_or(CodecError::Damaged)?;
        self.buffer <<= bits;
        Ok(())
    }

    /// Returns the value of the next code.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] for bits that are no code, or at the end.
    pub(crate) fn code(&mut self, codes: &HuffmanTable) -> Result<u8, CodecError> {
        if self.count < 32 {
            self.fill();
        }
        let look = (self.buffer >> (64 - SHORT_BITS)) as usize;
        if let Some(&(length @ 1.., value)) = codes.short.get(look) {
            return self.skip(u32::from(length)).map(|()| value);
        }
        let next = (self.buffer >> 48) as u32;
        let mut lengths = codes.long.iter().enumerate();
        let (length, (_, first)) = lengths.find(|(_, (end, _))| next < *end).ok_or(CodecError::Damaged)?;
        let index = first + (next >> (15 - length)) as i32;
        let value = usize::try_from(index).ok().and_then(|index| codes.values.get(index)).copied();
        self.skip(length as u32 + 1)?;
        value.ok_or(CodecError::Damaged)
    }

    /// Returns a number of `size` bits, at most 16; its leading bit is the sign (T.81, F.2.2.1).
    ///
    /// # Errors
    /// [`CodecError::Damaged`] at the end.
    pub(crate) fn number(&mut self, size: u32) -> Result<i32, CodecError> {
        if size == 0 {
            return Ok(0);
        }
        if self.count < 32 {
            self.fill();
        }
        let bits = (self.buffer >> (64 - size)) as i32;
        self.skip(size)?;
        Ok(if bits >> (size - 1) == 0 { bits - (1 << size) + 1 } else { bits })
    }

    /// Steps over the bits that fill the last byte, and returns the marker that follows; `None` at
    /// the end of the bytes.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] where more bits than that are left.
    pub(crate) fn marker(&mut self) -> Result<Option<u8>, CodecError> {
        self.fill();
        if self.count >= 8 {
            return Err(CodecError::Damaged);
        }
        (self.buffer, self.count) = (0, 0);
        while let Some([0xFF, 0xFF]) = self.bytes.get(self.at..self.at + 2) {
            self.at += 1;
        }
        Ok(self.bytes.get(self.at + 1).copied())
    }

    /// Steps over the restart marker with this number, modulo 8.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] where the marker isn't next.
    pub(crate) fn restart(&mut self, number: usize) -> Result<(), CodecError> {
        if self.marker()? != Some(0xD0 | (number % 8) as u8) {
            return Err(CodecError::Damaged);
        }
        self.at += 2;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an entropy-coded segment: bits, as "0" and "1", of the parts between restarts, each
    /// filled to whole bytes, with the restart markers between them.
    pub(crate) fn entropy_coded(parts: &[String]) -> Vec<u8> {
        let mut segment = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                segment.extend([0xFF, 0xD0 | ((number - 1) % 8) as u8]);
            }
            let filled = format!("{part:1<width$}", width = part.len().next_multiple_of(8));
            for bits in filled.as_bytes().chunks(8) {
                let byte = u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
                segment.push(byte);
                if byte == 0xFF {
                    segment.push(0);
                }
            }
        }
        segment
    }

    /// Two codes of two bits, one of three, and three of eleven.
    fn codes() -> HuffmanTable {
        let mut body = vec![0; 16];
        (body[1], body[2], body[10]) = (2, 1, 3);
        body.extend([10, 11, 12, 13, 14, 15, 99]);
        let (codes, rest) = HuffmanTable::read(&body).unwrap();
        assert_eq!(rest, [99]);
        codes
    }

    #[test]
    fn short_and_long_codes_and_signed_numbers_are_read() {
        // 00, 01, 100, 10100000000, 10100000001, 10100000010, then the numbers 5 and −5, three bits
        // each.
        let bits = "00".to_owned() + "01" + "100" + "10100000000" + "10100000001" + "10100000010" + "101" + "010";
        let bytes: Vec<u8> = (0..bits.len().div_ceil(8))
            .map(|at| u8::from_str_radix(&format!("{:0<8}", &bits[8 * at..(8 * at + 8).min(bits.len())]), 2).unwrap())
            .collect();
        let codes = codes();
        let mut reader = BitReader::of(&bytes);
        let read: Vec<u8> = (0..6).map(|_| reader.code(&codes).unwrap()).collect();
        assert_eq!(read, [10, 11, 12, 13, 14, 15]);
        assert_eq!((reader.number(3), reader.number(3), reader.number(0)), (Ok(5), Ok(-5), Ok(0)));
        assert_eq!(BitReader::of(&[0xFF, 0xD9]).code(&codes), Err(CodecError::Damaged));
        assert_eq!(BitReader::of(&[0b1011_1111, 0xFE]).code(&codes), Err(CodecError::Damaged));
    }

    #[test]
    fn a_stuffed_byte_is_one_and_a_restart_is_where_it_must_be() {
        let mut reader = BitReader::of(&[0xFF, 0, 0x0F, 0xFF, 0xFF, 0xD1, 0x80]);
        assert_eq!((reader.number(8), reader.number(8)), (Ok(255), Ok(15 - 255)));
        assert_eq!(reader.restart(0), Err(CodecError::Damaged));
        assert_eq!(reader.restart(9), Ok(()));
        assert_eq!(reader.number(1), Ok(1));
        let mut early = BitReader::of(&[1, 2, 0xFF, 0xD0]);
        assert_eq!(early.restart(0), Err(CodecError::Damaged));
    }

    #[test]
    fn rejects_more_codes_than_there_are_bits_for() {
        let mut body = vec![0; 16 + 3];
        body[0] = 3;
        assert!(HuffmanTable::read(&body).is_err());
        body[0] = 2;
        assert!(HuffmanTable::read(&body).is_ok());
        assert!(HuffmanTable::read(&body[..17]).is_err());
        assert!(HuffmanTable::read(&body[..15]).is_err());
    }
}
