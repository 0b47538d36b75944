//! Loads networks and hands them to the worker.

use corsai_manifest::NetworkEntry;
use corsai_protocol::Command;
use corsai_report::Tier;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::{
    browser,
    delivery::{Awaited, Delivery},
    weights,
};

impl App {
    /// Loads networks one after another, those waited for first, and hands them over.
    pub(super) fn pump_weights(self) {
        if self.delivery.try_update_value(Delivery::begin) != Some(true) {
            return;
        }
        spawn_local(async move {
            let manifest = self.manifest.get_value();
            let first = manifest.networks.iter().filter(|n| n.tier == Tier::Quick);
            let first: Vec<String> = first.map(|n| n.name.clone()).collect();
            self.deliver_held();
            while let Some(Some(name)) = self.delivery.try_update_value(|d| d.next(&first)) {
                let Some(network) = manifest.networks.iter().find(|n| n.name == name) else {
                    self.weights_failed(name, "this page does not have such a network");
                    continue;
                };
                match weights::load(network, self.progress_of(network, &first)).await {
                    Ok((parts, kept)) => {
                        self.delivery.update_value(|d| d.loaded(name, parts, weights::bytes_of(network)));
                        let bytes = self.delivery.with_value(|d| d.bytes_of(&first));
                        self.loaded.update(|l| {
                            l.bytes = bytes;
                            l.failed = false;
                            l.kept &= kept;
                        });
                    }
                    Err(error) => self.weights_failed(name, &error.to_string()),
                }
                self.deliver_held();
            }
        });
    }

    /// Takes in how many bytes of a network have come.
    fn progress_of(self, network: &NetworkEntry, first: &[String]) -> impl Fn(u64) + 'static {
        let name = network.name.clone();
        let of = weights::bytes_of(network);
        let before = self.delivery.with_value(|d| d.bytes_of(first));
        // What was loaded once counts as loaded, also while another worker needs it again.
        let counts = first.contains(&name) && !self.delivery.with_value(|d| d.was_loaded(&name));
        move |bytes| {
            self.goes_on();
            if counts {
                // All of it counts as loaded only once it is verified.
                self.loaded.update(|l| l.bytes = (before + bytes).min(l.of.saturating_sub(1)));
            }
            if self.delivery.with_value(|d| d.waits_for(&name)) {
                let now = browser::now_ms();
                self.awaited.update(|a| {
                    a.get_or_insert_with(|| Awaited::begin(bytes, of, now)).reached(bytes, now);
                });
            }
        }
    }

    fn weights_failed(self, network: String, detail: &str) {
        self.loaded.update(|l| l.failed = true);
        self.awaited.set(None);
        if self.delivery.try_update_value(|d| d.failed(&network)) == Some(true) {
            self.send(Command::WeightsFailed { network, detail: detail.into() }, Vec::new(), false);
        }
    }

    fn deliver_held(self) {
        for (network, parts) in self.delivery.try_update_value(Delivery::hand_over).unwrap_or_default() {
            self.awaited.set(None);
            let payload = parts.into_iter().map(JsValue::from).collect();
            self.send(Command::Weights { network }, payload, true);
        }
    }
}
