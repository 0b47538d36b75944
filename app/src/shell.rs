//! The page's one long-lived object: signals, the worker, the weights, and what a person's wishes set off.

use corsai_protocol::{
    Answered, Command, Depth, DevicePreference, Event, Family, Issue, IssueCode, Manifest, NetworkEntry, PhantomDate,
    Projection, Report, RunId, Scale, SeriesId, Slot, Tier,
};
use js_sys::{ArrayBuffer, Int16Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    delivery::Delivery,
    intake::{self, Drop, Dropped, IntakeError},
    lock,
    offline::Offline,
    privacy::witness::Witness,
    reopen::{Idle, Reopen, Source},
    state::{Effect, Link, Model, Phase},
    viewer::{
        pixels::{PixelStore, Slice, around},
        view::View,
    },
    weights::{self, Loaded},
    worker_link::{self, Heard, Part},
};

/// Slices fetched ahead on both sides of the one on screen.
const REACH: u32 = 3;
/// A run that says nothing for this long is offered to be stopped.
const SILENCE_MS: f64 = 60_000.0;
/// A worker that doesn't answer a stop for this long is replaced.
const STOP_MS: f64 = 15_000.0;

/// Everything that components share. Copied freely; the content lives in the reactive system's arena.
#[derive(Clone, Copy)]
pub struct App {
    pub model: RwSignal<Model>,
    pub view: RwSignal<View>,
    /// Rises when slices came in.
    pub drawn: RwSignal<u32>,
    pub pixels: StoredValue<PixelStore, LocalStorage>,
    pub loaded: RwSignal<Loaded>,
    /// The run has been silent for long.
    pub stalled: RwSignal<bool>,
    pub preference: RwSignal<DevicePreference>,
    pub depth: RwSignal<Depth>,
    pub scale: RwSignal<Scale>,
    /// The place for the earlier study is open.
    pub adding: RwSignal<bool>,
    /// Another tab of this page is computing.
    pub elsewhere: RwSignal<bool>,
    pub offline: Offline,
    pub witness: Witness,
    link: StoredValue<Option<worker_link::Link>, LocalStorage>,
    /// The worker's compiled module.
    module: StoredValue<Option<(Part, JsValue)>, LocalStorage>,
    /// Held while this tab computes.
    computing: StoredValue<Option<lock::Lock>, LocalStorage>,
    reopen: StoredValue<Option<Reopen>, LocalStorage>,
    idle: StoredValue<Idle>,
    delivery: StoredValue<Delivery, LocalStorage>,
    manifest: StoredValue<Option<Manifest>>,
    heard_ms: StoredValue<f64>,
    stop_asked_ms: StoredValue<Option<f64>>,
}

impl App {
    pub fn new() -> Self {
        let scale = if browser::kept(SCALE_KEY).as_deref() == Some("panel") { Scale::Panel } else { Scale::Guideline };
        let manifest = weights::manifest();
        let first = manifest.iter().flat_map(|m| &m.networks).filter(|n| n.tier == Tier::Quick);
        let of = first.map(weights::bytes_of).sum();
        Self {
            model: RwSignal::new(Model::default()),
            view: RwSignal::new(View::default()),
            drawn: RwSignal::new(0),
            pixels: StoredValue::new_local(PixelStore::default()),
            loaded: RwSignal::new(Loaded { bytes: 0, of, failed: false, kept: true }),
            stalled: RwSignal::new(false),
            preference: RwSignal::new(browser::device_parameter().unwrap_or_default()),
            depth: RwSignal::new(browser::depth_parameter()),
            scale: RwSignal::new(scale),
            adding: RwSignal::new(false),
            elsewhere: RwSignal::new(false),
            offline: Offline::new(),
            witness: Witness::new(),
            link: StoredValue::new_local(None),
            module: StoredValue::new_local(None),
            computing: StoredValue::new_local(None),
            reopen: StoredValue::new_local(None),
            idle: StoredValue::new(Idle::default()),
            delivery: StoredValue::new_local(Delivery::default()),
            manifest: StoredValue::new(manifest),
            heard_ms: StoredValue::new(0.0),
            stop_asked_ms: StoredValue::new(None),
        }
    }

    /// Starts the worker and the weights' download.
    pub fn begin(self) {
        self.witness.begin();
        self.start_worker();
        if let Some(manifest) = self.manifest.get_value() {
            spawn_local(async move { weights::store::clean(&manifest, false).await });
        }
        self.pump_weights();
        self.offline.begin();
        self.tell_other_tabs();
        let tick = move || self.watch();
        // The watch lives as long as the page.
        let _ = set_interval_with_handle(tick, std::time::Duration::from_secs(5));
    }

    fn start_worker(self) {
        let part = Part::fitting(self.preference.get_untracked());
        let mut link = worker_link::Link::start(
            part,
            move |part| self.compiled(part),
            move |heard| match heard {
                Heard::Event(event, payload) => self.heard(event, payload),
                Heard::Blocked(directive) => self.witness.was_stopped(directive),
                Heard::Died => self.died(Issue::new(IssueCode::WorkerDied, "")),
                Heard::Unloaded => self.model.update(|m| m.link = Link::Unloaded),
                Heard::Impossible => self.model.update(|m| m.link = Link::Impossible),
            },
        );
        link.send(self.configuration(), Vec::new(), false);
        self.link.set_value(Some(link));
    }

    fn configuration(self) -> Command {
        Command::Configure {
            device: self.preference.get_untracked(),
            cores: browser::cores(),
            depth: self.depth.get_untracked(),
        }
    }

    /// The worker's module, compiled once for all workers to come that are of the same part.
    async fn compiled(self, part: Part) -> Option<JsValue> {
        if let Some((_, module)) = self.module.get_value().filter(|(of, _)| *of == part) {
            return Some(module);
        }
        let module = worker_link::compiled(part).await?;
        self.module.set_value(Some((part, module.clone())));
        Some(module)
    }

    /// Holds a lock while this tab computes, and notices when another tab has it. Nothing else passes between tabs.
    fn tell_other_tabs(self) {
        let busy = Memo::new(move |_| self.model.with(|m| m.busy_slot().is_some()));
        leptos::prelude::Effect::new(move |_| {
            self.elsewhere.set(false);
            self.computing.set_value(None);
            if !busy.get() {
                return;
            }
            spawn_local(async move {
                match lock::try_now("corsai-computing").await {
                    lock::Attempt::Held(lock) if busy.get_untracked() => self.computing.set_value(Some(lock)),
                    lock::Attempt::Taken => self.elsewhere.set(busy.get_untracked()),
                    _ => {}
                }
            });
        });
    }

    /// Whether leaving the page would lose a running measurement.
    pub fn busy(self) -> bool {
        self.model.with_untracked(|m| m.busy_slot().is_some())
    }

    /// The tab is seen again: silence while it was frozen is nobody's fault.
    pub fn seen_again(self) {
        self.heard_ms.set_value(browser::now_ms());
    }

    /// Ends the worker for good, when the page goes.
    pub fn end(self) {
        self.link.set_value(None);
    }

    fn died(self, issue: Issue) {
        let series = self.model.with_untracked(|m| m.current.chosen);
        let again = self.reopen.try_update_value(|r| r.as_mut().and_then(|r| r.again(series))).flatten();
        let begun = again.and_then(|(source, on_cpu)| {
            let run = self.model.try_update(Model::begin_anew).flatten()?;
            Some((source, on_cpu, run))
        });
        let Some((source, on_cpu, run)) = begun else {
            self.model.update(|m| m.lost_worker(Some(issue)));
            if let Some(on_cpu) = self.idle.try_update_value(Idle::died).flatten() {
                self.another_worker(on_cpu);
            } else {
                self.model.update(|m| m.link = Link::Impossible);
                self.link.set_value(None);
            }
            return;
        };
        self.forget_pixels(Slot::Current);
        self.another_worker(on_cpu);
        if let Some((command, answers)) = self.reopen.with_value(|r| r.as_ref().map(Reopen::answers)) {
            self.send(command, answers, false);
        }
        let (command, payload) = source.command(run, Slot::Current);
        self.send(command, payload, false);
    }

    /// Keeps a network's answer in case that the worker dies.
    fn keep(self, run: RunId, answered: Answered, payload: Vec<JsValue>) {
        let live = self.model.with_untracked(|m| run >= m.current.run && m.current.phase.busy());
        let answer = payload.into_iter().next().and_then(|buffer| buffer.dyn_into().ok());
        if let Some(answer) = answer.filter(|_| live) {
            self.reopen.update_value(|r| {
                if let Some(reopen) = r {
                    reopen.keep(answered, answer);
                }
            });
        }
    }

    /// Opens a study, and remembers from where until it has an answer. Where nothing can compute, a notice has said so.
    fn open(self, slot: Slot, source: Source, synthetic: bool) {
        if self.model.with_untracked(|m| matches!(m.link, Link::Impossible | Link::Unloaded)) {
            return;
        }
        let run = self.opening(slot, synthetic);
        if slot == Slot::Current {
            self.reopen.set_value(Some(Reopen::new(source.clone())));
        }
        let (command, payload) = source.command(run, slot);
        self.send(command, payload, false);
    }

    /// The file handles are let go once nothing can need them any more; a series that was being analysed when a worker
    /// died is chosen again.
    fn follow_reopened(self) {
        let phase = self.model.with_untracked(|m| m.current.phase);
        if matches!(phase, Phase::Empty | Phase::Done | Phase::Refused | Phase::Cancelled) {
            self.reopen.set_value(None);
        } else if phase == Phase::Choosing
            && let Some(Some(series)) = self.reopen.try_update_value(|r| r.as_mut().and_then(Reopen::take_series))
        {
            self.choose(Slot::Current, series);
        }
    }

    /// Replaces the worker because the person wants so.
    pub fn restart(self) {
        self.model.update(|m| m.lost_worker(None));
        self.replace_worker();
    }

    fn replace_worker(self) {
        self.stalled.set(false);
        self.stop_asked_ms.set_value(None);
        self.pixels.update_value(PixelStore::forget_asked);
        self.delivery.update_value(Delivery::new_worker);
        self.link.set_value(None);
        self.start_worker();
    }

    /// In place of one that died.
    fn another_worker(self, on_cpu: bool) {
        if on_cpu {
            self.preference.set(DevicePreference::Cpu);
        }
        self.replace_worker();
    }

    fn send(self, command: Command, payload: Vec<JsValue>, transfer: bool) {
        let sent = self.link.try_update_value(|l| l.as_mut().is_none_or(|l| l.send(command, payload, transfer)));
        if sent == Some(false) {
            self.died(Issue::new(IssueCode::WorkerDied, ""));
        }
    }

    fn send_all(self, commands: Vec<Command>) {
        for command in commands {
            self.send(command, Vec::new(), false);
        }
    }

    // ── What the worker says ────────────────────────────────────────────────────────────────────────────────────

    fn heard(self, event: Event, payload: Vec<JsValue>) {
        if self.model.with_untracked(|m| m.gets_on(&event)) {
            self.heard_ms.set_value(browser::now_ms());
            if self.stalled.get_untracked() {
                self.stalled.set(false);
            }
        }
        if let Event::Slice { run, slot, index, lungs, lesions, .. } = event {
            if self.model.with_untracked(|m| m.is_live(run, slot)) {
                self.take_slice(slot, index, lungs, lesions, &payload);
            }
            return;
        }
        if let Event::Answered { run, answered } = event {
            self.keep(run, answered, payload);
            return;
        }
        if matches!(event, Event::Device { .. }) {
            self.idle.update_value(Idle::lives);
        }
        if matches!(event, Event::Ready { .. }) {
            let sent = self.link.try_update_value(|l| l.as_mut().is_none_or(worker_link::Link::now_ready));
            if sent == Some(false) {
                self.died(Issue::new(IssueCode::WorkerDied, ""));
                return;
            }
        }
        let thumbnails = worker_link::thumbnails(&event, &payload);
        let effects = self.model.try_update(|m| m.apply(event, thumbnails)).unwrap_or_default();
        for effect in effects {
            self.carry_out(effect);
        }
        self.follow_reopened();
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::DeliverWeights(networks) => {
                self.delivery.update_value(|d| d.want(networks));
                self.pump_weights();
            }
            Effect::DropStoredWeights => {
                self.delivery.update_value(Delivery::forget);
                if let Some(manifest) = self.manifest.get_value() {
                    spawn_local(async move { weights::store::clean(&manifest, true).await });
                }
            }
            Effect::NewVolume(slot) => {
                self.pixels.update_value(|p| p.clear(slot));
                let count = self.model.with_untracked(|m| m.study(slot).volume.as_ref().map_or(0, |v| v.slices));
                self.view.update(|v| v.new_volume(slot, count));
                self.ask_for_shown();
            }
            Effect::SlicesChanged(slot, indices, areas) => {
                self.pixels.update_value(|p| p.changed(slot, &indices, &areas));
                if !areas.is_empty() {
                    self.drawn.update(|d| *d += 1);
                }
                let nothing = self.pixels.with_value(|p| !p.has_any(slot));
                if nothing && self.view.with_untracked(|v| v.slot == slot) {
                    self.view.update(|v| v.nearest_of(slot, &indices));
                }
                self.ask_for_shown();
            }
            Effect::WorkerDied(issue) => self.died(issue),
        }
    }

    fn take_slice(self, slot: Slot, index: u32, lungs: bool, lesions: bool, payload: &[JsValue]) {
        let buffers: Vec<&ArrayBuffer> = payload.iter().filter_map(JsCast::dyn_ref).collect();
        let [hu, labels, agreement @ ..] = &buffers[..] else {
            return self.died(Issue::new(IssueCode::InternalFault, "a slice's picture"));
        };
        let (hu, labels) = (Int16Array::new(hu).to_vec(), Uint8Array::new(labels).to_vec());
        let agreement = agreement.first().map(|agreement| Uint8Array::new(agreement).to_vec());
        let slice = self.model.with_untracked(|m| {
            let volume = m.study(slot).volume.as_ref()?;
            (index < volume.slices).then(|| Slice::new(volume, hu, labels, agreement, (lungs, lesions))).flatten()
        });
        if let Some(slice) = slice {
            self.pixels.update_value(|p| p.put(slot, index, slice));
            self.drawn.update(|d| *d += 1);
        }
    }

    /// Asks for the slice on screen and its neighbours, as far as they are not at hand.
    pub fn ask_for_shown(self) {
        let View { slot, .. } = self.view.get_untracked();
        let index = self.view.with_untracked(View::index);
        let Some((count, busy)) = self.model.with_untracked(|m| {
            let study = m.study(slot);
            study.volume.as_ref().filter(|_| !study.gone).map(|v| (v.slices, study.phase.busy()))
        }) else {
            return;
        };
        // While the worker computes, only what is seen is asked for: it has better things to do.
        let wanted = around(index, count, if busy { 1 } else { REACH });
        let asked = self.pixels.try_update_value(|p| p.ask(slot, wanted)).unwrap_or_default();
        self.send_all(asked.into_iter().map(|index| Command::Slice { slot, index }).collect());
    }

    fn watch(self) {
        let busy = self.model.with_untracked(Model::busy_slot).is_some();
        let stopping = self.model.with_untracked(|m| m.current.stopping || m.previous.stopping);
        let now = browser::now_ms();
        if !stopping {
            self.stop_asked_ms.set_value(None);
        } else if self.stop_asked_ms.get_value().is_some_and(|asked| now - asked > STOP_MS) {
            self.restart();
        }
        let stalled = busy && now - self.heard_ms.get_value() > SILENCE_MS;
        if stalled != self.stalled.get_untracked() {
            self.stalled.set(stalled);
        }
    }

    // ── Weights ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// Loads networks one after another, those waited for first, and hands them over.
    fn pump_weights(self) {
        if self.delivery.try_update_value(Delivery::begin) != Some(true) {
            return;
        }
        spawn_local(async move {
            let Some(manifest) = self.manifest.get_value() else { return };
            let first = manifest.networks.iter().filter(|n| n.tier == Tier::Quick);
            let names: Vec<String> = first.map(|n| n.name.clone()).collect();
            self.deliver_held();
            while let Some(Some(name)) = self.delivery.try_update_value(|d| d.next(&names)) {
                let Some(network) = manifest.networks.iter().find(|n| n.name == name) else {
                    self.weights_failed(name, "this page does not have such a network");
                    continue;
                };
                let before = self.delivery.with_value(|d| d.bytes());
                let progress = move |bytes: u64| {
                    self.heard_ms.set_value(browser::now_ms());
                    // All of it counts as loaded only once it is verified.
                    self.loaded.update(|l| l.bytes = (before + bytes).min(l.of.saturating_sub(1)));
                };
                match weights::load(network, progress).await {
                    Ok((parts, kept)) => {
                        let bytes = weights::bytes_of(network);
                        self.delivery.update_value(|d| d.loaded(name, parts, bytes));
                        let bytes = self.delivery.with_value(Delivery::bytes);
                        self.loaded.update(|l| {
                            l.bytes = bytes;
                            l.failed = false;
                            l.kept &= kept;
                        });
                    }
                    Err(error) => self.weights_failed(name, &error.to_string()),
                }
                self.deliver_held();
            }
        });
    }

    fn weights_failed(self, network: String, detail: &str) {
        self.loaded.update(|l| l.failed = true);
        if self.delivery.try_update_value(|d| d.failed(&network)) == Some(true) {
            self.send(Command::WeightsFailed { network, detail: detail.into() }, Vec::new(), false);
        }
    }

    fn deliver_held(self) {
        for (network, parts) in self.delivery.try_update_value(Delivery::hand_over).unwrap_or_default() {
            let payload = parts.into_iter().map(JsValue::from).collect();
            self.send(Command::Weights { network }, payload, true);
        }
    }

    // ── What the person wants ───────────────────────────────────────────────────────────────────────────────────

    /// Opens what was dropped.
    pub fn open_drop(self, slot: Slot, drop: Drop) {
        spawn_local(async move {
            match intake::walk(drop).await {
                Ok(files) => self.open_files(slot, files),
                Err(error) => self.model.update(|m| m.notice(refusal(error))),
            }
        });
    }

    fn open_files(self, slot: Slot, files: Vec<Dropped>) {
        let (names, files) = files.into_iter().map(|d| (d.name, JsValue::from(d.file))).unzip();
        self.open(slot, Source::Files { names, files }, false);
    }

    /// Opens a made-up study.
    pub fn open_phantom(self, slot: Slot, date: PhantomDate) {
        self.open(slot, Source::Phantom(date), true);
    }

    fn opening(self, slot: Slot, synthetic: bool) -> RunId {
        self.adding.set(false);
        self.witness.study_opened();
        self.heard_ms.set_value(browser::now_ms());
        let (commands, run) = self.model.try_update(|m| m.open(slot, synthetic)).unwrap_or_default();
        self.forget_pixels(slot);
        self.send_all(commands);
        run
    }

    fn forget_pixels(self, slot: Slot) {
        self.pixels.update_value(|p| {
            p.clear(Slot::Previous);
            if slot == Slot::Current {
                p.clear(Slot::Current);
            }
        });
        self.view.update(|v| v.slot = Slot::Current);
        self.drawn.update(|d| *d += 1);
    }

    pub fn choose(self, slot: Slot, series: SeriesId) {
        self.heard_ms.set_value(browser::now_ms());
        let commands = self.model.try_update(|m| m.choose(slot, series)).unwrap_or_default();
        self.send_all(commands);
    }

    /// Closes a study. With the current one its worker ends, and with it all memory that held anything of the study.
    pub fn close(self, slot: Slot) {
        let commands = self.model.try_update(|m| m.close(slot)).unwrap_or_default();
        self.forget_pixels(slot);
        self.follow_reopened();
        if slot == Slot::Current {
            self.restart();
        } else {
            self.send_all(commands);
        }
    }

    pub fn stop(self, slot: Slot) {
        if let Some(Some(command)) = self.model.try_update(|m| m.stop(slot)) {
            self.stop_asked_ms.set_value(Some(browser::now_ms()));
            self.send(command, Vec::new(), false);
        }
    }

    /// Stops a silent run by replacing the worker.
    pub fn stop_hard(self) {
        if let Some(slot) = self.model.with_untracked(Model::busy_slot) {
            self.model.update(|m| {
                m.stop(slot);
            });
        }
        self.restart();
    }

    pub fn set_scale(self, scale: Scale) {
        self.scale.set(scale);
        browser::keep(SCALE_KEY, if scale == Scale::Panel { "panel" } else { "guideline" });
    }

    pub fn set_device(self, device: DevicePreference) {
        if self.preference.get_untracked() != device {
            self.preference.set(device);
            self.restart();
        }
    }

    /// What the worker shall do from the next study on.
    pub fn set_depth(self, depth: Depth) {
        self.depth.set(depth);
        self.send(self.configuration(), Vec::new(), false);
    }

    /// Lets more networks vote on a finished study.
    pub fn refine(self, slot: Slot, tier: Tier) {
        self.heard_ms.set_value(browser::now_ms());
        if let Some(Some(command)) = self.model.try_update(|m| m.refine(slot, tier)) {
            self.send(command, Vec::new(), false);
        }
    }

    /// Whether there are networks that see coronal and sagittal sections of lesions.
    pub fn has_sections(self) -> bool {
        let sections =
            |n: &NetworkEntry| n.family == Family::Dpn && n.projections.iter().any(|p| *p != Projection::Axial);
        self.manifest.with_value(|m| m.iter().flat_map(|m| &m.networks).any(sections))
    }

    /// Whether the network of that name is one that votes on lesions.
    pub fn votes(self, name: &str) -> bool {
        let votes = |n: &NetworkEntry| n.name == name && n.family != Family::Lungs;
        self.manifest.with_value(|m| m.iter().flat_map(|m| &m.networks).any(votes))
    }

    /// The next tier above `tier` that has a network, how many that adds and their bytes.
    pub fn tier_above(self, tier: Tier) -> Option<(Tier, usize, u64)> {
        let manifest = self.manifest.get_value()?;
        let more = |next: Tier| manifest.networks.iter().filter(move |n| n.tier > tier && n.tier <= next);
        let next = Tier::ALL.into_iter().find(|next| more(*next).next().is_some())?;
        Some((next, more(next).count(), more(next).map(weights::bytes_of).sum()))
    }

    /// The current study's numbers and doubts, for an export.
    pub fn exportable(self) -> Option<(Report, Vec<Issue>)> {
        self.model.with_untracked(|m| m.current.numbers().map(|r| (r.clone(), m.current.issues())))
    }
}

const SCALE_KEY: &str = "corsai.scale";

fn refusal(error: IntakeError) -> Issue {
    match error {
        IntakeError::TooMany => Issue::new(IssueCode::InputTooMany, &format!("more than {} files", intake::FILES_MAX)),
        IntakeError::Nothing => Issue::new(IssueCode::InputNothing, "no file"),
    }
}
