//! The section "Diagnostics" of the settings: the lines, to be read and then copied by the person.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::{browser, diagnostics::subscriber, text};

/// A disclosure with the last lines of page and worker. They are read when it is opened, so that a
/// text that is being read or copied doesn't change.
#[component]
pub fn DiagnosticsSection() -> impl IntoView {
    let lines = RwSignal::new(String::new());
    let status = RwSignal::new(String::new());
    let refresh = move || {
        lines.set(subscriber::text());
        status.set(String::new());
    };
    let copy = move |_| {
        let text = lines.get_untracked();
        spawn_local(async move {
            let copied = browser::copy(&text).await;
            status.set(if copied { text::diagnostics::COPIED } else { text::diagnostics::NO_CLIPBOARD }.get());
        });
    };
    view! {
        <details class="diagnostics" data-testid="diagnostics" on:toggle=move |_| refresh()>
            <summary>{text::diagnostics::TITLE}</summary>
            <p class="hint">{text::diagnostics::EXPLANATION}</p>
            <pre
                class="diagnostics-lines"
                role="region"
                aria-label=text::diagnostics::LINES
                tabindex="0"
                data-testid="diagnostics-lines"
            >
                {move || lines.get()}
            </pre>
            <div class="actions">
                <button class="button button-small" data-testid="diagnostics-copy" on:click=copy>
                    {text::diagnostics::COPY}
                </button>
                <button class="button button-small" data-testid="diagnostics-refresh" on:click=move |_| refresh()>
                    {text::diagnostics::REFRESH}
                </button>
                <span class="hint" role="status" data-testid="diagnostics-status">{move || status.get()}</span>
            </div>
        </details>
    }
    .into_any()
}
