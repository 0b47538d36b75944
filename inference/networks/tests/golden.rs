//! Outputs of the networks for known inputs, compared with `PyTorch`'s (`models/training` stored
//! them): every shipped network on the CPU, and every architecture with random weights
//! (`random-weights`, written by `python -m training parity`).
//!
//! With `CORSAI_GPU` set, the architectures run on the adapter too. If the adapter supports f16, or
//! `CORSAI_GPU` is `f16`, all networks run on it once more with feature maps and weights in f16,
//! and have to be within [`golden::tolerance`]. `e2e/specs/networks.test.mjs` tests the same in
//! wasm.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{DeviceConfig, Network, NetworkError, Precision, golden, read_manifest, shipped};

/// Allowed deviation in f32, as a share of the largest logit.
const TOLERANCE: f64 = 1e-4;

#[test]
fn logits_equal_pytorchs() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    assert!(!manifest.networks.is_empty());
    for entry in &manifest.networks {
        let (device, parts) = (Device::flex(), shipped::parts(entry).unwrap());
        let network =
            assert_golden(entry, || Network::load(entry, &parts, &device), &shipped::golden(entry).unwrap(), TOLERANCE);
        // The page plans its memory by this estimate.
        let (most, bytes) =
            (Network::weight_memory_for_file(parts.iter().map(Vec::len).sum()), network.weight_memory());
        assert!(bytes <= most && most < 2 * bytes, "{} takes {bytes} bytes, and the estimate is {most}", entry.name);
    }
}

#[test]
fn random_weights_answer_as_in_pytorch() {
    for (entry, stored) in random_networks() {
        assert_golden(&entry, || Network::with_random_weights(&entry, &Device::flex()), &stored, TOLERANCE);
        #[cfg(feature = "gpu")]
        if let Some(device) = gpu() {
            assert_golden(
                &entry,
                || Network::with_random_weights(&entry, DeviceConfig::single_precision(&device)),
                &stored,
                TOLERANCE,
            );
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn f16_changes_shipped_logits_little() {
    let Some(device) = gpu_with_f16() else { return };
    let networks = read_manifest(shipped::MANIFEST_JSON).unwrap().networks;
    for (nth, entry) in networks.iter().enumerate() {
        // One network of each architecture and size is enough: a software adapter is slow.
        let alike =
            |other: &NetworkEntry| (&other.architecture, other.input.size) == (&entry.architecture, entry.input.size);
        if networks[..nth].iter().any(alike) {
            continue;
        }
        let parts = shipped::parts(entry).unwrap();
        let tolerance = golden::tolerance(Precision::Half);
        assert_golden(entry, || Network::load(entry, &parts, &device), &shipped::golden(entry).unwrap(), tolerance);
    }
}

#[cfg(feature = "gpu")]
#[test]
fn f16_changes_random_networks_logits_little() {
    let Some(device) = gpu_with_f16() else { return };
    for (entry, stored) in random_networks() {
        assert_golden(
            &entry,
            || Network::with_random_weights(&entry, &device),
            &stored,
            golden::tolerance(Precision::Half),
        );
    }
}

/// Returns every architecture with `PyTorch`'s logits for random weights.
fn random_networks() -> Vec<(NetworkEntry, Vec<f32>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/random-weights");
    let manifest = read_manifest(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.networks.len(), 5);
    let stored = |entry: NetworkEntry| {
        let file = fs::read(folder.join("golden").join(&entry.golden.file)).unwrap();
        let stored = golden::read(&entry.golden, &file).unwrap();
        (entry, stored)
    };
    manifest.networks.into_iter().map(stored).collect()
}

/// Returns the adapter, if `CORSAI_GPU` is set. A process opens it once.
#[cfg(feature = "gpu")]
fn gpu() -> Option<Device> {
    static GPU: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
        let memory = burn::tensor::wgpu::MemoryConfiguration::ExclusivePages;
        Device::wgpu_options().memory_config(memory).init_with_setup().unwrap().0
    });
    std::env::var_os("CORSAI_GPU").map(|_| GPU.clone())
}

#[cfg(feature = "gpu")]
fn gpu_with_f16() -> Option<Device> {
    let found = gpu().filter(|device| DeviceConfig::from(device).precision() == Precision::Half);
    if found.is_none() {
        assert!(std::env::var_os("CORSAI_GPU").is_none_or(|v| v != "f16"), "the adapter has no f16");
        eprintln!("skipped: there is no adapter with f16");
    }
    found
}

fn assert_golden(
    entry: &NetworkEntry,
    network: impl Fn() -> Result<Network, NetworkError>,
    stored: &[f32],
    tolerance: f64,
) -> Network {
    let begun = std::time::Instant::now();
    let network = network().unwrap();
    let loaded = begun.elapsed();
    let shape = network.shape();
    let logits = pollster::block_on(network.logits(golden::known_input(shape))).unwrap();
    let deviation = golden::deviation(shape, entry.golden.stride, &logits, stored).unwrap();
    let ran = begun.elapsed().saturating_sub(loaded);
    let what = format!("{} ({:?})", entry.name, network.device_config());
    eprintln!("{what}: off by {deviation:.1e}; loaded in {loaded:?}, ran in {ran:?}");
    assert!(deviation <= tolerance, "{what}: off by {deviation:.1e}");
    network
}

#[test]
fn damaged_weights_are_refused() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    let entry = manifest.networks.first().unwrap();
    let mut parts = shipped::parts(entry).unwrap();
    let last = parts.last_mut().unwrap().last_mut().unwrap();
    *last ^= 1;
    assert!(Network::load(entry, &parts, &Device::flex()).is_err());
}
