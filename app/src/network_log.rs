//! The network log of the privacy panel: the page's requests, as the browser lists them, and the
//! violations of its content security policy. Nothing of it leaves the page.

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

/// Requests that are listed. All are counted.
const LISTED_MAX: usize = 500;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRequest {
    /// Milliseconds since the page was opened.
    pub at_ms: f64,
    /// The address, without the page's own folder.
    pub url: String,
    /// Bytes that arrived over the network; 0 where the browser had the file.
    pub bytes: u64,
}

/// The requests since the page was opened: the newest in full, all as counts.
#[derive(Debug, Default, PartialEq)]
pub struct RequestLog {
    /// The newest requests, oldest first.
    pub newest: VecDeque<NetworkRequest>,
    /// Count of all requests.
    pub count: usize,
    /// Whether the browser lists requests.
    pub is_supported: bool,
    /// The time at which a study was opened last, and the requests since then.
    since_opened: Option<(f64, SinceOpened)>,
}

/// The requests since a study was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinceOpened {
    /// Count of all.
    pub requests: usize,
    /// Count of those for anything but this page's own files.
    pub foreign: usize,
}

impl RequestLog {
    fn record(&mut self, request: NetworkRequest) {
        self.count += 1;
        if let Some((opened_ms, since)) = &mut self.since_opened
            && request.at_ms >= *opened_ms
        {
            since.requests += 1;
            since.foreign += usize::from(!request.is_own_file());
        }
        if self.newest.len() == LISTED_MAX {
            self.newest.pop_front();
        }
        self.newest.push_back(request);
    }

    fn on_study_opened(&mut self, at_ms: f64) {
        self.since_opened = Some((at_ms, SinceOpened::default()));
    }

    /// Returns the requests since a study was opened; `None` where none was.
    pub fn since_opened(&self) -> Option<SinceOpened> {
        self.since_opened.map(|(_, since)| since)
    }
}

/// The content security policy that the host sends with the worker's script.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum WorkerPolicy {
    /// Its headers are being requested.
    #[default]
    Requested,
    /// The headers could not be loaded.
    Unknown,
    /// The policy; empty where the host sends none.
    Known(String),
}

/// The requests and policy violations since the page was opened.
#[derive(Clone, Copy)]
pub struct NetworkLog {
    /// The requests.
    pub requests: RwSignal<RequestLog>,
    /// Each directive of the policy that was violated.
    pub violations: RwSignal<Vec<String>>,
    /// The worker's policy.
    pub policy: RwSignal<WorkerPolicy>,
}

impl NetworkLog {
    /// Returns an empty log.
    pub fn new() -> Self {
        Self { requests: RwSignal::default(), violations: RwSignal::default(), policy: RwSignal::default() }
    }

    /// Starts to observe; requests from before are included.
    pub fn start(self) {
        spawn_local(async move {
            self.policy.set(worker_policy().await.map_or(WorkerPolicy::Unknown, WorkerPolicy::Known));
        });
        let address = browser::window().and_then(|w| w.document()?.base_uri().ok()?);
        let folder = folder_of(&address.expect("invariant: a page has an address"));
        let take = move |entries: PerformanceObserverEntryList, _: JsValue| {
            let entries = entries.get_entries();
            let entries = Array::from(&entries);
            // The observer gets no other entries.
            let fresh =
                entries.iter().map(JsCast::unchecked_into::<PerformanceResourceTiming>).map(|e| NetworkRequest {
                    at_ms: e.start_time(),
                    url: e.name().strip_prefix(&folder).map_or_else(|| e.name(), Into::into),
                    bytes: e.transfer_size() as u64,
                });
            let fresh: Vec<NetworkRequest> = fresh.collect();
            let _ = self.requests.try_update(|log| fresh.into_iter().for_each(|request| log.record(request)));
        };
        // It observes for the life of the page.
        let take = Closure::<dyn FnMut(PerformanceObserverEntryList, JsValue)>::new(take).into_js_value();
        if let Ok(observer) = PerformanceObserver::new(take.unchecked_ref()) {
            // web-sys has entryTypes only, with which earlier requests are left out.
            let init: PerformanceObserverInit = Object::new().unchecked_into();
            let _ = Reflect::set(&init, &JsValue::from_str("type"), &JsValue::from_str("resource"));
            init.set_buffered(true);
            observer.observe(&init);
            self.requests.update(|log| log.is_supported = true);
        }
        let violated =
            Closure::<dyn FnMut(SecurityPolicyViolationEvent)>::new(move |e: SecurityPolicyViolationEvent| {
                self.add_violation(e.effective_directive());
            })
            .into_js_value();
        if let Some(document) = browser::window().and_then(|w| w.document()) {
            let _ = document.add_event_listener_with_callback("securitypolicyviolation", violated.unchecked_ref());
        }
    }

    /// Adds a violated directive.
    pub fn add_violation(self, directive: String) {
        let _ = self.violations.try_update(|violations| {
            if !violations.contains(&directive) {
                violations.push(directive);
            }
        });
    }

    /// Takes in that a study is being opened.
    pub fn on_study_opened(self) {
        self.requests.update(|log| log.on_study_opened(browser::now_ms()));
    }
}

impl NetworkRequest {
    /// Whether the address is below the page's own folder and has no query, so that the request
    /// carried nothing but a file's name.
    fn is_own_file(&self) -> bool {
        !self.url.contains("://") && !self.url.contains('?')
    }
}

/// Returns the folder of a page's address, with its slash.
fn folder_of(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let (folder, _) = path.rsplit_once('/').expect("invariant: a page's address has a path");
    format!("{folder}/")
}

/// Returns the policy in the headers of the worker's script. It is empty if the headers have none,
/// and `None` if the script can't be loaded.
async fn worker_policy() -> Option<String> {
    let response = browser::window()?.fetch_with_str(&browser::build_attribute("data-worker")?);
    let response: Response = JsFuture::from(response).await.ok()?.dyn_into().ok()?;
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

    fn request(at_ms: f64, url: &str) -> NetworkRequest {
        NetworkRequest { at_ms, url: url.into(), bytes: 0 }
    }

    #[test]
    fn more_requests_than_are_listed_hide_none_of_those_since_a_study_was_opened() {
        let mut log = RequestLog::default();
        (0..520).for_each(|nth| log.record(request(f64::from(nth), "icon.svg")));
        assert_eq!(log.since_opened(), None);
        log.on_study_opened(1000.0);
        assert_eq!(log.since_opened(), Some(SinceOpened::default()));
        // A request that began before is listed afterwards.
        log.record(request(999.0, "models/fpn-0.bin"));
        (0..4).for_each(|nth| log.record(request(1000.0 + f64::from(nth), "icon.svg")));
        log.record(request(1010.0, "https://elsewhere.example/a.js"));
        assert_eq!(log.since_opened(), Some(SinceOpened { requests: 5, foreign: 1 }));
        (0..2000).for_each(|nth| log.record(request(2000.0 + f64::from(nth), "icon.svg")));
        assert_eq!(log.since_opened(), Some(SinceOpened { requests: 2005, foreign: 1 }));
        assert_eq!((log.count, log.newest.len()), (2526, LISTED_MAX));
        assert_eq!(log.newest.back(), Some(&request(3999.0, "icon.svg")));
        log.on_study_opened(5000.0);
        assert_eq!(log.since_opened(), Some(SinceOpened::default()));
    }

    #[test]
    fn a_request_that_could_carry_something_is_supported_from_one_for_a_file() {
        let own = |url: &str| request(0.0, url).is_own_file();
        assert!(own("models/fpn-0.bin"));
        assert!(!own("models/fpn-0.bin?patient=1"));
        assert!(!own("https://elsewhere.example/a.js"));
    }
}
