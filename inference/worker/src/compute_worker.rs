//! A compute worker: one more instance of this binary that computes networks on the CPU, one input
//! at a time, or decodes slices. Parallelism on the CPU is several compute workers: the module that
//! holds wgpu can't have wasm threads.

use std::{cell::RefCell, collections::BTreeMap, panic::PanicHookInfo, rc::Rc};

use burn::tensor::Device;
use corsai_networks::{Network, NetworkError, read_manifest, shipped};
use corsai_report::IssueCode;
use js_sys::Float32Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::{
    buffer::{Buffer, bytes},
    error::WorkerError,
    memory::memory_bytes,
    messages::{WorkerRequest, WorkerResponse},
    self_test::self_test,
};

const KNOWN: &str = "invariant: the coordinator names a network of the manifest";

fn post(message: &WorkerResponse, buffers: &[JsValue]) {
    if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        // The coordinator gives up a compute worker whose message could not be posted once that is
        // overdue.
        let _ = corsai_channel::post(&scope, message, buffers, true);
    }
}

/// Tells the coordinator that this compute worker listens.
pub fn ready() {
    post(&WorkerResponse::Ready, &[]);
}

/// Tells the coordinator where this compute worker panicked, and nothing of the panic's text.
pub fn report_panic(panic: &PanicHookInfo<'_>) {
    post(&WorkerResponse::Died { location: panic.location().map(ToString::to_string) }, &[]);
}

/// Answers a message that can't be read.
pub fn report_unreadable() {
    let cause = "a message could not be read".into();
    post(&WorkerResponse::Failed { ticket: None, code: IssueCode::InternalFault, cause }, &[]);
}

/// The networks of this instance.
#[derive(Debug)]
pub struct ComputeWorker {
    networks: RefCell<BTreeMap<usize, Rc<Network>>>,
}

impl ComputeWorker {
    /// Returns a compute worker without networks.
    pub const fn new() -> Self {
        Self { networks: RefCell::new(BTreeMap::new()) }
    }

    /// Takes a message of the coordinator.
    pub fn on_message(self: Rc<Self>, message: &MessageEvent) {
        let Ok((request, payload)) = corsai_channel::read::<WorkerRequest>(message) else {
            return report_unreadable();
        };
        wasm_bindgen_futures::spawn_local(async move {
            let ticket = if let WorkerRequest::Run { ticket, .. } = request { Some(ticket) } else { None };
            if let Err(error) = self.handle(request, payload).await {
                let error = WorkerError::from(error);
                post(&WorkerResponse::Failed { ticket, code: error.code(), cause: error.to_string() }, &[]);
            }
        });
    }

    async fn handle(&self, request: WorkerRequest, payload: Vec<JsValue>) -> Result<(), NetworkError> {
        match request {
            WorkerRequest::Load { network } => {
                let manifest = read_manifest(shipped::MANIFEST_JSON)?;
                let entry = manifest.networks.get(network).expect(KNOWN);
                let loaded = Network::load(entry, &bytes(&payload), &Device::flex())?;
                self.networks.borrow_mut().insert(network, Rc::new(loaded));
            }
            WorkerRequest::Unload { network } => drop(self.networks.borrow_mut().remove(&network)),
            WorkerRequest::SelfTest { network, timed } => {
                let manifest = read_manifest(shipped::MANIFEST_JSON)?;
                let loaded = self.network(network)?;
                let entry = manifest.networks.get(network).expect(KNOWN);
                let test = self_test((network, entry), &loaded, timed).await?;
                let (milliseconds, deviation) = (test.milliseconds, test.deviation);
                post(&WorkerResponse::SelfTested { network, milliseconds, deviation }, &[]);
            }
            WorkerRequest::Run { ticket, network } => {
                let input = payload.first().expect("invariant: a job's input travels beside it");
                let input = Float32Array::new(input).to_vec();
                let answer = self.network(network)?.probabilities(input).await?;
                let answer = Buffer::F32(&answer).to_js();
                post(&WorkerResponse::Answer { ticket, memory_bytes: memory_bytes() }, &[answer]);
            }
            WorkerRequest::Decode { picture, coding } => {
                let (fault, buffers) = match coding.decode(&bytes(&payload).concat()) {
                    Ok(hu) => (None, vec![Buffer::I16(&hu).to_js()]),
                    Err(fault) => (Some(fault), Vec::new()),
                };
                post(&WorkerResponse::Decoded { picture, fault }, &buffers);
            }
        }
        Ok(())
    }

    /// Returns a network that was loaded; an error where its loading failed.
    fn network(&self, index: usize) -> Result<Rc<Network>, NetworkError> {
        self.networks.borrow().get(&index).cloned().ok_or(NetworkError::PartCount { found: 0, expected: 1 })
    }
}
