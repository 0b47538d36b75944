//! The service worker that keeps the page for use without a network (`public/sw.js`): started here, and a newer version
//! let in only when a person says so and no study is open.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState,
    ServiceWorkerUpdateViaCache,
};

use crate::browser;

const SCRIPT: &str = "sw.js";

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
}

/// The browser's service workers, where it has some for us.
pub fn container() -> Option<ServiceWorkerContainer> {
    let navigator = browser::window()?.navigator();
    let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("serviceWorker")).ok()?;
    there.is_object().then(|| navigator.service_worker())
}

impl Offline {
    pub fn new() -> Self {
        Self { kept: RwSignal::default(), newer: RwSignal::new(false), waiting: StoredValue::new_local(None) }
    }

    /// Registers the service worker and watches for newer ones.
    pub fn begin(self) {
        spawn_local(async move {
            if self.register().await.is_none() {
                self.kept.set(Kept::Never);
            }
        });
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

    /// Lets the newer version in and loads it.
    pub fn take_newer(self) {
        let Some((container, fresh)) = container().zip(self.waiting.get_value()) else { return };
        let changed = Closure::<dyn FnMut()>::new(browser::reload).into_js_value();
        container.set_oncontrollerchange(Some(changed.unchecked_ref()));
        let _ = fresh.post_message(&JsValue::from_str("take over"));
    }
}
