//! The CPU: helpers, each one more instance of this binary in a worker of its own, with every network loaded.
//!
//! Parallelism is one input a helper. A helper that dies costs the jobs it held and is replaced once; where one dies
//! again, the pool is dead.

use std::collections::{BTreeMap, VecDeque};

use corsai_ensemble::{Job, JobId};
use corsai_protocol::{Issue, IssueCode};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use js_sys::Float32Array;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::{
    engine::Outcome,
    helper::{FromHelper, ToHelper, buffers},
    weights::Parts,
};

/// The script that waits for the compiled module and starts it; relative to this worker's own.
const SCRIPT: &str = "worker.js";
/// Jobs that a helper holds: the next one waits with it while it computes.
const DEPTH: usize = 2;
/// Helpers that may die before the pool does.
const DEATHS: u32 = 1;

type Message = (u32, FromHelper, Vec<JsValue>);

#[derive(Debug)]
struct Helper {
    worker: Worker,
    ready: bool,
    /// Tickets of the jobs it holds, the oldest first.
    holds: VecDeque<u32>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Helper {
    /// `None` where the browser can't start a worker from a worker.
    fn start(id: u32, sender: &UnboundedSender<Message>) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(crate::HELPER);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let messages = sender.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let (message, payload) =
                corsai_port::read::<FromHelper>(&message).unwrap_or((FromHelper::Died, Vec::new()));
            let _ = messages.unbounded_send((id, message, payload));
        });
        let errors = sender.clone();
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            // Else the browser hands it on to the page, which would take it for this worker's death.
            event.prevent_default();
            let _ = errors.unbounded_send((id, FromHelper::Died, Vec::new()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.post_message(&wasm_bindgen::module()).ok()?;
        Some(Self { worker, ready: false, holds: VecDeque::new(), _on_message: on_message, _on_error: on_error })
    }

    fn post(&self, message: &ToHelper, payload: &[JsValue]) -> bool {
        corsai_port::post(&self.worker, message, payload, true).is_ok()
    }
}

/// How a helper did on the known slice.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub milliseconds: f64,
    pub deviation: Option<f64>,
}

/// The helpers, and who holds which job.
#[derive(Debug)]
pub struct Pool {
    helpers: BTreeMap<u32, Helper>,
    /// Every network's parts, for helpers to come.
    weights: Vec<Parts>,
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
            weights: Vec::new(),
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
            match Helper::start(self.last, &self.sender) {
                Some(helper) => self.helpers.insert(self.last, helper),
                None => return,
            };
        }
    }

    /// How many helpers there are.
    pub fn len(&self) -> usize {
        self.helpers.len()
    }

    /// Gives every helper all networks, and lets one of them compute each network's known slice.
    ///
    /// # Errors
    /// Why the CPU can't be used.
    pub async fn load(&mut self, weights: Vec<Parts>) -> Result<Vec<Check>, Issue> {
        self.weights = weights;
        for helper in self.helpers.values().filter(|h| h.ready) {
            self.hand_weights(helper);
        }
        let mut checked: Option<u32> = None;
        let mut checks = Vec::new();
        while checks.len() < self.weights.len() {
            if self.helpers.is_empty() {
                return Err(Issue::new(IssueCode::WorkerDied, ""));
            }
            if checked.is_none_or(|id| !self.helpers.contains_key(&id)) {
                checks.clear();
                let ready = self.helpers.iter().find(|(_, h)| h.ready);
                checked = ready.map(|(id, helper)| {
                    for network in 0..self.weights.len() {
                        helper.post(&ToHelper::Check { network }, &[]);
                    }
                    *id
                });
            }
            let Some((id, message, _)) = self.messages.next().await else { break };
            match message {
                FromHelper::Ready => self.is_ready(id),
                FromHelper::Checked { milliseconds, deviation } if checked == Some(id) => {
                    checks.push(Check { milliseconds, deviation })
                }
                FromHelper::Failed { code, .. } => return Err(Issue::new(code, "")),
                FromHelper::Died => {
                    if self.buried(id).is_none() {
                        return Err(Issue::new(IssueCode::WorkerDied, ""));
                    }
                }
                FromHelper::Checked { .. } | FromHelper::Answer { .. } => {}
            }
        }
        Ok(checks)
    }

    fn hand_weights(&self, helper: &Helper) {
        for (network, parts) in self.weights.iter().enumerate() {
            helper.post(&ToHelper::Load { network }, &buffers(parts));
        }
    }

    fn is_ready(&mut self, id: u32) {
        if let Some(helper) = self.helpers.get_mut(&id) {
            helper.ready = true;
        }
        if let Some(helper) = self.helpers.get(&id) {
            self.hand_weights(helper);
        }
    }

    /// Replaces a dead helper. Gives the jobs it held; `None` when too many have died.
    fn buried(&mut self, id: u32) -> Option<Vec<JobId>> {
        // A trap is told twice: by the panic's last words and by the browser.
        let Some(dead) = self.helpers.remove(&id) else { return Some(Vec::new()) };
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
        let Some(helper) = self.helpers.get_mut(&id) else { return };
        self.last += 1;
        let ticket = self.last;
        let input = JsValue::from(Float32Array::from(job.input.as_slice()).buffer());
        self.jobs.insert(ticket, job.id);
        helper.holds.push_back(ticket);
        if !helper.post(&ToHelper::Run { job: ticket, network: job.network }, &[input]) {
            let _ = self.sender.unbounded_send((id, FromHelper::Died, Vec::new()));
        }
    }

    pub async fn next(&mut self) -> Outcome {
        let Some((id, message, payload)) = self.messages.next().await else { return self.dead() };
        match message {
            FromHelper::Ready => self.is_ready(id),
            FromHelper::Answer { job } => {
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
            FromHelper::Checked { .. } => {}
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
        Outcome::Dead { jobs: std::mem::take(&mut self.jobs).into_values().collect() }
    }

    pub fn abandon(&mut self) {
        self.jobs.clear();
    }
}
