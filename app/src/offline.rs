//! The service worker that keeps the page for use without a network (`public/sw.js`): started here,
//! and a newer version let in only when a person says so and no study is open in this tab. Other
//! tabs go on with their own version's files: each holds a lock with its version's name, and what
//! nobody holds is thrown away.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MessageEvent, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

use crate::{browser, lock};

const SCRIPT: &str = "sw.js";
/// Asks the service worker for its version, which it answers with a text that begins so.
const ASK_VERSION: &str = "which version";
const VERSION: &str = "corsai-page-";
/// Has it throw away the versions that no tab runs.
const FORGET: &str = "forget others";
/// Its answer where no other version runs.
const ALONE: &str = "alone";

/// Whether the page would open without a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kept {
    #[default]
    NotYet,
    Yes,
    /// This browser keeps nothing here (a private window, a page that is not served securely).
    Never,
}

#[derive(Clone, Copy)]
pub struct Offline {
    pub kept: RwSignal<Kept>,
    /// A newer version waits.
    pub newer: RwSignal<bool>,
    waiting: StoredValue<Option<ServiceWorker>, LocalStorage>,
    /// The version that this tab runs.
    version: StoredValue<Option<String>>,
    /// The person has taken the newer version.
    leaving: StoredValue<bool>,
}

/// The browser's service workers, where it has some for us.
pub fn container() -> Option<ServiceWorkerContainer> {
    let navigator = browser::window()?.navigator();
    let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("serviceWorker")).ok()?;
    there.is_object().then(|| navigator.service_worker())
}

impl Offline {
    pub fn new() -> Self {
        Self {
            kept: RwSignal::default(),
            newer: RwSignal::new(false),
            waiting: StoredValue::new_local(None),
            version: StoredValue::new(None),
            leaving: StoredValue::new(false),
        }
    }

    /// Registers the service worker and watches for newer ones. `alone` is called where no tab runs
    /// another version.
    pub fn begin(self, alone: impl Fn() + 'static) {
        if let Some(container) = container() {
            self.learn_version(&container, alone);
        }
        spawn_local(async move {
            if self.register().await.is_none() {
                self.kept.set(Kept::Never);
            }
        });
    }

    /// Learns which version this tab runs, from the service worker that gave it its files or, at
    /// the first visit, from the one that has kept the same.
    fn learn_version(self, container: &ServiceWorkerContainer, alone: impl Fn() + 'static) {
        let told =
            Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| match message.data().as_string() {
                Some(version) if version.starts_with(VERSION) && self.version.with_value(Option::is_none) => {
                    lock::share_for_ever(&version);
                    self.version.set_value(Some(version));
                    tell_controller(FORGET);
                }
                Some(word) if word == ALONE => alone(),
                _ => {}
            })
            .into_js_value();
        container.set_onmessage(Some(told.unchecked_ref()));
        let changed = Closure::<dyn FnMut()>::new(move || {
            if self.leaving.get_value() {
                browser::reload();
            } else if self.version.with_value(Option::is_none) {
                tell_controller(ASK_VERSION);
            }
        })
        .into_js_value();
        container.set_oncontrollerchange(Some(changed.unchecked_ref()));
        tell_controller(ASK_VERSION);
    }

    async fn register(self) -> Option<()> {
        let container = container()?;
        let options = RegistrationOptions::new();
        options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
        let registered = JsFuture::from(container.register_with_options(SCRIPT, &options)).await.ok()?;
        let registration: ServiceWorkerRegistration = registered.dyn_into().ok()?;
        if let Some(waiting) = registration.waiting().filter(|_| container.controller().is_some()) {
            self.waits(waiting);
        }
        let watched = registration.clone();
        let found = Closure::<dyn FnMut()>::new(move || {
            if let Some(fresh) = watched.installing() {
                self.watch(fresh);
            }
        })
        .into_js_value();
        registration.set_onupdatefound(Some(found.unchecked_ref()));
        if let Some(fresh) = registration.installing() {
            self.watch(fresh);
        }
        if registration.active().is_some() {
            self.kept.set(Kept::Yes);
        }
        Some(())
    }

    fn watch(self, fresh: ServiceWorker) {
        let watched = fresh.clone();
        let changed = Closure::<dyn FnMut()>::new(move || match watched.state() {
            ServiceWorkerState::Activated => self.kept.set(Kept::Yes),
            ServiceWorkerState::Installed if container().is_some_and(|c| c.controller().is_some()) => {
                self.waits(watched.clone());
            }
            ServiceWorkerState::Redundant if self.kept.get_untracked() == Kept::NotYet => self.kept.set(Kept::Never),
            _ => {}
        })
        .into_js_value();
        fresh.set_onstatechange(Some(changed.unchecked_ref()));
    }

    fn waits(self, fresh: ServiceWorker) {
        self.waiting.set_value(Some(fresh));
        self.newer.set(true);
    }

    /// Lets the newer version in and loads it; another tab may have let it in before.
    pub fn take_newer(self) {
        let Some(fresh) = self.waiting.get_value() else { return };
        if fresh.state() != ServiceWorkerState::Installed {
            browser::reload();
            return;
        }
        self.leaving.set_value(true);
        let _ = fresh.post_message(&JsValue::from_str("take over"));
    }
}

/// Tells the service worker that gives this tab its files, where there is one.
fn tell_controller(word: &str) {
    if let Some(controller) = container().and_then(|c| c.controller()) {
        let _ = controller.post_message(&JsValue::from_str(word));
    }
}
