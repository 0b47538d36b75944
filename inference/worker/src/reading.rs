//! Files and phantoms to series. Files are handles until here: each is read, given to `study` and
//! freed. The handles are kept: files that are more than memory holds are read again once their
//! series is chosen.

use corsai_phantom::{Phantom, PhantomOptions};
use corsai_protocol::{PhantomRequest, Stage};
use corsai_study::{Intake, Limits, Prefetched, SeriesList};
use futures_util::{StreamExt, stream};
use js_sys::Uint8Array;
use tracing::{field::Empty, info_span};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::{
    decoder_pool::{DecodeEvent, DecoderPool},
    error::WorkerError,
    progress::ProgressReporter,
    session::RunKey,
    timer::sleep,
    yield_now::Yielder,
};

/// Files that are read ahead of the one that is parsed.
const READ_AHEAD: usize = 8;

/// Reads files; `names` and `files` belong together by their order. Returns the series, and the
/// slices that were decoded meanwhile.
pub async fn files(
    key: RunKey,
    names: Vec<String>,
    files: &[JsValue],
    decoders: &mut DecoderPool,
) -> (SeriesList, Prefetched) {
    let limits = Limits::default();
    let mut intake = Intake::new(limits);
    let total = names.len();
    let span = info_span!("reading", run = key.0.0, files = total, bytes = Empty, unreadable = Empty);
    let (mut size, mut unreadable) = (0, 0);
    assert_eq!(total, files.len(), "invariant: each name has its file");
    let mut reporter = ProgressReporter::new(key, Stage::Reading);
    let mut yielder = Yielder::new();
    let contents = stream::iter(files).map(|file| content(file.clone(), limits.bytes)).buffered(READ_AHEAD);
    let mut named = stream::iter(names).zip(contents);
    let mut done = 0;
    while let Some((name, content)) = named.next().await {
        match content {
            Ok(bytes) => {
                size += bytes.len();
                intake.add(&name, bytes);
            }
            Err(NoContent::Unreadable) => {
                unreadable += 1;
                intake.add_unreadable(&name);
            }
            Err(NoContent::TooLarge) => intake.add_too_large(&name),
        }
        while let Some(event) = decoders.try_next() {
            accept(&mut intake, event);
        }
        if let Some(task) = intake.last_job()
            && decoders.has_capacity()
        {
            decoders.submit(&task);
        }
        done += 1;
        reporter.report(done, total);
        yielder.yield_if_due().await;
    }
    while let Some(event) = decoders.next().await {
        accept(&mut intake, event);
    }
    span.record("bytes", size);
    span.record("unreadable", unreadable);
    drop(span);
    let ahead = intake.take_prefetched();
    let _span = info_span!("headers", run = key.0.0).entered();
    (intake.finish(), ahead)
}

/// Keeps a decoded slice. A lost one is decoded later, if its series is chosen.
fn accept(intake: &mut Intake, event: DecodeEvent) {
    if let DecodeEvent::Decoded { picture, result } = event {
        intake.accept(picture, result);
    }
}

/// Why a file has no bytes.
pub enum NoContent {
    /// The browser can't read it any more.
    Unreadable,
    /// It has more bytes than can be held.
    TooLarge,
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// [`NoContent`].
pub async fn content(file: JsValue, most: u64) -> Result<Vec<u8>, NoContent> {
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
/// [`WorkerError::Phantom`] for shares or a date that no phantom has.
pub async fn phantom(key: RunKey, date: PhantomRequest) -> Result<SeriesList, WorkerError> {
    ProgressReporter::new(key, Stage::Reading).report(0, 1);
    // Lets the page show that before the phantom is made in one piece.
    sleep(0).await;
    let phantom = Phantom::generate(PhantomOptions::from(date))?;
    let mut intake = Intake::new(Limits::default());
    let mut reporter = ProgressReporter::new(key, Stage::Reading);
    let mut yielder = Yielder::new();
    for (done, (name, bytes)) in phantom.dicom_files().enumerate() {
        intake.add(&name, bytes);
        reporter.report(done + 1, phantom.slices());
        yielder.yield_if_due().await;
    }
    Ok(intake.finish())
}
