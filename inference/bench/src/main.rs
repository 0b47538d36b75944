//! The networks as a wasm module of their own, without the page. `e2e/specs/networks.test.mjs`
//! compares their outputs with stored ones, and `./dev bench` times them in a browser beside those
//! of another runtime (`e2e/bench/page.mjs`). Native benchmarks are `cargo bench -p corsai-kernels`
//! and the command line's `bench`.

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{MAX_TASKS, Network, golden, run_static_constructors};
use js_sys::Uint8Array;
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

fn main() {
    run_static_constructors();
    // Without a hook JavaScript gets an error without the panic's message.
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_str(&panic.to_string());
    }));
}

/// Returns the values of a stage between the networks on the phantom, or nothing for an unknown
/// name.
#[wasm_bindgen]
#[must_use]
pub fn stage(name: &str) -> Vec<f32> {
    let found = corsai_ensemble::golden::stages().into_iter().find(|(of, _)| *of == name);
    found.map_or_else(Vec::new, |(_, values)| values)
}

/// A network on a device with its known input.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Loaded {
    network: Network,
    input: Vec<f32>,
}

#[wasm_bindgen]
impl Loaded {
    /// Loads the network of a manifest entry (JSON) from the parts of its weights file.
    ///
    /// # Errors
    /// If the entry, the weights or the GPU can't be used.
    pub async fn load(entry: String, parts: Vec<Uint8Array>, gpu: bool) -> Result<Self, JsError> {
        let entry: NetworkEntry = serde_json::from_str(&entry)?;
        let parts: Vec<Vec<u8>> = parts.iter().map(Uint8Array::to_vec).collect();
        let device = if gpu { Device::wgpu_options().tasks_max(MAX_TASKS).init_async().await? } else { Device::flex() };
        Ok(Self::of(Network::load(&entry, &parts, &device)?))
    }

    /// Builds the network of a manifest entry (JSON) with random weights on the CPU.
    ///
    /// # Errors
    /// If the entry can't be used.
    pub fn with_random_weights(entry: &str) -> Result<Self, JsError> {
        Ok(Self::of(Network::with_random_weights(&serde_json::from_str(entry)?, &Device::flex())?))
    }

    fn of(network: Network) -> Self {
        Self { input: golden::known_input(network.shape()), network }
    }

    /// Returns the logits for the known input, `[classes, size, size]`.
    ///
    /// # Errors
    /// Those of [`Network::logits`].
    pub async fn run(&self) -> Result<Vec<f32>, JsError> {
        Ok(self.network.logits(self.input.clone()).await?)
    }
}
