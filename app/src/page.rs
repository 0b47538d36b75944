//! The page's frame: header, what is shown when, notices, and what a screen reader is told.

use corsai_protocol::Slot;
use corsai_report::DISCLAIMER;
use leptos::{html, prelude::*};

use crate::{
    cards::{
        dynamics::DynamicsCard,
        issues::{IssueList, IssuesCard},
        progress::{ProgressCard, stage_words},
        series::{RefusedPictures, SeriesPicker, StudyCard},
        settings::SettingsDialog,
        severity::SeverityCard,
    },
    drop_layer::DropLayer,
    format,
    privacy::panel::PrivacyPanel,
    shell::App,
    start::{Openers, Start},
    state::{Link, Phase},
    viewer::Viewer,
};

#[component]
pub fn Page(app: App) -> impl IntoView {
    let settings = RwSignal::new(false);
    let privacy = RwSignal::new(false);
    let empty = Memo::new(move |_| app.model.with(|m| m.current.phase == Phase::Empty));
    let content = NodeRef::<html::Main>::new();
    // What had the focus is gone when start page and workspace change places.
    Effect::new(move |before: Option<bool>| {
        let now = empty.get();
        if before.is_some_and(|b| b != now)
            && let Some(content) = content.get_untracked()
        {
            let _ = content.focus();
        }
        now
    });
    view! {
        <a class="skip" href="#content">"Skip to the content"</a>
        <Header app settings privacy />
        <div class="content" class:content-split=move || !empty.get()>
            <main id="content" node_ref=content tabindex="-1">
                {move || if empty.get() { view! { <Start app /> }.into_any() } else { view! { <Workspace app /> }.into_any() }}
            </main>
            // What comes and goes has a place of its own, where it moves neither pictures nor
            // numbers.
            <div class="dock">
                <ProgressCard app />
                <Notices app />
            </div>
        </div>
        <SettingsDialog app open=settings />
        <PrivacyPanel app open=privacy />
        <DropLayer app />
        <Announcer app />
    }
    .into_any()
}

#[component]
fn Header(app: App, settings: RwSignal<bool>, privacy: RwSignal<bool>) -> impl IntoView {
    let device = move || {
        app.model.with(|m| match (&m.device, m.link) {
            (Some(device), _) if device.backend == "webgpu" => "Graphics processor".to_string(),
            (Some(_), _) => "Processor (CPU)".to_string(),
            (None, Link::Impossible | Link::Unloaded) => "Can't compute".to_string(),
            (None, _) => "Settings".to_string(),
        })
    };
    view! {
        <header class="bar">
            <div class="bar-row">
                <p class="brand">
                    <span class="brand-name">"CoRSAI"</span>
                    <span class="brand-line">"Lung lesions on chest CT"</span>
                </p>
                <button
                    class="button button-quiet bar-privacy"
                    data-testid="privacy-open"
                    aria-haspopup="dialog"
                    on:click=move |_| privacy.set(true)
                >
                    <span class="lock" aria-hidden="true"></span>
                    "Files stay on this computer"
                </button>
                <button
                    class="button button-quiet"
                    data-testid="settings-open"
                    aria-haspopup="dialog"
                    on:click=move |_| settings.set(true)
                >
                    <span class="unseen">"Settings and help. Computing on: "</span>
                    <span class="bar-device">{device}</span>
                    <span class="gear" aria-hidden="true">"⚙"</span>
                </button>
            </div>
            <p class="disclaimer" role="note" data-testid="disclaimer">{DISCLAIMER}</p>
        </header>
    }
    .into_any()
}

/// Doubts that concern no study: a worker that died idle, a drop without files.
#[component]
fn Notices(app: App) -> impl IntoView {
    let notices = Memo::new(move |_| app.model.with(|m| m.notices.clone()));
    let hindered = Memo::new(move |_| {
        app.model.with(|m| match m.link {
            Link::Impossible => Some(
                "This browser can't start the part of the page that computes (a module worker). Use a current Chrome, Edge, Firefox or Safari.",
            ),
            Link::Unloaded => {
                Some("The part of the page that computes could not be loaded, or the host's file isn't the one that this page was built with. Check the connection and reload the page.")
            }
            Link::Starting | Link::Ready => None,
        })
    });
    let idle = Memo::new(move |_| app.model.with(|m| m.current.phase == Phase::Empty));
    view! {
        <div class="notices" role="alert" data-testid="notices">
            {move || {
                hindered.get().map(|words| view! { <p class="notice">{words}</p> })
            }}
            {move || {
                app.elsewhere
                    .get()
                    .then(|| {
                        view! {
                            <p class="notice" data-testid="elsewhere">
                                "Another tab of this page is measuring a study, too: both take longer, and the graphics processor's memory may not do for two."
                            </p>
                        }
                    })
            }}
            {move || {
                (app.offline.newer.get() && idle.get())
                    .then(|| {
                        view! {
                            <p class="notice" data-testid="newer">
                                "A newer version of this page is here. "
                                <button
                                    class="button button-small"
                                    data-testid="take-newer"
                                    on:click=move |_| app.offline.take_newer()
                                >
                                    "Load it"
                                </button>
                            </p>
                        }
                    })
            }}
            {move || app.undo.offered.get().map(|closed| view! { <Undone app closed /> })}
            {move || {
                let list = notices.get();
                (!list.is_empty())
                    .then(|| {
                        view! {
                            <div class="notice">
                                <IssueList issues=list />
                                <button
                                    class="button button-small"
                                    data-testid="notices-dismiss"
                                    on:click=move |_| app.model.update(|m| m.notices.clear())
                                >
                                    "Dismiss"
                                </button>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// A study was closed or replaced, and can be brought back.
#[component]
fn Undone(app: App, closed: Slot) -> impl IntoView {
    let words = match closed {
        Slot::Current => "The study was closed. Undo opens it again and measures it anew.",
        Slot::Previous => "The earlier study was removed. Undo opens it again and measures it anew.",
    };
    view! {
        <div class="notice notice-quiet" data-testid="undo-offer">
            <p>{words}</p>
            <div class="actions">
                <button class="button button-small" data-testid="undo" on:click=move |_| app.undo.bring_back(|slot, source, synthetic| app.open(slot, source, synthetic))>
                    "Undo"
                </button>
                <button class="button button-small" data-testid="undo-dismiss" on:click=move |_| app.undo.dismiss()>
                    "Dismiss"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// A study is open: pictures on one side, numbers on the other.
#[component]
fn Workspace(app: App) -> impl IntoView {
    #[derive(Clone, Copy, PartialEq)]
    enum Left {
        Viewer,
        Picker,
        /// The series measured was refused; another one may do.
        Others,
        Words,
    }
    let left = Memo::new(move |_| {
        app.model.with(|m| match (m.current.phase, &m.current.volume) {
            (Phase::Choosing, _) => Left::Picker,
            (_, Some(_)) => Left::Viewer,
            (Phase::Refused, None) if m.current.may_choose() => Left::Others,
            _ => Left::Words,
        })
    });
    view! {
        <div class="workspace">
            <h1 class="unseen">"The study"</h1>
            {move || match left.get() {
                Left::Viewer => view! { <Viewer app /> }.into_any(),
                shown @ (Left::Picker | Left::Others) => {
                    view! {
                        <section class="picker" class:viewer-last=shown == Left::Others aria-label="Series">
                            <SeriesPicker app which=Slot::Current />
                        </section>
                    }
                        .into_any()
                }
                Left::Words => view! { <Words app /> }.into_any(),
            }}
            <aside class="cards" aria-label="Findings" tabindex="0" data-scrolls>
                <SeverityCard app />
                <IssuesCard app />
                <DynamicsCard app />
                <StudyCard app />
            </aside>
        </div>
    }
    .into_any()
}

/// In the viewer's place while there is nothing to view: what goes on, or the way to another study.
#[component]
fn Words(app: App) -> impl IntoView {
    let ended = Memo::new(move |_| app.model.with(|m| matches!(m.current.phase, Phase::Refused | Phase::Stopped)));
    move || {
        if ended.get() {
            view! {
                <section class="viewer viewer-empty viewer-last" aria-label="Open another study">
                    <RefusedPictures app />
                    <div class="dropzone" data-slot="current">
                        <p class="dropzone-title">"Drop another study here"</p>
                        <p class="dropzone-or">"or"</p>
                        <Openers app which=Slot::Current />
                    </div>
                </section>
            }
            .into_any()
        } else {
            view! {
                <section class="viewer viewer-empty" aria-label="Pictures">
                    <div class="viewer-words">
                        <span class="spinner" aria-hidden="true"></span>
                        <p>"Reading the files …"</p>
                    </div>
                </section>
            }
            .into_any()
        }
    }
}

/// Tells a screen reader what stage is reached and what was found; not every slice.
#[component]
fn Announcer(app: App) -> impl IntoView {
    let said = Memo::new(move |_| {
        let scale = app.scale.get();
        app.model.with(|m| {
            let slot = m.busy_slot().unwrap_or(Slot::Current);
            let study = m.study(slot);
            match study.phase {
                Phase::Empty => String::new(),
                Phase::Reading(work) | Phase::Measuring(work) => {
                    work.progress.map_or_else(|| "Reading the files".into(), |p| stage_words(p.stage).to_string())
                }
                Phase::Choosing => "Choose a series".into(),
                Phase::Refused => "No number: see the reasons".into(),
                Phase::Stopped => "Stopped".into(),
                Phase::Measured { .. } | Phase::Restoring(_) => {
                    study.numbers().and_then(|r| r.lungs.as_ref()).map_or_else(String::new, |lungs| {
                        let class =
                            crate::classes::of(&lungs.both, scale).map_or_else(String::new, |c| format!("CT-{c}. "));
                        let share = lungs
                            .both
                            .share
                            .map_or_else(String::new, |s| format!("{} of both lungs is affected.", format::percent(s)));
                        format!("Finished. {class}{share}")
                    })
                }
            }
        })
    });
    view! { <p class="unseen" role="status" aria-live="polite" data-testid="status">{move || said.get()}</p> }
}
