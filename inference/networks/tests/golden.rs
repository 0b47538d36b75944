//! Our networks against PyTorch's: every network that is shipped, on the CPU, answers the known input as the same
//! weights did there (`models/training` stored the answers). On a GPU the page asks for the same before it uses one.
//!
//! `CORSAI_PARITY` may name a folder of made-up weights for every architecture, as `python -m training parity` writes
//! it: they are held to the same, and with the feature `gpu` on an adapter, too, unless `CORSAI_GPU` is unset.

#![allow(clippy::unwrap_used)]

use std::{env, fs, path::Path};

use burn::tensor::Device;
use corsai_networks::{Network, golden, read_manifest, shipped};
use corsai_protocol::NetworkEntry;

/// Of the largest logit, in f32.
const TOLERANCE: f64 = 1e-4;

#[test]
fn logits_equal_pytorchs() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    assert!(!manifest.networks.is_empty());
    for entry in &manifest.networks {
        held(entry, &shipped::parts(entry).unwrap(), &shipped::golden(entry).unwrap(), &Device::flex());
    }
}

#[test]
fn made_up_weights_answer_as_in_pytorch() {
    let Some(folder) = env::var_os("CORSAI_PARITY") else {
        eprintln!("skipped: CORSAI_PARITY names no folder of made-up weights");
        return;
    };
    let read = |file: &str| fs::read(Path::new(&folder).join(file)).unwrap();
    let manifest = read_manifest(&String::from_utf8(read("manifest.json")).unwrap()).unwrap();
    for entry in &manifest.networks {
        let parts: Vec<Vec<u8>> = entry.parts.iter().map(|part| read(&format!("weights/{}", part.file))).collect();
        let stored = golden::read(&entry.golden, &read(&format!("golden/{}", entry.golden.file))).unwrap();
        for device in devices() {
            held(entry, &parts, &stored, &device);
        }
    }
}

/// The CPU, and an adapter where one is asked for: a process has each once.
fn devices() -> Vec<Device> {
    let mut devices = vec![Device::flex()];
    #[cfg(feature = "gpu")]
    if env::var_os("CORSAI_GPU").is_some() {
        static GPU: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
            let memory = burn::tensor::wgpu::MemoryConfiguration::ExclusivePages;
            Device::wgpu_options().memory_config(memory).init_with_setup().unwrap().0
        });
        devices.push(GPU.clone());
    }
    devices
}

fn held(entry: &NetworkEntry, parts: &[Vec<u8>], stored: &[f32], device: &Device) {
    let begun = std::time::Instant::now();
    let network = Network::load(entry, parts, device).unwrap();
    let loaded = begun.elapsed();
    let shape = network.shape();
    let logits = pollster::block_on(network.logits(golden::input(shape))).unwrap();
    let deviation = golden::deviation(shape, entry.golden.stride, &logits, stored).unwrap();
    let place = if *device == Device::flex() { "the CPU" } else { "a GPU" };
    let ran = begun.elapsed() - loaded;
    eprintln!("{} on {place}: off by {deviation:.1e}; loaded in {loaded:?}, ran in {ran:?}", entry.name);
    assert!(deviation <= TOLERANCE, "{} on {place}: {deviation:.1e}", entry.name);
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
