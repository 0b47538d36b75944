//! What is going on, how long it takes, and how to stop it.

use corsai_protocol::{Progress, Slot, Stage};
use leptos::prelude::*;

use crate::{format, shell::App, weights::Loaded};

/// A stage in words.
pub const fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "Reading files",
        Stage::Decoding => "Decoding slices",
        Stage::Weights => "Loading the networks",
        Stage::Device => "Choosing where to compute",
        Stage::Lungs => "Finding the lungs",
        Stage::Lesions => "Finding lesions",
        Stage::Refining => "More networks are voting",
    }
}

const fn unit(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "file",
        Stage::Weights => "network",
        Stage::Device => "step",
        Stage::Decoding | Stage::Lungs | Stage::Lesions => "slice",
        Stage::Refining => "run",
    }
}

/// "slice 12 of 148 · about 20 s left", or bytes while the weights are loaded.
pub fn detail(progress: &Progress, loaded: &Loaded) -> String {
    if progress.stage == Stage::Weights && loaded.bytes < loaded.of {
        return format!("{} of {}", format::bytes(loaded.bytes), format::bytes(loaded.of));
    }
    let mut text = String::new();
    if progress.total > 0 {
        text = format!("{} {} of {}", unit(progress.stage), progress.done.min(progress.total), progress.total);
    }
    if let Some(left) = progress.seconds_left.map(format::time_left).filter(|l| !l.is_empty()) {
        if !text.is_empty() {
            text.push_str(" · ");
        }
        text.push_str(&left);
    }
    text
}

/// Done part, 0..=1, where it is known.
pub fn fraction(progress: &Progress, loaded: &Loaded) -> Option<f64> {
    if progress.stage == Stage::Weights && loaded.bytes < loaded.of {
        return Some(loaded.bytes as f64 / loaded.of as f64);
    }
    (progress.total > 0).then(|| (f64::from(progress.done) / f64::from(progress.total)).clamp(0.0, 1.0))
}

#[component]
pub fn ProgressCard(app: App) -> impl IntoView {
    let busy = Memo::new(move |_| app.model.with(|m| m.busy_slot()));
    move || busy.get().map(|slot| view! { <Running app which=slot /> })
}

#[component]
fn Running(app: App, which: Slot) -> impl IntoView {
    let progress = Memo::new(move |_| app.model.with(|m| m.study(which).progress));
    let stopping = Memo::new(move |_| app.model.with(|m| m.study(which).stopping));
    let words = move || progress.get().map_or("Reading files", |p| stage_words(p.stage));
    let detail = move || progress.get().map(|p| detail(&p, &app.loaded.get())).unwrap_or_default();
    let done = move || progress.get().and_then(|p| fraction(&p, &app.loaded.get()));
    view! {
        <section class="card card-progress" aria-label="Progress" data-testid="progress">
            <div class="progress-head">
                <p class="progress-stage" data-testid="progress-stage">
                    {if which == Slot::Previous { "Earlier study: " } else { "" }}
                    {words}
                </p>
                <button
                    class="button button-small"
                    data-testid="cancel"
                    disabled=move || stopping.get()
                    on:click=move |_| app.stop(which)
                >
                    {move || if stopping.get() { "Stopping …" } else { "Cancel" }}
                </button>
            </div>
            {move || match done() {
                Some(done) => {
                    view! {
                        <progress class="progress-bar" aria-label="Done" max="1" value=format!("{done:.3}")></progress>
                    }
                        .into_any()
                }
                None => view! { <progress class="progress-bar" aria-label="Busy"></progress> }.into_any(),
            }}
            <p class="progress-detail" data-testid="progress-detail">{detail}</p>
            {move || {
                app.stalled
                    .get()
                    .then(|| {
                        view! {
                            <div class="stalled" role="alert" data-testid="stalled">
                                <p>"Nothing has happened for a minute. It may still go on; or stop it and open the study again."</p>
                                <button class="button button-small" data-testid="stop-hard" on:click=move |_| app.stop_hard()>
                                    "Stop it"
                                </button>
                            </div>
                        }
                    })
            }}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADED: Loaded = Loaded { bytes: 9, of: 9, failed: false, kept: true };

    fn at(stage: Stage, done: u32, total: u32, seconds_left: Option<f64>) -> Progress {
        Progress { stage, done, total, seconds_left }
    }

    #[test]
    fn says_which_slice_and_how_long() {
        let text = detail(&at(Stage::Lesions, 12, 148, Some(21.0)), &LOADED).replace('\u{202f}', " ");
        assert_eq!(text, "slice 12 of 148 · about 25 s left");
        assert_eq!(detail(&at(Stage::Reading, 3, 0, None), &LOADED), "");
    }

    #[test]
    fn weights_are_counted_in_bytes_while_they_come() {
        let loading = Loaded { bytes: 2_000_000, of: 8_000_000, failed: false, kept: true };
        let progress = at(Stage::Weights, 0, 4, None);
        assert_eq!(detail(&progress, &loading).replace('\u{202f}', " "), "2.0 MB of 8.0 MB");
        assert_eq!(fraction(&progress, &loading), Some(0.25));
        assert_eq!(fraction(&progress, &LOADED), Some(0.0));
    }

    #[test]
    fn an_unknown_end_has_no_fraction_and_none_is_beyond_it() {
        assert_eq!(fraction(&at(Stage::Reading, 5, 0, None), &LOADED), None);
        assert_eq!(fraction(&at(Stage::Reading, 5, 4, None), &LOADED), Some(1.0));
    }
}
