//! Better, worse or the same: the comparison with an earlier study, and the way to add one.

use corsai_protocol::Slot;
use corsai_report::{Dynamics, NoVerdict, ShareChange, Tier, Verdict};
use leptos::prelude::*;

use super::{issues::IssueList, progress, series::SeriesPicker};
use crate::{
    classes, format, phantoms,
    shell::App,
    start::Openers,
    state::{Model, Phase},
};

/// What the card is about just now.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Nothing,
    /// An earlier study can be added.
    Offer,
    /// The earlier study is being read or computed.
    Under,
    /// A series of the earlier study has to be picked.
    Pick,
    /// The earlier study was not measured.
    Refused,
    Stopped,
    /// Both are measured and there is no comparison yet.
    Waiting,
    Compared(Box<Dynamics>),
}

fn content(model: &Model) -> Content {
    let measured = model.current.phase.measured() && model.current.numbers().is_some_and(|r| r.lungs.is_some());
    if !measured {
        return Content::Nothing;
    }
    let dynamics = model.current.report.as_ref().and_then(|r| r.dynamics.clone());
    match model.previous.phase {
        Phase::Empty if model.current.gone => Content::Nothing,
        Phase::Empty => Content::Offer,
        Phase::Reading(_) | Phase::Measuring(_) => Content::Under,
        Phase::Choosing => Content::Pick,
        Phase::Refused => Content::Refused,
        Phase::Stopped => Content::Stopped,
        Phase::Measured { .. } | Phase::Restoring(_) => {
            dynamics.map_or(Content::Waiting, |d| Content::Compared(Box::new(d)))
        }
    }
}

#[component]
pub fn DynamicsCard(app: App) -> impl IntoView {
    let content = Memo::new(move |_| app.model.with(content));
    move || {
        let content = content.get();
        (content != Content::Nothing).then(|| {
            let offered = content == Content::Offer;
            view! {
                <section class="card" aria-labelledby="dynamics-title" data-testid="dynamics">
                    <h2 id="dynamics-title" class="card-title">"Change since an earlier study"</h2>
                    {body(app, content)}
                    {(!offered)
                        .then(|| {
                            view! {
                                <div class="actions">
                                    <button
                                        class="button button-small"
                                        data-testid="remove-previous"
                                        on:click=move |_| app.close(Slot::Previous)
                                    >
                                        "Remove the earlier study"
                                    </button>
                                </div>
                            }
                        })}
                </section>
            }
        })
    }
}

fn body(app: App, content: Content) -> AnyView {
    match content {
        Content::Nothing => ().into_any(),
        Content::Offer => view! { <Offer app /> }.into_any(),
        Content::Under => view! { <p class="pending">"The earlier study is being measured."</p> }.into_any(),
        Content::Pick => view! { <SeriesPicker app which=Slot::Previous /> }.into_any(),
        Content::Refused => {
            view! { <p>"The earlier study was not measured, so there is nothing to compare. The reasons are listed below."</p> }
                .into_any()
        }
        Content::Stopped => view! { <p>"The earlier study was stopped before it was measured."</p> }.into_any(),
        Content::Waiting => view! { <p class="pending">"Both studies are measured; the comparison follows."</p> }.into_any(),
        Content::Compared(dynamics) => view! { <Compared app dynamics=*dynamics /> }.into_any(),
    }
}

/// "Add an earlier study", and the ways to open one.
#[component]
fn Offer(app: App) -> impl IntoView {
    let synthetic = Memo::new(move |_| app.model.with(|m| m.current.synthetic));
    let toggle = move |_| app.adding.update(|a| *a = !*a);
    let stories = move || {
        synthetic.get().then(|| {
            let buttons = phantoms::EARLIER.iter().map(|story| {
                let date = story.date;
                view! {
                    <button class="button" data-testid=story.id on:click=move |_| app.open_phantom(Slot::Previous, date)>
                        {story.name}
                    </button>
                }
            });
            view! {
                <p class="hint">"Or the synthetic patient at an earlier date:"</p>
                <div class="actions">{buttons.collect::<Vec<_>>()}</div>
            }
        })
    };
    view! {
        <p>"Open a second study of the same patient to see whether it got better."</p>
        <div class="actions">
            <button
                class="button"
                data-testid="add-earlier"
                aria-expanded=move || if app.adding.get() { "true" } else { "false" }
                on:click=toggle
            >
                "Add an earlier study"
            </button>
        </div>
        {move || {
            app.adding
                .get()
                .then(|| {
                    view! {
                        <div class="dropzone dropzone-small" data-slot="previous" data-testid="dropzone-previous">
                            <p class="dropzone-title">"Drop the earlier study here"</p>
                            <Openers app which=Slot::Previous />
                            {stories}
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

/// The question whether two studies under different identifiers are of one person.
#[component]
fn SamePerson(app: App) -> impl IntoView {
    view! {
        <p data-testid="other-patient">
            "These studies bear different patient identifiers. Are they of the same person?"
        </p>
        <div class="actions">
            <button class="button" data-testid="confirm-patient" on:click=move |_| app.confirm_patient()>
                "Yes, the same person"
            </button>
        </div>
    }
    .into_any()
}

/// The tier to which the earlier study may be brought so that it has what the current one has; none
/// while networks run.
fn left_behind(model: &Model) -> Option<Tier> {
    let tier = |slot| model.study(slot).report.as_ref().map(|report| report.runs.tier);
    let (previous, current) = (tier(Slot::Previous)?, tier(Slot::Current)?);
    let resting = [&model.current, &model.previous].iter().all(|s| s.phase == (Phase::Measured { refining: None }));
    (resting && !model.previous.gone && previous < current).then_some(current)
}

/// Further networks vote on the earlier study, or may.
#[component]
fn EarlierRefined(app: App) -> impl IntoView {
    let work = Memo::new(move |_| {
        app.model.with(|m| match m.previous.phase {
            Phase::Measured { refining } => refining,
            _ => None,
        })
    });
    let behind = Memo::new(move |_| app.model.with(left_behind));
    let detail = move || {
        let told = work.get().and_then(|w| w.progress);
        told.map(|p| progress::detail(&p, &app.loaded.get(), app.awaited.get().as_ref())).unwrap_or_default()
    };
    let stopping = move || work.get().is_some_and(|w| w.stopping);
    let refines = Memo::new(move |_| work.with(Option::is_some));
    view! {
        {move || refines.get().then(|| view! {
            <div class="actions" data-testid="refining-previous">
                <p class="pending">"More networks are voting on the earlier study. " {detail}</p>
                <button
                    class="button button-small"
                    data-testid="stop-refining-previous"
                    disabled=stopping
                    on:click=move |_| app.stop(Slot::Previous)
                >
                    {move || if stopping() { "Stopping …" } else { "Stop" }}
                </button>
            </div>
        })}
        {move || behind.get().map(|tier| view! {
            <div class="actions">
                <button
                    class="button button-small"
                    data-testid="refine-previous"
                    on:click=move |_| app.refine(tier)
                >
                    "Let the same networks vote on the earlier study"
                </button>
            </div>
        })}
    }
    .into_any()
}

#[component]
fn Compared(app: App, dynamics: Dynamics) -> impl IntoView {
    let date = |d: &Option<String>| d.as_deref().map_or_else(|| "no date".to_string(), format::date);
    let is_change = dynamics.verdict.is_some();
    let row = |name: &'static str, id: &'static str, change: Option<ShareChange>| {
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
                <span class="verdict-word">{classes::verdict(verdict)}</span>
            </p>
        }
        .into_any(),
        (None, Some(NoVerdict::OtherPatient)) => view! { <SamePerson app /> }.into_any(),
        (None, Some(reason)) => view! {
            <p data-testid="no-verdict">{format!("There is no verdict: {}.", classes::no_verdict(reason))}</p>
        }
        .into_any(),
        (None, None) => ().into_any(),
    };
    let sentences = classes::rests_on(&dynamics);
    let testid = if dynamics.provisional { "provisional" } else { "rests-on" };
    view! {
        {head}
        {(!sentences.is_empty()).then(|| view! { <p class="note" data-testid=testid>{sentences.join(" ")}</p> })}
        <EarlierRefined app />
        <table class="lungs">
            <caption class="unseen">"Affected share in both studies"</caption>
            <thead>
                <tr>
                    <td></td>
                    <th scope="col" data-testid="earlier-date">{date(&dynamics.earlier_date)}</th>
                    <th scope="col" data-testid="later-date">{date(&dynamics.later_date)}</th>
                    <th scope="col">"Change"</th>
                </tr>
            </thead>
            <tbody>
                {row("Right lung", "right", dynamics.right)}
                {row("Left lung", "left", dynamics.left)}
                {row("Both", "both", dynamics.both)}
            </tbody>
        </table>
        {(dynamics.lungs_disagree && is_change)
            .then(|| {
                view! {
                    <p class="note" data-testid="lungs-disagree">"The two lungs moved in opposite directions by a point or more: look at each."</p>
                }
            })}
        {is_change.then(|| view! {
            <p class="hint">
                {format!("Compared by the {} answers of both studies. ", classes::tier(dynamics.tier))}
                "A change of less than one percentage point counts as stable."
            </p>
        })}
        <IssueList issues=dynamics.issues />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use corsai_report::{DISCLAIMER, LungFinding, Lungs, Report, Runs, StudyRecord};

    use super::*;
    use crate::state::Work;

    fn measured() -> Model {
        let lung = LungFinding { volume_ml: 1.0, ..LungFinding::default() };
        let mut model = Model::default();
        model.open(Slot::Current, false);
        model.current.phase = Phase::Measured { refining: None };
        model.current.report = Some(Report {
            format: Report::FORMAT,
            disclaimer: DISCLAIMER.into(),
            study: StudyRecord::default(),
            lungs: Some(Lungs { left: lung.clone(), right: lung.clone(), both: lung }),
            dynamics: None,
            issues: Vec::new(),
            runs: Runs::default(),
        });
        model
    }

    #[test]
    fn an_earlier_study_is_offered_once_this_one_is_measured() {
        let mut model = measured();
        assert_eq!(content(&model), Content::Offer);
        model.current.phase = Phase::Measuring(Work::default());
        assert_eq!(content(&model), Content::Nothing);
    }

    #[test]
    fn a_comparison_shows_only_while_its_earlier_study_is_there() {
        let mut model = measured();
        model.open(Slot::Previous, false);
        assert_eq!(content(&model), Content::Under);
        model.previous.phase = Phase::Measured { refining: None };
        assert_eq!(content(&model), Content::Waiting);
        model.previous.phase = Phase::Refused;
        assert_eq!(content(&model), Content::Refused);
    }

    #[test]
    fn an_earlier_study_that_is_left_behind_can_be_brought_along() {
        let mut model = measured();
        model.open(Slot::Previous, false);
        model.previous.report.clone_from(&model.current.report);
        model.previous.phase = Phase::Measured { refining: None };
        assert_eq!(left_behind(&model), None);
        if let Some(report) = &mut model.current.report {
            report.runs.tier = Tier::Standard;
        }
        assert_eq!(left_behind(&model), Some(Tier::Standard));
        model.previous.phase = Phase::Measured { refining: Some(Work::default()) };
        assert_eq!(left_behind(&model), None);
    }

    #[test]
    fn nothing_is_offered_where_the_worker_lost_the_study() {
        let mut model = measured();
        model.lost_worker(None, &[]);
        assert_eq!(content(&model), Content::Nothing);
    }
}
