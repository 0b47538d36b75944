//! Notices that concern no study or the page as a whole.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    cards::issues::IssueList,
    controller::use_controller,
    state::{PageStateStoreFields, Phase, WorkerStatus, derived},
    text,
};

/// Issues that concern no study: a worker that crashed idle, a drop without files; and what
/// concerns the page: an update, another tab, an undo.
#[component]
pub fn Notices() -> impl IntoView {
    let controller = use_controller();
    let notices = controller.state.notices();
    let hindered = Memo::new(move |_| match controller.state.worker().get() {
        WorkerStatus::Unsupported => Some(text::notices::UNSUPPORTED),
        WorkerStatus::LoadFailed => Some(text::notices::LOAD_FAILED),
        WorkerStatus::Starting | WorkerStatus::Ready => None,
    });
    let idle = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase == Phase::Empty);
    view! {
        <div class="notices" role="alert" data-testid="notices">
            {move || {
                hindered.get().map(|words| view! { <p class="notice">{words}</p> })
            }}
            {move || {
                controller.other_tab_computes
                    .get()
                    .then(|| {
                        view! {
                            <p class="notice" data-testid="elsewhere">
                                {text::notices::OTHER_TAB}
                            </p>
                        }
                    })
            }}
            {move || {
                (controller.offline.has_update.get() && idle.get())
                    .then(|| {
                        view! {
                            <p class="notice" data-testid="newer">
                                {text::notices::UPDATE}
                                <button
                                    class="button button-small"
                                    data-testid="take-newer"
                                    on:click=move |_| controller.offline.update()
                                >
                                    {text::notices::LOAD_UPDATE}
                                </button>
                            </p>
                        }
                    })
            }}
            {move || controller.undo.offered.get().map(|closed| view! { <UndoOffer closed /> })}
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
                                    on:click=move |_| controller.dismiss_notices()
                                >
                                    {text::common::DISMISS}
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
fn UndoOffer(closed: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let words = match closed {
        StudySlot::Current => text::notices::CLOSED,
        StudySlot::Previous => text::notices::EARLIER_REMOVED,
    };
    view! {
        <div class="notice notice-quiet" data-testid="undo-offer">
            <p>{words}</p>
            <div class="actions">
                <button class="button button-small" data-testid="undo" on:click=move |_| controller.undo.bring_back(|slot, source, synthetic| controller.open(slot, source, synthetic))>
                    {text::notices::UNDO}
                </button>
                <button class="button button-small" data-testid="undo-dismiss" on:click=move |_| controller.undo.dismiss()>
                    {text::common::DISMISS}
                </button>
            </div>
        </div>
    }
    .into_any()
}
