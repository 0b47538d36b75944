//! Every stage between the networks against stored values; `e2e/specs/networks.test.mjs` asks the
//! same of wasm. A second implementation of the stages, in `PyTorch` and `NumPy`, made the values;
//! it is gone since the product alone measures (2026-11-30). After a change of the method, `cargo
//! test -p corsai-ensemble --test golden -- --ignored` stores what Rust computes.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use corsai_ensemble::golden::stages;

/// Largest difference of a probability or a normalised grey.
const TOLERANCE: f32 = 2e-6;

fn folder() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/golden")
}

#[test]
#[ignore = "stores the values anew"]
fn store_every_stage() {
    for (name, values) in stages() {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(folder().join(format!("{name}.bin")), bytes).unwrap();
    }
}

#[test]
fn every_stage_equals_the_reference() {
    let folder = folder();
    let found = stages();
    let mut stored: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    stored.sort();
    let mut names: Vec<String> = found.iter().map(|(name, _)| format!("{name}.bin")).collect();
    names.sort();
    assert_eq!(stored, names);
    for (name, values) in found {
        let bytes = fs::read(folder.join(format!("{name}.bin"))).unwrap();
        let expected: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        assert_eq!(values.len(), expected.len(), "{name}");
        let off = values.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let differ = values.iter().zip(&expected).filter(|(a, b)| (*a - *b).abs() > TOLERANCE).count();
        assert_eq!(differ, 0, "{name}: {differ} of {} values differ, by {off} at most", values.len());
    }
}
