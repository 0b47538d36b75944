//! The privacy panel: the page's requests and stored data, its build, and how to check from outside
//! that nothing is sent. It claims only what tests prove.

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    controller::use_controller,
    dialog::Dialog,
    format,
    network_log::{NetworkRequest, RequestLog, SinceOpened, WorkerPolicy},
    offline::OfflineCopy,
    privacy::stored_data::{self, StoredData},
    text,
    weights::{cache, manifest},
};

/// What the page finds out when the panel opens.
#[derive(Debug, Clone, Default, PartialEq)]
struct Found {
    /// `None` where the browser doesn't tell.
    stored: Option<StoredData>,
    /// SHA-256 of the compiled-in manifest.
    manifest: Option<String>,
}

async fn find() -> Found {
    Found {
        stored: stored_data::find().await,
        manifest: cache::sha256(&Uint8Array::from(manifest::MANIFEST.as_bytes()).buffer()).await,
    }
}

#[component]
pub fn PrivacyPanel(open: RwSignal<bool>) -> impl IntoView {
    let found = RwSignal::new(None::<Found>);
    let look = move || spawn_local(async move { found.set(Some(find().await)) });
    view! {
        <Dialog open id="privacy" title=text::privacy::TITLE on_open=Callback::new(move |()| look())>
            <Ready />
            <Requests />
            <Policy />
            <Storage found look />
            <Build found />
            <HowToCheck />
        </Dialog>
    }
    .into_any()
}

/// Whether the network may be switched off now.
#[component]
fn Ready() -> impl IntoView {
    let controller = use_controller();
    let words = move || {
        let loaded = controller.weights.get();
        match (loaded.is_complete(), controller.offline.copy.get()) {
            (false, _) => text::privacy::NETWORKS_LOADING,
            (true, OfflineCopy::Stored) if loaded.cached => text::privacy::READY,
            (true, OfflineCopy::Pending) => text::privacy::READY_COPYING,
            (true, _) => text::privacy::READY_NO_COPY,
        }
        .get()
    };
    let ready = move || controller.weights.get().is_complete() && controller.offline.copy.get() == OfflineCopy::Stored;
    view! { <p class="privacy-ready" data-testid="privacy-ready" data-ready=move || ready().to_string()>{words}</p> }
}

#[component]
fn Requests() -> impl IntoView {
    let controller = use_controller();
    let since = move || match controller.network_log.requests.with(RequestLog::since_opened) {
        _ if !controller.network_log.requests.with(|log| log.is_supported) => text::privacy::REQUESTS_UNKNOWN.into(),
        None => text::privacy::NO_STUDY_YET.get(),
        Some(SinceOpened { requests: 0, .. }) => text::privacy::NO_REQUEST.into(),
        Some(SinceOpened { requests, foreign }) => text::privacy::requests_since(requests, foreign == 0),
    };
    let all = move || {
        let (count, listed) = controller.network_log.requests.with(|log| (log.count, log.newest.len()));
        text::privacy::all_requests(count, listed)
    };
    let row = |request: NetworkRequest| {
        let source = if request.bytes == 0 { text::privacy::FROM_BROWSER.into() } else { format::bytes(request.bytes) };
        view! { <li>{text::privacy::request_time(request.at_ms / 1000.0)} " " <code>{request.url}</code> " " {source}</li> }
    };
    view! {
        <section>
            <h3>{text::privacy::REQUESTS}</h3>
            <p data-testid="requests-since">{since}</p>
            <details>
                <summary data-testid="requests-all">{all}</summary>
                <ol class="privacy-list" data-testid="requests">
                    {move || controller.network_log.requests.with(|log| log.newest.iter().cloned().map(row).collect::<Vec<_>>())}
                </ol>
            </details>
            <p class="hint">
                {text::privacy::REQUESTS_HINT}
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Policy() -> impl IntoView {
    let controller = use_controller();
    let guarded = move || match controller.network_log.policy.get() {
        WorkerPolicy::Requested => None,
        WorkerPolicy::Unknown => Some(("unknown", text::privacy::POLICY_UNKNOWN)),
        WorkerPolicy::Known(policy) if policy.contains("connect-src 'none'") => {
            Some(("true", text::privacy::POLICY_ENFORCED))
        }
        WorkerPolicy::Known(_) => Some(("false", text::privacy::POLICY_MISSING)),
    };
    let stopped = move || {
        let stopped = controller.network_log.violations.get();
        if stopped.is_empty() { text::privacy::NO_VIOLATION.get() } else { text::privacy::violations(&stopped) }
    };
    view! {
        <section>
            <h3>{text::privacy::POLICY}</h3>
            <p data-testid="policy" data-guarded=move || guarded().map(|(state, _)| state)>
                {move || guarded().map(|(_, words)| words.get())}
            </p>
            <p data-testid="stopped">{stopped}</p>
        </section>
    }
    .into_any()
}

#[component]
fn Storage(found: RwSignal<Option<Found>>, look: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let controller = use_controller();
    let words = move || {
        let Some(stored) = found.get()?.stored else {
            return Some(text::privacy::STORAGE_UNKNOWN.get());
        };
        Some(if stored.is_empty() && !browser::persistence_allowed() {
            text::privacy::STORES_NOTHING.get()
        } else if stored.is_empty() {
            text::privacy::NOTHING_STORED.get()
        } else {
            text::privacy::stored(stored.weights, stored.page, &stored.settings, stored.bytes)
        })
    };
    let forget = move |_| {
        spawn_local(async move {
            stored_data::delete_all().await;
            controller.offline.copy.set(OfflineCopy::Unavailable);
            controller.weights.update(|l| l.cached = false);
            look();
        });
    };
    view! {
        <section>
            <h3>{text::privacy::STORAGE}</h3>
            <p data-testid="stored">{words}</p>
            <p class="privacy-buttons">
                <button class="button button-small" data-testid="forget-stored" on:click=forget>{text::privacy::DELETE}</button>
                <button class="button button-small" data-testid="repair" on:click=move |_| {
                    spawn_local(async move {
                        stored_data::delete_all().await;
                        browser::reload();
                    });
                }>{text::privacy::DELETE_AND_RELOAD}</button>
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Build(found: RwSignal<Option<Found>>) -> impl IntoView {
    let build = browser::build_attribute("data-build").expect("invariant: the page's script tag names its build");
    let parts = manifest::manifest().networks;
    let rows = parts.into_iter().map(|network| {
        let sums: Vec<_> = network.parts.into_iter().map(|p| view! { <code>{p.sha256}</code> }).collect();
        view! { <dt>{network.name}</dt> <dd>{sums} <span class="hint">{network.licence}</span></dd> }
    });
    view! {
        <section>
            <h3>{text::privacy::PARTS}</h3>
            <dl class="privacy-sums">
                <dt>{text::privacy::BUILD}</dt>
                <dd><code data-testid="build">{build}</code></dd>
                <dt>{text::privacy::MANIFEST}</dt>
                <dd><code data-testid="manifest-hash">{move || found.get().and_then(|f| f.manifest)}</code></dd>
            </dl>
            <details>
                <summary>{text::privacy::WEIGHTS}</summary>
                <dl class="privacy-sums" data-testid="weights-hashes">{rows.collect::<Vec<_>>()}</dl>
            </details>
            <p class="hint">
                <a href="dist.sha256" target="_blank" rel="noopener">{text::privacy::CHECKSUMS}</a> " · "
                <a href="licences.txt" target="_blank" rel="noopener">{text::privacy::LICENCES}</a> " · "
                <a href="sbom.json" target="_blank" rel="noopener">{text::privacy::SBOM}</a>
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn HowToCheck() -> impl IntoView {
    view! {
        <section>
            <details data-testid="how-to-check">
                <summary>{text::privacy::HOW_TO_CHECK}</summary>
                <ol class="privacy-steps">
                    <li>
                        {text::privacy::CHECK_OFFLINE}
                    </li>
                    <li>
                        {text::privacy::CHECK_REQUESTS}
                    </li>
                    <li>
                        {text::privacy::CHECK_POLICY}
                    </li>
                    <li>
                        {text::privacy::CHECK_STORAGE}
                    </li>
                    <li>
                        {text::privacy::CHECK_BUILD}
                    </li>
                </ol>
                <p class="hint">
                    {text::privacy::LIMITS}
                </p>
            </details>
        </section>
    }
    .into_any()
}
