//! Our networks against PyTorch's: every network that is shipped, on the CPU, answers the known input as the same
//! weights did there (`models/training` stored the answers). On a GPU the page asks for the same before it uses one.
//!
//! Every architecture is held to the same with made-up weights, shipped or not, on a GPU too where `CORSAI_GPU` is set
//! (`made-up` holds what `python -m training parity` wrote; `e2e/specs/networks.test.mjs` asks the same of wasm).

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use burn::tensor::Device;
use corsai_networks::{Network, NetworkError, golden, read_manifest, shipped};
use corsai_protocol::NetworkEntry;

/// Of the largest logit, in f32.
const TOLERANCE: f64 = 1e-4;

#[test]
fn logits_equal_pytorchs() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    assert!(!manifest.networks.is_empty());
    for entry in &manifest.networks {
        let (device, parts) = (Device::flex(), shipped::parts(entry).unwrap());
        let network = held(entry, || Network::load(entry, &parts, &device), &shipped::golden(entry).unwrap(), &device);
        // The page makes room by this.
        let (most, bytes) = (Network::bytes_of(parts.iter().map(Vec::len).sum()), network.bytes());
        assert!(bytes <= most && most < 2 * bytes, "{} takes {bytes} bytes, and is held to take {most}", entry.name);
    }
}

#[test]
fn made_up_weights_answer_as_in_pytorch() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/made-up");
    let manifest = read_manifest(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.networks.len(), 5);
    for entry in &manifest.networks {
        let file = fs::read(folder.join("golden").join(&entry.golden.file)).unwrap();
        let stored = golden::read(&entry.golden, &file).unwrap();
        for device in devices() {
            held(entry, || Network::made_up(entry, &device), &stored, &device);
        }
    }
}

/// The CPU, and an adapter where one is asked for: a process has each once.
fn devices() -> Vec<Device> {
    let mut devices = vec![Device::flex()];
    #[cfg(feature = "gpu")]
    if std::env::var_os("CORSAI_GPU").is_some() {
        static GPU: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
            let memory = burn::tensor::wgpu::MemoryConfiguration::ExclusivePages;
            Device::wgpu_options().memory_config(memory).init_with_setup().unwrap().0
        });
        devices.push(GPU.clone());
    }
    devices
}

fn held(
    entry: &NetworkEntry,
    network: impl Fn() -> Result<Network, NetworkError>,
    stored: &[f32],
    device: &Device,
) -> Network {
    let begun = std::time::Instant::now();
    let network = network().unwrap();
    let loaded = begun.elapsed();
    let shape = network.shape();
    let logits = pollster::block_on(network.logits(golden::input(shape))).unwrap();
    let deviation = golden::deviation(shape, entry.golden.stride, &logits, stored).unwrap();
    let place = if *device == Device::flex() { "the CPU" } else { "a GPU" };
    let ran = begun.elapsed() - loaded;
    eprintln!("{} on {place}: off by {deviation:.1e}; loaded in {loaded:?}, ran in {ran:?}", entry.name);
    assert!(deviation <= TOLERANCE, "{} on {place}: {deviation:.1e}", entry.name);
    network
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
