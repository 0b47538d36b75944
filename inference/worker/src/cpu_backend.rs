//! The CPU: helpers, each one more instance of this binary in a worker of its own, with those networks loaded that it
//! computes or has room for.
//!
//! Parallelism is one input a helper. A helper that dies, or is overdue with an answer, costs the
//! jobs it held and is replaced once; where that happens again, the pool is dead.

use std::collections::{BTreeMap, BTreeSet};

use corsai_ensemble::{Job, JobId};
use corsai_networks::{Network, Precision, golden};
use corsai_report::{Issue, IssueCode};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Float32Array;
use wasm_bindgen::JsValue;
use web_time::Instant;

use crate::{
    assignments::Assignments,
    compute_worker::{WorkerRequest, WorkerResponse, buffers},
    device_selection::computed_wrongly,
    engine::Outcome,
    network_cache::NetworkCache,
    tickets::Tickets,
    weight_store::Parts,
    worker_handle::{Message, WorkerHandle, next},
};

/// Helpers that may die before the pool does.
const DEATHS: u32 = 1;

#[derive(Debug)]
struct ComputeWorker {
    link: WorkerHandle,
    loaded: NetworkCache,
    memory_bytes: u64,
}

/// How a device did on a network's known slice.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub network: usize,
    pub milliseconds: f64,
    pub deviation: Option<f64>,
}

/// The helpers, and who holds which job.
#[derive(Debug)]
pub struct CpuBackend {
    helpers: BTreeMap<u32, ComputeWorker>,
    assignments: Assignments,
    /// The parts of the networks handed in, by their place in the manifest.
    weights: BTreeMap<usize, Parts>,
    /// Networks whose known slice a helper has been asked for.
    checked: BTreeSet<usize>,
    /// Of helpers that are gone as well.
    memory_bytes: u64,
    jobs: Tickets<JobId>,
    /// The last helper's number.
    last: u32,
    deaths: u32,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl CpuBackend {
    /// Starts helpers, without waiting for them.
    pub fn start_helpers(count: usize) -> Self {
        let (sender, messages) = unbounded();
        let mut pool = Self {
            helpers: BTreeMap::new(),
            assignments: Assignments::new(Instant::now()),
            weights: BTreeMap::new(),
            checked: BTreeSet::new(),
            memory_bytes: 0,
            jobs: Tickets::default(),
            last: 0,
            deaths: 0,
            sender,
            messages,
        };
        pool.grow(count);
        pool
    }

    /// Starts helpers until there are `count`.
    pub fn grow(&mut self, count: usize) {
        while self.helpers.len() < count {
            self.last += 1;
            let Some(link) = WorkerHandle::start(self.last, &self.sender) else { return };
            self.helpers.insert(self.last, ComputeWorker { link, loaded: NetworkCache::default(), memory_bytes: 0 });
            self.assignments.add(self.last, Instant::now());
        }
    }

    /// How many helpers there are.
    pub fn len(&self) -> usize {
        self.helpers.len()
    }

    /// Takes a network's weights, for helpers to load when they need them.
    pub fn give(&mut self, network: usize, parts: Parts) {
        self.weights.insert(network, parts);
    }

    pub fn has(&self, network: usize) -> bool {
        self.weights.contains_key(&network)
    }

    /// Lets one helper compute each of these networks' known slice.
    ///
    /// # Errors
    /// Why the CPU can't be used.
    pub async fn check(&mut self, networks: &[usize]) -> Result<Vec<Check>, Issue> {
        let mut checks = Vec::new();
        let mut checker: Option<u32> = None;
        while checks.len() < networks.len() {
            if self.helpers.is_empty() {
                return Err(Issue::new(IssueCode::WorkerDied, []));
            }
            if checker.is_none_or(|id| !self.assignments.has(id)) {
                checks.clear();
                checker = self.assignments.any_ready();
                for network in networks {
                    let Some(checker) = checker else { break };
                    self.checked.remove(network);
                    self.load(checker, *network, true);
                }
            }
            let (id, message, _) = self.message().await;
            match message {
                WorkerResponse::Ready => self.assignments.is_ready(id, Instant::now()),
                WorkerResponse::Checked { network, milliseconds, deviation } => {
                    self.assignments.returned_check(id, Instant::now());
                    if checker == Some(id) {
                        checks.push(Check { network, milliseconds, deviation });
                    }
                }
                WorkerResponse::Failed { issue, .. } => return Err(issue),
                WorkerResponse::Died => {
                    if self.buried(id).is_none() {
                        return Err(Issue::new(IssueCode::WorkerDied, []));
                    }
                }
                // Of a run that was over before.
                WorkerResponse::Answer { job, .. } => drop(self.returned(id, job)),
                WorkerResponse::Decoded { .. } => unreachable!("invariant: these helpers are given no slices"),
            }
        }
        Ok(checks)
    }

    /// The next message of a helper; that it died of one that is overdue.
    async fn message(&mut self) -> Message {
        next(&mut self.messages, &mut self.assignments).await
    }

    /// Lets a helper load a network, where it isn't loaded yet; the first helper to get it computes
    /// its known slice before all else.
    fn load(&mut self, id: u32, network: usize, timed: bool) {
        let helper = self.helpers.get_mut(&id).expect(THERE);
        let parts = |network: usize| self.weights.get(&network).expect("invariant: weights are given before jobs");
        let messages = helper.loaded.using(network, |network| bytes(parts(network)));
        let messages = messages.into_iter().map(|message| match message {
            WorkerRequest::Load { network } => (message, buffers(parts(network))),
            _ => (message, Vec::new()),
        });
        for (message, payload) in messages.collect::<Vec<_>>() {
            self.tell(id, &message, &payload);
        }
        if self.checked.insert(network) {
            self.assignments.give_check(id, network, Instant::now());
            self.tell(id, &WorkerRequest::Check { network, timed }, &[]);
        }
    }

    /// Posts a message to a helper, which counts as dead where the browser refuses that.
    fn tell(&self, id: u32, message: &WorkerRequest, payload: &[JsValue]) {
        let helper = self.helpers.get(&id).expect(THERE);
        if !helper.link.post(message, payload) {
            let _ = self.sender.unbounded_send((id, WorkerResponse::Died, Vec::new()));
        }
    }

    /// Replaces a helper that died or is overdue. Returns the jobs it held; `None` where too many
    /// have died.
    fn buried(&mut self, id: u32) -> Option<Vec<JobId>> {
        // A trap is told twice: by the panic's last words and by the browser.
        let Some(dead) = self.helpers.remove(&id) else { return Some(Vec::new()) };
        let held = self.assignments.remove(id).expect(THERE);
        // Another helper has to compute them.
        self.checked.retain(|network| !held.checks.contains(network));
        self.memory_bytes += dead.memory_bytes;
        self.deaths += 1;
        if self.deaths > DEATHS {
            return None;
        }
        self.grow(self.helpers.len() + 1);
        Some(held.tickets.iter().filter_map(|ticket| self.jobs.take(*ticket)).collect())
    }

    pub fn has_room(&self) -> bool {
        self.assignments.freest().is_some()
    }

    /// Whether a helper will say something: that it has started, or an answer, if only to a run that is over.
    pub fn busy(&self) -> bool {
        self.assignments.awaits()
    }

    pub fn start(&mut self, job: Job) {
        let id = self.assignments.freest().expect("invariant: a job is handed in where there is room");
        self.load(id, job.network, false);
        let input = JsValue::from(Float32Array::from(job.input.as_slice()).buffer());
        let ticket = self.jobs.issue(job.id);
        self.assignments.give(id, ticket, job.network, Instant::now());
        self.tell(id, &WorkerRequest::Run { job: ticket, network: job.network }, &[input]);
    }

    pub async fn next(&mut self) -> Outcome {
        let (id, message, payload) = self.message().await;
        match message {
            WorkerResponse::Ready => self.assignments.is_ready(id, Instant::now()),
            WorkerResponse::Answer { job, memory_bytes } => {
                if let Some(helper) = self.helpers.get_mut(&id) {
                    helper.memory_bytes = memory_bytes;
                }
                if let Some(job) = self.returned(id, job) {
                    let values = payload.first().expect("invariant: an answer travels beside its message");
                    return Outcome::Answer { job, values: Float32Array::new(values).to_vec() };
                }
            }
            WorkerResponse::Failed { job: Some(job), issue } => {
                if self.returned(id, job).is_some() {
                    return Outcome::Failed { issue };
                }
            }
            WorkerResponse::Failed { job: None, issue } => {
                self.assignments.returned_check(id, Instant::now());
                return Outcome::Failed { issue };
            }
            WorkerResponse::Died => return self.buried(id).map_or_else(|| self.dead(), |jobs| Outcome::Lost { jobs }),
            WorkerResponse::Checked { deviation, .. } => {
                self.assignments.returned_check(id, Instant::now());
                if deviation.is_none_or(|d| d > golden::tolerance(Precision::Single)) {
                    return Outcome::Failed { issue: computed_wrongly() };
                }
            }
            WorkerResponse::Decoded { .. } => unreachable!("invariant: these helpers are given no slices"),
        }
        // There may be room now.
        Outcome::Lost { jobs: Vec::new() }
    }

    /// Takes a job back from a helper; `None` where its run is over.
    fn returned(&mut self, id: u32, ticket: u32) -> Option<JobId> {
        self.assignments.returned(id, ticket, Instant::now());
        self.jobs.take(ticket)
    }

    fn dead(&mut self) -> Outcome {
        self.jobs.give_up();
        Outcome::Dead
    }

    pub fn abandon(&mut self) {
        self.jobs.give_up();
    }

    /// The most memory the helpers have had.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes + self.helpers.values().map(|h| h.memory_bytes).sum::<u64>()
    }
}

const THERE: &str = "invariant: who is spoken to is there";

/// About what a network takes once it is loaded.
fn bytes(parts: &Parts) -> usize {
    Network::weight_memory_for_file(parts.iter().map(Vec::len).sum())
}
