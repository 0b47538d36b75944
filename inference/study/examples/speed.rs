//! How fast each transfer syntax is decoded on this machine, in one thread: `cargo run --release -p
//! corsai-study --example speed`. Pictures of the shared data, 512 × 512 words each; MB are those
//! of the words that come out, and the best of many runs counts.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use corsai_study::ImageFrame;

#[path = "../tests/conformance/file.rs"]
mod file;

const CORNERSTONE: &str = "conformance/cornerstonejs+cornerstoneWADOImageLoader/testImages";
const WG04: &str = "conformance/robyoung+dicom-test-files/data/WG04";
const TIME: Duration = Duration::from_secs(2);

fn main() {
    let read = |name: String| std::fs::read(corsai_tests::data(&name)).unwrap();
    let image = |rest: &str| read(format!("{CORNERSTONE}/CTImage.dcm{rest}"));
    let high_throughput =
        file::Header { syntax: "1.2.840.10008.1.2.4.201", rows: 512, columns: 512, bits: 16, signed: true };
    let files = [
        ("uncompressed", image("")),
        ("big endian", image("_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm")),
        ("deflated", image("_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm")),
        ("RLE", read(format!("{WG04}/RLE/CT1_RLE"))),
        ("JPEG Lossless", read(format!("{WG04}/JPLL/CT1_JPLL"))),
        ("JPEG Extended", image("_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm")),
        ("JPEG-LS", read(format!("{WG04}/JLSL/CT1_JLSL"))),
        ("JPEG 2000, lossless", read(format!("{WG04}/J2KR/CT1_J2KR"))),
        ("JPEG 2000, lossy", read(format!("{WG04}/J2KI/CT1_J2KI"))),
        ("HTJ2K", high_throughput.around(&read("conformance/chafey+openjphjs/CT1.j2c".to_owned()))),
    ];
    println!("| syntax | MB/s | ms a slice |\n|---|---:|---:|");
    for (name, bytes) in files {
        let (start, mut best, mut words) = (Instant::now(), Duration::MAX, 0);
        while start.elapsed() < TIME {
            let copy = bytes.clone();
            let begun = Instant::now();
            words = ImageFrame::read(copy).unwrap().values.len() * 2;
            best = best.min(begun.elapsed());
        }
        println!("| {name} | {:.0} | {:.2} |", words as f64 / 1e6 / best.as_secs_f64(), best.as_secs_f64() * 1e3);
    }
}
