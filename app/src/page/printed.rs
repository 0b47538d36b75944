//! What the page says on paper and not on screen: where the numbers come from, and the day.

use leptos::{ev, prelude::*};

use crate::{browser, format, text};

/// The last lines of a printed page.
#[component]
pub fn Printed() -> impl IntoView {
    let today = RwSignal::new(browser::today());
    // The page may have been open for days.
    let printing = window_event_listener(ev::beforeprint, move |_| today.set(browser::today()));
    on_cleanup(move || printing.remove());
    let build = browser::build_attribute("data-build").expect("invariant: the page's script tag names its build");
    view! {
        <footer class="print-only printed" data-testid="printed">
            <p>{move || text::layout::printed(env!("CARGO_PKG_VERSION"), &build, &format::date(&today.get()))}</p>
        </footer>
    }
    .into_any()
}
