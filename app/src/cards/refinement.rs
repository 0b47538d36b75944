//! How certain the numbers are: the bounds of the running vote, the range of the single networks,
//! the tier, and the way to the next one.

use corsai_protocol::{Progress, Stage, StudySlot};
use corsai_report::{Members, Tier};
use leptos::prelude::*;

use crate::{
    cards::progress::{self, Stalled},
    controller::use_controller,
    state::{Phase, StudyStoreFields, derived},
    text,
};

/// While networks are running: the bounds.
#[component]
pub fn StillPossible() -> impl IntoView {
    let controller = use_controller();
    let bounds = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase.work()?.possible);
    let text = move || {
        let scale = controller.scale.get();
        text::refinement::still_possible(&bounds.get()?, scale)
    };
    move || text().map(|text| view! { <p class="pending" data-testid="possible">{text}</p> })
}

/// Which tier the numbers come from, how far they are apart, and what can make them surer.
#[component]
pub fn Tiers(tier: Tier, members: Option<Members>, lesion_networks: usize) -> impl IntoView {
    let controller = use_controller();
    let head = text::refinement::tier_of_networks(tier, lesion_networks);
    let working = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase.work().is_some());
    let offer = move || {
        let lost = controller.study(StudySlot::Current).worker_lost().get();
        controller.next_tier(tier).filter(|_| !lost && !working.get())
    };
    view! {
        <div class="tiers" data-testid="tiers" data-tier=tier.as_str()>
            <p class="tier-head">{head}</p>
            {members.map(|m| view! {
                <p class="hint" data-testid="members">{move || text::refinement::single_networks(&m, controller.scale.get())}</p>
            })}
            {move || working.get().then(|| view! { <Refining /> })}
            <StillPossible />
            {move || offer().map(|(next, networks, bytes)| {
                view! {
                    <button
                        class="button button-small"
                        data-testid="refine"
                        on:click=move |_| controller.refine(next)
                    >
                        {text::refinement::refine(networks, bytes)}
                    </button>
                }
            })}
        </div>
    }
    .into_any()
}

#[component]
fn Refining() -> impl IntoView {
    let controller = use_controller();
    let study = controller.study(StudySlot::Current);
    let work = derived::phase_memo(study, |phase| phase.work().copied().unwrap_or_default());
    let restoring = derived::phase_memo(study, |phase| matches!(phase, Phase::Restoring(_)));
    let words = move || match (restoring.get(), work.get().progress) {
        (true, at) => text::refinement::restoring(text::progress::stage_name(at.map_or(Stage::Reading, |p| p.stage))),
        (false, _) => text::progress::stage_name(Stage::Refining).get(),
    };
    let detail_of =
        move |p: Progress| text::progress::detail(&p, &controller.weights.get(), controller.download.get().as_ref());
    let detail = move || work.get().progress.map(detail_of).unwrap_or_default();
    let done =
        move || work.get().progress.and_then(|p| progress::fraction(&p, &controller.weights.get())).unwrap_or(0.0);
    let stopping = move || work.get().stopping;
    view! {
        <div class="refining" data-testid="refining">
            <div class="progress-head">
                <p>{words}</p>
                <button
                    class="button button-small"
                    data-testid="stop-refining"
                    disabled=stopping
                    on:click=move |_| controller.stop(StudySlot::Current)
                >
                    {move || if stopping() { text::common::STOPPING } else { text::common::STOP }.get()}
                </button>
            </div>
            <progress class="progress-bar" aria-label=text::refinement::FURTHER_NETWORKS max="1" prop:value=move || format!("{:.3}", done())></progress>
            <p class="progress-detail" data-testid="refining-detail">{detail}</p>
            <Stalled />
        </div>
    }
    .into_any()
}
