//! JPEG Baseline and Extended, sequential with Huffman coding (ITU-T T.81, processes 1, 2 and 4).
//!
//! At 12 bits it is the only lossy JPEG syntax of DICOM that can hold Hounsfield units; at 8 bits
//! it is decoded for the preview. The decoder is this project's own: no Rust crate decodes 12-bit
//! sequential JPEG, and it has to stay within bounds on hostile streams. It reads one component and
//! one scan. Arithmetic coding, progression and hierarchy are other transfer syntaxes, long
//! retired.

use crate::allocation::empty_vec;
use crate::codec::huffman::{BitReader, HuffmanTable};
use crate::codec::idct;
use crate::codec::jpeg_markers::{DHT, DQT, DRI, FrameHeader, SOS, Segments, is_comment};
use crate::codec::samples::DecodedSamples;
use crate::error::CodecError;

const SOF_BASELINE: u8 = 0xC0;
const SOF_EXTENDED: u8 = 0xC1;
/// Largest DC coefficient: eight times the range of a 12-bit sample.
const MAX_DC: i32 = 1 << 15;

/// Index in the block of each coefficient in coding order (T.81, figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Tables that the segments before the scan define.
#[derive(Default)]
struct Tables {
    /// Quantisation steps by table, in coding order.
    quantisation: [Option<[u16; 64]>; 4],
    dc_tables: [Option<HuffmanTable>; 4],
    ac_tables: [Option<HuffmanTable>; 4],
    /// Blocks between restarts; 0 where there are none.
    interval: usize,
}

/// Decodes one frame with samples of `precision` bits.
///
/// # Errors
/// [`CodecError::Size`] where stream and header disagree, [`CodecError::EightBit`] and
/// [`CodecError::Depth`] for samples of other bits, else [`CodecError::Damaged`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize, precision: u8) -> Result<DecodedSamples, CodecError> {
    let mut segments = Segments::of(stream)?;
    let mut tables = Tables::default();
    let mut header = None;
    loop {
        match segments.next()? {
            (SOF_BASELINE | SOF_EXTENDED, body) if header.is_none() => {
                let read = FrameHeader::read(body)?;
                read.has_size(rows, columns)?;
                match read.precision {
                    found if found == precision => header = Some(read),
                    8 => return Err(CodecError::EightBit),
                    _ => return Err(CodecError::Depth),
                }
            }
            (DQT, body) => tables.quantisation(body)?,
            (DHT, body) => tables.codes(body)?,
            (DRI, [high, low]) => tables.interval = usize::from(u16::from_be_bytes([*high, *low])),
            // The end of the spectrum has no meaning in a sequential scan; some writers leave it 0.
            (SOS, [1, _component, codes, 0, 0 | 63, 0]) => {
                let header = header.ok_or(CodecError::Damaged)?;
                let samples = tables.scan(segments.rest(), header, *codes)?;
                return Ok(DecodedSamples { samples, precision, signed: false });
            }
            (marker, _) if is_comment(marker) => {}
            _ => return Err(CodecError::Damaged),
        }
    }
}

impl Tables {
    /// T.81, B.2.4.1.
    fn quantisation(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = body.split_first() {
            let table = self.quantisation.get_mut(usize::from(kind & 0x0F)).ok_or(CodecError::Damaged)?;
            let width = match kind >> 4 {
                0 => 1,
                1 => 2,
                _ => return Err(CodecError::Damaged),
            };
            let (steps, rest) = rest.split_at_checked(64 * width).ok_or(CodecError::Damaged)?;
            let step = |bytes: &[u8]| bytes.iter().fold(0, |step, byte| step << 8 | u16::from(*byte));
            let mut read = [0; 64];
            read.iter_mut().zip(steps.chunks(width)).for_each(|(to, bytes)| *to = step(bytes));
            *table = Some(read);
            body = rest;
        }
        Ok(())
    }

    /// T.81, B.2.4.2.
    fn codes(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = body.split_first() {
            let tables = match kind >> 4 {
                0 => &mut self.dc_tables,
                1 => &mut self.ac_tables,
                _ => return Err(CodecError::Damaged),
            };
            let table = tables.get_mut(usize::from(kind & 0x0F)).ok_or(CodecError::Damaged)?;
            let (codes, rest) = HuffmanTable::read(rest)?;
            *table = Some(codes);
            body = rest;
        }
        Ok(())
    }

    /// Decodes the blocks of the only component, row by row (T.81, A.2.2); blocks at the right and
    /// lower edge are cut.
    fn scan(&self, bytes: &[u8], header: FrameHeader, codes: u8) -> Result<Vec<u16>, CodecError> {
        let steps = self.quantisation.get(usize::from(header.table)).and_then(Option::as_ref);
        let dc_tables = self.dc_tables.get(usize::from(codes >> 4)).and_then(Option::as_ref);
        let ac_tables = self.ac_tables.get(usize::from(codes & 0x0F)).and_then(Option::as_ref);
        let (Some(steps), Some(dc_tables), Some(ac_tables)) = (steps, dc_tables, ac_tables) else {
            return Err(CodecError::Damaged);
        };
        let mut samples = empty_vec(header.rows * header.columns)?;
        samples.resize(header.rows * header.columns, 0);
        let mut bits = BitReader::of(bytes);
        let (mut mean, mut coded) = (0, 0);
        for band in samples.chunks_mut(8 * header.columns) {
            for left in (0..header.columns).step_by(8) {
                if self.interval > 0 && coded > 0 && coded % self.interval == 0 {
                    bits.restart(coded / self.interval - 1)?;
                    mean = 0;
                }
                coded += 1;
                mean += bits.code(dc_tables).and_then(|size| number(&mut bits, size))?;
                if mean.abs() > MAX_DC {
                    return Err(CodecError::Damaged);
                }
                let block = block(&mut bits, mean, ac_tables, steps)?;
                for (line, row) in band.chunks_mut(header.columns).zip(block.as_chunks::<8>().0) {
                    let line = &mut line[left..];
                    for (to, value) in line.iter_mut().zip(row) {
                        *to = (value + (1 << (header.precision - 1))).clamp(0, (1 << header.precision) - 1) as u16;
                    }
                }
            }
        }
        Ok(samples)
    }
}

/// Reads a number after its size in bits; a damaged stream may have too large a size.
fn number(bits: &mut BitReader, size: u8) -> Result<i32, CodecError> {
    if size <= 15 { bits.number(u32::from(size)) } else { Err(CodecError::Damaged) }
}

/// Decodes the samples of one block around 0 (T.81, F.2.2.2).
fn block(
    bits: &mut BitReader,
    mean: i32,
    ac_tables: &HuffmanTable,
    steps: &[u16; 64],
) -> Result<[i64; 64], CodecError> {
    let mut block = [0; 64];
    block[0] = i64::from(mean) * i64::from(steps[0]);
    let (mut at, mut dc_only) = (1, true);
    while at < 64 {
        let code = bits.code(ac_tables)?;
        let (run, size) = (usize::from(code >> 4), code & 0x0F);
        if size == 0 {
            // Sixteen zeros, or no more of the block.
            if run != 15 {
                break;
            }
            at += 16;
            continue;
        }
        at += run;
        let value = number(bits, size)?;
        let (Some(place), Some(step)) = (ZIGZAG.get(at), steps.get(at)) else { return Err(CodecError::Damaged) };
        block[usize::from(*place)] = i64::from(value) * i64::from(*step);
        (at, dc_only) = (at + 1, false);
    }
    // Air is most of a chest image. A block with a DC coefficient alone is the same without
    // transform.
    Ok(if dc_only { [(block[0] + 4) >> 3; 64] } else { idct::inverse(&block) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::huffman::tests::entropy_coded;

    const ROWS: usize = 21;
    const COLUMNS: usize = 27;

    fn picture() -> Vec<u16> {
        let wave = |at: usize, period: f64| (at as f64 / period).sin() * 900.0;
        (0..ROWS * COLUMNS).map(|at| (2048.0 + wave(at / COLUMNS, 4.0) + wave(at % COLUMNS, 3.0)) as u16).collect()
    }

    /// Returns a table whose codes all have `bits` bits and are the indices of their values.
    fn flat_codes(kind: u8, bits: usize, values: &[u8]) -> Vec<u8> {
        let mut table = vec![0xFF, DHT];
        table.extend((19 + values.len() as u16).to_be_bytes());
        table.push(kind);
        table.extend((1..=16).map(|length| if length == bits { values.len() as u8 } else { 0 }));
        table.extend(values);
        table
    }

    struct Coded {
        step: u16,
        /// Length of the AC codes.
        bits: usize,
        interval: usize,
    }

    /// Encodes by the definitions (T.81, A.3.3 and F.1.2), with every step of the quantisation the
    /// same.
    fn encoded(Coded { step, bits, interval }: Coded) -> Vec<u8> {
        let picture = picture();
        let sample = |row: usize, column: usize| {
            f64::from(picture[row.min(ROWS - 1) * COLUMNS + column.min(COLUMNS - 1)]) - 2048.0
        };
        let wave = |x: usize, u: usize| {
            let scale = if u == 0 { 0.5_f64.sqrt() } else { 1.0 };
            scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos() / 2.0
        };
        let symbols: Vec<u8> = (0..16).flat_map(|run| (0..15).map(move |size| run << 4 | size)).collect();
        let put = |out: &mut String, value: i32| {
            let size = (32 - value.unsigned_abs().leading_zeros()) as usize;
            let low = if value < 0 { value + (1 << size) - 1 } else { value };
            if size > 0 {
                *out += &format!("{low:0size$b}");
            }
        };
        let size = |value: i32| (32 - value.unsigned_abs().leading_zeros()) as u8;
        let mut parts = vec![String::new()];
        let (mut mean, mut coded) = (0, 0);
        for (top, left) in (0..ROWS).step_by(8).flat_map(|top| (0..COLUMNS).step_by(8).map(move |left| (top, left))) {
            if interval > 0 && coded > 0 && coded % interval == 0 {
                parts.push(String::new());
                mean = 0;
            }
            coded += 1;
            let out = parts.last_mut().unwrap();
            let coefficients: Vec<i32> = ZIGZAG
                .iter()
                .map(|place| {
                    let (v, u) = (usize::from(*place) / 8, usize::from(*place) % 8);
                    let places = (0..64).map(|at| (at / 8, at % 8));
                    let sum: f64 = places.map(|(y, x)| sample(top + y, left + x) * wave(y, v) * wave(x, u)).sum();
                    (sum / f64::from(step)).round() as i32
                })
                .collect();
            *out += &format!("{:04b}", size(coefficients[0] - mean));
            put(out, coefficients[0] - mean);
            mean = coefficients[0];
            let last = coefficients.iter().rposition(|value| *value != 0).unwrap_or(0).max(1);
            let mut run = 0;
            let code = |symbol: u8| symbols.iter().position(|other| *other == symbol).unwrap();
            for value in &coefficients[1..=last] {
                if *value == 0 && run < 15 {
                    run += 1;
                    continue;
                }
                *out += &format!("{:0bits$b}", code(run << 4 | size(*value)));
                put(out, *value);
                run = 0;
            }
            if last < 63 {
                *out += &format!("{:0bits$b}", code(0));
            }
        }
        let mut stream = vec![0xFF, 0xD8, 0xFF, DQT, 0, 131, 0x10];
        stream.extend([step; 64].iter().flat_map(|step| step.to_be_bytes()));
        stream.extend([0xFF, SOF_EXTENDED, 0, 11, 12, 0, ROWS as u8, 0, COLUMNS as u8, 1, 1, 0x11, 0]);
        stream.extend(flat_codes(0x00, 4, &(0..15).collect::<Vec<u8>>()));
        stream.extend(flat_codes(0x13, bits, &symbols));
        if interval > 0 {
            stream.extend([0xFF, DRI, 0, 4, 0, interval as u8]);
        }
        stream.extend([0xFF, SOS, 0, 8, 1, 1, 0x03, 0, 63, 0]);
        stream.extend(entropy_coded(&parts));
        stream.extend([0xFF, 0xD9]);
        stream
    }

    fn worst(stream: &[u8]) -> u16 {
        let carried = decode(stream, ROWS, COLUMNS, 12).unwrap();
        assert_eq!((carried.precision, carried.signed), (12, false));
        carried.samples.iter().zip(picture()).map(|(a, b)| a.abs_diff(b)).max().unwrap()
    }

    #[test]
    fn a_picture_comes_back_within_its_quantisation() {
        let plain = worst(&encoded(Coded { step: 1, bits: 8, interval: 0 }));
        assert!(plain <= 2, "{plain}");
        // Codes that are too long for one table look-up.
        assert_eq!(worst(&encoded(Coded { step: 1, bits: 13, interval: 0 })), plain);
        let coarse = worst(&encoded(Coded { step: 300, bits: 8, interval: 0 }));
        assert!((20..800).contains(&coarse), "{coarse}");
    }

    #[test]
    fn restarts_change_nothing_and_are_missed() {
        let plain = encoded(Coded { step: 1, bits: 8, interval: 0 });
        let stream = encoded(Coded { step: 1, bits: 8, interval: 1 });
        let samples = |stream: &[u8]| decode(stream, ROWS, COLUMNS, 12).map(|carried| carried.samples);
        assert_eq!(samples(&stream), samples(&plain));
        let second = stream.windows(2).position(|pair| pair == [0xFF, 0xD1]).unwrap();
        let mut other = stream;
        other[second + 1] = 0xD2;
        assert_eq!(samples(&other), Err(CodecError::Damaged));
    }

    #[test]
    fn other_pictures_and_incomplete_ones_are_refused() {
        let stream = encoded(Coded { step: 1, bits: 8, interval: 0 });
        let refusal = |stream: &[u8]| decode(stream, ROWS, COLUMNS, 12).map(|_| ()).unwrap_err();
        assert_eq!(decode(&stream, COLUMNS, ROWS, 12).map(|_| ()).unwrap_err(), CodecError::Size);
        let frame = stream.windows(2).position(|pair| pair == [0xFF, SOF_EXTENDED]).unwrap();
        for (at, byte, error) in [
            (frame + 1, 0xC2, CodecError::Damaged),
            (frame + 4, 8, CodecError::EightBit),
            (frame + 4, 16, CodecError::Depth),
            (frame + 9, 3, CodecError::Damaged),
            (frame + 12, 1, CodecError::Damaged),
        ] {
            let mut changed = stream.clone();
            changed[at] = byte;
            assert_eq!(refusal(&changed), error, "{at}");
        }
        for cut in 0..stream.len() - 3 {
            assert_eq!(refusal(&stream[..cut]), CodecError::Damaged, "{cut}");
        }
    }
}
