//! The card of the numbers: volumes, shares, the class and its scale, and how they were computed.

use corsai_language::Language;
use corsai_protocol::StudySlot;
use corsai_report::{LungFinding, Lungs, Report, Runs, Scale, Severity};
use leptos::{ev, prelude::*};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    cards::{
        issues::{IssueList, Warnings},
        refinement::{StillPossible, Tiers},
    },
    controller::use_controller,
    export, format,
    state::{Phase, Shared, StudyStoreFields, derived},
    text::{
        self, Text,
        classes::{SCALES, of},
        language,
    },
};

/// The numbers of the study on screen.
#[derive(Clone, PartialEq)]
struct ShownReport {
    slot: StudySlot,
    /// The run has yet to reach a tier's answer.
    pending: bool,
    /// The person stopped the run before a tier's answer.
    stopped: bool,
    /// Has lungs.
    report: Shared<Report>,
}

/// The numbers of the study on screen, or why it has none.
#[component]
pub fn SeverityCard() -> impl IntoView {
    let controller = use_controller();
    let shown = Memo::new(move |_| controller.viewport.with(|v| v.slot));
    let numbers = Memo::new(move |_| {
        let slot = shown.get();
        let study = controller.study(slot);
        let report = derived::shown_report(study)?;
        let phase = study.phase().get();
        report.lungs.as_ref()?;
        Some(ShownReport { slot, pending: phase.busy(), stopped: phase == Phase::Stopped, report })
    });
    let refused = Memo::new(move |_| {
        let study = controller.study(shown.get());
        let mut stops = derived::issues(study);
        stops.retain(|i| i.severity == Severity::Stop);
        let refused = study.phase().get() == Phase::Refused;
        (refused || (study.report().read().is_some() && !stops.is_empty())).then_some(stops)
    });
    move || {
        match (numbers.get(), refused.get(), shown.get()) {
        (Some(shown), ..) => view! { <Numbers shown /> }.into_any(),
        (None, Some(issues), slot) => view! {
            <section class="card card-refused" aria-labelledby="severity-title" data-testid="refused">
                <h2 id="severity-title" class="card-title">{text::severity::NO_NUMBER}</h2>
                <p>{if slot == StudySlot::Previous { text::severity::EARLIER_NOT_MEASURED } else { text::severity::NOT_MEASURED }}</p>
                <IssueList issues />
            </section>
        }
        .into_any(),
        (None, None, StudySlot::Previous) => view! {
            <section class="card card-earlier" aria-labelledby="severity-title" data-testid="severity-none">
                <h2 id="severity-title" class="card-title">{text::common::EARLIER_STUDY}</h2>
                <p class="pending">{text::severity::EARLIER_PENDING}</p>
            </section>
        }
        .into_any(),
        (None, None, StudySlot::Current) => ().into_any(),
    }
    }
}

#[component]
fn Numbers(shown: ShownReport) -> impl IntoView {
    let controller = use_controller();
    let ShownReport { slot, pending, stopped, report } = shown;
    let lungs = report.lungs.clone().expect("invariant: a shown report has lungs");
    let measured = !pending && !stopped;
    let earlier = slot == StudySlot::Previous;
    let date = report.study.date.as_deref().map(format::date);
    let both = lungs.both.clone();
    let class = move || of(&both, controller.scale.get());
    let has_class = lungs.both.ct_class.is_some();
    let members = lungs.both.members;
    let lesion_networks = report.runs.networks.iter().filter(|n| controller.is_lesion_network(&n.name)).count();
    let shares = [lungs.right.share, lungs.left.share];
    view! {
        <section
            class="card card-severity"
            class:card-earlier=earlier
            aria-labelledby="severity-title"
            data-testid="severity"
            data-study=if earlier { "previous" } else { "current" }
        >
            <h2 id="severity-title" class="card-title">
                {if earlier { text::severity::EARLIER_TITLE } else { text::severity::TITLE }}
                {date.map(|d| view! { <span class="card-date" data-testid="study-date">{d}</span> })}
            </h2>
            {if has_class {
                view! {
                    <p class="class-line">
                        <span class="class-badge" data-testid="ct-class">
                            {move || class().map(|class| language().ct_class(class))}
                        </span>
                        <span class="class-meaning">{
                            let both = lungs.both.clone();
                            move || of(&both, controller.scale.get()).map(|c| language().class_meaning(c, controller.scale.get()))
                        }</span>
                    </p>
                    <ScaleBar shares />
                    <ScaleSwitch />
                }
                    .into_any()
            } else {
                view! {
                    <p class="pending" data-testid="lesions-pending">
                        {if pending {
                            text::severity::LESIONS_PENDING
                        } else {
                            text::severity::LESIONS_MISSING
                        }}
                    </p>
                }
                    .into_any()
            }}
            <LungTable lungs=lungs.clone() pending />
            <Warnings of=slot />
            {(pending && !earlier).then(|| view! { <StillPossible /> })}
            {(measured && !earlier).then(|| view! { <Tiers tier=report.runs.tier members=members lesion_networks=lesion_networks /> })}
            {(pending && has_class)
                .then(|| view! { <p class="pending">{text::severity::UNFINISHED}</p> })}
            {stopped
                .then(|| {
                    view! {
                        <p class="pending" data-testid="stopped">{text::severity::RUN_STOPPED}</p>
                    }
                })}
            {has_class
                .then(|| {
                    view! {
                        <p class="note">
                            {text::severity::CAVEAT}
                        </p>
                    }
                })}
            {(!pending).then(|| view! { <Provenance runs=report.runs.clone() voxel_mm=report.study.voxel_mm /> })}
            {(measured && !earlier).then(|| view! { <Exports /> })}
        </section>
    }
    .into_any()
}

/// The lungs' shares between the scale's borders.
#[component]
fn ScaleBar(shares: [Option<f64>; 2]) -> impl IntoView {
    let controller = use_controller();
    let borders = move || {
        let ticks = controller.scale.get().borders_percent().into_iter().map(|border| {
            view! {
                <span class="scale-tick" style:left=format!("{border}%")>
                    <span class="scale-tick-label">{border}</span>
                </span>
            }
        });
        ticks.collect::<Vec<_>>()
    };
    let mark = |share: Option<f64>, letter: Text, class: &'static str| {
        share.map(|share| {
            let left = format!("{:.2}%", (share * 100.0).clamp(0.0, 100.0));
            view! { <span class=class style:left=left><span class="scale-letter">{letter}</span></span> }
        })
    };
    view! {
        <div class="scale" aria-hidden="true">
            {mark(shares[0], text::severity::RIGHT_LETTER, "scale-mark scale-mark-right")}
            {mark(shares[1], text::severity::LEFT_LETTER, "scale-mark scale-mark-left")}
            <div class="scale-track"></div>
            {borders}
        </div>
    }
}

#[component]
fn ScaleSwitch() -> impl IntoView {
    let controller = use_controller();
    let option = move |scale: Scale| {
        let (name, id) = match scale {
            Scale::Guideline => (text::severity::GUIDELINE, "scale-guideline"),
            Scale::Panel => (text::severity::PANEL, "scale-panel"),
        };
        view! {
            <button
                class="segment"
                data-testid=id
                aria-pressed=move || if controller.scale.get() == scale { "true" } else { "false" }
                on:click=move |_| controller.set_scale(scale)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="scale-switch">
            <div class="segments" role="group" aria-label=text::severity::SCALE>
                {SCALES.map(option).into_iter().collect::<Vec<_>>()}
            </div>
            <p class="hint" data-testid="scale-name">{move || text::severity::class_on(controller.scale.get())}</p>
        </div>
    }
}

#[component]
fn LungTable(lungs: Lungs, pending: bool) -> impl IntoView {
    let row = |name: Text, id: &'static str, lung: &LungFinding| {
        let later = move || if pending { text::severity::PENDING.get() } else { "–".into() };
        let lesions = lung.lesion_ml.map_or_else(later, format::ml);
        let share = lung.share.map_or_else(later, format::percent);
        view! {
            <tr data-testid=format!("lung-{id}")>
                <th scope="row">
                    <span class=format!("swatch swatch-{id}") aria-hidden="true"></span>
                    {name}
                </th>
                <td data-testid=format!("volume-{id}")>{format::ml(lung.volume_ml)}</td>
                <td data-testid=format!("lesions-{id}") class:is-pending=lung.lesion_ml.is_none()>{lesions}</td>
                <td data-testid=format!("share-{id}") class="share" class:is-pending=lung.share.is_none()>{share}</td>
            </tr>
        }
    };
    view! {
        <table class="lungs">
            <caption class="unseen">{text::severity::CAPTION}</caption>
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">{text::severity::VOLUME}</th>
                    <th scope="col">{text::severity::LESION_VOLUME}</th>
                    <th scope="col">{text::severity::SHARE}</th>
                </tr>
            </thead>
            <tbody>
                {row(text::common::RIGHT_LUNG, "right", &lungs.right)}
                {row(text::common::LEFT_LUNG, "left", &lungs.left)}
                {row(text::common::BOTH, "both", &lungs.both)}
            </tbody>
        </table>
    }
    .into_any()
}

/// How these numbers were computed.
#[component]
fn Provenance(runs: Runs, voxel_mm: [f64; 3]) -> impl IntoView {
    let networks: Vec<_> = runs
        .networks
        .iter()
        .map(|n| {
            view! { <li><span class="mono">{n.name.clone()}</span> " " {text::severity::network_slices(n.slices)} " " <span class="mono">{n.weights.clone()}</span></li> }
        })
        .collect();
    let head = text::severity::computed(runs.seconds, runs.networks.len());
    let voxel = voxel_mm.map(|v| language().number(v, 2)).join(" × ");
    view! {
        <details class="computed" data-testid="computed">
            <summary>{head}</summary>
            <dl>
                <dt>{text::severity::DEVICE}</dt>
                <dd data-testid="computed-device">{runs.device.clone()}</dd>
                <dt>{text::severity::SLICES}</dt>
                <dd>{text::severity::slices(runs.slices, runs.slices_without_lung)}</dd>
                <dt>{text::severity::VOTE}</dt>
                <dd>{if runs.full_run { text::severity::FULL_RUN } else { text::severity::EARLY_STOP }}</dd>
                {runs.memory_bytes.map(|bytes| view! {
                    <dt>{text::severity::MEMORY}</dt>
                    <dd data-testid="memory">{format::bytes(bytes)}</dd>
                })}
                <dt>{text::severity::VOXEL}</dt>
                <dd>{voxel}</dd>
                <dt>{text::severity::NETWORKS}</dt>
                <dd><ul>{networks}</ul></dd>
            </dl>
        </details>
    }
    .into_any()
}

#[component]
fn Exports() -> impl IntoView {
    let controller = use_controller();
    let status = RwSignal::new(String::new());
    let shown = RwSignal::new(None::<String>);
    let save = move |_: ev::MouseEvent| {
        let in_language = controller.language_of_reports();
        let text =
            controller.export_data().and_then(|(report, issues)| export::json(&report, &issues, in_language).ok());
        let done = text.and_then(|text| browser::download("corsai-report.json", &text));
        status.set(if done.is_some() { String::new() } else { text::severity::NOT_SAVED.into() });
    };
    let copy = move |_: ev::MouseEvent| {
        let Some((report, issues)) = controller.export_data() else { return };
        let (scale, in_language) = (controller.scale.get_untracked(), controller.language_of_reports());
        let text = text::summary::summary(&report, &issues, scale, in_language);
        spawn_local(async move {
            if browser::copy(&text).await {
                status.set(text::common::COPIED.into());
                shown.set(None);
            } else {
                status.set(text::severity::NO_CLIPBOARD.into());
                shown.set(Some(text));
            }
        });
    };
    let earlier = derived::phase_memo(controller.study(StudySlot::Previous), Phase::measured);
    view! {
        <div class="actions">
            <button class="button" data-testid="save-report" on:click=save>{text::severity::SAVE}</button>
            <button class="button" data-testid="copy-summary" on:click=copy>{text::severity::COPY}</button>
            <span class="hint" role="status" data-testid="export-said">{move || status.get()}</span>
        </div>
        <ReportLanguage />
        {move || {
            shown.get().map(|text| view! { <textarea class="summary" readonly rows="10" aria-label=text::severity::SUMMARY>{text}</textarea> })
        }}
        <p class="hint screen-only">
            {text::severity::NO_NAMES}
            {move || earlier.get().then(|| text::severity::BOTH_COMPARE.get())}
        </p>
    }
    .into_any()
}

/// The language of the saved report and of the summary.
#[component]
fn ReportLanguage() -> impl IntoView {
    let controller = use_controller();
    let chosen = controller.report_language.get_untracked();
    let option = move |one: Language| {
        view! { <option value=one.tag() lang=one.tag() selected=chosen == Some(one)>{one.text("language-name")}</option> }
    };
    let changed =
        move |event: ev::Event| controller.set_report_language(Language::from_tag(&event_target_value(&event)));
    view! {
        <label class="report-language screen-only">
            <span>{text::severity::REPORT_LANGUAGE}</span>
            <select data-testid="report-language" on:change=changed>
                <option value="page" selected=chosen.is_none()>{text::severity::AS_THE_PAGE}</option>
                {Language::all().map(option).collect::<Vec<_>>()}
            </select>
        </label>
    }
    .into_any()
}
