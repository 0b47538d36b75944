//! One series' way from its files' bytes to its volume, told slice by slice to the page.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use corsai_protocol::{Event, RunId, Stage, StudySlot, VolumeSummary};
use corsai_report::Issue;
use corsai_study::{DecodedVolume, Prefetched, Series, VolumeDecoder};
use corsai_volume::Grid;

use crate::{
    coordinator::{Coordinator, Pixels},
    decoder_pool::{DecoderPool, Outcome},
    page_events,
    progress::ProgressReporter,
    yield_now::Yielder,
};

const GOES_ON: &str = "invariant: the decoding goes on until its volume is taken";

/// What a drop has to decode with.
#[derive(Debug)]
pub struct DecodeResources {
    pub decoders: DecoderPool,
    /// What they made of slices while others were read.
    pub ahead: Prefetched,
}

/// Slices on their way: waiting, with a decoder, or done and not told yet.
struct Work {
    decoding: Rc<RefCell<Option<VolumeDecoder>>>,
    decoders: DecoderPool,
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
        let decoding = decoding.as_mut().expect(GOES_ON);
        let Some(&z) = self.waiting.front() else { return false };
        let task = decoding.job(z);
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
        let decoding = decoding.as_mut().expect(GOES_ON);
        let place = |decoding: &VolumeDecoder, picture| {
            decoding.slice_of_image(picture).expect("invariant: a slice of this series")
        };
        match outcome {
            Outcome::Decoded { picture, result } => {
                let z = place(decoding, picture);
                self.fresh.extend(decoding.accept(z, result).is_ok().then_some(z));
            }
            Outcome::Lost { picture } => self.waiting.push_back(place(decoding, picture)),
        }
    }
}

/// Decodes the middle slice first, then those around it; compressed ones by the decoders, as far as there are any.
///
/// # Errors
/// Why there is no volume.
pub async fn decode(
    owner: &Coordinator,
    (run, slot): (RunId, StudySlot),
    series: &Series,
    DecodeResources { decoders, ahead }: DecodeResources,
) -> Result<DecodedVolume, Vec<Issue>> {
    let mut begun = series.decoder()?;
    let fresh = begun.accept_prefetched(ahead);
    let waiting = begun.order().into();
    let grid = begun.grid().clone();
    page_events::post(&Event::Volume { run, slot, volume: summary(&grid) });
    let decoding = Rc::new(RefCell::new(Some(begun)));
    owner.study(slot).borrow_mut().pixels = Pixels::Decoding(Rc::clone(&decoding));
    let mut work = Work { decoding: Rc::clone(&decoding), decoders, waiting, out: 0, fresh };
    let mut pace = ProgressReporter::begin(run, slot, Stage::Decoding);
    let mut pause = Yielder::new();
    let mut shown = false;
    loop {
        let left = work.left();
        // The first is shown at once; the page need not hear of each of the others on its own.
        if pause.due() || left == 0 || (!shown && !work.fresh.is_empty()) {
            shown |= !work.fresh.is_empty();
            let indices = std::mem::take(&mut work.fresh).into_iter().map(|z| z as u32).collect();
            page_events::post(&Event::Changed { run, slot, indices, areas: Vec::new() });
            pace.reached(grid.slices().saturating_sub(left), grid.slices());
            pause.now().await;
        }
        if left == 0 {
            break;
        }
        if let Some(outcome) = work.decoders.arrived() {
            work.settle(outcome);
        } else if !work.begin_next() {
            let outcome = work.decoders.next().await.expect("invariant: a slice that is out comes back");
            work.settle(outcome);
        }
    }
    drop(work);
    let done = decoding.borrow_mut().take().expect(GOES_ON);
    let decoded = done.finish()?;
    if *decoded.volume.grid() != grid {
        // Damaged slices were left out, so that others have their numbers now.
        page_events::post(&Event::Volume { run, slot, volume: summary(decoded.volume.grid()) });
    }
    Ok(decoded)
}

/// Returns what the page needs of a grid.
fn summary(grid: &Grid) -> VolumeSummary {
    let count = |number: usize| u32::try_from(number).expect("invariant: sides and slices are fewer than 2³²");
    VolumeSummary {
        slices: count(grid.slices()),
        rows: count(grid.rows()),
        columns: count(grid.columns()),
        row_mm: grid.row_mm(),
        column_mm: grid.column_mm(),
        slice_mm: grid.slice_mm(),
        positions_mm: grid.positions_mm().to_vec(),
    }
}

#[cfg(test)]
pub mod tests {
    use corsai_phantom::{Phantom, PhantomOptions};
    use corsai_study::{CodecError, Intake, Limits, SeriesList, SliceError};

    use super::*;

    /// Returns a phantom as small as there is.
    pub fn opened() -> SeriesList {
        let options = PhantomOptions {
            yyyymmdd: 20_200_420,
            share_left: 0.1,
            share_right: 0.1,
            seed: 1,
            columns: 96,
            slices: 62,
        };
        let mut intake = Intake::new(Limits::default());
        for (name, bytes) in Phantom::make(options).unwrap().dicom_files() {
            intake.add(&name, bytes);
        }
        intake.finish()
    }

    /// On one core nobody but the worker itself decodes.
    fn work(opened: &SeriesList) -> Work {
        let begun = opened.series[0].decoder().unwrap();
        let waiting = begun.order().into();
        let decoding = Rc::new(RefCell::new(Some(begun)));
        Work { decoding, decoders: DecoderPool::new(1), waiting, out: 0, fresh: Vec::new() }
    }

    #[test]
    fn the_middle_slice_comes_first_and_then_those_around_it() {
        let opened = opened();
        let mut work = work(&opened);
        while work.begin_next() {}
        assert_eq!(work.left(), 0);
        assert_eq!(work.fresh[0], 31);
        let away: Vec<usize> = work.fresh.iter().map(|z| z.abs_diff(31)).collect();
        assert!(away.is_sorted());
        let decoded = work.decoding.take().unwrap().finish().unwrap();
        assert_eq!(decoded.volume.grid().slices(), 62);
    }

    #[test]
    fn a_slice_that_a_decoder_lost_waits_again_and_a_damaged_one_does_not() {
        let opened = opened();
        let mut work = work(&opened);
        let pictures: Vec<u32> = (0..124)
            .filter(|picture| work.decoding.borrow().as_ref().unwrap().slice_of_image(*picture).is_some())
            .take(2)
            .collect();
        let place = |picture: u32| work.decoding.borrow().as_ref().unwrap().slice_of_image(picture).unwrap();
        let [lost, damaged] = [place(pictures[0]), place(pictures[1])];
        work.waiting.retain(|z| ![lost, damaged].contains(z));
        work.out = 2;
        work.settle(Outcome::Lost { picture: pictures[0] });
        assert_eq!(work.waiting.back(), Some(&lost));
        let fault = SliceError::from(CodecError::Damaged);
        work.settle(Outcome::Decoded { picture: pictures[1], result: Err(fault) });
        assert_eq!((work.out, work.left()), (0, 61));
        while work.begin_next() {}
        assert!(work.fresh.contains(&lost) && !work.fresh.contains(&damaged));
        assert!(work.decoding.borrow().as_ref().unwrap().slice(lost).is_some(), "shown while others are decoded");
        assert!(work.decoding.borrow().as_ref().unwrap().slice(damaged).is_none());
    }
}
