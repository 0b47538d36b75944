//! How sure the numbers are: what a vote that goes on can still come to, what the networks say one by one, which tier
//! has spoken, and the way to the next.

use corsai_protocol::{Progress, Stage, StudySlot};
use corsai_report::{Members, Report, Scale, ShareBounds, Tier};
use leptos::prelude::*;

use crate::{
    cards::progress::{self, Stalled},
    controller::use_controller,
    format,
    state::{Phase, Shared, StudyStoreFields, derived},
};

/// A range of shares; one number where both ends look the same.
fn range([low, high]: [f64; 2]) -> String {
    let (low, high) = (format::percent(low), format::percent(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// "Both lungs: 12 % to 31 % still possible, already at least CT-2."
fn still_possible(possible: &ShareBounds, scale: Scale) -> Option<String> {
    let both = possible.both?;
    let class = match scale {
        Scale::Guideline => possible.least_class,
        Scale::Panel => possible.least_class_panel,
    };
    let already = class.filter(|c| *c > 0).map(|c| format!(", already at least CT-{c}")).unwrap_or_default();
    Some(format!("Both lungs: {} still possible{already}.", range(both)))
}

fn one_by_one(members: &Members, scale: Scale) -> String {
    let borderline = match scale {
        Scale::Guideline => members.borderline,
        Scale::Panel => members.borderline_panel,
    };
    let text = format!("The networks one by one: {} of both lungs.", range(members.share));
    if borderline { format!("{text} Borderline: they fall into different classes.") } else { text }
}

const fn tier_words(tier: Tier) -> &'static str {
    match tier {
        Tier::Quick => "Quick answer",
        Tier::Standard => "Standard answer",
        Tier::Full => "Full answer",
    }
}

/// While networks are running: the bounds.
#[component]
pub fn StillPossible() -> impl IntoView {
    let controller = use_controller();
    let bounds = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase.work()?.possible);
    let text = move || {
        let scale = controller.scale.get();
        still_possible(&bounds.get()?, scale)
    };
    move || text().map(|text| view! { <p class="pending" data-testid="possible">{text}</p> })
}

/// Which tier the numbers come from, how far they are apart, and what can make them surer.
#[component]
pub fn Tiers(report: Shared<Report>) -> impl IntoView {
    let controller = use_controller();
    let members = report.lungs.as_ref().and_then(|lungs| lungs.both.members);
    let tier = report.runs.tier;
    let lesion_networks = report.runs.networks.iter().filter(|n| controller.is_lesion_network(&n.name)).count();
    let head =
        format!("{} of {}", tier_words(tier), format::counted(lesion_networks, "lesion network", "lesion networks"));
    let working = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase.work().is_some());
    let offer = move || {
        let lost = controller.study(StudySlot::Current).worker_lost().get();
        controller.next_tier(tier).filter(|_| !lost && !working.get())
    };
    view! {
        <div class="tiers" data-testid="tiers" data-tier=tier.as_str()>
            <p class="tier-head">{head}</p>
            {members.map(|m| view! {
                <p class="hint" data-testid="members">{move || one_by_one(&m, controller.scale.get())}</p>
            })}
            {move || working.get().then(|| view! { <Refining /> })}
            <StillPossible />
            {move || offer().map(|(next, networks, bytes)| {
                let more = format::counted(networks, "more network", "more networks");
                view! {
                    <button
                        class="button button-small"
                        data-testid="refine"
                        on:click=move |_| controller.refine(next)
                    >
                        {format!("Let {more} vote ({})", format::bytes(bytes))}
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
        (true, at) => {
            format!("For the pictures once more: {}", progress::stage_words(at.map_or(Stage::Reading, |p| p.stage)))
        }
        (false, _) => progress::stage_words(Stage::Refining).to_string(),
    };
    let told = move |p: Progress| progress::detail(&p, &controller.weights.get(), controller.download.get().as_ref());
    let detail = move || work.get().progress.map(told).unwrap_or_default();
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
                    {move || if stopping() { "Stopping …" } else { "Stop" }}
                </button>
            </div>
            <progress class="progress-bar" aria-label="Further networks" max="1" prop:value=move || format!("{:.3}", done())></progress>
            <p class="progress-detail" data-testid="refining-detail">{detail}</p>
            <Stalled />
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace('\u{202f}', " ")
    }

    #[test]
    fn a_class_is_named_once_it_is_certain() {
        let mut possible = ShareBounds { both: Some([0.12, 0.31]), least_class: Some(0), ..ShareBounds::default() };
        let text = plain(&still_possible(&possible, Scale::Guideline).unwrap());
        assert_eq!(text, "Both lungs: 12.0 % to 31.0 % still possible.");
        possible.least_class = Some(2);
        let text = plain(&still_possible(&possible, Scale::Guideline).unwrap());
        assert_eq!(text, "Both lungs: 12.0 % to 31.0 % still possible, already at least CT-2.");
        assert_eq!(still_possible(&ShareBounds::default(), Scale::Panel), None);
    }

    #[test]
    fn networks_that_agree_are_one_number_and_a_border_is_said() {
        let members = Members { share: [0.05, 0.05], borderline: false, borderline_panel: true };
        assert_eq!(plain(&one_by_one(&members, Scale::Guideline)), "The networks one by one: 5.0 % of both lungs.");
        assert!(one_by_one(&members, Scale::Panel).contains("Borderline"));
    }
}
