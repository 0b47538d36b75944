//! A helper: one more instance of this binary that computes networks on the CPU, one input at a time, or decodes slices.
//! Parallelism on the CPU is several helpers (the module that holds wgpu can't have wasm threads).

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{Network, NetworkError, golden, read_manifest, shipped};
use corsai_report::Issue;
use corsai_study::{FrameDecoder, SliceError};
use js_sys::{ArrayBuffer, Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};
use web_time::{Duration, Instant};

use crate::{
    engine::{fault, issue_of},
    page_events,
};

/// Coordinator → helper.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerRequest {
    /// Buffers: the network's parts.
    Load { network: usize },
    /// Its weights aren't needed for now.
    Unload { network: usize },
    /// Run the known slice through this network, once more for its time if that is asked for.
    Check { network: usize, timed: bool },
    /// Buffers: the input, f32.
    Run { job: u32, network: usize },
    /// Buffers: a slice's coded bytes.
    Decode { picture: u32, coding: FrameDecoder },
}

/// ComputeWorker → owner.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerResponse {
    Ready,
    Checked {
        network: usize,
        milliseconds: f64,
        deviation: Option<f64>,
    },
    /// Buffers: the probabilities, f32.
    Answer {
        job: u32,
        /// Size of its memory, which never shrinks.
        memory_bytes: u64,
    },
    /// Buffers: the slice's HU, i16, unless there is a fault.
    Decoded {
        picture: u32,
        fault: Option<SliceError>,
    },
    /// A job, or another message, could not be done or could not be read.
    Failed {
        job: Option<u32>,
        issue: Issue,
    },
    Died,
}

fn post(message: &WorkerResponse, buffers: &[JsValue]) {
    if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        // What can't be posted has no one to be told of it: the owner's deadline takes over.
        let _ = corsai_channel::post(&scope, message, buffers, true);
    }
}

pub fn ready() {
    post(&WorkerResponse::Ready, &[]);
}

pub fn report_panic() {
    post(&WorkerResponse::Died, &[]);
}

/// Answers a message that can't be read.
pub fn report_unreadable() {
    post(&WorkerResponse::Failed { job: None, issue: fault("a message to a helper") }, &[]);
}

/// The owner was built with the same manifest.
const KNOWN: &str = "invariant: the owner names a network of the manifest";

#[derive(Debug)]
pub struct ComputeWorker {
    networks: RefCell<BTreeMap<usize, Rc<Network>>>,
}

impl ComputeWorker {
    pub const fn new() -> Self {
        Self { networks: RefCell::new(BTreeMap::new()) }
    }

    pub fn take(self: Rc<Self>, message: &MessageEvent) {
        let Ok((message, payload)) = corsai_channel::read::<WorkerRequest>(message) else { return report_unreadable() };
        wasm_bindgen_futures::spawn_local(async move {
            let job = if let WorkerRequest::Run { job, .. } = message { Some(job) } else { None };
            if let Err(error) = self.handle(message, payload).await {
                post(&WorkerResponse::Failed { job, issue: issue_of(&error) }, &[]);
            }
        });
    }

    async fn handle(&self, message: WorkerRequest, payload: Vec<JsValue>) -> Result<(), NetworkError> {
        match message {
            WorkerRequest::Load { network } => {
                let manifest = read_manifest(shipped::MANIFEST_JSON)?;
                let entry = manifest.networks.get(network).expect(KNOWN);
                let loaded = Network::load(entry, &bytes(&payload), &Device::flex())?;
                self.networks.borrow_mut().insert(network, Rc::new(loaded));
            }
            WorkerRequest::Unload { network } => drop(self.networks.borrow_mut().remove(&network)),
            WorkerRequest::Check { network, timed } => {
                let manifest = read_manifest(shipped::MANIFEST_JSON)?;
                let loaded = self.network(network)?;
                let entry = manifest.networks.get(network).expect(KNOWN);
                let (milliseconds, deviation) = check(entry, &loaded, timed).await?;
                post(&WorkerResponse::Checked { network, milliseconds, deviation }, &[]);
            }
            WorkerRequest::Run { job, network } => {
                let input = payload.first().expect("invariant: a job's input travels beside it");
                let input = Float32Array::new(input).to_vec();
                let answer = self.network(network)?.probabilities(input).await?;
                let buffer = Float32Array::from(answer.as_slice()).buffer();
                post(&WorkerResponse::Answer { job, memory_bytes: memory_bytes() }, &[buffer.into()]);
            }
            WorkerRequest::Decode { picture, coding } => {
                let (fault, buffers): (_, Vec<JsValue>) = match coding.decode(&bytes(&payload).concat()) {
                    Ok(hu) => (None, vec![page_events::buffer_of_i16(&hu).into()]),
                    Err(fault) => (Some(fault), Vec::new()),
                };
                post(&WorkerResponse::Decoded { picture, fault }, &buffers);
            }
        }
        Ok(())
    }

    /// A network that was loaded; an error where its loading failed.
    fn network(&self, index: usize) -> Result<Rc<Network>, NetworkError> {
        self.networks.borrow().get(&index).cloned().ok_or(NetworkError::PartCount { found: 0, expected: 1 })
    }
}

/// Size of this instance's memory.
#[cfg(target_arch = "wasm32")]
pub fn memory_bytes() -> u64 {
    const PAGE: u64 = 65_536;
    core::arch::wasm32::memory_size(0) as u64 * PAGE
}

/// Natively, for the tests, nobody asks.
#[cfg(not(target_arch = "wasm32"))]
pub const fn memory_bytes() -> u64 {
    0
}

/// Longer than this for the known slice, warming up included, is slow enough to be known without a second run.
const SLOW: Duration = Duration::from_secs(3);

/// Runs the known slice and compares it with the stored answer; if it is `timed`, once more, warm.
pub async fn check(entry: &NetworkEntry, network: &Network, timed: bool) -> Result<(f64, Option<f64>), NetworkError> {
    let shape = network.shape();
    let mut begin = Instant::now();
    let mut logits = network.logits(golden::known_input(shape)).await?;
    if timed && begin.elapsed() < SLOW {
        begin = Instant::now();
        logits = network.logits(golden::known_input(shape)).await?;
    }
    let milliseconds = begin.elapsed().as_secs_f64() * 1000.0;
    let deviation =
        shipped::golden(entry).and_then(|stored| golden::deviation(shape, entry.golden.stride, &logits, &stored));
    Ok((milliseconds, deviation))
}

const BUFFERS: &str = "invariant: buffers travel beside a message";

/// The bytes of the buffers that came beside a message.
pub fn bytes(payload: &[JsValue]) -> Vec<Vec<u8>> {
    let buffer = |value: &JsValue| Uint8Array::new(value.dyn_ref::<ArrayBuffer>().expect(BUFFERS)).to_vec();
    payload.iter().map(buffer).collect()
}

/// Coordinator's side of a message's payload.
pub fn buffers(parts: &[Vec<u8>]) -> Vec<JsValue> {
    parts.iter().map(|p| JsValue::from(page_events::buffer(p))).collect()
}
