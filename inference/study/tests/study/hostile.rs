//! Bytes that were changed, cut off or made up: a code or a volume, never a panic.
//!
//! What the fuzz targets found worth keeping is repeated here; `UPDATE_EXPECT=1` writes the files
//! that they begin with. Overflow checks are on in tests, so that arithmetic that would wrap in a
//! release ends the test.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::fuzz_bodies::{geometry, headers, settle};
use crate::multi_frame::joined;
use crate::synthetic::*;

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
        settle(&open_bytes(&files));
    }

    #[test]
    fn cut_files_end_in_a_code(way in 0..WAYS, cuts in prop::collection::vec(any::<prop::sample::Index>(), 9)) {
        let files: Vec<Vec<u8>> =
            written(way).into_iter().zip(cuts).map(|(bytes, cut)| bytes[..cut.index(bytes.len())].to_vec()).collect();
        settle(&open_bytes(&files));
    }

    #[test]
    fn noise_ends_in_a_code(noise in prop::collection::vec(any::<u8>(), 0..600), marked: bool, packed: bool) {
        let mut bytes = if packed { b"PK\x03\x04".to_vec() } else { vec![0; 128] };
        if marked {
            bytes.extend(b"DICM\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0");
        }
        bytes.extend(noise);
        settle(&open_bytes(&[bytes]));
    }
}

/// One picture in every way it is written, and a study in one file.
fn seeds() -> Vec<Vec<u8>> {
    let multi = |way| joined(&chest(9), 2, way).bytes_as(way);
    let single = (0..WAYS).map(|way| written(way).remove(0));
    let others = [Written::Deflated, Written::Bare].map(|way| chest(1)[0].bytes_as(way));
    single.chain(others).chain([Written::Explicit, Written::Implicit, Written::BigEndian].map(multi)).collect()
}

#[test]
fn the_fuzz_corpus_ends_in_a_code() {
    let corpus = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("fuzz/corpus");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(corpus.join("headers")).unwrap();
        for (number, seed) in seeds().into_iter().enumerate() {
            fs::write(corpus.join(format!("headers/seed-{number:02}")), seed).unwrap();
        }
        fs::create_dir_all(corpus.join("geometry")).unwrap();
        let even: Vec<u8> = (0..12_u16).flat_map(|z| [(z * 320).to_le_bytes().as_slice(), &[0; 6]].concat()).collect();
        fs::write(corpus.join("geometry/seed-00"), even).unwrap();
    }
    for (target, run) in [("headers", headers as fn(&[u8])), ("geometry", geometry)] {
        let mut files = 0;
        for entry in fs::read_dir(corpus.join(target)).unwrap() {
            run(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 0, "{target}");
    }
}
