//! The page's one long-lived object: signals, and what the worker's events and a person's wishes
//! set off. The worker's life and deaths, the weights and the other tabs have their own files.

mod loader;
mod recovery;
mod tabs;

use corsai_manifest::{Family, Manifest, NetworkEntry, Projection};
use corsai_protocol::{Command, Depth, DevicePreference, Event, PhantomDate, SeriesId, Slot};
use corsai_report::{Issue, IssueCode, Report, Scale, Tier};
use js_sys::{ArrayBuffer, Int16Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    delivery::{Awaited, Delivery},
    intake::{self, Drop, IntakeError, Listed},
    lock,
    offline::Offline,
    privacy::witness::Witness,
    reopen::{Handles, Idle, Reopen, Source},
    state::{Effect, Link, Model, Phase},
    undo::Undo,
    viewer::{
        pixels::{PixelStore, Slice, around},
        view::View,
    },
    weights::{self, Loaded},
    worker_link::{self, Part},
};

/// Slices fetched ahead on both sides of the one on screen.
const REACH: u32 = 3;
/// Files that are found between two updates of the count on screen.
const LISTED_STEP: usize = 20;

/// Everything that components share. Copied freely; the content lives in the reactive system's arena.
#[derive(Clone, Copy)]
pub struct App {
    pub model: RwSignal<Model>,
    pub view: RwSignal<View>,
    /// Rises when slices came in.
    pub drawn: RwSignal<u32>,
    pub pixels: StoredValue<PixelStore, LocalStorage>,
    /// The first answer's networks.
    pub loaded: RwSignal<Loaded>,
    /// The network that the worker waits for, while it is being loaded.
    pub awaited: RwSignal<Option<Awaited>>,
    /// Files found so far in what was dropped, while its folders are looked through.
    pub listing: RwSignal<Option<usize>>,
    /// The run has not come any further for long.
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
    pub undo: Undo,
    link: StoredValue<Option<worker_link::Link>, LocalStorage>,
    /// What was preferred when the worker was started.
    computes_on: StoredValue<DevicePreference>,
    /// The worker's compiled module.
    module: StoredValue<Option<(Part, JsValue)>, LocalStorage>,
    /// Held while this tab computes.
    computing: StoredValue<Option<lock::Lock>, LocalStorage>,
    handles: StoredValue<Handles, LocalStorage>,
    /// Rises with everything that a person wants in place of what was dropped last.
    wish: StoredValue<u32>,
    idle: StoredValue<Idle>,
    delivery: StoredValue<Delivery, LocalStorage>,
    manifest: StoredValue<Manifest>,
    advanced_ms: StoredValue<f64>,
    stop_asked_ms: StoredValue<Option<f64>>,
}

impl App {
    pub fn new() -> Self {
        let scale = if browser::kept(SCALE_KEY).as_deref() == Some("panel") { Scale::Panel } else { Scale::Guideline };
        let manifest = weights::manifest().expect("invariant: the manifest that the page was built with can be read");
        let first = manifest.networks.iter().filter(|n| n.tier == Tier::Quick);
        let of = first.map(weights::bytes_of).sum();
        Self {
            model: RwSignal::new(Model::default()),
            view: RwSignal::new(View::default()),
            drawn: RwSignal::new(0),
            pixels: StoredValue::new_local(PixelStore::default()),
            loaded: RwSignal::new(Loaded { bytes: 0, of, failed: false, kept: true }),
            awaited: RwSignal::new(None),
            listing: RwSignal::new(None),
            stalled: RwSignal::new(false),
            preference: RwSignal::new(browser::device_parameter().unwrap_or_default()),
            depth: RwSignal::new(browser::depth_parameter()),
            scale: RwSignal::new(scale),
            adding: RwSignal::new(false),
            elsewhere: RwSignal::new(false),
            offline: Offline::new(),
            witness: Witness::new(),
            undo: Undo::new(),
            link: StoredValue::new_local(None),
            computes_on: StoredValue::new(DevicePreference::default()),
            module: StoredValue::new_local(None),
            computing: StoredValue::new_local(None),
            handles: StoredValue::new_local(Handles::default()),
            wish: StoredValue::new(0),
            idle: StoredValue::new(Idle::default()),
            delivery: StoredValue::new_local(Delivery::default()),
            manifest: StoredValue::new(manifest),
            advanced_ms: StoredValue::new(0.0),
            stop_asked_ms: StoredValue::new(None),
        }
    }

    /// Starts the worker and the weights' download.
    pub fn begin(self) {
        self.witness.begin();
        self.start_worker();
        self.pump_weights();
        self.offline.begin(move || {
            // Weights of other versions, which no tab runs any more.
            let manifest = self.manifest.get_value();
            spawn_local(async move { weights::store::clean(&manifest, false).await });
        });
        self.tell_other_tabs();
        self.watch_always();
    }

    /// Whether leaving the page would lose what is being computed.
    pub fn busy(self) -> bool {
        self.model.with_untracked(Model::working)
    }

    /// The tab is seen again: silence while it was frozen is nobody's fault.
    pub fn seen_again(self) {
        self.goes_on();
    }

    /// Ends the worker for good, when the page goes.
    pub fn end(self) {
        self.link.set_value(None);
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
            self.goes_on();
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
        self.let_go();
        self.follow_undone();
    }

    /// A study that was brought back is measured as it was: the same series, and the earlier study
    /// after it.
    fn follow_undone(self) {
        let phase = |slot| self.model.with_untracked(|m| m.study(slot).phase);
        if let Some((slot, series)) = self.undo.take_series(|slot| phase(slot) == Phase::Choosing) {
            self.choose(slot, series);
        }
        if matches!(phase(Slot::Current), Phase::Measured { .. }) && phase(Slot::Previous) == Phase::Empty {
            self.undo.go_on(|slot, source, synthetic| self.open(slot, source, synthetic));
        }
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::DeliverWeights(networks) => {
                self.delivery.update_value(|d| d.want(networks));
                self.pump_weights();
            }
            Effect::DropStoredWeights => {
                self.delivery.update_value(Delivery::forget);
                let manifest = self.manifest.get_value();
                spawn_local(async move { weights::store::clean(&manifest, true).await });
            }
            Effect::SeriesFound(slot, chosen) => self.choose_again(slot, chosen),
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
            study.volume.as_ref().filter(|_| !study.gone).map(|v| (v.slices, m.working()))
        }) else {
            return;
        };
        // While the worker computes, only what is seen is asked for: it has better things to do.
        let wanted = around(index, count, if busy { 1 } else { REACH });
        let asked = self.pixels.try_update_value(|p| p.ask(slot, wanted)).unwrap_or_default();
        self.send_all(asked.into_iter().map(|index| Command::Slice { slot, index }).collect());
    }

    // ── What the person wants ───────────────────────────────────────────────────────────────────────────────────

    /// Opens what was dropped, once its folders are listed, unless the person has wanted something
    /// else by then.
    pub fn open_drop(self, slot: Slot, drop: Drop) {
        let wish = self.new_wish();
        if matches!(drop, Drop::Entries(_)) {
            self.listing.set(Some(0));
        }
        spawn_local(async move {
            let goes_on = move |found: usize| {
                let wanted = self.wish.get_value() == wish;
                if wanted && self.listing.with_untracked(|l| l.is_none_or(|l| found >= l + LISTED_STEP)) {
                    self.listing.set(Some(found));
                }
                wanted
            };
            let listed = intake::walk(drop, goes_on).await;
            if self.wish.get_value() != wish {
                return;
            }
            self.listing.set(None);
            match listed {
                Ok(listed) => self.open_files(slot, listed),
                Err(error) => {
                    if let Some(issue) = refusal(error) {
                        self.model.update(|m| m.notice(issue));
                    }
                }
            }
        });
    }

    /// What the person wants now comes before a drop that is still being listed.
    fn new_wish(self) -> u32 {
        if self.listing.get_untracked().is_some() {
            self.listing.set(None);
        }
        self.wish.update_value(|w| *w = w.wrapping_add(1));
        self.wish.get_value()
    }

    /// Stops looking through what was dropped.
    pub fn stop_listing(self) {
        self.new_wish();
    }

    fn open_files(self, slot: Slot, listed: Listed) {
        let missing = listed.unreadable.issue(listed.files.len());
        let (names, files) = listed.files.into_iter().map(|d| (d.name, JsValue::from(d.file))).unzip();
        self.open(slot, Source::Files { names, files, missing }, false);
    }

    /// Opens a made-up study.
    pub fn open_phantom(self, slot: Slot, date: PhantomDate) {
        self.new_wish();
        self.open(slot, Source::Phantom(date), true);
    }

    /// Opens a study, and remembers from where. Where nothing can compute, a notice has said so.
    pub fn open(self, slot: Slot, source: Source, synthetic: bool) {
        if !self.model.with_untracked(Model::can_compute) {
            return;
        }
        self.adding.set(false);
        self.witness.study_opened();
        self.goes_on();
        self.remember_closed(slot);
        let (commands, run) = self.model.try_update(|m| m.open(slot, synthetic)).unwrap_or_default();
        self.model.update(|m| m.take_in(slot, source.missing()));
        self.forget_pixels(slot);
        self.let_go();
        self.undo.opened(slot, source.clone(), synthetic);
        let depth = self.depth.get_untracked();
        self.handles.update_value(|h| *h.of(slot) = Some(Reopen::new(source.clone(), depth)));
        if slot == Slot::Current && self.computes_on.get_value() != self.preference.get_untracked() {
            self.model.update(|m| {
                m.link = Link::Starting;
                m.device = None;
            });
            self.replace_worker();
        }
        self.send_all(commands);
        self.send(self.configuration(depth), Vec::new(), false);
        let (command, payload) = source.command(run, slot);
        self.send(command, payload, false);
    }

    /// A person closes or replaces what is open in this slot.
    fn remember_closed(self, slot: Slot) {
        let (open, series) = self.model.with_untracked(|m| (m.study(slot).phase != Phase::Empty, m.chosen()));
        if open {
            self.undo.closing(slot, series);
        }
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

    /// Measures this series; where the worker has lost the study, it is read once more.
    pub fn choose(self, slot: Slot, series: SeriesId) {
        if !self.model.with_untracked(Model::can_compute) {
            return;
        }
        self.new_wish();
        self.goes_on();
        let depth = self.depth.get_untracked();
        let stays = self.model.with_untracked(|m| m.study(slot).stays_measured(series));
        self.handles.update_value(|h| h.afresh(slot, (!stays).then_some(depth)));
        if self.model.with_untracked(|m| m.study(slot).gone) {
            self.read_again(slot, series);
            return;
        }
        let commands = self.model.try_update(|m| m.choose(slot, series)).unwrap_or_default();
        self.send(self.configuration(depth), Vec::new(), false);
        self.send_all(commands);
    }

    /// Closes a study. With the current one its worker ends, and with it all memory that held anything of the study.
    pub fn close(self, slot: Slot) {
        self.new_wish();
        self.remember_closed(slot);
        let commands = self.model.try_update(|m| m.close(slot)).unwrap_or_default();
        self.forget_pixels(slot);
        self.let_go();
        if slot == Slot::Current {
            self.restart();
        } else {
            self.send_all(commands);
        }
    }

    pub fn stop(self, slot: Slot) {
        if let Some(command) = self.stop_of(slot) {
            self.stop_asked_ms.set_value(Some(browser::now_ms()));
            self.send(command, Vec::new(), false);
        }
    }

    /// Stops work that gets no further by replacing the worker.
    pub fn stop_hard(self) {
        for slot in [Slot::Current, Slot::Previous] {
            let _ = self.stop_of(slot);
        }
        self.restart();
    }

    /// What stops a study's run. Nothing goes further then by itself than the answer that is there.
    fn stop_of(self, slot: Slot) -> Option<Command> {
        let command = self.model.try_update(|m| m.stop(slot)).flatten()?;
        let reached = self.model.with_untracked(|m| {
            let study = m.study(slot);
            study.report.as_ref().filter(|_| study.phase.measured()).map(|r| r.runs.tier)
        });
        if let Some(tier) = reached {
            self.aim_at(slot, tier);
        }
        Some(command)
    }

    fn aim_at(self, slot: Slot, tier: Tier) {
        self.handles.update_value(|h| {
            if let Some(reopen) = h.of(slot) {
                reopen.depth.tier = tier;
            }
        });
    }

    pub fn set_scale(self, scale: Scale) {
        self.scale.set(scale);
        browser::keep(SCALE_KEY, if scale == Scale::Panel { "panel" } else { "guideline" });
    }

    /// Where to compute from the next study on.
    pub fn set_device(self, device: DevicePreference) {
        self.preference.set(device);
        let idle = self.model.with_untracked(|m| m.current.phase == Phase::Empty);
        if idle && self.computes_on.get_value() != device {
            self.restart();
        }
    }

    /// Lets more networks vote, on both studies where there are two.
    pub fn refine(self, tier: Tier) {
        self.goes_on();
        let commands = self.model.try_update(|m| m.refine(tier)).unwrap_or_default();
        for command in &commands {
            if let Command::Refine { slot, tier, .. } = command {
                self.aim_at(*slot, *tier);
            }
        }
        self.send_all(commands);
    }

    /// The person confirms that both studies are of one patient, though their identifiers differ.
    pub fn confirm_patient(self) {
        let run = self.model.with_untracked(|m| m.previous.run);
        self.send(Command::ConfirmPatient { run }, Vec::new(), false);
    }

    /// Whether there are networks that see coronal and sagittal sections of lesions.
    pub fn has_sections(self) -> bool {
        let sections =
            |n: &NetworkEntry| n.family == Family::Dpn && n.projections.iter().any(|p| *p != Projection::Axial);
        self.manifest.with_value(|m| m.networks.iter().any(sections))
    }

    /// Whether the network of that name is one that votes on lesions.
    pub fn votes(self, name: &str) -> bool {
        let votes = |n: &NetworkEntry| n.name == name && n.family != Family::Lungs;
        self.manifest.with_value(|m| m.networks.iter().any(votes))
    }

    /// The next tier above `tier` that has a network, how many that adds and their bytes.
    pub fn tier_above(self, tier: Tier) -> Option<(Tier, usize, u64)> {
        self.manifest.with_value(|manifest| {
            let more = |next: Tier| manifest.networks.iter().filter(move |n| n.tier > tier && n.tier <= next);
            let next = Tier::ALL.into_iter().find(|next| more(*next).next().is_some())?;
            Some((next, more(next).count(), more(next).map(weights::bytes_of).sum()))
        })
    }

    /// Returns the current study's numbers with every issue that stands beside them, for an export.
    pub fn exportable(self) -> Option<(Report, Vec<Issue>)> {
        self.model.with_untracked(Model::exportable)
    }
}

const SCALE_KEY: &str = "corsai.scale";

fn refusal(error: IntakeError) -> Option<Issue> {
    match error {
        IntakeError::TooMany => {
            Some(Issue::new(IssueCode::InputTooMany, &format!("more than {} files", intake::FILES_MAX)))
        }
        IntakeError::Nothing => Some(Issue::new(IssueCode::InputNothing, "no file")),
        IntakeError::Unreadable(unreadable) => unreadable.issue(0),
        IntakeError::Overtaken => None,
    }
}
