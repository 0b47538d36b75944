//! The privacy panel: what a visitor sees of the page's own traffic and storage, what the build is, and how to check
//! from outside that nothing is sent. Its claims are those that tests prove, no more.

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
    weights::{cache, manifest},
};

/// What only asking tells, asked when the panel opens.
#[derive(Debug, Clone, Default, PartialEq)]
struct Found {
    /// `None` where the browser doesn't tell.
    stored: Option<StoredData>,
    /// SHA-256 of the compiled-in manifest.
    manifest: Option<String>,
}

async fn find() -> Found {
    Found {
        stored: stored_data::look().await,
        manifest: cache::sha256(&Uint8Array::from(manifest::MANIFEST.as_bytes()).buffer()).await,
    }
}

#[component]
pub fn PrivacyPanel(open: RwSignal<bool>) -> impl IntoView {
    let found = RwSignal::new(None::<Found>);
    let look = move || spawn_local(async move { found.set(Some(find().await)) });
    view! {
        <Dialog open id="privacy" title="Privacy, and how to check it" on_open=Callback::new(move |()| look())>
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
            (false, _) => "The networks are still loading: keep the network on until they are here.",
            (true, OfflineCopy::Stored) if loaded.cached => {
                "Switch your network off now: it still works, and the page opens again without a network."
            }
            (true, OfflineCopy::Pending) => {
                "Switch your network off now: it still works. The page is still being kept for a later visit."
            }
            (true, _) => {
                "Switch your network off now: it still works as long as this tab is open and the study isn't closed. Nothing is kept here for a later visit."
            }
        }
    };
    let ready = move || controller.weights.get().is_complete() && controller.offline.copy.get() == OfflineCopy::Stored;
    view! { <p class="privacy-ready" data-testid="privacy-ready" data-ready=move || ready().to_string()>{words}</p> }
}

#[component]
fn Requests() -> impl IntoView {
    let controller = use_controller();
    let since = move || match controller.network_log.requests.with(RequestLog::since_opened) {
        _ if !controller.network_log.requests.with(|log| log.is_supported) => {
            "This browser doesn't tell what the page asks for.".into()
        }
        None => "No study has been opened yet.".to_string(),
        Some(SinceOpened { requests: 0, .. }) => "Since a study was opened: no request.".into(),
        Some(SinceOpened { requests, foreign }) => format!(
            "Since a study was opened: {}, {}.",
            format::counted(requests, "request", "requests"),
            if foreign == 0 {
                "each for one of this page's own files"
            } else {
                "not all of them for this page's own files"
            },
        ),
    };
    let all = move || {
        let (count, listed) = controller.network_log.requests.with(|log| (log.count, log.newest.len()));
        let newest = if listed < count { format!("; the newest {listed}") } else { String::new() };
        format!("{} since the page was opened{newest}", format::counted(count, "request", "requests"))
    };
    let row = |asked: NetworkRequest| {
        let came = if asked.bytes == 0 { "from this browser".into() } else { format::bytes(asked.bytes) };
        view! { <li>{format!("{:.1} s", asked.at_ms / 1000.0)} " " <code>{asked.url}</code> " " {came}</li> }
    };
    view! {
        <section>
            <h3>"What this page asked for"</h3>
            <p data-testid="requests-since">{since}</p>
            <details>
                <summary data-testid="requests-all">{all}</summary>
                <ol class="privacy-list" data-testid="requests">
                    {move || controller.network_log.requests.with(|log| log.newest.iter().cloned().map(row).collect::<Vec<_>>())}
                </ol>
            </details>
            <p class="hint">
                "The browser lists this page's requests here. It does not list those of the service worker, which fetches the page's own files once to keep them, and is itself looked up now and then for a newer version (sw.js). The computing part, which reads the study, is forbidden any request."
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
        WorkerPolicy::Unknown => Some((
            "unknown",
            "The policy of the computing part couldn't be read from the host. The code makes no connection; whether the browser enforces it isn't known here.",
        )),
        WorkerPolicy::Known(policy) if policy.contains("connect-src 'none'") => Some((
            "true",
            "The host sends the policy that forbids the computing part any connection (connect-src 'none'), and the browser enforces it.",
        )),
        WorkerPolicy::Known(_) => Some((
            "false",
            "This host does not send the policy that forbids the computing part any connection. The code makes none, but here nothing enforces it.",
        )),
    };
    let stopped = move || {
        let stopped = controller.network_log.violations.get();
        if stopped.is_empty() {
            "The policy has had nothing to stop.".to_string()
        } else {
            format!("The policy has stopped: {}.", stopped.join(", "))
        }
    };
    view! {
        <section>
            <h3>"What the browser enforces"</h3>
            <p data-testid="policy" data-guarded=move || guarded().map(|(state, _)| state)>
                {move || guarded().map(|(_, words)| words)}
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
            return Some("This browser doesn't tell what is stored. Nothing of a study is.".to_string());
        };
        Some(if stored.nothing() && !browser::persistence_allowed() {
            "Nothing is stored in this browser, and this tab will store nothing until you load the page again."
                .to_string()
        } else if stored.nothing() {
            "Nothing is stored in this browser.".to_string()
        } else {
            let settings = if stored.settings.is_empty() { "none".into() } else { stored.settings.join(", ") };
            let bytes = stored.bytes.map_or_else(String::new, |b| format!(" {} in all.", format::bytes(b as u64)));
            format!(
                "Stored in this browser: {} of weights, {} of the page itself, settings: {settings}.{bytes} Nothing of a study.",
                format::counted(stored.weights as usize, "file", "files"),
                format::counted(stored.page as usize, "file", "files"),
            )
        })
    };
    let forget = move |_| {
        spawn_local(async move {
            stored_data::forget().await;
            controller.offline.copy.set(OfflineCopy::Unavailable);
            controller.weights.update(|l| l.cached = false);
            look();
        });
    };
    view! {
        <section>
            <h3>"What is stored"</h3>
            <p data-testid="stored">{words}</p>
            <p class="privacy-buttons">
                <button class="button button-small" data-testid="forget-stored" on:click=forget>"Delete everything stored"</button>
                <button class="button button-small" data-testid="repair" on:click=move |_| {
                    spawn_local(async move {
                        stored_data::forget().await;
                        browser::reload();
                    });
                }>"Delete it and load the page anew"</button>
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
            <h3>"What runs here"</h3>
            <dl class="privacy-sums">
                <dt>"Build"</dt>
                <dd><code data-testid="build">{build}</code></dd>
                <dt>"Manifest"</dt>
                <dd><code data-testid="manifest-hash">{move || found.get().and_then(|f| f.manifest)}</code></dd>
            </dl>
            <details>
                <summary>"SHA-256 and licences of the weights"</summary>
                <dl class="privacy-sums" data-testid="weights-hashes">{rows.collect::<Vec<_>>()}</dl>
            </details>
            <p class="hint">
                <a href="dist.sha256" target="_blank" rel="noopener">"Checksums of every file"</a> " · "
                <a href="licences.txt" target="_blank" rel="noopener">"Licences of code and weights"</a> " · "
                <a href="sbom.json" target="_blank" rel="noopener">"All parts (SBOM)"</a>
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
                <summary>"How to check that nothing is sent"</summary>
                <ol class="privacy-steps">
                    <li>
                        "Wait until the networks are loaded, switch the network off (flight mode), and open a study. It is measured all the same: nothing that leaves this computer is needed."
                    </li>
                    <li>
                        "Or leave it on, open the browser's developer tools (F12) at “Network” before you open a study, and watch: no line is added. Other programs see it too, Wireshark for one."
                    </li>
                    <li>
                        "Look at the response headers of worker.js there: “connect-src 'none'” means that the browser lets the part that reads the study connect to nothing, whatever its code says."
                    </li>
                    <li>
                        "Under “Application” look at what is stored: the page's own files, the networks' weights, the scale you chose. Nothing of a study."
                    </li>
                    <li>
                        "Build the page from its source and compare the checksums with those linked above."
                    </li>
                </ol>
                <p class="hint">
                    "What none of this covers: browser extensions, the operating system, and what you save or copy out of the page yourself."
                </p>
            </details>
        </section>
    }
    .into_any()
}
