//! Events to the page.

use corsai_protocol::{Event, ReportStage, RunId, StudySlot};
use corsai_report::{Issue, IssueCode, Report};

use crate::buffer::Buffer;

/// Posts an event without buffers.
pub fn post(event: &Event) {
    post_with(event, &[]);
}

/// Posts an event and the buffers beside it.
pub fn post_with(event: &Event, buffers: &[Buffer<'_>]) {
    send_diagnostics();
    target::try_post(event, buffers).expect("invariant: an event can be posted to the page");
}

/// Sends the diagnostics that have gathered, so that they are with the page if this worker dies.
fn send_diagnostics() {
    let lines = crate::diagnostics::take_lines();
    if !lines.is_empty() {
        // A batch that can't be posted is lost; the run goes on.
        let _ = target::try_post(&Event::Diagnostics { lines }, &[]);
    }
}

/// Requests networks' weights of the page, in this order.
pub fn request_weights(networks: Vec<String>) {
    if !networks.is_empty() {
        post(&Event::WeightsRequested { networks });
    }
}

/// Posts a run's numbers.
pub fn report(run: RunId, slot: StudySlot, report: Report, stage: ReportStage) {
    post(&Event::Report { run, slot, report: Box::new(report), stage });
}

/// Posts that a run ended without numbers.
pub fn refuse(run: RunId, slot: StudySlot, issues: Vec<Issue>) {
    post(&Event::Refused { run, slot, issues });
}

/// Posts that the worker listens.
pub fn ready() {
    post(&Event::Ready { version: env!("CARGO_PKG_VERSION").into() });
}

/// Posts that this worker can't go on. Nothing of a panic's text is passed on: it might quote a
/// header.
pub fn fatal() {
    send_diagnostics();
    // An event that can't be posted now ends in a trap, which the browser reports to the page.
    let _ = target::try_post(&Event::Fatal { issue: Issue::new(IssueCode::WorkerDied, []) }, &[]);
}

#[cfg(target_arch = "wasm32")]
mod target {
    use corsai_channel::ChannelError;
    use corsai_protocol::Event;
    use wasm_bindgen::{JsCast, JsValue};
    use web_sys::DedicatedWorkerGlobalScope;

    use crate::buffer::Buffer;

    pub fn try_post(event: &Event, buffers: &[Buffer<'_>]) -> Result<(), ChannelError> {
        let payload: Vec<JsValue> = buffers.iter().map(|buffer| buffer.to_js()).collect();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| ChannelError::Post)?;
        corsai_channel::post(&scope, event, &payload, true)
    }
}

/// Natively events are kept for the tests of this thread.
#[cfg(not(target_arch = "wasm32"))]
mod target {
    use std::cell::RefCell;

    use corsai_channel::ChannelError;
    use corsai_protocol::Event;

    use crate::buffer::Buffer;

    thread_local! {
        pub static POSTED: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    }

    #[expect(clippy::unnecessary_wraps, reason = "as in the browser")]
    pub fn try_post(event: &Event, _: &[Buffer<'_>]) -> Result<(), ChannelError> {
        POSTED.with_borrow_mut(|posted| posted.push(event.clone()));
        Ok(())
    }
}

/// Takes the events that this thread has posted.
#[cfg(test)]
pub fn take_posted() -> Vec<Event> {
    target::POSTED.with_borrow_mut(std::mem::take)
}
