//! The dedicated worker's life, and the wire to it. The page can end and restart it at any time.

use corsai_port::{post, read};
use corsai_protocol::{Command, Event};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// The script that Trunk writes for the worker binary.
const SCRIPT: &str = "corsai-worker_loader.js";

/// A running worker. Dropping it ends the worker.
pub struct Link {
    worker: Worker,
    ready: bool,
    waiting: Vec<(Command, Vec<JsValue>, bool)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_failure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Link {
    /// Starts a worker. `on_event` hears what it says, with the buffers beside it; `on_death` that it failed.
    /// `None` where the browser can't start module workers.
    pub fn start(
        mut on_event: impl FnMut(Event, Vec<JsValue>) + 'static,
        on_death: impl Fn() + Clone + 'static,
    ) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("corsai");
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let unreadable = on_death.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| match read(&message) {
            Ok((event, payload)) => on_event(event, payload),
            Err(_) => unreadable(),
        });
        let on_failure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            on_death();
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_failure.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_failure.as_ref().unchecked_ref()));
        Some(Self { worker, ready: false, waiting: Vec::new(), _on_message: on_message, _on_failure: on_failure })
    }

    /// Sends a command, once the worker listens: a module worker loses what arrives before.
    /// `false` where the browser refused it.
    pub fn send(&mut self, command: Command, payload: Vec<JsValue>, transfer: bool) -> bool {
        if self.ready {
            return post(&self.worker, &command, &payload, transfer).is_ok();
        }
        self.waiting.push((command, payload, transfer));
        true
    }

    /// The worker has said that it listens: what waited is sent.
    pub fn now_ready(&mut self) -> bool {
        self.ready = true;
        std::mem::take(&mut self.waiting)
            .into_iter()
            .all(|(command, payload, transfer)| self.send(command, payload, transfer))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}
