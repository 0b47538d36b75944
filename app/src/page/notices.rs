//! Notices that concern no study or the page as a whole.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{
    cards::issues::IssueList,
    controller::use_controller,
    state::{PageStateStoreFields, Phase, WorkerStatus, derived},
};

/// Issues that concern no study: a worker that crashed idle, a drop without files; and what concerns
/// the page: an update, another tab, an undo.
#[component]
pub fn Notices() -> impl IntoView {
    let controller = use_controller();
    let notices = controller.state.notices();
    let hindered = Memo::new(move |_| match controller.state.worker().get() {
        WorkerStatus::Unsupported => Some(
            "This browser can't start the part of the page that computes (a module worker). Use a current Chrome, Edge, Firefox or Safari.",
        ),
        WorkerStatus::LoadFailed => Some(
            "The part of the page that computes could not be loaded, or the host's file isn't the one that this page was built with. Check the connection and reload the page.",
        ),
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
                                "Another tab of this page is measuring a study, too: both take longer, and the graphics processor's memory may not do for two."
                            </p>
                        }
                    })
            }}
            {move || {
                (controller.offline.has_update.get() && idle.get())
                    .then(|| {
                        view! {
                            <p class="notice" data-testid="newer">
                                "A newer version of this page is here. "
                                <button
                                    class="button button-small"
                                    data-testid="take-newer"
                                    on:click=move |_| controller.offline.update()
                                >
                                    "Load it"
                                </button>
                            </p>
                        }
                    })
            }}
            {move || controller.undo.offered.get().map(|closed| view! { <Undone closed /> })}
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
fn Undone(closed: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let words = match closed {
        StudySlot::Current => "The study was closed. Undo opens it again and measures it anew.",
        StudySlot::Previous => "The earlier study was removed. Undo opens it again and measures it anew.",
    };
    view! {
        <div class="notice notice-quiet" data-testid="undo-offer">
            <p>{words}</p>
            <div class="actions">
                <button class="button button-small" data-testid="undo" on:click=move |_| controller.undo.bring_back(|slot, source, synthetic| controller.open(slot, source, synthetic))>
                    "Undo"
                </button>
                <button class="button button-small" data-testid="undo-dismiss" on:click=move |_| controller.undo.dismiss()>
                    "Dismiss"
                </button>
            </div>
        </div>
    }
    .into_any()
}
