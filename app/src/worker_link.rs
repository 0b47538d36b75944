//! The dedicated worker's life, and the wire to it. The page can end and restart it at any time.

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

const TRIES: u32 = 3;

/// What is heard from the worker or of it.
pub enum Heard {
    Event(Event, Vec<JsValue>),
    /// The policy of its headers stopped it from doing this.
    Blocked(String),
    Died,
    /// Its script or its module can't be had.
    Unloaded,
    /// The browser can't start module workers.
    Impossible,
}

/// Which of the computing parts: without a graphics processor most of one is of no use, and not every browser knows the
/// instructions of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Cpu,
    Relaxed,
    Gpu,
}

impl Part {
    /// The one that suits a wish and the browser.
    pub async fn fitting(wish: DevicePreference) -> Self {
        if wish != DevicePreference::Cpu && adapter().await.is_some() {
            Self::Gpu
        } else if knows_relaxed_simd() {
            Self::Relaxed
        } else {
            Self::Cpu
        }
    }

    /// What the build told of it.
    fn told(self, name: &str) -> Option<String> {
        let part = match self {
            Self::Cpu => "",
            Self::Relaxed => "relaxed-",
            Self::Gpu => "gpu-",
        };
        browser::told(&format!("data-{part}{name}"))
    }
}

/// Whether the browser takes a module with wasm's relaxed SIMD.
fn knows_relaxed_simd() -> bool {
    // (module (func (result v128) v128.const 0, v128.const 0, v128.const 0, f32x4.relaxed_madd))
    let nothing = [&[0xfd, 0x0c][..], &[0; 16]].concat();
    let body = [&[0][..], &nothing.repeat(3), &[0xfd, 0x85, 0x02, 0x0b]].concat();
    let sections = [1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, body.len() as u8 + 2, 1, body.len() as u8];
    let module = [&b"\0asm\x01\0\0\0"[..], &sections, &body].concat();
    WebAssembly::validate(&Uint8Array::from(&module[..])).unwrap_or_default()
}

/// A worker, once it has been started. Dropping it ends the worker.
pub struct Link {
    worker: Rc<RefCell<Option<Worker>>>,
    ready: bool,
    waiting: Vec<(Command, Vec<JsValue>, bool)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_failure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Link {
    /// Starts a worker for the part that is chosen, which waits for its compiled module and can fetch nothing itself.
    pub fn start<M: Future<Output = Option<JsValue>>>(
        part: impl Future<Output = Part> + 'static,
        module: impl FnOnce(Part) -> M + 'static,
        hear: impl Fn(Heard) + Clone + 'static,
    ) -> Self {
        let heard = hear.clone();
        let spoke = Rc::new(Cell::new(false));
        let speaks = Rc::clone(&spoke);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            speaks.set(true);
            heard(match (blocked(&message.data()), read(&message)) {
                (Some(directive), _) => Heard::Blocked(directive),
                (None, Ok((event, payload))) => Heard::Event(event, payload),
                (None, Err(_)) => Heard::Died,
            });
        });
        let failed = hear.clone();
        let on_failure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            // A script that can't be had is an event without a message (HTML, "run a worker"),
            // before any other.
            let absent = !spoke.get() && event.dyn_ref::<ErrorEvent>().is_none();
            failed(if absent { Heard::Unloaded } else { Heard::Died });
        });
        let listeners: [Function; 2] = [on_message.as_ref(), on_failure.as_ref()].map(|f| f.clone().unchecked_into());
        let worker = Rc::new(RefCell::new(None));
        let place = Rc::downgrade(&worker);
        spawn_local(async move {
            let part = part.await;
            let holds = holds_its_script(part).await;
            // Nobody waits for it any more.
            let Some(place) = place.upgrade() else { return };
            if !holds {
                return hear(Heard::Unloaded);
            }
            let Some(started) = started(part, &listeners) else { return hear(Heard::Impossible) };
            *place.borrow_mut() = Some(started.clone());
            let waits = Rc::downgrade(&place);
            drop(place);
            let posted = module(part).await.map(|module| started.post_message(&module));
            if !matches!(posted, Some(Ok(()))) && waits.strong_count() > 0 {
                hear(Heard::Unloaded);
            }
        });
        Self { worker, ready: false, waiting: Vec::new(), _on_message: on_message, _on_failure: on_failure }
    }

    /// Sends a command, once the worker listens: a module worker loses what arrives before.
    /// `false` where the browser refused it.
    pub fn send(&mut self, command: Command, payload: Vec<JsValue>, transfer: bool) -> bool {
        if let Some(worker) = self.worker.borrow().as_ref().filter(|_| self.ready) {
            return post(worker, &command, &payload, transfer).is_ok();
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
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.set_onmessageerror(None);
            worker.terminate();
        }
    }
}

/// `None` where the browser can't start module workers.
fn started(part: Part, [on_message, on_failure]: &[Function; 2]) -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("corsai");
    let worker = Worker::new_with_options(&part.told("worker")?, &options).ok()?;
    worker.set_onmessage(Some(on_message));
    worker.set_onerror(Some(on_failure));
    worker.set_onmessageerror(Some(on_failure));
    Some(worker)
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

/// A file of a computing part, with the SHA-384 that the page was built with: the request fails for
/// other bytes.
struct Asset {
    window: Window,
    url: String,
    options: RequestInit,
}

impl Asset {
    /// The file that the build names `name`. From the second attempt on the host is asked even
    /// where the browser has a copy: a spoilt one would be kept for a year.
    fn new(part: Part, name: &str, attempt: u32) -> Option<Self> {
        let (url, integrity) = (part.told(name)?, part.told(&format!("{name}-integrity"))?);
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

/// Whether the host's worker script is the one that the page was built with. No browser compares a
/// worker's script with a hash, and one that is started from bytes at hand would have this page's
/// policy in place of its own, stricter one. So the script is fetched and compared just before; the
/// worker then gets the copy that the browser or the service worker keeps.
async fn holds_its_script(part: Part) -> bool {
    for attempt in 0..TRIES {
        TimeoutFuture::new(600 * attempt).await;
        let Some(script) = Asset::new(part, "worker", attempt) else { return false };
        if script.bytes().await.is_ok() {
            return true;
        }
    }
    false
}

/// A computing part's module: fetched, compared with the hash that the page was built with, compiled. `None` where it
/// can't be had.
pub async fn compiled(part: Part) -> Option<JsValue> {
    for attempt in 0..TRIES {
        TimeoutFuture::new(600 * attempt).await;
        if let Ok(module) = compile(&Asset::new(part, "module", attempt)?).await {
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
