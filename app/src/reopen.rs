//! What it takes to go on when a worker dies. Over a study: the handles of its files, while it is
//! open, and what the networks have answered, while they compute. Over nothing, while it starts or
//! chooses a device: a count, so that it isn't started for ever.

use corsai_protocol::{Answered, Command, Depth, PhantomDate, RunId, SeriesId, Slot};
use corsai_report::Issue;
use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;

/// Workers that may die over one study before it is given up; from the last but one on, the CPU computes.
const DEATHS: u32 = 3;

/// Bytes of answers that are kept for a next worker: the quick answer of some 600 slices.
const MOST_KEPT: u64 = 256 << 20;

/// Where a study comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// `File`s and their names; nothing of them is read here. `missing` is what of the drop the
    /// browser couldn't hand out.
    Files {
        names: Vec<String>,
        files: Vec<JsValue>,
        missing: Option<Issue>,
    },
    Phantom(PhantomDate),
}

impl Source {
    /// The command that opens it, and what goes beside it.
    pub fn command(self, run: RunId, slot: Slot) -> (Command, Vec<JsValue>) {
        match self {
            Self::Files { names, files, .. } => (Command::Open { run, slot, names }, files),
            Self::Phantom(date) => (Command::OpenPhantom { run, slot, date }, Vec::new()),
        }
    }

    /// The issue that stays beside the study's numbers, where not all of it could be opened.
    pub fn missing(&self) -> Option<Issue> {
        match self {
            Self::Files { missing, .. } => missing.clone(),
            Self::Phantom(_) => None,
        }
    }
}

/// What it takes to open one study again.
#[derive(Debug)]
pub struct Reopen {
    source: Source,
    /// How it is measured.
    pub depth: Depth,
    /// The series to take, where one was being measured.
    series: Option<SeriesId>,
    deaths: u32,
    /// What networks have answered so far.
    answers: Vec<(Answered, ArrayBuffer)>,
    bytes: u64,
}

impl Reopen {
    pub const fn new(source: Source, depth: Depth) -> Self {
        Self { source, depth, series: None, deaths: 0, answers: Vec::new(), bytes: 0 }
    }

    pub fn source(&self) -> Source {
        self.source.clone()
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
}

/// The open studies' handles, for as long as they are open.
#[derive(Debug, Default)]
pub struct Handles {
    current: Option<Reopen>,
    previous: Option<Reopen>,
}

impl Handles {
    pub const fn of(&mut self, slot: Slot) -> &mut Option<Reopen> {
        match slot {
            Slot::Current => &mut self.current,
            Slot::Previous => &mut self.previous,
        }
    }

    /// The worker died over this study. Whether the next one shall compute on the CPU; `None` where
    /// it has been enough.
    pub fn died(&mut self, slot: Slot) -> Option<bool> {
        let reopen = self.of(slot).as_mut()?;
        reopen.deaths += 1;
        (reopen.deaths < DEATHS).then_some(reopen.deaths + 1 >= DEATHS)
    }

    /// The person wants it once more, whatever came of it before; with a `depth`, in another way.
    pub fn afresh(&mut self, slot: Slot, depth: Option<Depth>) {
        if let Some(reopen) = self.of(slot) {
            reopen.deaths = 0;
            reopen.depth = depth.unwrap_or(reopen.depth);
        }
    }

    /// Sets the series to measure when the study is opened again. `None` keeps the one that is
    /// known.
    pub fn take_next(&mut self, slot: Slot, series: Option<SeriesId>) {
        if let Some(reopen) = self.of(slot) {
            reopen.series = series.or(reopen.series);
        }
    }

    /// The series that was being measured when the study was opened again; asked for once.
    pub fn take_series(&mut self, slot: Slot) -> Option<SeriesId> {
        self.of(slot).as_mut()?.series.take()
    }

    /// Nothing is being computed: a next worker would have nothing to go on from.
    pub fn forget_answers(&mut self) {
        for reopen in [&mut self.current, &mut self.previous].into_iter().flatten() {
            reopen.answers = Vec::new();
            reopen.bytes = 0;
        }
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

    fn handles() -> Handles {
        let date = PhantomDate { yyyymmdd: 20_200_406, share_left: 0.1, share_right: 0.2 };
        let reopen = || Some(Reopen::new(Source::Phantom(date), Depth::default()));
        Handles { current: reopen(), previous: reopen() }
    }

    #[test]
    fn after_two_deaths_the_cpu_computes_and_after_three_it_is_given_up() {
        let mut handles = handles();
        let died = [handles.died(Slot::Current), handles.died(Slot::Current), handles.died(Slot::Current)];
        assert_eq!(died, [Some(false), Some(true), None]);
        assert_eq!(handles.died(Slot::Previous), Some(false), "the other study isn't blamed");
        handles.afresh(Slot::Current, None);
        assert_eq!(handles.died(Slot::Current), Some(false), "the person has asked for it once more");
    }

    #[test]
    fn the_series_that_was_measured_is_taken_again_once() {
        let mut handles = handles();
        handles.take_next(Slot::Current, Some(SeriesId(4)));
        handles.take_next(Slot::Current, None);
        assert_eq!(handles.take_series(Slot::Previous), None);
        assert_eq!(handles.take_series(Slot::Current), Some(SeriesId(4)), "a second death finds none chosen yet");
        assert_eq!(handles.take_series(Slot::Current), None);
    }

    #[test]
    fn a_worker_that_can_choose_no_device_is_not_started_for_ever() {
        let mut idle = Idle::default();
        assert_eq!([idle.died(), idle.died(), idle.died()], [Some(false), Some(true), None]);
        idle.lives();
        assert_eq!(idle.died(), Some(false));
    }
}
