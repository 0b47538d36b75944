//! Networks for the benchmark, which times them from JavaScript beside its peer's
//! (`e2e/bench/page.mjs`), and what `e2e/specs/networks.test.mjs` checks in wasm. No part of the
//! page.

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{MAX_TASKS, Network, golden, run_static_constructors};
use js_sys::Uint8Array;
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

fn main() {
    run_static_constructors();
    // Else JavaScript hears of it without a word of what it was.
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_str(&panic.to_string());
    }));
}

/// One stage between the networks on the made-up study; empty for a name that no stage has.
#[wasm_bindgen]
#[must_use]
pub fn stage(name: &str) -> Vec<f32> {
    let found = corsai_ensemble::golden::stages().into_iter().find(|(of, _)| *of == name);
    found.map_or_else(Vec::new, |(_, values)| values)
}

/// A network on a device, and its known input.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Loaded {
    network: Network,
    input: Vec<f32>,
}

#[wasm_bindgen]
impl Loaded {
    /// `entry` is a manifest entry as JSON.
    ///
    /// # Errors
    /// Why the network can't be had, or the GPU.
    pub async fn load(entry: String, parts: Vec<Uint8Array>, gpu: bool) -> Result<Self, JsError> {
        let entry: NetworkEntry = serde_json::from_str(&entry)?;
        let parts: Vec<Vec<u8>> = parts.iter().map(Uint8Array::to_vec).collect();
        let device = if gpu { Device::wgpu_options().tasks_max(MAX_TASKS).init_async().await? } else { Device::flex() };
        Ok(Self::of(Network::load(&entry, &parts, &device)?))
    }

    /// The network of a manifest entry with weights of noise, on the CPU.
    ///
    /// # Errors
    /// Where `entry` is none.
    pub fn made_up(entry: &str) -> Result<Self, JsError> {
        Ok(Self::of(Network::made_up(&serde_json::from_str(entry)?, &Device::flex())?))
    }

    fn of(network: Network) -> Self {
        Self { input: golden::input(network.shape()), network }
    }

    /// The known input's logits, `[classes, size, size]`.
    ///
    /// # Errors
    /// What [`Network::logits`] says.
    pub async fn run(&self) -> Result<Vec<f32>, JsError> {
        Ok(self.network.logits(self.input.clone()).await?)
    }
}
