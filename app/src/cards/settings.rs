//! Settings and help: the device that computes, how much to compute, and the keys.

use corsai_protocol::{AnalysisOptions, BackendKind, DevicePreference, StudySlot};
use corsai_report::Tier;
use leptos::{ev, prelude::*};

use crate::{
    controller::use_controller,
    diagnostics::DiagnosticsSection,
    dialog::Dialog,
    key_sheet::KeyList,
    state::{PageStateStoreFields, Phase, derived},
    text::{self, Text},
};

const DEVICES: [(DevicePreference, &str, Text, Text); 3] = [
    (DevicePreference::Auto, "device-auto", text::settings::AUTOMATIC, text::settings::AUTOMATIC_HINT),
    (DevicePreference::Gpu, "device-gpu", text::common::GRAPHICS_PROCESSOR, text::settings::GRAPHICS_PROCESSOR_HINT),
    (DevicePreference::Cpu, "device-cpu", text::common::PROCESSOR, text::settings::PROCESSOR_HINT),
];

const TIERS: [(Tier, Text, Text); 3] = [
    (Tier::Quick, text::settings::QUICK, text::settings::QUICK_HINT),
    (Tier::Standard, text::settings::STANDARD, text::settings::STANDARD_HINT),
    (Tier::Full, text::settings::FULL, text::settings::FULL_HINT),
];

#[component]
pub fn SettingsDialog(open: RwSignal<bool>) -> impl IntoView {
    let controller = use_controller();
    let has_study = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase != Phase::Empty);
    let option = move |(device, id, name, what): (DevicePreference, &'static str, Text, Text)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="device"
                    data-testid=id
                    prop:checked=move || controller.device_preference.get() == device
                    on:change=move |_: ev::Event| controller.set_device(device)
                />
                <span>
                    <strong>{name}</strong>
                    <span class="hint">{what}</span>
                </span>
            </label>
        }
    };
    let tier = move |(tier, name, what): (Tier, Text, Text)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="tier"
                    data-testid=format!("tier-{}", tier.as_str())
                    prop:checked=move || controller.options.get().tier == tier
                    on:change=move |_: ev::Event| controller.options.set(AnalysisOptions { tier, ..controller.options.get_untracked() })
                />
                <span>
                    <strong>{name}</strong>
                    <span class="hint">{what}</span>
                </span>
            </label>
        }
    };
    let switch = move |id: &'static str, name: Text, what: Text, of: fn(&mut AnalysisOptions) -> &mut bool| {
        let changed = move |event: ev::Event| {
            let mut options = controller.options.get_untracked();
            *of(&mut options) = event_target_checked(&event);
            controller.options.set(options);
        };
        view! {
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid=id
                    prop:checked=move || *of(&mut controller.options.get())
                    on:change=changed
                />
                <span>
                    <strong>{name}</strong>
                    <span class="hint">{what}</span>
                </span>
            </label>
        }
    };
    view! {
        <Dialog open id="settings" title=text::common::SETTINGS_AND_HELP>
            <fieldset>
                <legend>{text::settings::DEVICE}</legend>
                {DEVICES.map(option).into_iter().collect::<Vec<_>>()}
                {move || {
                    has_study
                        .get()
                        .then(|| view! { <p class="hint" data-testid="device-later">{text::settings::DEVICE_LATER}</p> })
                }}
            </fieldset>
            <fieldset>
                <legend>{text::settings::OPTIONS}</legend>
                {TIERS.map(tier).into_iter().collect::<Vec<_>>()}
                {switch("full-run", text::settings::FULL_RUN, text::settings::FULL_RUN_HINT, |o| &mut o.full_run)}
                {controller.has_multi_planar_networks().then(|| switch("dpn-3d", text::settings::DPN_3D, text::settings::DPN_3D_HINT, |o| &mut o.dpn_3d))}
                {switch("paper-vote", text::settings::PAPER_VOTE, text::settings::PAPER_VOTE_HINT, |o| &mut o.paper_vote)}
            </fieldset>
            <DeviceInUse />
            <h3>{text::settings::KEYS}</h3>
            <KeyList />
            <DiagnosticsSection />
        </Dialog>
    }
    .into_any()
}

/// The device in use, and how it was chosen.
#[component]
fn DeviceInUse() -> impl IntoView {
    let controller = use_controller();
    let device = controller.state.device();
    move || {
        match device.get() {
        Some(device) => {
            view! {
                <dl class="device" data-testid="device" data-backend=device.backend.as_str()>
                    <dt>{text::settings::IN_USE}</dt>
                    <dd>{if device.backend == BackendKind::Webgpu { text::common::GRAPHICS_PROCESSOR } else { text::common::PROCESSOR }} {format!(": {}", device.name)}</dd>
                    <dt>{text::settings::WHY}</dt>
                    <dd data-testid="device-reason">{text::device::device_reason(&device)}</dd>
                    <dt>{text::settings::TEST_SLICE}</dt>
                    <dd>{text::settings::test_slice(device.slice_ms, device.deviation)}</dd>
                </dl>
            }
            .into_any()
        }
        None => view! { <p class="hint" data-testid="device-none">{text::settings::NOT_CHOSEN}</p> }
            .into_any(),
    }
    }
}
