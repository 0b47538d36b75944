//! The service worker that keeps a copy of the page for use without a network (`public/sw.js`). A
//! newer version replaces this one only when the person asks for it and no study is open in this
//! tab. Other tabs continue with their own version's files: each tab holds a lock with its
//! version's name, and the service worker deletes the versions whose lock nobody holds.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MessageEvent, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

use crate::{browser, web_lock};

const SCRIPT: &str = "sw.js";
/// Asks the service worker for its version.
const ASK_VERSION: &str = "which version";
/// The start of its answer.
const VERSION: &str = "corsai-page-";
/// Has it delete the versions that no tab runs.
const FORGET: &str = "forget others";
/// Its answer where no other version runs.
const ALONE: &str = "alone";

/// Whether there is a copy of the page for use without a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OfflineCopy {
    /// It is being stored.
    #[default]
    Pending,
    /// It is stored.
    Stored,
    /// This browser stores none (a private window, a page that is not served securely).
    Unavailable,
}

/// The service worker and its versions.
#[derive(Clone, Copy)]
pub struct Offline {
    /// The state of the copy.
    pub copy: RwSignal<OfflineCopy>,
    /// A newer version waits.
    pub has_update: RwSignal<bool>,
    waiting: StoredValue<Option<ServiceWorker>, LocalStorage>,
    /// The version that this tab runs.
    version: StoredValue<Option<String>>,
    /// The person has asked for the newer version.
    updating: StoredValue<bool>,
}

/// Returns the browser's service workers, where it has them.
pub fn container() -> Option<ServiceWorkerContainer> {
    let navigator = browser::window()?.navigator();
    let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("serviceWorker")).ok()?;
    there.is_object().then(|| navigator.service_worker())
}

impl Offline {
    /// Returns the state before the registration.
    pub fn new() -> Self {
        Self {
            copy: RwSignal::default(),
            has_update: RwSignal::new(false),
            waiting: StoredValue::new_local(None),
            version: StoredValue::new(None),
            updating: StoredValue::new(false),
        }
    }

    /// Registers the service worker and watches for newer versions. `on_alone` is called where no
    /// tab runs another version.
    pub fn start(self, on_alone: impl Fn() + 'static) {
        if let Some(container) = container() {
            self.find_version(&container, on_alone);
        }
        spawn_local(async move {
            if self.register().await.is_none() {
                self.copy.set(OfflineCopy::Unavailable);
            }
        });
    }

    /// Finds the version that this tab runs, from the service worker that gave it its files or, at
    /// the first visit, from the one that has stored the same files.
    fn find_version(self, container: &ServiceWorkerContainer, on_alone: impl Fn() + 'static) {
        let on_message =
            Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| match message.data().as_string() {
                Some(version) if version.starts_with(VERSION) && self.version.with_value(Option::is_none) => {
                    web_lock::hold_shared(&version);
                    self.version.set_value(Some(version));
                    post_to_controller(FORGET);
                }
                Some(word) if word == ALONE => on_alone(),
                _ => {}
            })
            .into_js_value();
        container.set_onmessage(Some(on_message.unchecked_ref()));
        let on_change = Closure::<dyn FnMut()>::new(move || {
            if self.updating.get_value() {
                browser::reload();
            } else if self.version.with_value(Option::is_none) {
                post_to_controller(ASK_VERSION);
            }
        })
        .into_js_value();
        container.set_oncontrollerchange(Some(on_change.unchecked_ref()));
        post_to_controller(ASK_VERSION);
    }

    async fn register(self) -> Option<()> {
        let container = container()?;
        let options = RegistrationOptions::new();
        options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
        let registered = JsFuture::from(container.register_with_options(SCRIPT, &options)).await.ok()?;
        let registration: ServiceWorkerRegistration = registered.dyn_into().ok()?;
        if let Some(waiting) = registration.waiting().filter(|_| container.controller().is_some()) {
            self.set_waiting(waiting);
        }
        let watched = registration.clone();
        let found = Closure::<dyn FnMut()>::new(move || {
            if let Some(worker) = watched.installing() {
                self.watch(&worker);
            }
        })
        .into_js_value();
        registration.set_onupdatefound(Some(found.unchecked_ref()));
        if let Some(worker) = registration.installing() {
            self.watch(&worker);
        }
        if registration.active().is_some() {
            self.copy.set(OfflineCopy::Stored);
        }
        Some(())
    }

    fn watch(self, worker: &ServiceWorker) {
        let watched = worker.clone();
        let changed = Closure::<dyn FnMut()>::new(move || match watched.state() {
            ServiceWorkerState::Activated => self.copy.set(OfflineCopy::Stored),
            ServiceWorkerState::Installed if container().is_some_and(|c| c.controller().is_some()) => {
                self.set_waiting(watched.clone());
            }
            ServiceWorkerState::Redundant if self.copy.get_untracked() == OfflineCopy::Pending => {
                self.copy.set(OfflineCopy::Unavailable);
            }
            _ => {}
        })
        .into_js_value();
        worker.set_onstatechange(Some(changed.unchecked_ref()));
    }

    fn set_waiting(self, worker: ServiceWorker) {
        self.waiting.set_value(Some(worker));
        self.has_update.set(true);
    }

    /// Activates the newer version and loads it; another tab may have activated it before.
    pub fn update(self) {
        let Some(worker) = self.waiting.get_value() else { return };
        if worker.state() != ServiceWorkerState::Installed {
            browser::reload();
            return;
        }
        self.updating.set_value(true);
        let _ = worker.post_message(&JsValue::from_str("take over"));
    }
}

/// Posts a word to the service worker that gives this tab its files, where there is one.
fn post_to_controller(word: &str) {
    if let Some(controller) = container().and_then(|c| c.controller()) {
        let _ = controller.post_message(&JsValue::from_str(word));
    }
}
