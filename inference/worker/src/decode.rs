//! One series' way from its files' bytes to its volume, told slice by slice to the page.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use corsai_protocol::{Event, Stage, VolumeSummary};
use corsai_report::Issue;
use corsai_study::{DecodedVolume, Limits, Prefetched, Series, VolumeDecoder};
use corsai_volume::Grid;
use wasm_bindgen::JsValue;

use crate::{
    decoder_pool::{DecodeEvent, DecoderPool},
    page_events,
    progress::ProgressReporter,
    reading::content,
    session::{RunKey, SlicePixels, Studies},
    yield_now::Yielder,
};

const NOT_TAKEN: &str = "invariant: the decoding goes on until its volume is taken";

/// What a drop is decoded with.
#[derive(Debug)]
pub struct DecodeResources {
    /// The compute workers that decode.
    pub decoders: DecoderPool,
    /// Slices that were decoded while others were read.
    pub ahead: Prefetched,
    /// The files of the drop, in the order in which they were read.
    pub files: Rc<Vec<JsValue>>,
}

/// The slices of a series: waiting, with a decoder, or decoded and not posted yet.
struct DecodeQueue {
    decoding: Rc<RefCell<Option<VolumeDecoder>>>,
    decoders: DecoderPool,
    waiting: VecDeque<usize>,
    out: usize,
    fresh: Vec<usize>,
}

impl DecodeQueue {
    /// Returns the number of slices that aren't decoded.
    fn left(&self) -> usize {
        self.waiting.len() + self.out
    }

    /// Gives the next slice to a decoder, or decodes it here where it needs no decoder or there is
    /// none. `false` where all that is left is to wait for a decoder.
    fn begin_next(&mut self) -> bool {
        let mut decoding = self.decoding.borrow_mut();
        let decoding = decoding.as_mut().expect(NOT_TAKEN);
        let Some(&z) = self.waiting.front() else { return false };
        let task = decoding.job(z);
        if let Some(task) = &task
            && self.decoders.has_capacity()
        {
            self.decoders.submit(task);
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

    fn on_event(&mut self, event: DecodeEvent) {
        self.out -= 1;
        let mut decoding = self.decoding.borrow_mut();
        let decoding = decoding.as_mut().expect(NOT_TAKEN);
        let place = |decoding: &VolumeDecoder, picture| {
            decoding.slice_of_image(picture).expect("invariant: a slice of this series")
        };
        match event {
            DecodeEvent::Decoded { picture, result } => {
                let z = place(decoding, picture);
                self.fresh.extend(decoding.accept(z, result).is_ok().then_some(z));
            }
            DecodeEvent::Lost { picture } => self.waiting.push_back(place(decoding, picture)),
        }
    }
}

/// Decodes a series, the middle slice first and then those around it; compressed slices by the
/// decoders, as far as there are any.
///
/// # Errors
/// Why there is no volume.
pub async fn decode(
    studies: &Studies,
    key: RunKey,
    series: &Series,
    DecodeResources { decoders, ahead, files }: DecodeResources,
) -> Result<DecodedVolume, Vec<Issue>> {
    let (run, slot) = key;
    let span =
        tracing::info_span!("decoding", run = run.0, slices = series.summary().slices, damaged = tracing::field::Empty);
    let mut begun = series.decoder()?;
    let fresh = begun.accept_prefetched(ahead);
    let grid = begun.grid().clone();
    page_events::post(&Event::Volume { run, slot, volume: summary(&grid) });
    let decoding = Rc::new(RefCell::new(Some(begun)));
    studies.of(slot).borrow_mut().pixels = SlicePixels::Decoding(Rc::clone(&decoding));
    let mut reporter = ProgressReporter::new(key, Stage::Decoding);
    read_again(key, &decoding, &files, &mut reporter).await;
    let waiting = decoding.borrow().as_ref().expect(NOT_TAKEN).order().into();
    let mut queue = DecodeQueue { decoding: Rc::clone(&decoding), decoders, waiting, out: 0, fresh };
    let mut yielder = Yielder::new();
    let mut shown = false;
    loop {
        let left = queue.left();
        // The first slice is shown at once, the others in batches.
        if yielder.is_due() || left == 0 || (!shown && !queue.fresh.is_empty()) {
            shown |= !queue.fresh.is_empty();
            let indices = std::mem::take(&mut queue.fresh).into_iter().map(|z| z as u32).collect();
            page_events::post(&Event::Changed { run, slot, indices, areas: Vec::new() });
            reporter.report(grid.slices().saturating_sub(left), grid.slices());
            yielder.yield_now().await;
        }
        if left == 0 {
            break;
        }
        if let Some(event) = queue.decoders.try_next() {
            queue.on_event(event);
        } else if !queue.begin_next() {
            let event = queue.decoders.next().await.expect("invariant: a slice with a decoder comes back");
            queue.on_event(event);
        }
    }
    drop(queue);
    let done = decoding.borrow_mut().take().expect(NOT_TAKEN);
    let decoded = done.finish()?;
    span.record("damaged", grid.slices().saturating_sub(decoded.volume.grid().slices()));
    if *decoded.volume.grid() != grid {
        // Damaged slices were left out, which renumbers the others.
        page_events::post(&Event::Volume { run, slot, volume: summary(decoded.volume.grid()) });
    }
    Ok(decoded)
}

/// Decodes the slices whose files were let go when they were listed: all together were more than
/// memory holds.
async fn read_again(
    (run, slot): RunKey,
    decoding: &RefCell<Option<VolumeDecoder>>,
    files: &[JsValue],
    reporter: &mut ProgressReporter,
) {
    let released = decoding.borrow().as_ref().expect(NOT_TAKEN).released_files();
    let mut yielder = Yielder::new();
    let mut fresh = Vec::new();
    for (done, &index) in released.iter().enumerate() {
        let file = files.get(index).expect("invariant: files are numbered in the order of the drop");
        // A file that can't be read now leaves its slice undecoded, which is said with its name.
        if let Ok(bytes) = content(file.clone(), Limits::default().bytes).await {
            fresh.extend(decoding.borrow_mut().as_mut().expect(NOT_TAKEN).decode_file(index, bytes));
        }
        if yielder.is_due() || done + 1 == released.len() {
            let indices = std::mem::take(&mut fresh).into_iter().map(|z| z as u32).collect();
            page_events::post(&Event::Changed { run, slot, indices, areas: Vec::new() });
            reporter.report(done + 1, released.len());
            yielder.yield_now().await;
        }
    }
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
        for (name, bytes) in Phantom::generate(options).unwrap().dicom_files() {
            intake.add(&name, bytes);
        }
        intake.finish()
    }

    /// On one core nobody but the worker itself decodes.
    fn queue(opened: &SeriesList) -> DecodeQueue {
        let begun = opened.series[0].decoder().unwrap();
        let waiting = begun.order().into();
        let decoding = Rc::new(RefCell::new(Some(begun)));
        DecodeQueue { decoding, decoders: DecoderPool::new(1), waiting, out: 0, fresh: Vec::new() }
    }

    #[test]
    fn the_middle_slice_comes_first_and_then_those_around_it() {
        let opened = opened();
        let mut queue = queue(&opened);
        while queue.begin_next() {}
        assert_eq!(queue.left(), 0);
        assert_eq!(queue.fresh[0], 31);
        let away: Vec<usize> = queue.fresh.iter().map(|z| z.abs_diff(31)).collect();
        assert!(away.is_sorted());
        let decoded = queue.decoding.take().unwrap().finish().unwrap();
        assert_eq!(decoded.volume.grid().slices(), 62);
    }

    #[test]
    fn a_slice_that_a_decoder_lost_waits_again_and_a_damaged_one_does_not() {
        let opened = opened();
        let mut queue = queue(&opened);
        let pictures: Vec<u32> = (0..124)
            .filter(|picture| queue.decoding.borrow().as_ref().unwrap().slice_of_image(*picture).is_some())
            .take(2)
            .collect();
        let place = |picture: u32| queue.decoding.borrow().as_ref().unwrap().slice_of_image(picture).unwrap();
        let [lost, damaged] = [place(pictures[0]), place(pictures[1])];
        queue.waiting.retain(|z| ![lost, damaged].contains(z));
        queue.out = 2;
        queue.on_event(DecodeEvent::Lost { picture: pictures[0] });
        assert_eq!(queue.waiting.back(), Some(&lost));
        let fault = SliceError::from(CodecError::Damaged);
        queue.on_event(DecodeEvent::Decoded { picture: pictures[1], result: Err(fault) });
        assert_eq!((queue.out, queue.left()), (0, 61));
        while queue.begin_next() {}
        assert!(queue.fresh.contains(&lost) && !queue.fresh.contains(&damaged));
        assert!(queue.decoding.borrow().as_ref().unwrap().slice(lost).is_some(), "shown while others are decoded");
        assert!(queue.decoding.borrow().as_ref().unwrap().slice(damaged).is_none());
    }
}
