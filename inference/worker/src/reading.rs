//! Files and phantoms to series. Files are handles until here: each is read, given to `study` and let go.

use corsai_phantom::{Phantom, PhantomOptions};
use corsai_protocol::{PhantomRequest, RunId, Stage, StudySlot};
use corsai_report::Issue;
use corsai_study::{Intake, Limits, Prefetched, SeriesList};
use futures_util::{StreamExt, stream};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::{
    decoder_pool::{DecoderPool, Outcome},
    engine::fault,
    progress::ProgressReporter,
    yield_now::Yielder,
};

/// Files asked for ahead of the one that is taken in.
const AHEAD: usize = 8;

/// Reads files; `names` and `files` belong together by their order. What the decoders made of slices meanwhile comes
/// beside.
pub async fn files(
    run: RunId,
    slot: StudySlot,
    names: Vec<String>,
    files: Vec<JsValue>,
    decoders: &mut DecoderPool,
) -> (SeriesList, Prefetched) {
    let limits = Limits::default();
    let mut intake = Intake::new(limits);
    let total = names.len();
    assert_eq!(total, files.len(), "invariant: each name has its file");
    let mut pace = ProgressReporter::begin(run, slot, Stage::Reading);
    let mut pause = Yielder::new();
    let contents = stream::iter(files).map(|file| content(file, limits.bytes)).buffered(AHEAD);
    let mut named = stream::iter(names).zip(contents);
    let mut done = 0;
    while let Some((name, content)) = named.next().await {
        match content {
            Ok(bytes) => intake.add(&name, bytes),
            Err(NoContent::Unreadable) => intake.add_unreadable(&name),
            Err(NoContent::TooLarge) => intake.add_too_large(),
        }
        while let Some(outcome) = decoders.arrived() {
            keep(&mut intake, outcome);
        }
        if let Some(task) = intake.last_job()
            && decoders.has_room()
        {
            decoders.give(&task);
        }
        done += 1;
        pace.reached(done, total);
        pause.if_due().await;
    }
    while let Some(outcome) = decoders.next().await {
        keep(&mut intake, outcome);
    }
    let ahead = intake.take_prefetched();
    (intake.finish(), ahead)
}

/// A slice that was lost is decoded later, if anybody asks for it.
fn keep(intake: &mut Intake, outcome: Outcome) {
    if let Outcome::Decoded { picture, result } = outcome {
        intake.accept(picture, result);
    }
}

/// Why there are no bytes.
enum NoContent {
    Unreadable,
    TooLarge,
}

/// A file's bytes.
async fn content(file: JsValue, most: u64) -> Result<Vec<u8>, NoContent> {
    let unreadable = |_| NoContent::Unreadable;
    let file: File = file.dyn_into().map_err(unreadable)?;
    if file.size() > most as f64 {
        return Err(NoContent::TooLarge);
    }
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(unreadable)?;
    let view = Uint8Array::new(&buffer);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(view.length() as usize).map_err(|_| NoContent::TooLarge)?;
    bytes.resize(view.length() as usize, 0);
    view.copy_to(&mut bytes);
    Ok(bytes)
}

/// Makes a phantom's files and reads them as if they had been dropped.
///
/// # Errors
/// `internal.fault` for shares or a date that no phantom has.
pub async fn phantom(run: RunId, slot: StudySlot, date: PhantomRequest) -> Result<SeriesList, Vec<Issue>> {
    ProgressReporter::begin(run, slot, Stage::Reading).reached(0, 1);
    // Lets the page show that before the phantom is made in one piece.
    gloo_timers::future::TimeoutFuture::new(0).await;
    let made = Phantom::make(PhantomOptions::from(date));
    let phantom = made.map_err(|error| vec![fault(&format!("the made-up study: {error}"))])?;
    let mut intake = Intake::new(Limits::default());
    let mut pace = ProgressReporter::begin(run, slot, Stage::Reading);
    let mut pause = Yielder::new();
    for (done, (name, bytes)) in phantom.dicom_files().enumerate() {
        intake.add(&name, bytes);
        pace.reached(done + 1, phantom.slices());
        pause.if_due().await;
    }
    Ok(intake.finish())
}
