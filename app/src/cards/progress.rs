//! What is going on, how long it takes, and how to stop it.

use corsai_protocol::{Progress, Stage, StudySlot};
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    format,
    state::{Phase, StudyStoreFields, derived},
    weights::{queue::DownloadProgress, status::WeightsStatus},
};

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

/// "slice 12 of 148 · about 20 s left", or bytes while weights are loaded.
pub fn detail(progress: &Progress, loaded: &WeightsStatus, download: Option<&DownloadProgress>) -> String {
    if progress.stage == Stage::Weights && loaded.bytes < loaded.total {
        return format!("{} of {}", format::bytes(loaded.bytes), format::bytes(loaded.total));
    }
    let mut parts = Vec::new();
    if progress.total > 0 && progress.stage != Stage::Weights {
        parts.push(format!("{} {} of {}", unit(progress.stage), progress.done.min(progress.total), progress.total));
    }
    let mut seconds_left = progress.seconds_left;
    if let Some(download) = download {
        parts.push(format!(
            "loading a network: {} of {}",
            format::bytes(download.bytes),
            format::bytes(download.total)
        ));
        seconds_left = download.seconds_left();
    }
    parts.extend(seconds_left.map(format::time_left).filter(|l| !l.is_empty()));
    parts.join(" · ")
}

/// Done part, 0..=1, where it is known.
pub fn fraction(progress: &Progress, loaded: &WeightsStatus) -> Option<f64> {
    if progress.stage == Stage::Weights && loaded.bytes < loaded.total {
        return Some(loaded.bytes as f64 / loaded.total as f64);
    }
    (progress.total > 0).then(|| (f64::from(progress.done) / f64::from(progress.total)).clamp(0.0, 1.0))
}

#[component]
pub fn ProgressCard() -> impl IntoView {
    let controller = use_controller();
    let busy = Memo::new(move |_| derived::busy_slot(controller.state));
    // The start page has it in its own place.
    let open = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase != Phase::Empty);
    view! {
        {move || open.get().then(|| view! { <Listing /> })}
        {move || busy.get().map(|slot| view! { <Running which=slot /> })}
        <Ended which=StudySlot::Current />
        <Ended which=StudySlot::Previous />
    }
}

/// That folders are being looked through, from the first moment on.
#[component]
pub fn Listing() -> impl IntoView {
    let controller = use_controller();
    let found = move || controller.listing.get().map(|found| format::counted(found, "file", "files"));
    let listing = Memo::new(move |_| controller.listing.get().is_some());
    move || {
        listing.get().then(|| {
            view! {
                <section class="card card-progress" aria-label="Progress" data-testid="listing">
                    <div class="progress-head">
                        <p class="progress-stage" role="status">"Looking through the folder"</p>
                        <button class="button button-small" data-testid="stop-listing" on:click=move |_| controller.stop_listing()>
                            "Cancel"
                        </button>
                    </div>
                    <progress class="progress-bar" aria-label="Busy"></progress>
                    <p class="progress-detail" data-testid="listed">{found}</p>
                </section>
            }
        })
    }
}

/// That the person stopped a study, or that a worker took its pictures along; and the way to
/// measure it once more.
#[component]
fn Ended(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let again = Memo::new(move |_| {
        let study = controller.study(which);
        let series = derived::remeasurable(study).filter(|_| derived::can_compute(controller.state));
        series.map(|series| (series, study.phase().get() == Phase::Stopped))
    });
    let earlier = if which == StudySlot::Previous { "Earlier study: " } else { "" };
    move || {
        again.get().map(|(series, stopped)| {
            let (head, words) = if stopped {
                ("Stopped", "You stopped the measurement. What was finished stays.")
            } else {
                ("Pictures lost", "The part of the page that computes has stopped. The numbers stay.")
            };
            view! {
                <section class="card" aria-label="Stopped" data-testid="ended">
                    <p class="progress-stage">{earlier} {head}</p>
                    <p class="progress-detail">{words}</p>
                    <div class="actions">
                        <button class="button" data-testid="measure-again" on:click=move |_| controller.choose(which, series)>
                            "Measure again"
                        </button>
                    </div>
                </section>
            }
        })
    }
}

/// Where nothing has come further for long: the way out.
#[component]
pub fn Stalled() -> impl IntoView {
    let controller = use_controller();
    move || {
        controller.stalled.get().then(|| {
            view! {
                <div class="stalled" role="alert" data-testid="stalled">
                    <p>"Nothing has come further for a minute. It may still go on; or stop it."</p>
                    <button class="button button-small" data-testid="stop-hard" on:click=move |_| controller.force_stop()>
                        "Stop it"
                    </button>
                </div>
            }
        })
    }
}

#[component]
fn Running(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let work = derived::phase_memo(controller.study(which), |phase| phase.work().copied().unwrap_or_default());
    let progress = move || work.get().progress;
    let stopping = move || work.get().stopping;
    let words = move || progress().map_or("Reading files", |p| stage_words(p.stage));
    let detail = move || {
        progress()
            .map(|p| detail(&p, &controller.weights.get(), controller.download.get().as_ref()))
            .unwrap_or_default()
    };
    let done = move || progress().and_then(|p| fraction(&p, &controller.weights.get()));
    view! {
        <section class="card card-progress" aria-label="Progress" data-testid="progress">
            <div class="progress-head">
                <p class="progress-stage" data-testid="progress-stage">
                    {if which == StudySlot::Previous { "Earlier study: " } else { "" }}
                    {words}
                </p>
                <button
                    class="button button-small"
                    data-testid="cancel"
                    disabled=stopping
                    on:click=move |_| controller.stop(which)
                >
                    {move || if stopping() { "Stopping …" } else { "Cancel" }}
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
            <Stalled />
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADED: WeightsStatus = WeightsStatus { bytes: 9, total: 9, failed: false, cached: true };

    fn at(stage: Stage, done: u32, total: u32, seconds_left: Option<f64>) -> Progress {
        Progress { stage, done, total, seconds_left }
    }

    #[test]
    fn says_which_slice_and_how_long() {
        let text = detail(&at(Stage::Lesions, 12, 148, Some(21.0)), &LOADED, None).replace('\u{202f}', " ");
        assert_eq!(text, "slice 12 of 148 · about 25 s left");
        assert_eq!(detail(&at(Stage::Reading, 3, 0, None), &LOADED, None), "");
    }

    #[test]
    fn weights_are_counted_in_bytes_while_they_come() {
        let loading = WeightsStatus { bytes: 2_000_000, total: 8_000_000, failed: false, cached: true };
        let progress = at(Stage::Weights, 0, 4, None);
        assert_eq!(detail(&progress, &loading, None).replace('\u{202f}', " "), "2.0 MB of 8.0 MB");
        assert_eq!(fraction(&progress, &loading), Some(0.25));
        assert_eq!(fraction(&progress, &LOADED), Some(0.0));
    }

    #[test]
    fn a_further_network_is_counted_in_bytes_beside_the_runs() {
        let mut download = DownloadProgress::new(0, 15_800_000, 0.0);
        download.update(3_950_000, 10_000.0);
        for stage in [Stage::Refining, Stage::Weights] {
            let text = detail(&at(stage, 0, 600, Some(3.0)), &LOADED, Some(&download)).replace('\u{202f}', " ");
            let loading = "loading a network: 4.0 MB of 15.8 MB · about 30 s left";
            assert_eq!(
                text,
                if stage == Stage::Weights { loading.into() } else { format!("run 0 of 600 · {loading}") }
            );
        }
    }

    #[test]
    fn an_unknown_end_has_no_fraction_and_none_is_beyond_it() {
        assert_eq!(fraction(&at(Stage::Reading, 5, 0, None), &LOADED), None);
        assert_eq!(fraction(&at(Stage::Reading, 5, 4, None), &LOADED), Some(1.0));
    }
}
