//! The CPU: helpers, each one more instance of this binary in a worker of its own, with those networks loaded that it
//! computes or has room for.
//!
//! Parallelism is one input a helper. A helper that dies costs the jobs it held and is replaced once; where one dies
//! again, the pool is dead.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use corsai_ensemble::{Job, JobId};
use corsai_networks::{Network, Precision, golden};
use corsai_protocol::{Issue, IssueCode};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use js_sys::Float32Array;
use wasm_bindgen::JsValue;

use crate::{
    device::computed_wrongly,
    engine::Outcome,
    helper::{FromHelper, ToHelper, buffers},
    link::{Link, Message},
    weights::Parts,
};

/// Jobs that a helper holds: the next one waits with it while it computes.
const DEPTH: usize = 2;
/// What a helper may keep of weights that it doesn't need at the moment: the networks of the first two answers, which a
/// second study needs again. Those of the full tier run once in a study.
const KEPT_BYTES: usize = 128 << 20;
/// Helpers that may die before the pool does.
const DEATHS: u32 = 1;

#[derive(Debug)]
struct Helper {
    link: Link,
    ready: bool,
    /// Tickets of the jobs it holds, the oldest first.
    holds: VecDeque<u32>,
    /// Networks on it, the one used last at the end.
    loaded: VecDeque<usize>,
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
pub struct Pool {
    helpers: BTreeMap<u32, Helper>,
    /// The parts of the networks handed in, by their place in the manifest.
    weights: BTreeMap<usize, Parts>,
    /// Networks whose known slice a helper has been asked for.
    checked: BTreeSet<usize>,
    /// Of helpers that are gone as well.
    memory_bytes: u64,
    jobs: BTreeMap<u32, JobId>,
    last: u32,
    deaths: u32,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl Pool {
    /// Starts helpers, without waiting for them.
    pub fn start_helpers(count: usize) -> Self {
        let (sender, messages) = unbounded();
        let mut pool = Self {
            helpers: BTreeMap::new(),
            weights: BTreeMap::new(),
            checked: BTreeSet::new(),
            memory_bytes: 0,
            jobs: BTreeMap::new(),
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
            let Some(link) = Link::start(self.last, &self.sender) else { return };
            let helper =
                Helper { link, ready: false, holds: VecDeque::new(), loaded: VecDeque::new(), memory_bytes: 0 };
            self.helpers.insert(self.last, helper);
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
                return Err(Issue::new(IssueCode::WorkerDied, ""));
            }
            if checker.is_none_or(|id| !self.helpers.contains_key(&id)) {
                checks.clear();
                checker = self.helpers.iter().find(|(_, h)| h.ready).map(|(id, _)| *id);
                for network in networks.iter().filter(|_| checker.is_some()) {
                    self.checked.remove(network);
                    self.load(checker.unwrap_or_default(), *network, true);
                }
            }
            let Some((id, message, _)) = self.messages.next().await else { break };
            match message {
                FromHelper::Ready => self.is_ready(id),
                FromHelper::Checked { network, milliseconds, deviation } if checker == Some(id) => {
                    checks.push(Check { network, milliseconds, deviation });
                }
                FromHelper::Failed { code, .. } => return Err(Issue::new(code, "")),
                FromHelper::Died => {
                    if self.buried(id).is_none() {
                        return Err(Issue::new(IssueCode::WorkerDied, ""));
                    }
                }
                FromHelper::Checked { .. } | FromHelper::Answer { .. } | FromHelper::Decoded { .. } => {}
            }
        }
        Ok(checks)
    }

    fn is_ready(&mut self, id: u32) {
        if let Some(helper) = self.helpers.get_mut(&id) {
            helper.ready = true;
        }
    }

    /// Puts a network on a helper, where it isn't there yet, in place of those used longest ago that there is no room
    /// for; the first helper to get it computes its known slice before all else.
    fn load(&mut self, id: u32, network: usize, timed: bool) {
        let Some(helper) = self.helpers.get_mut(&id) else { return };
        let loaded = helper.loaded.iter().position(|n| *n == network);
        if let Some(at) = loaded {
            helper.loaded.remove(at);
        } else {
            let Some(parts) = self.weights.get(&network) else { return };
            let bytes = |n: &usize| self.weights.get(n).map_or(0, bytes);
            let mut kept: usize = helper.loaded.iter().map(bytes).sum();
            while kept + bytes(&network) > KEPT_BYTES {
                let Some(oldest) = helper.loaded.pop_front() else { break };
                kept -= bytes(&oldest);
                helper.link.post(&ToHelper::Unload { network: oldest }, &[]);
            }
            helper.link.post(&ToHelper::Load { network }, &buffers(parts));
        }
        helper.loaded.push_back(network);
        if self.checked.insert(network) {
            helper.link.post(&ToHelper::Check { network, timed }, &[]);
        }
    }

    /// Replaces a dead helper. Gives the jobs it held; `None` when too many have died.
    fn buried(&mut self, id: u32) -> Option<Vec<JobId>> {
        // A trap is told twice: by the panic's last words and by the browser.
        let Some(dead) = self.helpers.remove(&id) else { return Some(Vec::new()) };
        self.memory_bytes += dead.memory_bytes;
        self.deaths += 1;
        if self.deaths > DEATHS {
            return None;
        }
        self.grow(self.helpers.len() + 1);
        Some(dead.holds.iter().filter_map(|ticket| self.jobs.remove(ticket)).collect())
    }

    fn freest(&self) -> Option<u32> {
        let free = self.helpers.iter().filter(|(_, h)| h.ready && h.holds.len() < DEPTH);
        free.min_by_key(|(_, h)| h.holds.len()).map(|(id, _)| *id)
    }

    pub fn has_room(&self) -> bool {
        self.freest().is_some()
    }

    /// Whether a helper will say something: that it has started, or an answer, if only to a run that is over.
    pub fn busy(&self) -> bool {
        self.helpers.values().any(|h| !h.ready || !h.holds.is_empty())
    }

    pub fn start(&mut self, job: Job) {
        let Some(id) = self.freest() else { return };
        self.load(id, job.network, false);
        let Some(helper) = self.helpers.get_mut(&id) else { return };
        self.last += 1;
        let ticket = self.last;
        let input = JsValue::from(Float32Array::from(job.input.as_slice()).buffer());
        self.jobs.insert(ticket, job.id);
        helper.holds.push_back(ticket);
        if !helper.link.post(&ToHelper::Run { job: ticket, network: job.network }, &[input]) {
            let _ = self.sender.unbounded_send((id, FromHelper::Died, Vec::new()));
        }
    }

    pub async fn next(&mut self) -> Outcome {
        let Some((id, message, payload)) = self.messages.next().await else { return self.dead() };
        match message {
            FromHelper::Ready => self.is_ready(id),
            FromHelper::Answer { job, memory_bytes } => {
                if let Some(helper) = self.helpers.get_mut(&id) {
                    helper.memory_bytes = memory_bytes;
                }
                if let Some(job) = self.returned(id, job) {
                    let values = payload.first().map_or_else(Vec::new, |b| Float32Array::new(b).to_vec());
                    return Outcome::Answer { job, values };
                }
            }
            FromHelper::Failed { job, code } => {
                if job.is_none_or(|job| self.returned(id, job).is_some()) {
                    return Outcome::Failed { issue: Issue::new(code, "") };
                }
            }
            FromHelper::Died => return self.buried(id).map_or_else(|| self.dead(), |jobs| Outcome::Lost { jobs }),
            FromHelper::Checked { deviation, .. }
                if deviation.is_none_or(|d| d > golden::allowed(Precision::Single)) =>
            {
                return Outcome::Failed { issue: computed_wrongly() };
            }
            FromHelper::Checked { .. } | FromHelper::Decoded { .. } => {}
        }
        // There may be room now.
        Outcome::Lost { jobs: Vec::new() }
    }

    /// Takes a job back from a helper; `None` where its run is over.
    fn returned(&mut self, id: u32, ticket: u32) -> Option<JobId> {
        if let Some(helper) = self.helpers.get_mut(&id) {
            helper.holds.retain(|held| *held != ticket);
        }
        self.jobs.remove(&ticket)
    }

    fn dead(&mut self) -> Outcome {
        self.jobs.clear();
        Outcome::Dead
    }

    pub fn abandon(&mut self) {
        self.jobs.clear();
    }

    /// The most memory the helpers have had.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes + self.helpers.values().map(|h| h.memory_bytes).sum::<u64>()
    }
}

/// About what a network takes once it is loaded.
fn bytes(parts: &Parts) -> usize {
    Network::bytes_of(parts.iter().map(Vec::len).sum())
}
