//! Damaged streams: what fuzzing found (`fuzz/corpus`), and every encoded stream with seeded bit
//! flips, cuts and repeats. Any of them ends in a picture or a code, and soon.

use std::path::Path;
use std::time::Duration;

use corsai_study::ImageFrame;

use crate::cpu_time::computed;
use crate::file::Header;
use crate::streams::encoded;

/// The longest that one file may take.
const LIMIT: Duration = Duration::from_secs(2);
/// Damaged copies of each encoded stream; `CORSAI_DAMAGED` sets another number for a longer run.
const COPIES: u64 = 100;

fn ends_soon(name: &str, bytes: Vec<u8>) {
    let start = computed();
    let _ = ImageFrame::read(bytes);
    let took = computed().saturating_sub(start);
    assert!(took < LIMIT, "{name}: {took:?}");
}

/// Numbers that look random and are the same on every run (Steele, Lea and Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}

/// Some bits flipped, some bytes replaced by telling ones; at times cut off, or with a part twice.
fn damaged(stream: &[u8], seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let mut stream = stream.to_vec();
    // Headers are short and matter most.
    let reach = if numbers.below(2) == 0 { stream.len().min(160) } else { stream.len() };
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(reach);
        stream[at] = match numbers.below(3) {
            0 => stream[at] ^ 1 << numbers.below(8),
            1 => [0, 1, 0x7F, 0x80, 0xFE, 0xFF][numbers.below(6)],
            _ => numbers.below(256) as u8,
        };
    }
    match numbers.below(8) {
        0 => stream.truncate(numbers.below(stream.len())),
        1 => {
            let at = numbers.below(stream.len());
            let part = stream[at..].to_vec();
            stream.extend(part);
        }
        _ => {}
    }
    stream
}

#[test]
fn damaged_streams_end_soon() {
    let copies = std::env::var("CORSAI_DAMAGED").map_or(COPIES, |count| count.parse().unwrap());
    for (name, stream) in encoded() {
        for seed in 0..copies {
            ends_soon(&format!("{name}, seed {seed}"), stream.header().around(&damaged(&stream.bytes, seed)));
        }
    }
}

#[test]
fn what_fuzzing_found_ends_soon() {
    let corpus = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("fuzz/corpus");
    let targets = [
        ("rle", "1.2.840.10008.1.2.5"),
        ("jpeg_lossless", "1.2.840.10008.1.2.4.70"),
        ("jpeg_extended", "1.2.840.10008.1.2.4.51"),
        ("jpeg_ls", "1.2.840.10008.1.2.4.81"),
        ("jpeg2000", "1.2.840.10008.1.2.4.91"),
        ("jpeg_xl", "1.2.840.10008.1.2.4.112"),
    ];
    for (target, syntax) in targets {
        // A target of which nothing was found has no folder.
        let Ok(found) = std::fs::read_dir(corpus.join(target)) else { continue };
        for path in found.map(|entry| entry.unwrap().path()) {
            let stream = std::fs::read(&path).unwrap();
            for signed in [false, true] {
                let header = Header { syntax, rows: 37, columns: 45, bits: 12, signed };
                ends_soon(&path.display().to_string(), header.around(&stream));
            }
        }
    }
}
