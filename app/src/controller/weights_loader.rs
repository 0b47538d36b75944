//! Loads networks and sends them to the worker.

use corsai_manifest::NetworkEntry;
use corsai_protocol::Command;
use corsai_report::Tier;
use leptos::prelude::*;
use tracing::{info, warn};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    controller::context::Controller,
    weights::{
        load, manifest,
        queue::{DownloadProgress, WeightsQueue},
    },
};

impl Controller {
    /// Loads networks one after another, those that the worker waits for first, and sends them.
    pub(super) fn load_weights(self) {
        if self.weights_queue.try_update_value(WeightsQueue::begin) != Some(true) {
            return;
        }
        spawn_local(async move {
            let manifest = self.manifest.get_value();
            let quick = manifest.networks.iter().filter(|n| n.tier == Tier::Quick);
            let quick: Vec<String> = quick.map(|n| n.name.clone()).collect();
            self.send_loaded();
            while let Some(Some(name)) = self.weights_queue.try_update_value(|q| q.next(&quick)) {
                let Some(network) = manifest.networks.iter().find(|n| n.name == name) else {
                    self.weights_failed(name, "the manifest has no such network");
                    continue;
                };
                match load::load(network, self.on_progress(network, &quick)).await {
                    Ok((parts, cached)) => {
                        info!(network = name, bytes = manifest::bytes_of(network), cached, "network loaded");
                        self.weights_queue.update_value(|q| q.add_loaded(name, parts, manifest::bytes_of(network)));
                        let bytes = self.weights_queue.with_value(|q| q.bytes_of(&quick));
                        self.weights.update(|w| {
                            w.bytes = bytes;
                            w.failed = false;
                            w.cached &= cached;
                        });
                    }
                    Err(error) => self.weights_failed(name, &error.to_string()),
                }
                self.send_loaded();
            }
        });
    }

    /// Returns the callback that takes in how many bytes of a network have arrived.
    fn on_progress(self, network: &NetworkEntry, quick: &[String]) -> impl Fn(u64) + 'static {
        let name = network.name.clone();
        let total = manifest::bytes_of(network);
        let before = self.weights_queue.with_value(|q| q.bytes_of(quick));
        // A network that was loaded before counts as loaded while it is loaded again for a new
        // worker.
        let counts = quick.contains(&name) && !self.weights_queue.with_value(|q| q.was_loaded(&name));
        move |bytes| {
            self.note_progress();
            if counts {
                // All of it counts as loaded only after its verification.
                self.weights.update(|w| w.bytes = (before + bytes).min(w.total.saturating_sub(1)));
            }
            if self.weights_queue.with_value(|q| q.is_requested(&name)) {
                let now = browser::now_ms();
                self.download.update(|d| {
                    d.get_or_insert_with(|| DownloadProgress::new(bytes, total, now)).update(bytes, now);
                });
            }
        }
    }

    fn weights_failed(self, network: String, detail: &str) {
        warn!(network, detail, "network not loaded");
        self.weights.update(|w| w.failed = true);
        self.download.set(None);
        if self.weights_queue.try_update_value(|q| q.fail(&network)) == Some(true) {
            self.send(Command::WeightsFailed { network, detail: detail.into() }, Vec::new(), false);
        }
    }

    fn send_loaded(self) {
        for (network, parts) in self.weights_queue.try_update_value(WeightsQueue::take_requested).unwrap_or_default() {
            self.download.set(None);
            let payload = parts.into_iter().map(JsValue::from).collect();
            self.send(Command::Weights { network }, payload, true);
        }
    }
}
