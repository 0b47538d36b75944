//! The change since an earlier study, and the way to add one.

use corsai_protocol::StudySlot;
use corsai_report::{Dynamics, NoVerdict, ShareChange, Tier, Verdict};
use leptos::prelude::*;

use crate::{
    cards::{issues::IssueList, series::SeriesPicker},
    controller::use_controller,
    format,
    openers::Openers,
    phantoms,
    state::{PageState, Phase, StudyStoreFields, derived},
    text::{self, Text, language},
};

/// What the card is about just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    /// An earlier study can be added.
    Offer,
    /// The earlier study is being read or computed.
    Pending,
    /// A series of the earlier study has to be picked.
    Pick,
    /// The earlier study was not measured.
    Refused,
    Stopped,
    /// Both are measured, and there is no comparison yet.
    Waiting,
    Compared,
}

fn content(state: &PageState) -> Content {
    let measured = state.current.phase.measured() && state.current.shown_report().is_some_and(|r| r.lungs.is_some());
    if !measured {
        return Content::Nothing;
    }
    let compared = state.current.report.as_ref().is_some_and(|r| r.dynamics.is_some());
    match state.previous.phase {
        Phase::Empty if state.current.worker_lost => Content::Nothing,
        Phase::Empty => Content::Offer,
        Phase::Reading(_) | Phase::Measuring(_) => Content::Pending,
        Phase::Choosing => Content::Pick,
        Phase::Refused => Content::Refused,
        Phase::Stopped => Content::Stopped,
        Phase::Measured { .. } | Phase::Restoring(_) => {
            if compared {
                Content::Compared
            } else {
                Content::Waiting
            }
        }
    }
}

#[component]
pub fn DynamicsCard() -> impl IntoView {
    let controller = use_controller();
    let content = Memo::new(move |_| derived::with_results(controller.state, content));
    move || {
        let content = content.get();
        (content != Content::Nothing).then(|| {
            let offered = content == Content::Offer;
            view! {
                <section class="card" aria-labelledby="dynamics-title" data-testid="dynamics">
                    <h2 id="dynamics-title" class="card-title">{text::comparison::TITLE}</h2>
                    {body(content)}
                    {(!offered)
                        .then(|| {
                            view! {
                                <div class="actions">
                                    <button
                                        class="button button-small"
                                        data-testid="remove-previous"
                                        on:click=move |_| controller.close(StudySlot::Previous)
                                    >
                                        {text::comparison::REMOVE}
                                    </button>
                                </div>
                            }
                        })}
                </section>
            }
        })
    }
}

fn body(content: Content) -> AnyView {
    match content {
        Content::Nothing => ().into_any(),
        Content::Offer => view! { <Offer /> }.into_any(),
        Content::Pending => view! { <p class="pending">{text::comparison::PENDING}</p> }.into_any(),
        Content::Pick => view! { <SeriesPicker which=StudySlot::Previous /> }.into_any(),
        Content::Refused => view! { <p>{text::comparison::REFUSED}</p> }.into_any(),
        Content::Stopped => view! { <p>{text::comparison::STOPPED_BEFORE}</p> }.into_any(),
        Content::Waiting => view! { <p class="pending">{text::comparison::WAITING}</p> }.into_any(),
        Content::Compared => view! { <Comparison /> }.into_any(),
    }
}

/// "Add an earlier study", and the ways to open one.
#[component]
fn Offer() -> impl IntoView {
    let controller = use_controller();
    let synthetic = controller.study(StudySlot::Current).synthetic();
    let toggle = move |_| controller.adding_earlier.update(|a| *a = !*a);
    let visits = move || {
        synthetic.get().then(|| {
            let buttons = phantoms::EARLIER.iter().map(|visit| {
                let date = visit.date;
                view! {
                    <button class="button" data-testid=visit.id on:click=move |_| controller.open_phantom(StudySlot::Previous, date)>
                        {visit.name}
                    </button>
                }
            });
            view! {
                <p class="hint">{text::comparison::SYNTHETIC_DATES}</p>
                <div class="actions">{buttons.collect::<Vec<_>>()}</div>
            }
        })
    };
    view! {
        <p>{text::comparison::OFFER}</p>
        <div class="actions">
            <button
                class="button"
                data-testid="add-earlier"
                aria-expanded=move || if controller.adding_earlier.get() { "true" } else { "false" }
                on:click=toggle
            >
                {text::comparison::ADD}
            </button>
        </div>
        {move || {
            controller.adding_earlier
                .get()
                .then(|| {
                    view! {
                        <div class="dropzone dropzone-small" data-slot="previous" data-testid="dropzone-previous">
                            <p class="dropzone-title">{text::comparison::DROP_HERE}</p>
                            <Openers which=StudySlot::Previous />
                            {visits}
                        </div>
                    }
                })
        }}
    }
    .into_any()
}

const fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PositiveResponse => "verdict verdict-better",
        Verdict::Stable => "verdict verdict-same",
        Verdict::Progression => "verdict verdict-worse",
    }
}

const fn verdict_sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PositiveResponse => "↓",
        Verdict::Stable => "=",
        Verdict::Progression => "↑",
    }
}

/// The question whether two studies that disagree about the patient are of one person.
#[component]
fn SamePerson() -> impl IntoView {
    let controller = use_controller();
    view! {
        <p data-testid="other-patient">
            {text::comparison::SAME_PERSON}
        </p>
        <div class="actions">
            <button class="button" data-testid="confirm-patient" on:click=move |_| controller.confirm_patient()>
                {text::comparison::CONFIRM_SAME_PERSON}
            </button>
        </div>
    }
    .into_any()
}

/// The tier to which the earlier study may be brought so that it has what the current one has; none
/// while networks run.
fn left_behind(state: &PageState) -> Option<Tier> {
    let tier = |slot| state.study(slot).report.as_ref().map(|report| report.runs.tier);
    let (previous, current) = (tier(StudySlot::Previous)?, tier(StudySlot::Current)?);
    let idle = [&state.current, &state.previous].iter().all(|s| s.phase == (Phase::Measured { refining: None }));
    (idle && !state.previous.worker_lost && previous < current).then_some(current)
}

/// Further networks vote on the earlier study, or may.
#[component]
fn EarlierRefined() -> impl IntoView {
    let controller = use_controller();
    let work = derived::phase_memo(controller.study(StudySlot::Previous), |phase| match phase {
        Phase::Measured { refining } => refining,
        _ => None,
    });
    let behind = Memo::new(move |_| derived::with_results(controller.state, left_behind));
    let detail = move || {
        let progress = work.get().and_then(|w| w.progress);
        progress
            .map(|p| text::progress::detail(&p, &controller.weights.get(), controller.download.get().as_ref()))
            .unwrap_or_default()
    };
    let stopping = move || work.get().is_some_and(|w| w.stopping);
    let refines = Memo::new(move |_| work.with(Option::is_some));
    view! {
        {move || refines.get().then(|| view! {
            <div class="actions" data-testid="refining-previous">
                <p class="pending">{text::comparison::REFINING} " " {detail}</p>
                <button
                    class="button button-small"
                    data-testid="stop-refining-previous"
                    disabled=stopping
                    on:click=move |_| controller.stop(StudySlot::Previous)
                >
                    {move || if stopping() { text::common::STOPPING } else { text::common::STOP }.get()}
                </button>
            </div>
        })}
        {move || behind.get().map(|tier| view! {
            <div class="actions">
                <button
                    class="button button-small"
                    data-testid="refine-previous"
                    on:click=move |_| controller.refine(tier)
                >
                    {text::comparison::REFINE}
                </button>
            </div>
        })}
    }
    .into_any()
}

/// The comparison of both studies.
#[component]
fn Comparison() -> impl IntoView {
    let controller = use_controller();
    let report = controller.study(StudySlot::Current).report();
    let dynamics = Memo::new(move |_| report.read().as_ref().and_then(|r| r.dynamics.clone()));
    move || dynamics.get().map(compared)
}

fn compared(dynamics: Dynamics) -> impl IntoView {
    let date = |d: &Option<String>| d.as_deref().map_or_else(|| text::common::NO_DATE.get(), format::date);
    let is_change = dynamics.verdict.is_some();
    let row = |name: Text, id: &'static str, change: Option<ShareChange>| {
        let cell = |of: fn(ShareChange) -> String| change.map_or_else(|| "–".into(), of);
        let points = cell(|change| format::points(change.points));
        view! {
            <tr data-testid=format!("change-{id}")>
                <th scope="row">{name}</th>
                <td>{cell(|change| format::percent(change.earlier))}</td>
                <td>{cell(|change| format::percent(change.later))}</td>
                <td class="share">{if is_change { points } else { "–".into() }}</td>
            </tr>
        }
    };
    let head = match (dynamics.verdict, dynamics.no_verdict) {
        (Some(verdict), _) => view! {
            <p class=verdict_class(verdict) data-testid="verdict">
                <span class="verdict-sign" aria-hidden="true">{verdict_sign(verdict)}</span>
                <span class="verdict-word">{language().verdict(verdict)}</span>
            </p>
        }
        .into_any(),
        (None, Some(NoVerdict::OtherPatient)) => view! { <SamePerson /> }.into_any(),
        (None, Some(reason)) => view! {
            <p data-testid="no-verdict">{text::comparison::no_verdict(reason)}</p>
        }
        .into_any(),
        (None, None) => ().into_any(),
    };
    let sentences = language().rests_on(&dynamics);
    let testid = if dynamics.provisional { "provisional" } else { "rests-on" };
    view! {
        {head}
        {(!sentences.is_empty()).then(|| view! { <p class="note" data-testid=testid>{sentences.join(" ")}</p> })}
        <EarlierRefined />
        <table class="lungs">
            <caption class="unseen">{text::comparison::CAPTION}</caption>
            <thead>
                <tr>
                    <td></td>
                    <th scope="col" data-testid="earlier-date">{date(&dynamics.earlier_date)}</th>
                    <th scope="col" data-testid="later-date">{date(&dynamics.later_date)}</th>
                    <th scope="col">{text::comparison::CHANGE}</th>
                </tr>
            </thead>
            <tbody>
                {row(text::common::RIGHT_LUNG, "right", dynamics.right)}
                {row(text::common::LEFT_LUNG, "left", dynamics.left)}
                {row(text::common::BOTH, "both", dynamics.both)}
            </tbody>
        </table>
        {(dynamics.lungs_disagree && is_change)
            .then(|| {
                view! {
                    <p class="note" data-testid="lungs-disagree">{text::comparison::LUNGS_DISAGREE}</p>
                }
            })}
        {is_change.then(|| view! {
            <p class="hint">
                {text::comparison::compared_by(dynamics.tier)}
                " "
                {text::comparison::STABLE_RULE}
            </p>
        })}
        <IssueList issues=dynamics.issues />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use corsai_report::{LungFinding, Lungs, Report, Runs, StudyRecord};

    use super::*;
    use crate::state::{Shared, Work};

    fn measured() -> PageState {
        let lung = LungFinding { volume_ml: 1.0, ..LungFinding::default() };
        let mut state = PageState::default();
        state.open(StudySlot::Current, false);
        state.current.phase = Phase::Measured { refining: None };
        state.current.report = Some(Shared::from(Report {
            format: Report::FORMAT,
            disclaimer: None,
            study: StudyRecord::default(),
            lungs: Some(Lungs { left: lung.clone(), right: lung.clone(), both: lung }),
            dynamics: None,
            issues: Vec::new(),
            runs: Runs::default(),
        }));
        state
    }

    #[test]
    fn an_earlier_study_is_offered_once_this_one_is_measured() {
        let mut state = measured();
        assert_eq!(content(&state), Content::Offer);
        state.current.phase = Phase::Measuring(Work::default());
        assert_eq!(content(&state), Content::Nothing);
    }

    #[test]
    fn a_comparison_shows_only_while_its_earlier_study_is_there() {
        let mut state = measured();
        state.open(StudySlot::Previous, false);
        assert_eq!(content(&state), Content::Pending);
        state.previous.phase = Phase::Measured { refining: None };
        assert_eq!(content(&state), Content::Waiting);
        state.previous.phase = Phase::Refused;
        assert_eq!(content(&state), Content::Refused);
    }

    #[test]
    fn an_earlier_study_that_is_left_behind_can_be_brought_along() {
        let mut state = measured();
        state.open(StudySlot::Previous, false);
        state.previous.report.clone_from(&state.current.report);
        state.previous.phase = Phase::Measured { refining: None };
        assert_eq!(left_behind(&state), None);
        if let Some(report) = &mut state.current.report {
            report.make_mut().runs.tier = Tier::Standard;
        }
        assert_eq!(left_behind(&state), Some(Tier::Standard));
        state.previous.phase = Phase::Measured { refining: Some(Work::default()) };
        assert_eq!(left_behind(&state), None);
    }

    #[test]
    fn nothing_is_offered_where_the_worker_lost_the_study() {
        let mut state = measured();
        state.lost_worker(None, &[]);
        assert_eq!(content(&state), Content::Nothing);
    }
}
