//! Compute workers that decode compressed slices, while other files are read and once all are
//! there.
//!
//! A decoder that dies, or is overdue with a slice, costs the slice that it decoded, which counts
//! as damaged: the cause is in the slice's bytes. The decoder's other slices go to another one.

use std::collections::{BTreeMap, VecDeque};

use corsai_study::{CodecError, DecodeJob, SliceError};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Int16Array;
use web_time::Instant;

use crate::{
    assignments::Assignments,
    buffer::Buffer,
    deadline::TimeLimit,
    messages::{WorkerRequest, WorkerResponse},
    worker_handle::{Message, WorkerHandle, next_response},
};

/// More decoders than this wait for their files.
const MAX_DECODERS: u32 = 4;
/// All slices are jobs of one kind.
const KIND: usize = 0;

/// What became of a slice.
pub enum DecodeEvent {
    /// The slice was decoded, or is damaged.
    Decoded {
        /// Number of the slice's picture in the drop.
        picture: u32,
        /// HU, or why there are none.
        result: Result<Vec<i16>, SliceError>,
    },
    /// The slice has to be submitted again.
    Lost {
        /// Number of the slice's picture in the drop.
        picture: u32,
    },
}

/// The decoders of one drop. They are started when the first slice needs them, and end with the
/// pool.
#[derive(Debug)]
pub struct DecoderPool {
    wanted: u32,
    decoders: BTreeMap<u32, WorkerHandle>,
    /// By the pictures' numbers.
    assignments: Assignments,
    last: u32,
    /// Pictures to be submitted again.
    lost: VecDeque<u32>,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl DecoderPool {
    /// Returns a pool of one decoder a core; of none where there is one core, on which this worker
    /// decodes.
    pub fn new(cores: u32) -> Self {
        let (sender, messages) = unbounded();
        let wanted = if cores > 1 { cores.min(MAX_DECODERS) } else { 0 };
        let assignments = Assignments::new(Instant::now(), TimeLimit::Median);
        Self { wanted, decoders: BTreeMap::new(), assignments, last: 0, lost: VecDeque::new(), sender, messages }
    }

    /// Whether a slice can be submitted now. The first call starts the decoders.
    pub fn has_capacity(&mut self) -> bool {
        while self.last < self.wanted {
            self.start();
        }
        self.assignments.freest().is_some()
    }

    fn start(&mut self) {
        self.last += 1;
        if let Some(handle) = WorkerHandle::start(self.last, &self.sender) {
            self.decoders.insert(self.last, handle);
            self.assignments.add(self.last, Instant::now());
        }
    }

    /// Gives a slice to the decoder with the fewest slices.
    pub fn submit(&mut self, task: &DecodeJob) {
        let id = self.assignments.freest().expect("invariant: a slice is given where there is room");
        let message = WorkerRequest::Decode { picture: task.image, coding: task.decoder };
        self.assignments.give(id, task.image, KIND, Instant::now());
        let handle = self.decoders.get(&id).expect("invariant: a decoder with room is there");
        handle.post(&message, &[Buffer::U8(&task.bytes)]);
    }

    /// Whether a slice is with a decoder.
    fn is_busy(&self) -> bool {
        !self.lost.is_empty() || self.assignments.any_held()
    }

    /// Returns an event that has come meanwhile, without waiting.
    pub fn try_next(&mut self) -> Option<DecodeEvent> {
        loop {
            if let Some(picture) = self.lost.pop_front() {
                return Some(DecodeEvent::Lost { picture });
            }
            let message = self.messages.try_recv().ok()?;
            if let Some(event) = self.on_response(message) {
                return Some(event);
            }
        }
    }

    /// Waits for the next event; `None` where no slice is with a decoder.
    pub async fn next(&mut self) -> Option<DecodeEvent> {
        loop {
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            if !self.is_busy() {
                return None;
            }
            let message = next_response(&mut self.messages, &mut self.assignments).await;
            if let Some(event) = self.on_response(message) {
                return Some(event);
            }
        }
    }

    fn on_response(&mut self, (id, message, payload): Message) -> Option<DecodeEvent> {
        match message {
            WorkerResponse::Ready => self.assignments.set_ready(id, Instant::now()),
            WorkerResponse::Decoded { picture, fault } => {
                // A late response of a decoder that was given up as overdue doesn't count.
                self.decoders.get(&id)?;
                self.assignments.returned(id, picture, Instant::now());
                let hu = || {
                    let hu = payload.first().expect("invariant: a slice travels beside its message");
                    Int16Array::new(hu).to_vec()
                };
                return Some(DecodeEvent::Decoded { picture, result: fault.map_or_else(|| Ok(hu()), Err) });
            }
            WorkerResponse::Died { location } => {
                tracing::warn!(decoder = id, location, "decoder died");
                let mut holds = self.remove(id)?;
                // A decoder that never held a slice can't start, and nor can another.
                let picture = holds.pop_front()?;
                self.lost.extend(holds);
                self.start();
                let fault = SliceError::from(CodecError::BrokeOff);
                return Some(DecodeEvent::Decoded { picture, result: Err(fault) });
            }
            // The cause is not in the slice's bytes: they are decoded without this decoder, and no
            // other takes its place.
            WorkerResponse::Failed { cause, .. } => {
                tracing::warn!(decoder = id, cause, "decoder failed");
                let holds = self.remove(id)?;
                self.lost.extend(holds);
            }
            WorkerResponse::SelfTested { .. } | WorkerResponse::Answer { .. } => {
                unreachable!("invariant: decoders are given no networks")
            }
        }
        None
    }

    /// Ends a decoder. Returns the pictures that it held; `None` where it has ended before: a trap
    /// is told twice, by the panic hook and by the browser.
    fn remove(&mut self, id: u32) -> Option<VecDeque<u32>> {
        self.decoders.remove(&id)?;
        Some(self.assignments.remove(id)?.tickets)
    }
}
