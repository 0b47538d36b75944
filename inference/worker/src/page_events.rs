//! What leaves the worker for the page.

use corsai_channel::ChannelError;
use corsai_protocol::{Event, ReportStage, RunId, StudySlot};
use corsai_report::{Issue, IssueCode, Report};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

pub fn post(event: &Event) {
    post_with(event, &[]);
}

/// Posts an event with buffers, which are moved and not copied.
pub fn post_with(event: &Event, buffers: &[ArrayBuffer]) {
    try_post(event, buffers).expect("invariant: an event can be posted to the page");
}

fn try_post(event: &Event, buffers: &[ArrayBuffer]) -> Result<(), ChannelError> {
    let payload: Vec<JsValue> = buffers.iter().map(JsValue::from).collect();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| ChannelError::Post)?;
    corsai_channel::post(&scope, event, &payload, true)
}

/// Asks the page for networks' weights, in this order.
pub fn ask_for_weights(networks: Vec<String>) {
    if !networks.is_empty() {
        post(&Event::WeightsRequested { networks });
    }
}

pub fn buffer(bytes: &[u8]) -> ArrayBuffer {
    Uint8Array::from(bytes).buffer()
}

/// i16 as little-endian bytes, which wasm's memory order is.
pub fn buffer_of_i16(values: &[i16]) -> ArrayBuffer {
    js_sys::Int16Array::from(values).buffer()
}

pub fn buffer_of_f32(values: &[f32]) -> ArrayBuffer {
    js_sys::Float32Array::from(values).buffer()
}

pub fn report(run: RunId, slot: StudySlot, report: Report, stage: ReportStage) {
    post(&Event::Report { run, slot, report: Box::new(report), stage });
}

pub fn refuse(run: RunId, slot: StudySlot, issues: Vec<Issue>) {
    post(&Event::Refused { run, slot, issues });
}

pub fn ready() {
    post(&Event::Ready { version: env!("CARGO_PKG_VERSION").into() });
}

/// Last words of a panicking worker. Nothing of the panic's text is passed on: it might quote a header.
pub fn fatal() {
    // What can't be posted now ends in a trap, of which the browser tells the page.
    let _ = try_post(&Event::Fatal { issue: Issue::new(IssueCode::WorkerDied, []) }, &[]);
}
