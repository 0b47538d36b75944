//! Files and phantoms to series. Files are handles until here: each is read, given to `study` and
//! freed. The handles are kept: of files that are more than memory holds only the headers are read,
//! and those of the chosen series once more.

use corsai_phantom::{Phantom, PhantomOptions};
use corsai_protocol::{PhantomRequest, Stage};
use corsai_study::{Intake, Limits, Prefetched, START_BYTES, SeriesList};
use futures_util::{StreamExt, stream};
use js_sys::Uint8Array;
use tracing::{field::Empty, info_span};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

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
    let by_start = total_size(files) > limits.bytes as f64;
    let contents = stream::iter(files).map(|file| first_content(file, limits.bytes, by_start)).buffered(READ_AHEAD);
    let mut named = stream::iter(names).zip(contents);
    let mut done = 0;
    while let Some((name, content)) = named.next().await {
        let content = match content {
            Ok(FileContent::Whole(bytes)) => Ok(Some(bytes)),
            Ok(FileContent::Start { bytes, of }) => {
                if intake.add_start(&name, bytes, of) {
                    Ok(None)
                } else {
                    more_of_file(&mut intake, &name, &files[done], of).await
                }
            }
            Err(error) => Err(error),
        };
        match content {
            Ok(None) => {}
            Ok(Some(bytes)) => {
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
    for index in intake.undecided() {
        // The images of a file that can't be read again are taken for different ones.
        if let Ok(bytes) = content(files[index].clone(), limits.bytes).await {
            intake.complete(index, bytes);
        }
        yielder.yield_if_due().await;
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

/// What is read of a file at first.
enum FileContent {
    Whole(Vec<u8>),
    /// The first bytes of a file, and the length of the whole.
    Start {
        bytes: Vec<u8>,
        of: u64,
    },
}

/// Returns the bytes of all files together.
fn total_size(files: &[JsValue]) -> f64 {
    files.iter().filter_map(|file| file.dyn_ref::<File>()).map(|file| file.size()).sum()
}

/// Reads a file of at most `most` bytes: its first ones where `by_start` says so, else all.
///
/// # Errors
/// [`NoContent`].
async fn first_content(file: &JsValue, most: u64, by_start: bool) -> Result<FileContent, NoContent> {
    let size = file.dyn_ref::<File>().map_or(0.0, |file| file.size());
    if by_start && size > START_BYTES[0] as f64 && size <= most as f64 {
        return Ok(FileContent::Start { bytes: start(file, START_BYTES[0]).await?, of: size as u64 });
    }
    content(file.clone(), most).await.map(FileContent::Whole)
}

/// Adds a file of `size` bytes whose header is longer than its first bytes. Returns the whole file
/// where more of them aren't enough.
///
/// # Errors
/// [`NoContent`].
async fn more_of_file(
    intake: &mut Intake,
    name: &str,
    file: &JsValue,
    size: u64,
) -> Result<Option<Vec<u8>>, NoContent> {
    for bytes in START_BYTES.into_iter().skip(1).filter(|bytes| *bytes < size) {
        if intake.add_start(name, start(file, bytes).await?, size) {
            return Ok(None);
        }
    }
    content(file.clone(), size).await.map(Some)
}

/// Reads the first bytes of a file.
///
/// # Errors
/// [`NoContent`].
async fn start(file: &JsValue, bytes: u64) -> Result<Vec<u8>, NoContent> {
    let file: &File = file.dyn_ref().ok_or(NoContent::Unreadable)?;
    let start = file.slice_with_f64_and_f64(0.0, bytes as f64).map_err(unreadable)?;
    blob_bytes(&start).await
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// [`NoContent`].
pub async fn content(file: JsValue, most: u64) -> Result<Vec<u8>, NoContent> {
    let file: File = file.dyn_into().map_err(unreadable)?;
    if file.size() > most as f64 {
        return Err(NoContent::TooLarge);
    }
    blob_bytes(&file).await
}

fn unreadable<E>(_: E) -> NoContent {
    NoContent::Unreadable
}

async fn blob_bytes(blob: &Blob) -> Result<Vec<u8>, NoContent> {
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(unreadable)?;
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
