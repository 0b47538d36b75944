//! Coordinator's end of a helper: one more instance of this binary, in a worker of its own, that ends with this.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};
use web_time::Instant;

use crate::{
    assignments::Assignments,
    compute_worker::{WorkerRequest, WorkerResponse},
};

/// How often it is looked whether a helper is overdue.
const LOOK_MS: u32 = 500;

/// The script that waits for the compiled module and starts it; relative to this worker's own.
const SCRIPT: &str = "worker.js";

/// Who says it, what, and the buffers that came beside it.
pub type Message = (u32, WorkerResponse, Vec<JsValue>);

#[derive(Debug)]
pub struct WorkerHandle {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    /// Of an error that nobody caught, or a message that the browser can't read.
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
    /// Starts a helper, whose messages come as those of `id`; `None` where the browser can't start a worker from a worker.
    pub fn start(id: u32, sender: &UnboundedSender<Message>) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(crate::HELPER);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let messages = sender.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let (message, payload) =
                corsai_channel::read::<WorkerResponse>(&message).unwrap_or((WorkerResponse::Died, Vec::new()));
            let _ = messages.unbounded_send((id, message, payload));
        });
        let errors = sender.clone();
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            // Else the browser hands it on to the page, which would take it for this worker's death.
            event.prevent_default();
            let _ = errors.unbounded_send((id, WorkerResponse::Died, Vec::new()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        worker.post_message(&wasm_bindgen::module()).ok()?;
        Some(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Whether the message could be sent.
    pub fn post(&self, message: &WorkerRequest, payload: &[JsValue]) -> bool {
        corsai_channel::post(&self.worker, message, payload, true).is_ok()
    }
}

/// The next message of a helper; that it died of one that is overdue. May be dropped while it
/// waits: nothing is lost.
pub async fn next(messages: &mut UnboundedReceiver<Message>, assignments: &mut Assignments) -> Message {
    loop {
        // Not before the browser had time to deliver what came while this worker was busy.
        match select(messages.next(), TimeoutFuture::new(LOOK_MS)).await {
            Either::Left((message, _)) => return message.expect("invariant: whoever listens keeps a sender"),
            Either::Right(_) => {
                if let Some(id) = assignments.overdue(Instant::now()) {
                    return (id, WorkerResponse::Died, Vec::new());
                }
            }
        }
    }
}
