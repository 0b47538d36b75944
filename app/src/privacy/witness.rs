//! Writes down, for the privacy panel and nothing else, what the browser says this page asked a host for, and what its
//! policy stopped.

use std::collections::VecDeque;

use js_sys::{Array, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit, PerformanceResourceTiming, Response,
    SecurityPolicyViolationEvent,
};

use crate::browser;

/// Requests that are listed; all are counted.
const LISTED: usize = 500;

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

/// The requests since the page was opened: the newest in full, all as counts.
#[derive(Debug, Default, PartialEq)]
pub struct RequestLog {
    pub newest: VecDeque<Asked>,
    /// All requests, those that are listed no longer among them.
    pub count: usize,
    /// Whether the browser tells of requests.
    pub is_told: bool,
    /// When a study was opened last, and what was asked for since.
    since_opened: Option<(f64, SinceOpened)>,
}

/// The requests since a study was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinceOpened {
    pub requests: usize,
    /// Those that were for something else than this page's own files.
    pub foreign: usize,
}

impl RequestLog {
    fn record(&mut self, asked: Asked) {
        self.count += 1;
        if let Some((opened_ms, since)) = &mut self.since_opened
            && asked.at_ms >= *opened_ms
        {
            since.requests += 1;
            since.foreign += usize::from(!asked.is_own_file());
        }
        if self.newest.len() == LISTED {
            self.newest.pop_front();
        }
        self.newest.push_back(asked);
    }

    fn study_opened(&mut self, at_ms: f64) {
        self.since_opened = Some((at_ms, SinceOpened::default()));
    }

    /// `None` where no study was opened.
    pub fn since_opened(&self) -> Option<SinceOpened> {
        self.since_opened.map(|(_, since)| since)
    }
}

/// The policy that the host sends with the computing part's script.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum WorkerPolicy {
    #[default]
    Asked,
    /// The headers couldn't be had.
    Unread,
    /// Empty where the host sends none.
    Read(String),
}

/// What was seen since the page was opened.
#[derive(Clone, Copy)]
pub struct Witness {
    pub requests: RwSignal<RequestLog>,
    /// Each directive of the policy that stopped something.
    pub stopped: RwSignal<Vec<String>>,
    pub policy: RwSignal<WorkerPolicy>,
}

impl Witness {
    pub fn new() -> Self {
        Self { requests: RwSignal::default(), stopped: RwSignal::default(), policy: RwSignal::default() }
    }

    /// Begins to listen, and hears what was before.
    pub fn begin(self) {
        spawn_local(async move { self.policy.set(policy().await.map_or(WorkerPolicy::Unread, WorkerPolicy::Read)) });
        let address = browser::window().and_then(|w| w.document()?.base_uri().ok()?);
        let folder = folder_of(&address.expect("invariant: a page has an address"));
        let take = move |entries: PerformanceObserverEntryList, _: JsValue| {
            let heard = entries.get_entries();
            let entries = Array::from(&heard);
            // The observer hears of no other entries.
            let fresh = entries.iter().map(JsCast::unchecked_into::<PerformanceResourceTiming>).map(|e| Asked {
                at_ms: e.start_time(),
                what: e.name().strip_prefix(&folder).map_or_else(|| e.name(), Into::into),
                bytes: e.transfer_size() as u64,
            });
            let fresh: Vec<Asked> = fresh.collect();
            let _ = self.requests.try_update(|log| fresh.into_iter().for_each(|asked| log.record(asked)));
        };
        // It listens as long as the page lives.
        let take = Closure::<dyn FnMut(PerformanceObserverEntryList, JsValue)>::new(take).into_js_value();
        if let Ok(observer) = PerformanceObserver::new(take.unchecked_ref()) {
            // web-sys knows entryTypes only, which hear nothing of what was before.
            let init: PerformanceObserverInit = Object::new().unchecked_into();
            let _ = Reflect::set(&init, &JsValue::from_str("type"), &JsValue::from_str("resource"));
            init.set_buffered(true);
            observer.observe(&init);
            self.requests.update(|log| log.is_told = true);
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
            if !stopped.contains(&directive) {
                stopped.push(directive);
            }
        });
    }

    /// A study is being opened now.
    pub fn study_opened(self) {
        self.requests.update(|log| log.study_opened(browser::now_ms()));
    }
}

impl Asked {
    /// Below the page's own folder and without a query, so that the request carried nothing but a file's name.
    fn is_own_file(&self) -> bool {
        !self.what.contains("://") && !self.what.contains('?')
    }
}

/// The folder of a page's address, with its slash.
fn folder_of(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let (folder, _) = path.rsplit_once('/').expect("invariant: a page's address has a path");
    format!("{folder}/")
}

/// Read from the headers of a worker's script; empty where they hold none, `None` where the script
/// can't be had.
async fn policy() -> Option<String> {
    let asked = browser::window()?.fetch_with_str(&browser::told("data-worker")?);
    let response: Response = JsFuture::from(asked).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    Some(response.headers().get("content-security-policy").ok()?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_folder_is_its_address_without_query_and_file() {
        assert_eq!(folder_of("https://ct.example/tools/?tier=a/b#c/d"), "https://ct.example/tools/");
        assert_eq!(folder_of("https://ct.example/tools/index.html"), "https://ct.example/tools/");
    }

    fn asked(at_ms: f64, what: &str) -> Asked {
        Asked { at_ms, what: what.into(), bytes: 0 }
    }

    #[test]
    fn more_requests_than_are_listed_hide_none_of_those_since_a_study_was_opened() {
        let mut log = RequestLog::default();
        (0..520).for_each(|nth| log.record(asked(f64::from(nth), "icon.svg")));
        assert_eq!(log.since_opened(), None);
        log.study_opened(1000.0);
        assert_eq!(log.since_opened(), Some(SinceOpened::default()));
        // One that began before is told of afterwards.
        log.record(asked(999.0, "models/fpn-0.bin"));
        (0..4).for_each(|nth| log.record(asked(1000.0 + f64::from(nth), "icon.svg")));
        log.record(asked(1010.0, "https://elsewhere.example/a.js"));
        assert_eq!(log.since_opened(), Some(SinceOpened { requests: 5, foreign: 1 }));
        (0..2000).for_each(|nth| log.record(asked(2000.0 + f64::from(nth), "icon.svg")));
        assert_eq!(log.since_opened(), Some(SinceOpened { requests: 2005, foreign: 1 }));
        assert_eq!((log.count, log.newest.len()), (2526, LISTED));
        assert_eq!(log.newest.back(), Some(&asked(3999.0, "icon.svg")));
        log.study_opened(5000.0);
        assert_eq!(log.since_opened(), Some(SinceOpened::default()));
    }

    #[test]
    fn a_request_that_could_carry_something_is_told_from_one_for_a_file() {
        let own = |what: &str| asked(0.0, what).is_own_file();
        assert!(own("models/fpn-0.bin"));
        assert!(!own("models/fpn-0.bin?patient=1"));
        assert!(!own("https://elsewhere.example/a.js"));
    }
}
