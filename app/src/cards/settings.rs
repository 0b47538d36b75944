//! Settings and help: the device that computes, how much to compute, and the keys.

use corsai_protocol::{AnalysisOptions, BackendKind, DevicePreference, StudySlot};
use corsai_report::Tier;
use leptos::{ev, prelude::*};

use crate::{
    controller::use_controller,
    diagnostics::DiagnosticsSection,
    dialog::Dialog,
    imaging::keys::{BINDINGS, POINTER_HELP},
    state::{PageStateStoreFields, Phase, derived},
    text::device::device_reason,
};

const DEVICES: [(DevicePreference, &str, &str, &str); 3] = [
    (DevicePreference::Auto, "device-auto", "Automatic", "The faster one that computes a known slice right."),
    (DevicePreference::Gpu, "device-gpu", "Graphics processor", "WebGPU, even where it is emulated."),
    (DevicePreference::Cpu, "device-cpu", "Processor (CPU)", "WebAssembly on several cores."),
];

const TIERS: [(Tier, &str, &str); 3] = [
    (Tier::Quick, "Quick answer", "One lesion network."),
    (Tier::Standard, "Standard", "The quick answer first, then several networks vote."),
    (Tier::Full, "Full", "All networks there are."),
];

#[component]
pub fn SettingsDialog(open: RwSignal<bool>) -> impl IntoView {
    let controller = use_controller();
    let has_study = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase != Phase::Empty);
    let option = move |(device, id, name, what): (DevicePreference, &'static str, &'static str, &'static str)| {
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
    let tier = move |(tier, name, what): (Tier, &'static str, &'static str)| {
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
    let switch =
        move |id: &'static str, name: &'static str, what: &'static str, of: fn(&mut AnalysisOptions) -> &mut bool| {
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
    let lines = BINDINGS.iter().map(|b| (b.label, b.what)).chain(POINTER_HELP);
    let keys: Vec<_> = lines.map(|(key, what)| view! { <dt><kbd>{key}</kbd></dt> <dd>{what}</dd> }).collect();
    view! {
        <Dialog open id="settings" title="Settings and help">
            <fieldset>
                <legend>"Where to compute"</legend>
                {DEVICES.map(option).into_iter().collect::<Vec<_>>()}
                {move || {
                    has_study
                        .get()
                        .then(|| view! { <p class="hint" data-testid="device-later">"A change holds from the next study on."</p> })
                }}
            </fieldset>
            <fieldset>
                <legend>"How much to compute, from the next study on"</legend>
                {TIERS.map(tier).into_iter().collect::<Vec<_>>()}
                {switch("full-run", "Every network on every slice", "Also where the vote is decided already: the same masks, later.", |o| &mut o.full_run)}
                {controller.has_multi_planar_networks().then(|| switch("dpn-3d", "DPN-3D", "The DPNs of three projections in place of the axial ones alone.", |o| &mut o.dpn_3d))}
                {switch("paper-vote", "The paper's thresholds", "In place of those chosen for these networks.", |o| &mut o.paper_vote)}
            </fieldset>
            <DeviceInUse />
            <h3>"Keys and mouse"</h3>
            <dl class="keys">{keys}</dl>
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
            let deviation = format!("{:.1e}", device.deviation);
            view! {
                <dl class="device" data-testid="device" data-backend=device.backend.as_str()>
                    <dt>"In use"</dt>
                    <dd>{if device.backend == BackendKind::Webgpu { "Graphics processor" } else { "Processor (CPU)" }} {format!(": {}", device.name)}</dd>
                    <dt>"Why"</dt>
                    <dd data-testid="device-reason">{device_reason(&device)}</dd>
                    <dt>"Known slice"</dt>
                    <dd>{format!("{:.0} ms, largest relative deviation {deviation}", device.slice_ms)}</dd>
                </dl>
            }
            .into_any()
        }
        None => view! { <p class="hint" data-testid="device-none">"The device is chosen with a known slice when the first study is opened."</p> }
            .into_any(),
    }
    }
}
