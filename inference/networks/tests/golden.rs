//! Our networks against PyTorch's: every network that is shipped, on the CPU, answers the known input as the same
//! weights did there (`models/training` stored the answers). On a GPU the page asks for the same before it uses one.
//!
//! Every architecture is held to the same with made-up weights, shipped or not, on a GPU too where `CORSAI_GPU` is set
//! (`made-up` holds what `python -m training parity` wrote; `e2e/specs/networks.test.mjs` asks the same of wasm).
//!
//! Where that GPU knows f16, or `CORSAI_GPU` says that it has to, all of them run on it once more with maps and weights
//! stored so, and have to come out as near as a device that is used with f16 (`golden::allowed`).

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{Network, NetworkError, Place, Precision, golden, read_manifest, shipped};

/// Of the largest logit, in f32.
const TOLERANCE: f64 = 1e-4;

#[test]
fn logits_equal_pytorchs() {
    let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    assert!(!manifest.networks.is_empty());
    for entry in &manifest.networks {
        let (device, parts) = (Device::flex(), shipped::parts(entry).unwrap());
        let network =
            held(entry, || Network::load(entry, &parts, &device), &shipped::golden(entry).unwrap(), TOLERANCE);
        // The page makes room by this.
        let (most, bytes) = (Network::bytes_of(parts.iter().map(Vec::len).sum()), network.bytes());
        assert!(bytes <= most && most < 2 * bytes, "{} takes {bytes} bytes, and is held to take {most}", entry.name);
    }
}

#[test]
fn made_up_weights_answer_as_in_pytorch() {
    for (entry, stored) in made_up() {
        held(&entry, || Network::made_up(&entry, &Device::flex()), &stored, TOLERANCE);
        #[cfg(feature = "gpu")]
        if let Some(device) = gpu() {
            held(&entry, || Network::made_up(&entry, Place::single(&device)), &stored, TOLERANCE);
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn f16_changes_shipped_logits_little() {
    let Some(device) = gpu_with_f16() else { return };
    let networks = read_manifest(shipped::MANIFEST_JSON).unwrap().networks;
    for (nth, entry) in networks.iter().enumerate() {
        // Of those that differ in their weights alone one is enough: in software they take their time.
        let alike =
            |other: &NetworkEntry| (&other.architecture, other.input.size) == (&entry.architecture, entry.input.size);
        if networks[..nth].iter().any(alike) {
            continue;
        }
        let parts = shipped::parts(entry).unwrap();
        let allowed = golden::allowed(Precision::Half);
        held(entry, || Network::load(entry, &parts, &device), &shipped::golden(entry).unwrap(), allowed);
    }
}

#[cfg(feature = "gpu")]
#[test]
fn f16_changes_made_up_networks_logits_little() {
    let Some(device) = gpu_with_f16() else { return };
    for (entry, stored) in made_up() {
        held(&entry, || Network::made_up(&entry, &device), &stored, golden::allowed(Precision::Half));
    }
}

/// Every architecture, and what PyTorch answered with the same made-up weights.
fn made_up() -> Vec<(NetworkEntry, Vec<f32>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/made-up");
    let manifest = read_manifest(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.networks.len(), 5);
    let stored = |entry: NetworkEntry| {
        let file = fs::read(folder.join("golden").join(&entry.golden.file)).unwrap();
        let stored = golden::read(&entry.golden, &file).unwrap();
        (entry, stored)
    };
    manifest.networks.into_iter().map(stored).collect()
}

/// An adapter, where one is asked for: a process has each once.
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
    let found = gpu().filter(|device| Place::from(device).precision() == Precision::Half);
    if found.is_none() {
        assert!(std::env::var_os("CORSAI_GPU").is_none_or(|v| v != "f16"), "the adapter has no f16");
        eprintln!("skipped: there is no adapter with f16");
    }
    found
}

fn held(
    entry: &NetworkEntry,
    network: impl Fn() -> Result<Network, NetworkError>,
    stored: &[f32],
    allowed: f64,
) -> Network {
    let begun = std::time::Instant::now();
    let network = network().unwrap();
    let loaded = begun.elapsed();
    let shape = network.shape();
    let logits = pollster::block_on(network.logits(golden::input(shape))).unwrap();
    let deviation = golden::deviation(shape, entry.golden.stride, &logits, stored).unwrap();
    let ran = begun.elapsed() - loaded;
    let what = format!("{} ({:?})", entry.name, network.place());
    eprintln!("{what}: off by {deviation:.1e}; loaded in {loaded:?}, ran in {ran:?}");
    assert!(deviation <= allowed, "{what}: off by {deviation:.1e}");
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
