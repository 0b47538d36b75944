//! Writes down, for the privacy panel and nothing else, what the browser says this page asked a host for, and what its
//! policy stopped.

use js_sys::{Array, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit, PerformanceResourceTiming, Response,
    SecurityPolicyViolationEvent,
};

use crate::browser;

/// Entries kept; a page that has made more requests than this has something to explain.
const KEPT: usize = 500;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Milliseconds since the page was opened.
    pub at_ms: f64,
    /// The address, without the page's own folder.
    pub what: String,
    /// Bytes that came over the network; none where the browser had the file.
    pub bytes: u64,
}

/// What was seen since the page was opened.
#[derive(Clone, Copy)]
pub struct Witness {
    pub asked: RwSignal<Vec<Asked>>,
    /// Directives of the policy that stopped something.
    pub stopped: RwSignal<Vec<String>>,
    /// The policy that the host sends with the computing part's script, once it is known.
    pub policy: RwSignal<Option<String>>,
    /// When a study was opened, on [`Asked::at_ms`]' clock.
    pub opened_ms: RwSignal<Option<f64>>,
}

impl Witness {
    pub fn new() -> Self {
        Self {
            asked: RwSignal::default(),
            stopped: RwSignal::default(),
            policy: RwSignal::default(),
            opened_ms: RwSignal::new(None),
        }
    }

    /// Begins to listen, and hears what was before.
    pub fn begin(self) {
        spawn_local(async move { self.policy.set(policy().await.or(Some(String::new()))) });
        let folder = browser::window().and_then(|w| w.document()?.base_uri().ok()?).unwrap_or_default();
        let folder = folder.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let take = move |entries: PerformanceObserverEntryList, _: JsValue| {
            let heard = entries.get_entries();
            let entries = Array::from(&heard);
            let fresh = entries.iter().filter_map(|e| e.dyn_into::<PerformanceResourceTiming>().ok()).map(|e| Asked {
                at_ms: e.start_time(),
                what: e.name().strip_prefix(&folder).map_or_else(|| e.name(), Into::into),
                bytes: e.transfer_size() as u64,
            });
            let fresh: Vec<Asked> = fresh.collect();
            let _ = self.asked.try_update(|asked| {
                asked.extend(fresh);
                asked.truncate(KEPT);
            });
        };
        // It listens as long as the page lives.
        let take = Closure::<dyn FnMut(PerformanceObserverEntryList, JsValue)>::new(take).into_js_value();
        if let Ok(observer) = PerformanceObserver::new(take.unchecked_ref()) {
            // web-sys knows entryTypes only, which hear nothing of what was before.
            let init: PerformanceObserverInit = Object::new().unchecked_into();
            let _ = Reflect::set(&init, &JsValue::from_str("type"), &JsValue::from_str("resource"));
            init.set_buffered(true);
            observer.observe(&init);
        }
        let stopped =
            Closure::<dyn FnMut(SecurityPolicyViolationEvent)>::new(move |e: SecurityPolicyViolationEvent| {
                self.was_stopped(e.effective_directive());
            })
            .into_js_value();
        if let Some(document) = browser::window().and_then(|w| w.document()) {
            let _ = document.add_event_listener_with_callback("securitypolicyviolation", stopped.unchecked_ref());
        }
    }

    pub fn was_stopped(self, directive: String) {
        let _ = self.stopped.try_update(|stopped| {
            if stopped.len() < KEPT {
                stopped.push(directive);
            }
        });
    }

    /// A study is being opened now.
    pub fn study_opened(self) {
        self.opened_ms.set(Some(browser::now_ms()));
    }

    /// Requests since a study was opened, and whether all were for this page's own files; `None` where none was opened.
    pub fn since_opened(self) -> Option<(usize, bool)> {
        let opened = self.opened_ms.get()?;
        self.asked.with(|asked| {
            let since: Vec<&Asked> = asked.iter().filter(|a| a.at_ms >= opened).collect();
            Some((since.len(), since.iter().all(|a| a.is_own_file())))
        })
    }
}

impl Asked {
    /// Below the page's own folder and without a query, so that the request carried nothing but a file's name.
    fn is_own_file(&self) -> bool {
        !self.what.contains("://") && !self.what.contains('?')
    }
}

/// Read from the headers of the script that the worker was started from; the browser has it already.
async fn policy() -> Option<String> {
    let asked = browser::window()?.fetch_with_str(&browser::told("data-worker")?);
    let response: Response = JsFuture::from(asked).await.ok()?.dyn_into().ok()?;
    response.headers().get("content-security-policy").ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_could_carry_something_is_told_from_one_for_a_file() {
        let own = |what: &str| Asked { at_ms: 0.0, what: what.into(), bytes: 0 }.is_own_file();
        assert!(own("models/fpn-0.bin"));
        assert!(!own("models/fpn-0.bin?patient=1"));
        assert!(!own("https://elsewhere.example/a.js"));
    }
}
