//! Our networks against PyTorch's: every network that is shipped, on the CPU, answers the known input as the same
//! weights did there (`models/training` stored the answers).

#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use corsai_networks::{Network, golden, read_manifest, shipped};

/// Of the largest logit, in f32.
const TOLERANCE: f64 = 1e-4;

#[test]
fn logits_equal_pytorchs() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    assert!(!manifest.networks.is_empty());
    for entry in &manifest.networks {
        let network = Network::load(entry, &shipped::parts(entry).unwrap(), &Device::flex()).unwrap();
        let shape = network.shape();
        let logits = pollster::block_on(network.logits(golden::input(shape))).unwrap();
        let stored = shipped::golden(entry).unwrap();
        let deviation = golden::deviation(shape, entry.golden.stride, &logits, &stored).unwrap();
        eprintln!("{}: largest relative deviation {deviation:.1e}", entry.name);
        assert!(deviation <= TOLERANCE, "{}: {deviation:.1e}", entry.name);
    }
}

#[test]
fn spoilt_weights_are_refused() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    let entry = manifest.networks.first().unwrap();
    let mut parts = shipped::parts(entry).unwrap();
    let last = parts.last_mut().unwrap().last_mut().unwrap();
    *last ^= 1;
    assert!(Network::load(entry, &parts, &Device::flex()).is_err());
}
