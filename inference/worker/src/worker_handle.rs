//! A handle of one more instance of this binary, in a worker of its own that ends with the handle.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::{
    assignments::Assignments,
    buffer::Buffer,
    messages::{WorkerRequest, WorkerResponse},
    overdue::next_message,
};

/// The name that a compute worker is started under.
pub const COMPUTE_WORKER: &str = "corsai-compute-worker";

/// The script that waits for the compiled module and starts it; relative to this worker's own.
const SCRIPT: &str = "worker.js";

/// A worker's number, its response, and the buffers that came beside the response.
pub type Message = (u32, WorkerResponse, Vec<JsValue>);

const DIED: WorkerResponse = WorkerResponse::Died { location: None };

/// A running worker.
#[derive(Debug)]
pub struct WorkerHandle {
    id: u32,
    worker: Worker,
    sender: UnboundedSender<Message>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    /// For an error that nobody caught, and a message that the browser can't read.
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

impl WorkerHandle {
    /// Starts a worker that responds under this number; `None` where the browser can't start a
    /// worker from a worker.
    pub fn start(id: u32, sender: &UnboundedSender<Message>) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(COMPUTE_WORKER);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let messages = sender.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let (response, payload) = corsai_channel::read::<WorkerResponse>(&message).unwrap_or((DIED, Vec::new()));
            let _ = messages.unbounded_send((id, response, payload));
        });
        let errors = sender.clone();
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            // Else the browser hands it on to the page, which would take it for this worker's
            // death.
            event.prevent_default();
            let _ = errors.unbounded_send((id, DIED, Vec::new()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        worker.post_message(&wasm_bindgen::module()).ok()?;
        Some(Self { id, worker, sender: sender.clone(), _on_message: on_message, _on_error: on_error })
    }

    /// Posts a request. A worker whose browser refuses the request counts as dead.
    pub fn post(&self, request: &WorkerRequest, buffers: &[Buffer<'_>]) {
        let payload: Vec<JsValue> = buffers.iter().map(|buffer| buffer.to_js()).collect();
        if let Err(error) = corsai_channel::post(&self.worker, request, &payload, true) {
            tracing::warn!(worker = self.id, cause = %error, "a request could not be posted");
            let _ = self.sender.unbounded_send((self.id, DIED, Vec::new()));
        }
    }
}

/// Returns the next response of a worker; `Died` for one that is overdue. The future may be dropped
/// while it waits: no response is lost.
pub async fn next_response(messages: &mut UnboundedReceiver<Message>, assignments: &mut Assignments) -> Message {
    next_message(messages, assignments).await.unwrap_or_else(|id| (id, DIED, Vec::new()))
}
