//! JPEG Lossless (ITU-T T.81, process 14), with restart intervals.
//!
//! The decoder is this project's own. The crates that decode JPEG Lossless let predictions run on
//! over a restart marker, which shifts every sample behind it and reports nothing. This one checks
//! where a stream must end: bits that are left over, or a restart that is missing, are an error. It
//! reads one component and one scan.

use crate::allocation::empty_vec;
use crate::codec::huffman::{BitReader, HuffmanTable};
use crate::codec::jpeg_markers::{DHT, DQT, DRI, EOI, FrameHeader, SOF_LOSSLESS, SOS, Segments, is_comment};
use crate::error::CodecError;

/// Bits of a sample that hold Hounsfield units; 8 are refused as a screenshot's.
const PRECISION: std::ops::RangeInclusive<u8> = 9..=16;

/// A scan of the only component (T.81, B.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scan {
    header: FrameHeader,
    /// Number of the Huffman table.
    table: u8,
    /// Selection value of the predictor, 1..=7.
    predictor: u8,
    /// Low bits of a sample that are not coded.
    point_transform: u8,
    /// Rows between restarts; 0 where there are none.
    interval: usize,
}

/// Decodes one frame. Returns its samples and the bits of a sample.
///
/// # Errors
/// [`CodecError::Size`] or [`CodecError::Depth`] where stream and header disagree,
/// [`CodecError::Unsupported`] for restarts within a row, else [`CodecError::Damaged`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize) -> Result<(Vec<u16>, u8), CodecError> {
    let mut segments = Segments::of(stream)?;
    let mut tables: [Option<HuffmanTable>; 4] = [None, None, None, None];
    let (mut header, mut interval) = (None, 0);
    loop {
        match segments.next()? {
            (SOF_LOSSLESS, body) if header.is_none() => {
                let read = FrameHeader::read(body)?;
                read.has_size(rows, columns)?;
                if !PRECISION.contains(&read.precision) {
                    return Err(CodecError::Depth);
                }
                header = Some(read);
            }
            (DHT, body) => huffman_tables(body, &mut tables)?,
            (DRI, [high, low]) => interval = usize::from(u16::from_be_bytes([*high, *low])),
            (SOS, [1, _component, table, predictor @ 1..=7, _, transform]) => {
                let header = header.ok_or(CodecError::Damaged)?;
                let (table, predictor, point_transform) = (table >> 4, *predictor, transform & 0x0F);
                if point_transform >= header.precision {
                    return Err(CodecError::Damaged);
                }
                let interval = rows_between_restarts(interval, rows, columns)?;
                let scan = Scan { header, table, predictor, point_transform, interval };
                let codes = tables.get(usize::from(table)).and_then(Option::as_ref).ok_or(CodecError::Damaged)?;
                return Ok((scan.decode(codes, segments.rest())?, header.precision));
            }
            (DQT, _) => {}
            (marker, _) if is_comment(marker) => {}
            _ => return Err(CodecError::Damaged),
        }
    }
}

/// Reads Huffman tables (T.81, B.2.4.2).
fn huffman_tables(mut body: &[u8], tables: &mut [Option<HuffmanTable>; 4]) -> Result<(), CodecError> {
    while let Some((kind, rest)) = body.split_first() {
        let (codes, rest) = HuffmanTable::read(rest)?;
        // Tables of class 1 are those of AC coefficients, which no lossless scan has.
        if kind >> 4 == 0 {
            *tables.get_mut(usize::from(kind & 0x0F)).ok_or(CodecError::Damaged)? = Some(codes);
        }
        body = rest;
    }
    Ok(())
}

/// Returns the number of rows between restarts, given that of `samples`; 0 where the image has no
/// restart.
///
/// # Errors
/// [`CodecError::Unsupported`] for a restart within a row, which the standard excludes (H.1.1).
fn rows_between_restarts(samples: usize, rows: usize, columns: usize) -> Result<usize, CodecError> {
    match samples {
        0 => Ok(0),
        samples if samples >= rows * columns => Ok(0),
        samples if samples.is_multiple_of(columns) => Ok(samples / columns),
        _ => Err(CodecError::Unsupported),
    }
}

impl Scan {
    fn decode(&self, codes: &HuffmanTable, bytes: &[u8]) -> Result<Vec<u16>, CodecError> {
        match self.predictor {
            1 => self.rows(codes, bytes, |left, _, _| left),
            2 => self.rows(codes, bytes, |_, above, _| above),
            3 => self.rows(codes, bytes, |_, _, corner| corner),
            4 => self.rows(codes, bytes, |left, above, corner| left + above - corner),
            5 => self.rows(codes, bytes, |left, above, corner| left + ((above - corner) >> 1)),
            6 => self.rows(codes, bytes, |left, above, corner| above + ((left - corner) >> 1)),
            _ => self.rows(codes, bytes, |left, above, _| (left + above) >> 1),
        }
    }

    /// Decodes all rows. `predict` is the predictor of the sample to the left, the one above and
    /// the one above to the left (T.81, table H.1).
    fn rows(
        &self,
        codes: &HuffmanTable,
        bytes: &[u8],
        predict: impl Fn(i32, i32, i32) -> i32,
    ) -> Result<Vec<u16>, CodecError> {
        let FrameHeader { precision, rows, columns, .. } = self.header;
        let mut bits = BitReader::of(bytes);
        let mut samples: Vec<u16> = empty_vec(rows * columns)?;
        samples.resize(rows * columns, 0);
        let mut above: &[u16] = &[];
        for (row, line) in samples.chunks_exact_mut(columns).enumerate() {
            let restarts = self.interval > 0 && row.is_multiple_of(self.interval);
            if restarts && row > 0 {
                bits.restart(row / self.interval - 1)?;
            }
            let (first, rest) = line.split_first_mut().ok_or(CodecError::Size)?;
            // The first row of the scan and of each restart interval knows no row above (H.1.2.1).
            if row == 0 || restarts {
                let half = 1 << (precision - self.point_transform - 1);
                let mut left = sample(half, difference(&mut bits, codes)?);
                *first = left;
                for to in rest {
                    left = sample(i32::from(left), difference(&mut bits, codes)?);
                    *to = left;
                }
            } else {
                let (corner, others) = above.split_first().ok_or(CodecError::Size)?;
                let mut left = sample(i32::from(*corner), difference(&mut bits, codes)?);
                let mut corner = i32::from(*corner);
                *first = left;
                for (to, above) in rest.iter_mut().zip(others) {
                    let above = i32::from(*above);
                    left = sample(predict(i32::from(left), above, corner), difference(&mut bits, codes)?);
                    corner = above;
                    *to = left;
                }
            }
            above = line;
        }
        // What follows a whole image is its end marker, or nothing; anything else shows that what
        // was read isn't what was written.
        if bits.marker()?.is_some_and(|marker| marker != EOI) {
            return Err(CodecError::Damaged);
        }
        if self.point_transform > 0 {
            for sample in &mut samples {
                *sample <<= self.point_transform;
            }
        }
        Ok(samples)
    }
}

/// Returns the sample of a prediction and a difference, modulo 2¹⁶ (T.81, H.1.2.1).
fn sample(prediction: i32, difference: i32) -> u16 {
    (prediction + difference) as u16
}

/// Reads a difference: its size in bits, then its bits (T.81, H.1.2.2).
fn difference(bits: &mut BitReader, codes: &HuffmanTable) -> Result<i32, CodecError> {
    match bits.code(codes)? {
        size @ 0..=15 => bits.number(u32::from(size)),
        16 => Ok(1 << 15),
        _ => Err(CodecError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::huffman::tests::entropy_coded;
    use proptest::prelude::*;

    /// Encodes by the definitions (T.81, H.1.2), every size of a difference with a code of five
    /// bits. `interval` counts rows.
    fn encoded(
        samples: &[u16],
        columns: usize,
        [precision, predictor, transform]: [u8; 3],
        interval: usize,
    ) -> Vec<u8> {
        let rows = samples.len() / columns;
        let coded = |row: usize, column: usize| i32::from(samples[row * columns + column] >> transform);
        let mut parts = vec![String::new()];
        for row in 0..rows {
            let starts = row == 0 || interval > 0 && row % interval == 0;
            if starts && row > 0 {
                parts.push(String::new());
            }
            for column in 0..columns {
                let prediction = match (starts, column) {
                    (true, 0) => 1 << (precision - transform - 1),
                    (true, _) => coded(row, column - 1),
                    (false, 0) => coded(row - 1, 0),
                    (false, _) => {
                        let (a, b) = (coded(row, column - 1), coded(row - 1, column));
                        let c = coded(row - 1, column - 1);
                        [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
                            [usize::from(predictor) - 1]
                    }
                };
                let mut difference = i32::from((coded(row, column) - prediction) as i16);
                if difference == -32768 {
                    difference = 32768;
                }
                let size = (32 - difference.unsigned_abs().leading_zeros()) as usize;
                let low = if difference < 0 { difference + (1 << size) - 1 } else { difference };
                let out = parts.last_mut().unwrap();
                *out += &format!("{size:05b}");
                if (1..16).contains(&size) {
                    *out += &format!("{low:0size$b}");
                }
            }
        }
        let mut stream = vec![0xFF, 0xD8, 0xFF, SOF_LOSSLESS, 0, 11, precision];
        stream.extend((rows as u16).to_be_bytes());
        stream.extend((columns as u16).to_be_bytes());
        stream.extend([1, 1, 0x11, 0, 0xFF, DHT, 0, 36, 0, 0, 0, 0, 0, 17]);
        stream.extend([0; 11]);
        stream.extend(0..17);
        if interval > 0 {
            stream.extend([0xFF, DRI, 0, 4]);
            stream.extend(((interval * columns) as u16).to_be_bytes());
        }
        stream.extend([0xFF, SOS, 0, 8, 1, 1, 0, predictor, 0, transform]);
        stream.extend(entropy_coded(&parts));
        stream.extend([0xFF, EOI]);
        stream
    }

    const ROWS: usize = 11;
    const COLUMNS: usize = 7;

    fn picture(precision: u8) -> Vec<u16> {
        let whole = u16::MAX >> (16 - precision);
        (0..ROWS * COLUMNS).map(|at| ((at * at * 2654 + at * 31) as u16) & whole).collect()
    }

    proptest! {
        #[test]
        fn every_predictor_and_restart_comes_back(
            precision in 9_u8..=16,
            predictor in 1_u8..=7,
            transform in 0_u8..3,
            interval in 0_usize..14,
            noise in prop::collection::vec(any::<u16>(), ROWS * COLUMNS),
        ) {
            let whole = u16::MAX >> (16 - precision) >> transform << transform;
            let samples: Vec<u16> = noise.iter().map(|sample| sample & whole).collect();
            let stream = encoded(&samples, COLUMNS, [precision, predictor, transform], interval);
            prop_assert_eq!(decode(&stream, ROWS, COLUMNS), Ok((samples, precision)));
        }

        #[test]
        fn a_damaged_stream_is_an_error_or_a_whole_picture(
            at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()
        ) {
            let mut stream = encoded(&picture(12), COLUMNS, [12, 4, 0], 2);
            let last = stream.len();
            stream[at.index(last)] = byte;
            stream.truncate(last - cut.index(4));
            if let Ok((samples, _)) = decode(&stream, ROWS, COLUMNS) {
                prop_assert_eq!(samples.len(), ROWS * COLUMNS);
            }
        }
    }

    #[test]
    fn a_restart_that_is_missing_or_out_of_order_is_an_error() {
        let samples = picture(12);
        let stream = encoded(&samples, COLUMNS, [12, 1, 0], 10);
        assert_eq!(decode(&stream, ROWS, COLUMNS), Ok((samples.clone(), 12)));
        let marker = stream.windows(2).position(|pair| pair == [0xFF, 0xD0]).unwrap();
        let mut other = stream.clone();
        other[marker + 1] = 0xD1;
        assert_eq!(decode(&other, ROWS, COLUMNS), Err(CodecError::Damaged));
        let without = [&stream[..marker], &stream[marker + 2..]].concat();
        assert_eq!(decode(&without, ROWS, COLUMNS), Err(CodecError::Damaged));
        // The marker without the segment that announces it.
        let plain = encoded(&samples, COLUMNS, [12, 1, 0], 0);
        let announced = stream.windows(2).position(|pair| pair == [0xFF, DRI]).unwrap();
        let unannounced = [&stream[..announced], &stream[announced + 6..]].concat();
        assert_eq!(decode(&unannounced, ROWS, COLUMNS), Err(CodecError::Damaged));
        // Announced and absent.
        let absent = [&plain[..announced], &stream[announced..announced + 6], &plain[announced..]].concat();
        assert_eq!(decode(&absent, ROWS, COLUMNS), Err(CodecError::Damaged));
        // Within a row, and beyond the last one.
        let with_interval = |samples: u16| {
            let mut changed = stream.clone();
            changed[announced + 4..announced + 6].copy_from_slice(&samples.to_be_bytes());
            decode(&changed, ROWS, COLUMNS)
        };
        assert_eq!(with_interval(10), Err(CodecError::Unsupported));
        assert_eq!(with_interval(7000), Err(CodecError::Damaged), "the marker is there all the same");
    }

    #[test]
    fn headers_are_read_before_anything_is_decoded() {
        let stream = encoded(&picture(12), COLUMNS, [12, 1, 0], 0);
        let refusal = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut changed = stream.clone();
            change(&mut changed);
            decode(&changed, ROWS, COLUMNS).unwrap_err()
        };
        assert_eq!(decode(&stream, COLUMNS, ROWS), Err(CodecError::Size));
        assert_eq!(decode(&[], 2, 2), Err(CodecError::Damaged));
        assert_eq!(refusal(&|stream| stream[6] = 8), CodecError::Depth);
        assert_eq!(refusal(&|stream| stream[11] = 3), CodecError::Damaged);
        let scan = stream.windows(2).position(|pair| pair == [0xFF, SOS]).unwrap();
        for (at, byte) in [(scan + 7, 0), (scan + 7, 8), (scan + 9, 12), (scan + 6, 0x10)] {
            assert_eq!(refusal(&|stream| stream[at] = byte), CodecError::Damaged, "{at}");
        }
        for cut in 0..stream.len() - 3 {
            assert_eq!(decode(&stream[..cut], ROWS, COLUMNS), Err(CodecError::Damaged), "{cut}");
        }
        // A second scan behind the first, and bytes that belong to nothing.
        let end = stream.len() - 2;
        let again = [&stream[..end], &stream[scan..]].concat();
        assert_eq!(decode(&again, ROWS, COLUMNS), Err(CodecError::Damaged));
        let more = [&stream[..end], &[1, 2, 3], &stream[end..]].concat();
        assert_eq!(decode(&more, ROWS, COLUMNS), Err(CodecError::Damaged));
        assert!(decode(&stream[..end], ROWS, COLUMNS).is_ok(), "the end marker itself may be missing");
    }
}
