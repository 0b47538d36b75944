//! The dedicated worker's life, and the wire to it. The page can end and restart it at any time.

use std::future::Future;

use corsai_port::{post, read};
use corsai_protocol::{Command, Event};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, RequestInit, Response, Worker, WorkerOptions, WorkerType};

use crate::{browser, state::Thumbnail};

const TRIES: u32 = 3;

/// What is heard from the worker or of it.
pub enum Heard {
    Event(Event, Vec<JsValue>),
    /// The policy of its headers stopped it from doing this.
    Blocked(String),
    Died,
    /// Its module can't be had.
    Unloaded,
}

/// A running worker. Dropping it ends the worker.
pub struct Link {
    worker: Worker,
    ready: bool,
    waiting: Vec<(Command, Vec<JsValue>, bool)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_failure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Link {
    /// Starts a worker, which waits for its compiled module and can fetch nothing itself. `None` where the browser
    /// can't start module workers.
    pub fn start(
        module: impl Future<Output = Option<JsValue>> + 'static,
        hear: impl Fn(Heard) + Clone + 'static,
    ) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("corsai");
        let worker = Worker::new_with_options(&browser::told("data-worker")?, &options).ok()?;
        let heard = hear.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            heard(match (blocked(&message.data()), read(&message)) {
                (Some(directive), _) => Heard::Blocked(directive),
                (None, Ok((event, payload))) => Heard::Event(event, payload),
                (None, Err(_)) => Heard::Died,
            });
        });
        let failed = hear.clone();
        let on_failure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            failed(Heard::Died);
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_failure.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_failure.as_ref().unchecked_ref()));
        let told = worker.clone();
        spawn_local(async move {
            let posted = module.await.map(|module| told.post_message(&module));
            if !matches!(posted, Some(Ok(()))) {
                hear(Heard::Unloaded);
            }
        });
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

/// The small pictures that come beside the list of series.
pub fn thumbnails(event: &Event, payload: &[JsValue]) -> Vec<Thumbnail> {
    let Event::Series { previews, .. } = event else { return Vec::new() };
    previews
        .iter()
        .zip(payload)
        .filter_map(|(preview, buffer)| {
            let grey = Uint8Array::new(buffer.dyn_ref::<ArrayBuffer>()?).to_vec();
            let fits = u64::from(preview.columns) * u64::from(preview.rows) == grey.len() as u64;
            let (columns, rows) = (preview.columns, preview.rows);
            fits.then_some(Thumbnail { series: preview.series, columns, rows, grey })
        })
        .collect()
}

/// The directive that stopped the worker, where its script says so.
fn blocked(data: &JsValue) -> Option<String> {
    Reflect::get(data, &JsValue::from_str("blocked")).ok()?.as_string()
}

/// The computing part's module: fetched, compared with the hash that the page was built with, compiled. `None` where it
/// can't be had.
pub async fn compiled() -> Option<JsValue> {
    for attempt in 0..TRIES {
        TimeoutFuture::new(600 * attempt).await;
        if let Ok(module) = compile().await {
            return Some(module);
        }
    }
    None
}

async fn compile() -> Result<JsValue, JsValue> {
    let window = browser::window().ok_or(JsValue::NULL)?;
    let told = |name: &str| browser::told(name).ok_or(JsValue::NULL);
    let (url, integrity) = (told("data-module")?, told("data-module-integrity")?);
    let options = RequestInit::new();
    options.set_integrity(&integrity);
    let fetched = || window.fetch_with_str_and_init(&url, &options);
    match JsFuture::from(WebAssembly::compile_streaming(&fetched())).await {
        Ok(module) => Ok(module),
        // A host may give another type than application/wasm.
        Err(_) => {
            let response: Response = JsFuture::from(fetched()).await?.dyn_into()?;
            let bytes = JsFuture::from(response.array_buffer()?).await?;
            JsFuture::from(WebAssembly::compile(&bytes)).await
        }
    }
}
