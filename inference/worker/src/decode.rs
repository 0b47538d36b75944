//! One series' way from its files' bytes to its volume, told slice by slice to the page.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use corsai_protocol::{Event, Issue, RunId, Slot, Stage};
use corsai_study::{Ahead, Decoded, Decoding, Series};

use crate::{
    decoders::{Decoders, Outcome},
    outbox,
    owner::{Owner, Pixels},
    pace::Pace,
    pause::Pause,
    run::withheld,
};

/// What a drop has to decode with.
#[derive(Debug)]
pub struct Means {
    pub decoders: Decoders,
    /// What they made of slices while others were read.
    pub ahead: Ahead,
}

/// Slices on their way: waiting, with a decoder, or done and not told yet.
struct Work {
    decoding: Rc<RefCell<Option<Decoding>>>,
    decoders: Decoders,
    waiting: VecDeque<usize>,
    out: usize,
    fresh: Vec<usize>,
}

impl Work {
    fn left(&self) -> usize {
        self.waiting.len() + self.out
    }

    /// Gives the next slice to a decoder, or decodes it here where it needs none or none is there. False where nothing
    /// can be done but wait for a decoder.
    fn begin_next(&mut self) -> bool {
        let mut decoding = self.decoding.borrow_mut();
        let (Some(&z), Some(decoding)) = (self.waiting.front(), decoding.as_mut()) else { return false };
        let task = decoding.task(z);
        if let Some(task) = &task
            && self.decoders.has_room()
        {
            self.decoders.give(task);
            self.out += 1;
        } else if task.is_some() && self.out > 0 {
            return false;
        } else {
            drop(task);
            self.fresh.extend(decoding.decode(z).is_ok().then_some(z));
        }
        self.waiting.pop_front();
        true
    }

    fn settle(&mut self, outcome: Outcome) {
        self.out -= 1;
        let mut decoding = self.decoding.borrow_mut();
        let Some(decoding) = decoding.as_mut() else { return };
        match outcome {
            Outcome::Decoded { picture, result } => {
                let place = decoding.place_of(picture);
                self.fresh.extend(place.filter(|z| decoding.accept(*z, result).is_ok()));
            }
            Outcome::Lost { picture } => self.waiting.extend(decoding.place_of(picture)),
        }
    }
}

/// Decodes the middle slice first, then those around it; compressed ones by the decoders, as far as there are any.
///
/// # Errors
/// Why there is no volume.
pub async fn decode(
    owner: &Owner,
    (run, slot): (RunId, Slot),
    series: &Series,
    Means { decoders, ahead }: Means,
) -> Result<Decoded, Vec<Issue>> {
    let mut begun = series.begin()?;
    let fresh = begun.adopt(ahead);
    let waiting = begun.order().into();
    let grid = begun.grid().clone();
    outbox::post(&Event::Volume { run, slot, volume: grid.summary() });
    let decoding = Rc::new(RefCell::new(Some(begun)));
    owner.study(slot).borrow_mut().pixels = Pixels::Decoding(Rc::clone(&decoding));
    let mut work = Work { decoding: Rc::clone(&decoding), decoders, waiting, out: 0, fresh };
    let mut pace = Pace::begin(run, slot, Stage::Decoding);
    let mut pause = Pause::new();
    let mut shown = false;
    loop {
        let left = work.left();
        // The first is shown at once; the page need not hear of each of the others on its own.
        if pause.due() || left == 0 || (!shown && !work.fresh.is_empty()) {
            shown |= !work.fresh.is_empty();
            let indices = std::mem::take(&mut work.fresh).into_iter().map(|z| z as u32).collect();
            outbox::post(&Event::Changed { run, slot, indices });
            pace.reached(grid.slices.saturating_sub(left), grid.slices);
            pause.now().await;
        }
        if left == 0 {
            break;
        }
        if let Some(outcome) = work.decoders.arrived() {
            work.settle(outcome);
        } else if !work.begin_next()
            && let Some(outcome) = work.decoders.next().await
        {
            work.settle(outcome);
        }
    }
    drop(work);
    let done = decoding.borrow_mut().take().ok_or_else(|| vec![withheld()])?;
    let decoded = done.finish()?;
    if *decoded.volume.grid() != grid {
        // Damaged slices were left out, so that others have their numbers now.
        outbox::post(&Event::Volume { run, slot, volume: decoded.volume.grid().summary() });
    }
    Ok(decoded)
}
