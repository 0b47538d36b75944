//! A handle to the dedicated worker: starts it, sends commands, receives its events, and ends it
//! when dropped.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

use corsai_channel::{adapter, post, read};
use corsai_protocol::{Command, DevicePreference, Event};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Function, Promise, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    ErrorEvent, MessageEvent, RequestCache, RequestInit, Response, Window, Worker, WorkerOptions, WorkerType,
};

use crate::{browser, state::Thumbnail};

/// Attempts to load a file of the worker.
const ATTEMPTS: u32 = 3;

/// A message from the worker, or about it.
pub enum WorkerMessage {
    /// An event and the objects beside it.
    Event(Event, Vec<JsValue>),
    /// The worker violated this directive of its content security policy.
    PolicyViolation(String),
    /// The worker crashed.
    Crashed,
    /// Its script or its module could not be loaded.
    LoadFailed,
    /// The browser can't start module workers.
    Unsupported,
}

/// A build of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerBuild {
    /// Wasm SIMD.
    Cpu,
    /// Wasm's relaxed SIMD, which not every browser knows.
    RelaxedSimd,
    /// WebGPU and wasm SIMD; about twice as large.
    Gpu,
}

impl WorkerBuild {
    /// Returns the build for a preferred device and this browser.
    pub async fn select(preference: DevicePreference) -> Self {
        if preference != DevicePreference::Cpu && adapter().await.is_some() {
            Self::Gpu
        } else if supports_relaxed_simd() {
            Self::RelaxedSimd
        } else {
            Self::Cpu
        }
    }

    /// Returns an attribute of this build, as the page's script tag has it.
    fn attribute(self, name: &str) -> Option<String> {
        let prefix = match self {
            Self::Cpu => "",
            Self::RelaxedSimd => "relaxed-",
            Self::Gpu => "gpu-",
        };
        browser::build_attribute(&format!("data-{prefix}{name}"))
    }
}

/// Whether the browser validates a module with wasm's relaxed SIMD.
fn supports_relaxed_simd() -> bool {
    // (module (func (result v128) v128.const 0, v128.const 0, v128.const 0, f32x4.relaxed_madd))
    let nothing = [&[0xfd, 0x0c][..], &[0; 16]].concat();
    let body = [&[0][..], &nothing.repeat(3), &[0xfd, 0x85, 0x02, 0x0b]].concat();
    let sections = [1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, body.len() as u8 + 2, 1, body.len() as u8];
    let module = [&b"\0asm\x01\0\0\0"[..], &sections, &body].concat();
    WebAssembly::validate(&Uint8Array::from(&module[..])).unwrap_or_default()
}

/// A worker. Dropping the handle ends it.
pub struct WorkerHandle {
    worker: Rc<RefCell<Option<Worker>>>,
    ready: bool,
    /// Commands that wait until the worker is ready.
    pending: Vec<(Command, Vec<JsValue>, bool)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_failure: Closure<dyn FnMut(web_sys::Event)>,
}

impl WorkerHandle {
    /// Starts a worker of the build that `build` resolves to. It waits for its compiled module,
    /// which the page posts: the worker's own policy forbids it any request.
    pub fn start<M: Future<Output = Option<JsValue>>>(
        build: impl Future<Output = WorkerBuild> + 'static,
        module: impl FnOnce(WorkerBuild) -> M + 'static,
        on_message: impl Fn(WorkerMessage) + Clone + 'static,
    ) -> Self {
        let receive = on_message.clone();
        let has_spoken = Rc::new(Cell::new(false));
        let first_message = Rc::clone(&has_spoken);
        let message_listener = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            first_message.set(true);
            receive(match (policy_violation(&message.data()), read(&message)) {
                (Some(directive), _) => WorkerMessage::PolicyViolation(directive),
                (None, Ok((event, payload))) => WorkerMessage::Event(event, payload),
                (None, Err(_)) => WorkerMessage::Crashed,
            });
        });
        let fail = on_message.clone();
        let failure_listener = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            // A script that can't be loaded is an event without a message (HTML, "run a worker"),
            // before any other.
            let not_loaded = !has_spoken.get() && event.dyn_ref::<ErrorEvent>().is_none();
            fail(if not_loaded { WorkerMessage::LoadFailed } else { WorkerMessage::Crashed });
        });
        let listeners: [Function; 2] =
            [message_listener.as_ref(), failure_listener.as_ref()].map(|f| f.clone().unchecked_into());
        let worker = Rc::new(RefCell::new(None));
        let slot = Rc::downgrade(&worker);
        spawn_local(async move {
            let build = build.await;
            let verified = has_verified_script(build).await;
            // The handle was dropped.
            let Some(slot) = slot.upgrade() else { return };
            if !verified {
                return on_message(WorkerMessage::LoadFailed);
            }
            let Some(started) = create_worker(build, &listeners) else { return on_message(WorkerMessage::Unsupported) };
            *slot.borrow_mut() = Some(started.clone());
            let handle = Rc::downgrade(&slot);
            drop(slot);
            let posted = module(build).await.map(|module| started.post_message(&module));
            if !matches!(posted, Some(Ok(()))) && handle.strong_count() > 0 {
                on_message(WorkerMessage::LoadFailed);
            }
        });
        Self { worker, ready: false, pending: Vec::new(), _on_message: message_listener, _on_failure: failure_listener }
    }

    /// Sends a command, once the worker is ready: a module worker loses earlier messages. Returns
    /// `false` where the browser refused it.
    pub fn send(&mut self, command: Command, payload: Vec<JsValue>, transfer: bool) -> bool {
        if let Some(worker) = self.worker.borrow().as_ref().filter(|_| self.ready) {
            return post(worker, &command, &payload, transfer).is_ok();
        }
        self.pending.push((command, payload, transfer));
        true
    }

    /// Sends the pending commands: the worker is ready. Returns `false` where the browser refused
    /// one.
    pub fn on_ready(&mut self) -> bool {
        self.ready = true;
        std::mem::take(&mut self.pending)
            .into_iter()
            .all(|(command, payload, transfer)| self.send(command, payload, transfer))
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.set_onmessageerror(None);
            worker.terminate();
        }
    }
}

/// Creates a module worker; `None` where the browser can't.
fn create_worker(build: WorkerBuild, [on_message, on_failure]: &[Function; 2]) -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("corsai");
    let worker = Worker::new_with_options(&build.attribute("worker")?, &options).ok()?;
    worker.set_onmessage(Some(on_message));
    worker.set_onerror(Some(on_failure));
    worker.set_onmessageerror(Some(on_failure));
    Some(worker)
}

/// Returns the preview images that come beside the list of series.
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

/// Returns the directive of a policy violation that the worker's script reports.
fn policy_violation(data: &JsValue) -> Option<String> {
    Reflect::get(data, &JsValue::from_str("blocked")).ok()?.as_string()
}

/// A file of the worker, with the SHA-384 that the page was built with: the request fails for other
/// bytes.
struct Asset {
    window: Window,
    url: String,
    options: RequestInit,
}

impl Asset {
    /// Returns the file that the build's attribute `name` gives. From the second attempt on the
    /// browser's copy is bypassed: a corrupt one would stay for a year.
    fn new(build: WorkerBuild, name: &str, attempt: u32) -> Option<Self> {
        let (url, integrity) = (build.attribute(name)?, build.attribute(&format!("{name}-integrity"))?);
        let options = RequestInit::new();
        options.set_integrity(&integrity);
        if attempt > 0 {
            options.set_cache(RequestCache::Reload);
        }
        Some(Self { window: browser::window()?, url, options })
    }

    fn fetch(&self) -> Promise {
        self.window.fetch_with_str_and_init(&self.url, &self.options)
    }

    async fn bytes(&self) -> Result<JsValue, JsValue> {
        let response: Response = JsFuture::from(self.fetch()).await?.dyn_into()?;
        if !response.ok() {
            return Err(JsValue::NULL);
        }
        JsFuture::from(response.array_buffer()?).await
    }
}

/// Whether the host's worker script is the one that the page was built with. No browser checks a
/// worker's script against a hash, and a worker that is started from a blob would have this page's
/// policy in place of its own, stricter one. So the script is fetched and checked just before; the
/// worker then gets the copy that the browser or the service worker keeps.
async fn has_verified_script(build: WorkerBuild) -> bool {
    for attempt in 0..ATTEMPTS {
        TimeoutFuture::new(600 * attempt).await;
        let Some(script) = Asset::new(build, "worker", attempt) else { return false };
        if script.bytes().await.is_ok() {
            return true;
        }
    }
    false
}

/// Fetches a worker's module, checks it against the hash that the page was built with, and compiles
/// it. `None` where that fails.
pub async fn compiled_module(build: WorkerBuild) -> Option<JsValue> {
    for attempt in 0..ATTEMPTS {
        TimeoutFuture::new(600 * attempt).await;
        if let Ok(module) = compile(&Asset::new(build, "module", attempt)?).await {
            return Some(module);
        }
    }
    None
}

async fn compile(module: &Asset) -> Result<JsValue, JsValue> {
    match JsFuture::from(WebAssembly::compile_streaming(&module.fetch())).await {
        Ok(module) => Ok(module),
        // A host may give another type than application/wasm.
        Err(_) => JsFuture::from(WebAssembly::compile(&module.bytes().await?.unchecked_into())).await,
    }
}
