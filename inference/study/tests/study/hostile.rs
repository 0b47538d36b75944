//! Bytes that were changed, cut off or made up: a code or a volume, never a panic.
//!
//! Overflow checks are on in tests, so that arithmetic that would wrap in a release ends the test.

use corsai_protocol::Severity;
use corsai_study::{Decoding, Intake, Limits};
use proptest::prelude::*;

use crate::made::*;

const WAYS: usize = 5;

fn written(way: usize) -> Vec<Vec<u8>> {
    let files = chest(9).into_iter();
    match way {
        0 => files.map(|file| file.bytes()).collect(),
        1 => files.map(|file| file.bytes_as(Written::Implicit)).collect(),
        2 => files.map(|file| file.bytes_as(Written::BigEndian)).collect(),
        3 => files.map(|file| file.rle().bytes()).collect(),
        _ => files.map(|file| file.jpeg(ROWS, COLUMNS).bytes()).collect(),
    }
}

fn settle(files: &[Vec<u8>]) {
    let mut intake = Intake::new(Limits::default());
    for bytes in files {
        intake.add("file", bytes.clone());
    }
    let opened = intake.finish();
    assert!(!(opened.series.is_empty() && opened.issues.is_empty()));
    for series in &opened.series {
        let _ = series.preview();
        match series.begin().and_then(Decoding::finish) {
            Ok(decoded) => assert!(decoded.volume.voxels().iter().all(|hu| *hu >= -1024)),
            Err(issues) => assert!(issues.iter().any(|issue| issue.severity == Severity::Stop)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The same bytes changed in all files, so that what is wrong is wrong with the series.
    #[test]
    fn changed_bytes_end_in_a_code(
        way in 0..WAYS,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        within_header: bool,
    ) {
        let mut files = written(way);
        for bytes in &mut files {
            let reach = if within_header { 900.min(bytes.len()) } else { bytes.len() };
            for (at, value) in &changes {
                bytes[128..reach][at.index(reach - 128)] = *value;
            }
        }
        settle(&files);
    }

    #[test]
    fn cut_files_end_in_a_code(way in 0..WAYS, cuts in prop::collection::vec(any::<prop::sample::Index>(), 9)) {
        let files: Vec<Vec<u8>> =
            written(way).into_iter().zip(cuts).map(|(bytes, cut)| bytes[..cut.index(bytes.len())].to_vec()).collect();
        settle(&files);
    }

    #[test]
    fn noise_ends_in_a_code(noise in prop::collection::vec(any::<u8>(), 0..600), marked: bool, packed: bool) {
        let mut bytes = if packed { b"PK\x03\x04".to_vec() } else { vec![0; 128] };
        if marked {
            bytes.extend(b"DICM\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0");
        }
        bytes.extend(noise);
        settle(&[bytes]);
    }
}
