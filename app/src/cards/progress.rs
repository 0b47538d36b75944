//! The cards of running work: what it is, how long it takes, and how to stop it.

use corsai_protocol::{Progress, Stage, StudySlot};
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    state::{Phase, StudyStoreFields, derived},
    text,
    weights::status::WeightsStatus,
};

/// Returns the part that is done, 0..=1, where it is known.
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
        {move || busy.get().map(|slot| view! { <RunningWork which=slot /> })}
        <EndedRun which=StudySlot::Current />
        <EndedRun which=StudySlot::Previous />
    }
}

/// The listing of a drop's folders, from its start on.
#[component]
pub fn Listing() -> impl IntoView {
    let controller = use_controller();
    let found = move || controller.listing.get().map(text::progress::files_found);
    let listing = Memo::new(move |_| controller.listing.get().is_some());
    move || {
        listing.get().then(|| {
            view! {
                <section class="card card-progress" aria-label=text::progress::PROGRESS data-testid="listing">
                    <div class="progress-head">
                        <p class="progress-stage" role="status">{text::progress::LISTING}</p>
                        <button class="button button-small" data-testid="stop-listing" on:click=move |_| controller.stop_listing()>
                            {text::common::CANCEL}
                        </button>
                    </div>
                    <progress class="progress-bar" aria-label=text::progress::BUSY></progress>
                    <p class="progress-detail" data-testid="listed">{found}</p>
                </section>
            }
        })
    }
}

/// A study that the person stopped, or whose pictures were lost with a worker, and the way to
/// measure it again.
#[component]
fn EndedRun(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let again = Memo::new(move |_| {
        let study = controller.study(which);
        let series = derived::remeasurable(study).filter(|_| derived::can_compute(controller.state));
        series.map(|series| (series, study.phase().get() == Phase::Stopped))
    });
    let earlier = (which == StudySlot::Previous).then(|| text::common::EARLIER_STUDY_PREFIX.get());
    move || {
        again.get().map(|(series, stopped)| {
            let (head, words) = if stopped {
                (text::common::STOPPED, text::progress::STOPPED_BY_PERSON)
            } else {
                (text::progress::PICTURES_LOST, text::progress::WORKER_STOPPED)
            };
            view! {
                <section class="card" aria-label=text::common::STOPPED data-testid="ended">
                    <p class="progress-stage">{earlier.clone()} {head}</p>
                    <p class="progress-detail">{words}</p>
                    <div class="actions">
                        <button class="button" data-testid="measure-again" on:click=move |_| controller.choose(which, series)>
                            {text::progress::MEASURE_AGAIN}
                        </button>
                    </div>
                </section>
            }
        })
    }
}

/// The way to stop a run without progress.
#[component]
pub fn Stalled() -> impl IntoView {
    let controller = use_controller();
    move || {
        controller.stalled.get().then(|| {
            view! {
                <div class="stalled" role="alert" data-testid="stalled">
                    <p>{text::progress::STALLED}</p>
                    <button class="button button-small" data-testid="stop-hard" on:click=move |_| controller.force_stop()>
                        {text::progress::FORCE_STOP}
                    </button>
                </div>
            }
        })
    }
}

#[component]
fn RunningWork(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let work = derived::phase_memo(controller.study(which), |phase| phase.work().copied().unwrap_or_default());
    let progress = move || work.get().progress;
    let stopping = move || work.get().stopping;
    let words = move || text::progress::stage_name(progress().map_or(Stage::Reading, |p| p.stage)).get();
    let detail = move || {
        progress()
            .map(|p| text::progress::detail(&p, &controller.weights.get(), controller.download.get().as_ref()))
            .unwrap_or_default()
    };
    let done = move || progress().and_then(|p| fraction(&p, &controller.weights.get()));
    view! {
        <section class="card card-progress" aria-label=text::progress::PROGRESS data-testid="progress">
            <div class="progress-head">
                <p class="progress-stage" data-testid="progress-stage">
                    {(which == StudySlot::Previous).then(|| text::common::EARLIER_STUDY_PREFIX.get())}
                    {words}
                </p>
                <button
                    class="button button-small"
                    data-testid="cancel"
                    disabled=stopping
                    on:click=move |_| controller.stop(which)
                >
                    {move || if stopping() { text::common::STOPPING } else { text::common::CANCEL }.get()}
                </button>
            </div>
            {move || match done() {
                Some(done) => {
                    view! {
                        <progress class="progress-bar" aria-label=text::progress::DONE max="1" value=format!("{done:.3}")></progress>
                    }
                        .into_any()
                }
                None => view! { <progress class="progress-bar" aria-label=text::progress::BUSY></progress> }.into_any(),
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
    use crate::text::progress::tests::{LOADED, at};

    #[test]
    fn weights_are_counted_in_bytes_while_they_come() {
        let loading = WeightsStatus { bytes: 2_000_000, total: 8_000_000, failed: false, cached: true };
        let progress = at(Stage::Weights, 0, 4, None);
        assert_eq!(text::progress::detail(&progress, &loading, None).replace('\u{202f}', " "), "2.0 MB of 8.0 MB");
        assert_eq!(fraction(&progress, &loading), Some(0.25));
        assert_eq!(fraction(&progress, &LOADED), Some(0.0));
    }

    #[test]
    fn an_unknown_end_has_no_fraction_and_none_is_beyond_it() {
        assert_eq!(fraction(&at(Stage::Reading, 5, 0, None), &LOADED), None);
        assert_eq!(fraction(&at(Stage::Reading, 5, 4, None), &LOADED), Some(1.0));
    }
}
