//! Header, main column and cards.

use corsai_protocol::{BackendKind, StudySlot};
use leptos::{html, prelude::*};

use crate::{
    cards::{
        comparison::DynamicsCard,
        issues::IssuesCard,
        progress::ProgressCard,
        series::{RefusedPictures, SeriesPicker, StudyCard},
        settings::SettingsDialog,
        severity::SeverityCard,
    },
    controller::use_controller,
    drop_layer::DropLayer,
    key_sheet::KeySheet,
    openers::Openers,
    page::{
        announcer::Announcer,
        notices::Notices,
        printed::Printed,
        switches::{LanguageSwitch, ThemeSwitch},
    },
    privacy::PrivacyPanel,
    start::Start,
    state::{PageStateStoreFields, Phase, StudyStoreFields, WorkerStatus, derived},
    text::{self, language},
    viewer::Viewer,
};

/// The whole page.
#[component]
pub fn Page() -> impl IntoView {
    let controller = use_controller();
    let settings = RwSignal::new(false);
    let privacy = RwSignal::new(false);
    let empty = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase == Phase::Empty);
    let content = NodeRef::<html::Main>::new();
    // The focused element goes when start page and workspace replace each other.
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
        <a class="skip" href="#content">{text::layout::SKIP}</a>
        <Header settings privacy />
        <div class="content" class:content-split=move || !empty.get()>
            <main id="content" node_ref=content tabindex="-1">
                {move || if empty.get() { view! { <Start /> }.into_any() } else { view! { <Workspace /> }.into_any() }}
            </main>
            // What comes and goes has a place of its own, where it moves neither pictures nor
            // numbers.
            <div class="dock">
                <ProgressCard />
                <Notices />
            </div>
            <Printed />
        </div>
        <SettingsDialog open=settings />
        <PrivacyPanel open=privacy />
        <KeySheet />
        <DropLayer />
        <Announcer />
    }
    .into_any()
}

#[component]
fn Header(settings: RwSignal<bool>, privacy: RwSignal<bool>) -> impl IntoView {
    let controller = use_controller();
    let device = move || match (&*controller.state.device().read(), controller.state.worker().get()) {
        (Some(device), _) if device.backend == BackendKind::Webgpu => text::common::GRAPHICS_PROCESSOR,
        (Some(_), _) => text::common::PROCESSOR,
        (None, WorkerStatus::Unsupported | WorkerStatus::LoadFailed) => text::layout::CANT_COMPUTE,
        (None, _) => text::layout::SETTINGS,
    };
    let device = move || device().get();
    view! {
        <header class="bar">
            <div class="bar-row">
                <p class="brand">
                    <span class="brand-name">{text::layout::NAME}</span>
                    <span class="brand-line">{text::layout::SUBTITLE}</span>
                </p>
                <button
                    class="button button-quiet bar-privacy"
                    data-testid="privacy-open"
                    aria-haspopup="dialog"
                    on:click=move |_| privacy.set(true)
                >
                    <span class="lock" aria-hidden="true"></span>
                    <span class="bar-privacy-long">{text::layout::PRIVACY}</span>
                    <span class="bar-privacy-short">{text::layout::PRIVACY_SHORT}</span>
                </button>
                <LanguageSwitch />
                <ThemeSwitch />
                <button
                    class="button button-quiet"
                    data-testid="settings-open"
                    aria-haspopup="dialog"
                    on:click=move |_| settings.set(true)
                >
                    <span class="unseen">{text::layout::COMPUTING_ON}</span>
                    <span class="bar-device">{device}</span>
                    <span class="gear" aria-hidden="true">"⚙"</span>
                </button>
            </div>
            <p class="disclaimer" role="note" data-testid="disclaimer">{language().disclaimer()}</p>
        </header>
    }
    .into_any()
}

/// The content of the main column while a study is open.
#[derive(Clone, Copy, PartialEq)]
enum Main {
    Viewer,
    Picker,
    /// The measured series was refused, and others can be measured.
    Others,
    Placeholder,
}

/// A study is open: pictures on one side, numbers on the other.
#[component]
fn Workspace() -> impl IntoView {
    let controller = use_controller();
    let main = Memo::new(move |_| {
        let study = controller.study(StudySlot::Current);
        match (study.phase().get(), study.volume().read().is_some()) {
            (Phase::Choosing, _) => Main::Picker,
            (_, true) => Main::Viewer,
            (Phase::Refused, false) if derived::has_choice(study) => Main::Others,
            _ => Main::Placeholder,
        }
    });
    view! {
        <div class="workspace">
            <h1 class="unseen">{text::layout::STUDY}</h1>
            {move || match main.get() {
                Main::Viewer => view! { <Viewer /> }.into_any(),
                shown @ (Main::Picker | Main::Others) => {
                    view! {
                        <section class="picker" class:viewer-last=shown == Main::Others aria-label=text::layout::SERIES>
                            <SeriesPicker which=StudySlot::Current />
                        </section>
                    }
                        .into_any()
                }
                Main::Placeholder => view! { <Placeholder /> }.into_any(),
            }}
            <aside class="cards" aria-label=text::layout::FINDINGS tabindex="0" data-scrolls>
                <SeverityCard />
                <IssuesCard />
                <DynamicsCard />
                <StudyCard />
            </aside>
        </div>
    }
    .into_any()
}

/// What stands in the viewer's place while there is no picture: the current activity, or the way to
/// another study.
#[component]
fn Placeholder() -> impl IntoView {
    let controller = use_controller();
    let ended = derived::phase_memo(controller.study(StudySlot::Current), |phase| {
        matches!(phase, Phase::Refused | Phase::Stopped)
    });
    move || {
        if ended.get() {
            view! {
                <section class="viewer viewer-empty viewer-last" aria-label=text::common::OPEN_ANOTHER_STUDY>
                    <RefusedPictures />
                    <div class="dropzone" data-slot="current">
                        <p class="dropzone-title">{text::layout::DROP_ANOTHER}</p>
                        <p class="dropzone-or">{text::layout::OR}</p>
                        <Openers which=StudySlot::Current />
                    </div>
                </section>
            }
            .into_any()
        } else {
            view! {
                <section class="viewer viewer-empty" aria-label=text::common::PICTURES>
                    <div class="viewer-words">
                        <span class="spinner" aria-hidden="true"></span>
                        <p>{text::layout::READING}</p>
                    </div>
                </section>
            }
            .into_any()
        }
    }
}
