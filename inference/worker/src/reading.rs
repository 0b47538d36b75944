//! Files and phantoms to series. Files are handles until here: each is read, given to `study` and let go.

use corsai_phantom::{Phantom, PhantomOptions};
use corsai_protocol::{Issue, IssueCode, PhantomDate, RunId, Slot, Stage};
use corsai_study::{Intake, Limits, Opened};
use futures_util::{StreamExt, stream};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::{pace::Pace, pause::Pause};

/// Files asked for ahead of the one that is taken in.
const AHEAD: usize = 8;

/// Reads files; `names` and `files` belong together by their order.
pub async fn files(run: RunId, slot: Slot, names: Vec<String>, files: Vec<JsValue>) -> Opened {
    let limits = Limits::default();
    let mut intake = Intake::new(limits);
    let total = names.len().min(files.len());
    let mut pace = Pace::begin(run, slot, Stage::Reading);
    let mut pause = Pause::new();
    let contents = stream::iter(files).map(|file| content(file, limits.bytes)).buffered(AHEAD);
    let mut named = stream::iter(names).zip(contents);
    let mut done = 0;
    while let Some((name, content)) = named.next().await {
        match content {
            Some(bytes) => intake.add(&name, bytes),
            None => intake.fail(&name),
        }
        done += 1;
        pace.reached(done, total);
        pause.if_due().await;
    }
    intake.finish()
}

/// A file's bytes; `None` where it can't be read, or is larger than all that may be held.
async fn content(file: JsValue, most: u64) -> Option<Vec<u8>> {
    let file: File = file.dyn_into().ok()?;
    if file.size() > most as f64 {
        return None;
    }
    let buffer: ArrayBuffer = JsFuture::from(file.array_buffer()).await.ok()?.dyn_into().ok()?;
    let view = Uint8Array::new(&buffer);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(view.length() as usize).ok()?;
    bytes.resize(view.length() as usize, 0);
    view.copy_to(&mut bytes);
    Some(bytes)
}

/// Makes a phantom's files and reads them as if they had been dropped.
///
/// # Errors
/// `result.withheld` for shares or a date that no phantom has.
pub async fn phantom(run: RunId, slot: Slot, date: PhantomDate) -> Result<Opened, Vec<Issue>> {
    Pace::begin(run, slot, Stage::Reading).reached(0, 1);
    // Lets the page show that before the phantom is made in one piece.
    gloo_timers::future::TimeoutFuture::new(0).await;
    let made = Phantom::make(PhantomOptions::from(date));
    let phantom = made.map_err(|error| vec![Issue::new(IssueCode::ResultWithheld, &error.to_string())])?;
    let mut intake = Intake::new(Limits::default());
    let mut pace = Pace::begin(run, slot, Stage::Reading);
    let mut pause = Pause::new();
    for (done, (name, bytes)) in phantom.dicom_files().enumerate() {
        intake.add(&name, bytes);
        pace.reached(done + 1, phantom.slices());
        pause.if_due().await;
    }
    Ok(intake.finish())
}
