//! Helpers that decode compressed slices, while others are read and one after the other once all are there.
//!
//! A decoder that dies costs the slice it was at, which counts as damaged: what kills an instance is in its bytes. The
//! others that it held are decoded by another.

use std::collections::{BTreeMap, VecDeque};

use corsai_protocol::IssueCode;
use corsai_study::{Fault, Task};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use js_sys::Int16Array;

use crate::{
    helper::{FromHelper, ToHelper},
    link::{Link, Message},
    outbox,
};

/// More of them wait for their files.
const MOST: u32 = 4;
/// Slices that a decoder holds: the next one waits with it while it is at another.
const DEPTH: usize = 2;

/// What became of a slice.
pub enum Outcome {
    Decoded {
        picture: u32,
        result: Result<Vec<i16>, Fault>,
    },
    /// Nothing: it is to be given again.
    Lost {
        picture: u32,
    },
}

#[derive(Debug)]
struct Decoder {
    link: Link,
    ready: bool,
    /// Pictures, the one it is at first.
    holds: VecDeque<u32>,
}

/// The decoders of one drop; they are started when the first slice needs them, and end with this.
#[derive(Debug)]
pub struct Decoders {
    wanted: u32,
    decoders: BTreeMap<u32, Decoder>,
    last: u32,
    /// Of a decoder that died.
    lost: VecDeque<u32>,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
}

impl Decoders {
    /// One for each core; none where there is only one, which decodes as well without.
    pub fn new(cores: u32) -> Self {
        let (sender, messages) = unbounded();
        let wanted = if cores > 1 { cores.min(MOST) } else { 0 };
        Self { wanted, decoders: BTreeMap::new(), last: 0, lost: VecDeque::new(), sender, messages }
    }

    /// Whether a slice can be given to one now. The first question starts them.
    pub fn has_room(&mut self) -> bool {
        while self.last < self.wanted {
            self.start();
        }
        self.freest().is_some()
    }

    fn start(&mut self) {
        self.last += 1;
        if let Some(link) = Link::start(self.last, &self.sender) {
            self.decoders.insert(self.last, Decoder { link, ready: false, holds: VecDeque::new() });
        }
    }

    fn freest(&self) -> Option<u32> {
        let free = self.decoders.iter().filter(|(_, d)| d.ready && d.holds.len() < DEPTH);
        free.min_by_key(|(_, d)| d.holds.len()).map(|(id, _)| *id)
    }

    /// Gives a slice to the one that is freest.
    pub fn give(&mut self, task: &Task) {
        let Some(id) = self.freest() else { return self.lost.push_back(task.picture) };
        let Some(decoder) = self.decoders.get_mut(&id) else { return };
        let message = ToHelper::Decode { picture: task.picture, coding: task.coding };
        decoder.holds.push_back(task.picture);
        if !decoder.link.post(&message, &[outbox::buffer(&task.bytes).into()]) {
            let _ = self.sender.unbounded_send((id, FromHelper::Died, Vec::new()));
        }
    }

    /// Whether a slice is out.
    pub fn busy(&self) -> bool {
        !self.lost.is_empty() || self.decoders.values().any(|d| !d.holds.is_empty())
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
            let message = self.messages.next().await?;
            if let Some(outcome) = self.hear(message) {
                return Some(outcome);
            }
        }
    }

    fn hear(&mut self, (id, message, payload): Message) -> Option<Outcome> {
        match message {
            FromHelper::Ready => self.decoders.get_mut(&id)?.ready = true,
            FromHelper::Decoded { picture, fault } => {
                self.decoders.get_mut(&id)?.holds.retain(|held| *held != picture);
                let hu = || payload.first().map_or_else(Vec::new, |buffer| Int16Array::new(buffer).to_vec());
                return Some(Outcome::Decoded { picture, result: fault.map_or_else(|| Ok(hu()), Err) });
            }
            FromHelper::Died => {
                // A trap is told twice: by the panic's last words and by the browser.
                let mut holds = self.decoders.remove(&id)?.holds;
                // One that never held anything can't start, and nor can another.
                let picture = holds.pop_front()?;
                self.lost.extend(holds);
                self.start();
                let fault = Fault { code: IssueCode::CodecFailed, found: "its decoder broke off".into() };
                return Some(Outcome::Decoded { picture, result: Err(fault) });
            }
            FromHelper::Failed { .. } | FromHelper::Checked { .. } | FromHelper::Answer { .. } => {}
        }
        None
    }
}
