//! Helpers that decode compressed slices, while others are read and one after the other once all are there.
//!
//! A decoder that dies, or is overdue with a slice, costs the slice it was at, which counts as
//! damaged: what kills an instance is in its bytes. The others that it held are decoded by another.

use std::collections::{BTreeMap, VecDeque};

use corsai_study::{CodecError, DecodeJob, SliceError};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Int16Array;
use web_time::Instant;

use crate::{
    assignments::Assignments,
    compute_worker::{WorkerRequest, WorkerResponse},
    page_events,
    worker_handle::{self, Message, WorkerHandle},
};

/// More of them wait for their files.
const MOST: u32 = 4;
/// Slices are jobs of one kind.
const KIND: usize = 0;

/// What became of a slice.
pub enum Outcome {
    Decoded {
        picture: u32,
        result: Result<Vec<i16>, SliceError>,
    },
    /// Nothing: it is to be given again.
    Lost {
        picture: u32,
    },
}

/// The decoders of one drop; they are started when the first slice needs them, and end with this.
#[derive(Debug)]
pub struct DecoderPool {
    wanted: u32,
    decoders: BTreeMap<u32, WorkerHandle>,
    /// Pictures are the jobs' numbers.
    assignments: Assignments,
    last: u32,
    /// Pictures to be given again.
    lost: VecDeque<u32>,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl DecoderPool {
    /// One for each core; none where there is only one, which decodes as well without.
    pub fn new(cores: u32) -> Self {
        let (sender, messages) = unbounded();
        let wanted = if cores > 1 { cores.min(MOST) } else { 0 };
        let assignments = Assignments::new(Instant::now());
        Self { wanted, decoders: BTreeMap::new(), assignments, last: 0, lost: VecDeque::new(), sender, messages }
    }

    /// Whether a slice can be given to one now. The first question starts them.
    pub fn has_room(&mut self) -> bool {
        while self.last < self.wanted {
            self.start();
        }
        self.assignments.freest().is_some()
    }

    fn start(&mut self) {
        self.last += 1;
        if let Some(link) = WorkerHandle::start(self.last, &self.sender) {
            self.decoders.insert(self.last, link);
            self.assignments.add(self.last, Instant::now());
        }
    }

    /// Gives a slice to the one that is freest.
    pub fn give(&mut self, task: &DecodeJob) {
        let id = self.assignments.freest().expect("invariant: a slice is given where there is room");
        let message = WorkerRequest::Decode { picture: task.image, coding: task.decoder };
        self.assignments.give(id, task.image, KIND, Instant::now());
        let link = self.decoders.get(&id).expect("invariant: a decoder with room is there");
        if !link.post(&message, &[page_events::buffer(&task.bytes).into()]) {
            let _ = self.sender.unbounded_send((id, WorkerResponse::Died, Vec::new()));
        }
    }

    /// Whether a slice is out.
    pub fn busy(&self) -> bool {
        !self.lost.is_empty() || self.assignments.any_held()
    }

    /// What has come in meanwhile, without waiting.
    pub fn arrived(&mut self) -> Option<Outcome> {
        loop {
            if let Some(picture) = self.lost.pop_front() {
                return Some(Outcome::Lost { picture });
            }
            let message = self.messages.try_recv().ok()?;
            if let Some(outcome) = self.hear(message) {
                return Some(outcome);
            }
        }
    }

    /// Waits for a slice that is out; `None` where none is.
    pub async fn next(&mut self) -> Option<Outcome> {
        loop {
            if let Some(outcome) = self.arrived() {
                return Some(outcome);
            }
            if !self.busy() {
                return None;
            }
            let message = worker_handle::next(&mut self.messages, &mut self.assignments).await;
            if let Some(outcome) = self.hear(message) {
                return Some(outcome);
            }
        }
    }

    fn hear(&mut self, (id, message, payload): Message) -> Option<Outcome> {
        match message {
            WorkerResponse::Ready => self.assignments.is_ready(id, Instant::now()),
            WorkerResponse::Decoded { picture, fault } => {
                // What one that was given up as overdue says after all has been decided without it.
                self.decoders.get(&id)?;
                self.assignments.returned(id, picture, Instant::now());
                let hu = || {
                    let hu = payload.first().expect("invariant: a slice travels beside its message");
                    Int16Array::new(hu).to_vec()
                };
                return Some(Outcome::Decoded { picture, result: fault.map_or_else(|| Ok(hu()), Err) });
            }
            WorkerResponse::Died => {
                let mut holds = self.remove(id)?;
                // One that never held anything can't start, and nor can another.
                let picture = holds.pop_front()?;
                self.lost.extend(holds);
                self.start();
                let fault = SliceError::from(CodecError::BrokeOff);
                return Some(Outcome::Decoded { picture, result: Err(fault) });
            }
            // That is not in the slice's bytes: they are decoded without this one, and no other
            // takes its place.
            WorkerResponse::Failed { .. } => {
                let holds = self.remove(id)?;
                self.lost.extend(holds);
            }
            WorkerResponse::Checked { .. } | WorkerResponse::Answer { .. } => {
                unreachable!("invariant: decoders are given no networks")
            }
        }
        None
    }

    /// Ends a decoder. Returns what it held; `None` where it has ended before: a trap is told
    /// twice, by the panic's last words and by the browser.
    fn remove(&mut self, id: u32) -> Option<VecDeque<u32>> {
        self.decoders.remove(&id)?;
        Some(self.assignments.remove(id)?.tickets)
    }
}
