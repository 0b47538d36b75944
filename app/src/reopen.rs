//! What it takes to go on when a worker dies. Over a study: the handles of its files and what the networks have answered,
//! until there are numbers. Over nothing, while it starts or chooses a device: a count, so that it isn't started for ever.

use corsai_protocol::{Answered, Command, PhantomDate, RunId, SeriesId, Slot};
use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;

/// Workers that may die over one study before it is given up; from the last but one on, the CPU computes.
const DEATHS: u32 = 3;

/// Bytes of answers that are kept for a next worker: the quick answer of some 600 slices.
const MOST_KEPT: u64 = 256 << 20;

/// Where a study comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// `File`s and their names; nothing of them is read here.
    Files {
        names: Vec<String>,
        files: Vec<JsValue>,
    },
    Phantom(PhantomDate),
}

impl Source {
    /// The command that opens it, and what goes beside it.
    pub fn command(self, run: RunId, slot: Slot) -> (Command, Vec<JsValue>) {
        match self {
            Self::Files { names, files } => (Command::Open { run, slot, names }, files),
            Self::Phantom(date) => (Command::OpenPhantom { run, slot, date }, Vec::new()),
        }
    }
}

/// The study under examination, as long as it has no answer.
#[derive(Debug)]
pub struct Reopen {
    source: Source,
    /// The series to take, where a person chose it.
    series: Option<SeriesId>,
    deaths: u32,
    /// What networks have answered so far.
    answers: Vec<(Answered, ArrayBuffer)>,
    bytes: u64,
}

impl Reopen {
    pub const fn new(source: Source) -> Self {
        Self { source, series: None, deaths: 0, answers: Vec::new(), bytes: 0 }
    }

    /// A worker died over it. What to open once more, and whether on the CPU; `None` where it has been enough.
    pub fn again(&mut self, series: Option<SeriesId>) -> Option<(Source, bool)> {
        self.deaths += 1;
        self.series = series.or(self.series);
        (self.deaths < DEATHS).then(|| (self.source.clone(), self.deaths + 1 >= DEATHS))
    }

    /// Remembers an answer, as long as there is room.
    pub fn keep(&mut self, answered: Answered, answer: ArrayBuffer) {
        let bytes = self.bytes + u64::from(answer.byte_length());
        if bytes <= MOST_KEPT {
            self.bytes = bytes;
            self.answers.push((answered, answer));
        }
    }

    /// The command that spares the next worker what was answered already, and what goes beside it.
    pub fn answers(&self) -> (Command, Vec<JsValue>) {
        let of = self.answers.iter().map(|(of, _)| of.clone()).collect();
        (Command::Answers { of }, self.answers.iter().map(|(_, answer)| answer.into()).collect())
    }

    /// The series that was being analysed when the worker died; asked for once.
    pub const fn take_series(&mut self) -> Option<SeriesId> {
        self.series.take()
    }
}

/// Workers in a row that died without a study before they had chosen a device.
#[derive(Debug, Default)]
pub struct Idle {
    deaths: u32,
}

impl Idle {
    /// Whether the next one shall leave the graphics processor alone; `None` where it has been enough.
    pub fn died(&mut self) -> Option<bool> {
        self.deaths += 1;
        (self.deaths < DEATHS).then_some(self.deaths + 1 >= DEATHS)
    }

    /// One has chosen a device.
    pub const fn lives(&mut self) {
        self.deaths = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_two_deaths_the_cpu_computes_and_after_three_it_is_given_up() {
        let date = PhantomDate { yyyymmdd: 20_200_406, share_left: 0.1, share_right: 0.2 };
        let mut reopen = Reopen::new(Source::Phantom(date));
        assert_eq!(reopen.again(Some(SeriesId(4))).map(|(_, cpu)| cpu), Some(false));
        assert_eq!((reopen.take_series(), reopen.take_series()), (Some(SeriesId(4)), None));
        assert_eq!(reopen.again(None).map(|(_, cpu)| cpu), Some(true));
        assert!(reopen.again(None).is_none());
    }

    #[test]
    fn a_worker_that_can_choose_no_device_is_not_started_for_ever() {
        let mut idle = Idle::default();
        assert_eq!([idle.died(), idle.died(), idle.died()], [Some(false), Some(true), None]);
        idle.lives();
        assert_eq!(idle.died(), Some(false));
    }
}
