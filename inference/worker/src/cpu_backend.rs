//! Networks on the CPU: compute workers, each one more instance of this binary in a worker of its
//! own, with the networks loaded that it computes or has room for.
//!
//! Parallelism is one input a worker. A worker that dies, or is overdue with an answer, costs the
//! jobs that it held and is replaced once; after a second such worker the backend is dead.

use std::collections::{BTreeMap, BTreeSet};

use corsai_networks::{Network, Precision};
use corsai_protocol::BackendKind;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::future::LocalBoxFuture;
use js_sys::Float32Array;
use web_time::Instant;

use crate::{
    assignments::Assignments,
    backend::{Backend, BackendEvent, NetworkWeights},
    buffer::Buffer,
    deadline::TimeLimit,
    error::WorkerError,
    messages::{WorkerRequest, WorkerResponse},
    network_cache::NetworkCache,
    self_test::SelfTest,
    weight_store::WeightParts,
    worker_handle::{Message, WorkerHandle, next_response},
};

/// Workers that may die before the backend does.
const MAX_DEATHS: u32 = 1;

const KNOWN: &str = "invariant: a worker that is spoken to has been started";

#[derive(Debug)]
struct Worker {
    handle: WorkerHandle,
    networks: NetworkCache,
    memory_bytes: u64,
}

/// The compute workers, and which worker holds which job.
#[derive(Debug)]
pub struct CpuBackend {
    workers: BTreeMap<u32, Worker>,
    assignments: Assignments,
    /// The networks' weights, by index in the manifest.
    weights: BTreeMap<usize, WeightParts>,
    /// Networks whose known slice a worker has been asked for.
    tested: BTreeSet<usize>,
    /// Memory of the workers that are gone.
    memory_bytes: u64,
    /// The last worker's number.
    last: u32,
    deaths: u32,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl CpuBackend {
    /// Starts this many workers, without waiting for them.
    pub fn start(count: usize) -> Self {
        let (sender, messages) = unbounded();
        let mut backend = Self {
            workers: BTreeMap::new(),
            assignments: Assignments::new(Instant::now(), TimeLimit::Median),
            weights: BTreeMap::new(),
            tested: BTreeSet::new(),
            memory_bytes: 0,
            last: 0,
            deaths: 0,
            sender,
            messages,
        };
        backend.grow(count);
        backend
    }

    /// Returns the next response of a worker; `Died` for one that is overdue.
    async fn response(&mut self) -> Message {
        next_response(&mut self.messages, &mut self.assignments).await
    }

    /// Lets a worker load a network that isn't loaded yet; the first worker to get the network
    /// computes its known slice before all else.
    fn load_on(&mut self, id: u32, network: usize, timed: bool) {
        let worker = self.workers.get_mut(&id).expect(KNOWN);
        let weights = &self.weights;
        let parts = |network: usize| weights.get(&network).expect("invariant: weights are given before jobs");
        for request in worker.networks.requests(network, |network| memory_of(parts(network))) {
            let parts = match request {
                WorkerRequest::Load { network } => &parts(network)[..],
                _ => &[],
            };
            let buffers: Vec<_> = parts.iter().map(|part| Buffer::U8(part)).collect();
            worker.handle.post(&request, &buffers);
        }
        if self.tested.insert(network) {
            self.assignments.give_check(id, network, Instant::now());
            worker.handle.post(&WorkerRequest::SelfTest { network, timed }, &[]);
        }
    }

    /// Replaces a worker that died or is overdue. Returns the jobs that it held; `None` where too
    /// many have died.
    fn replace(&mut self, id: u32) -> Option<Vec<u32>> {
        // A trap is told twice: by the panic hook and by the browser.
        let Some(dead) = self.workers.remove(&id) else { return Some(Vec::new()) };
        let held = self.assignments.remove(id).expect(KNOWN);
        tracing::warn!(worker = id, jobs = held.tickets.len(), "compute worker replaced");
        // Another worker has to compute them.
        self.tested.retain(|network| !held.checks.contains(network));
        self.memory_bytes += dead.memory_bytes;
        self.deaths += 1;
        if self.deaths > MAX_DEATHS {
            return None;
        }
        self.grow(self.workers.len() + 1);
        Some(held.tickets.into())
    }

    async fn wait(&mut self) -> BackendEvent {
        let (id, response, payload) = self.response().await;
        match response {
            WorkerResponse::Ready => self.assignments.set_ready(id, Instant::now()),
            WorkerResponse::Answer { ticket, memory_bytes } => {
                if let Some(worker) = self.workers.get_mut(&id) {
                    worker.memory_bytes = memory_bytes;
                }
                self.assignments.returned(id, ticket, Instant::now());
                let values = payload.first().expect("invariant: an answer travels beside its message");
                return BackendEvent::Answer { ticket, values: Float32Array::new(values).to_vec() };
            }
            WorkerResponse::Failed { ticket, code, cause } => {
                match ticket {
                    Some(ticket) => self.assignments.returned(id, ticket, Instant::now()),
                    None => self.assignments.returned_check(id, Instant::now()),
                }
                return BackendEvent::Failed { ticket, error: WorkerError::ComputeWorker { code, cause } };
            }
            WorkerResponse::Died { location } => {
                tracing::warn!(worker = id, location, "compute worker died");
                return self.replace(id).map_or(BackendEvent::Dead, |tickets| BackendEvent::Lost { tickets });
            }
            WorkerResponse::SelfTested { network, milliseconds, deviation } => {
                self.assignments.returned_check(id, Instant::now());
                if !(SelfTest { network, milliseconds, deviation }).passed(Precision::Single) {
                    return BackendEvent::Failed { ticket: None, error: WorkerError::CpuSelfTest { deviation } };
                }
            }
            WorkerResponse::Decoded { .. } => unreachable!("invariant: these workers are given no slices"),
        }
        // There may be capacity now.
        BackendEvent::Lost { tickets: Vec::new() }
    }

    /// Lets one worker compute each of these networks' known slice.
    async fn test(&mut self, networks: &[usize]) -> Result<Vec<SelfTest>, WorkerError> {
        let mut tests = Vec::new();
        let mut tester: Option<u32> = None;
        while tests.len() < networks.len() {
            if self.workers.is_empty() {
                return Err(WorkerError::WorkersDied);
            }
            if tester.is_none_or(|id| !self.assignments.has(id)) {
                tests.clear();
                tester = self.assignments.any_ready();
                for network in networks {
                    let Some(tester) = tester else { break };
                    self.tested.remove(network);
                    self.load_on(tester, *network, true);
                }
            }
            let (id, response, _) = self.response().await;
            match response {
                WorkerResponse::Ready => self.assignments.set_ready(id, Instant::now()),
                WorkerResponse::SelfTested { network, milliseconds, deviation } => {
                    self.assignments.returned_check(id, Instant::now());
                    if tester == Some(id) {
                        tests.push(SelfTest { network, milliseconds, deviation });
                    }
                }
                WorkerResponse::Failed { code, cause, .. } => {
                    return Err(WorkerError::ComputeWorker { code, cause });
                }
                WorkerResponse::Died { location } => {
                    tracing::warn!(worker = id, location, "compute worker died");
                    if self.replace(id).is_none() {
                        return Err(WorkerError::WorkersDied);
                    }
                }
                // The answer to a run that was over before.
                WorkerResponse::Answer { ticket, .. } => self.assignments.returned(id, ticket, Instant::now()),
                WorkerResponse::Decoded { .. } => unreachable!("invariant: these workers are given no slices"),
            }
        }
        Ok(tests)
    }
}

impl Backend for CpuBackend {
    fn kind(&self) -> BackendKind {
        BackendKind::Cpu
    }

    fn precision(&self) -> Precision {
        Precision::Single
    }

    fn has_capacity(&self) -> bool {
        self.assignments.freest().is_some()
    }

    fn is_busy(&self) -> bool {
        self.assignments.awaits()
    }

    fn submit(&mut self, ticket: u32, network: usize, input: Vec<f32>) {
        let id = self.assignments.freest().expect("invariant: a job is submitted where there is capacity");
        self.load_on(id, network, false);
        self.assignments.give(id, ticket, network, Instant::now());
        let worker = self.workers.get(&id).expect(KNOWN);
        worker.handle.post(&WorkerRequest::Run { ticket, network }, &[Buffer::F32(&input)]);
    }

    fn next_event(&mut self) -> LocalBoxFuture<'_, BackendEvent> {
        Box::pin(self.wait())
    }

    fn has_network(&self, network: usize) -> bool {
        self.weights.contains_key(&network)
    }

    fn load(&mut self, weights: NetworkWeights) -> LocalBoxFuture<'_, Result<(), WorkerError>> {
        self.weights.insert(weights.network, weights.parts);
        Box::pin(async { Ok(()) })
    }

    fn self_test(&mut self, networks: Vec<NetworkWeights>) -> LocalBoxFuture<'_, Result<Vec<SelfTest>, WorkerError>> {
        Box::pin(async move {
            let indices: Vec<usize> = networks.iter().map(|weights| weights.network).collect();
            self.weights.extend(networks.into_iter().map(|weights| (weights.network, weights.parts)));
            self.test(&indices).await
        })
    }

    fn grow(&mut self, count: usize) {
        while self.workers.len() < count {
            self.last += 1;
            let Some(handle) = WorkerHandle::start(self.last, &self.sender) else { return };
            self.workers.insert(self.last, Worker { handle, networks: NetworkCache::default(), memory_bytes: 0 });
            self.assignments.add(self.last, Instant::now());
        }
    }

    fn workers(&self) -> usize {
        self.workers.len()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes + self.workers.values().map(|worker| worker.memory_bytes).sum::<u64>()
    }
}

/// Returns about how much memory a loaded network takes, in bytes.
fn memory_of(parts: &WeightParts) -> usize {
    Network::weight_memory_for_file(parts.iter().map(Vec::len).sum())
}
