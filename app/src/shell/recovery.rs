//! The worker's life: it is started, it may die, hang or be ended, and the open studies go on in
//! another one.

use std::time::Duration;

use corsai_protocol::{Answered, Command, Depth, DevicePreference, RunId, SeriesId, Slot};
use corsai_report::{Issue, IssueCode};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::App;
use crate::{
    browser,
    delivery::Delivery,
    reopen::{Idle, Reopen},
    state::{Link, Model, Phase},
    viewer::pixels::PixelStore,
    worker_link::{self, Heard, Part},
};

/// Work that gets no further for this long is offered to be stopped.
const SILENCE_MS: f64 = 60_000.0;
/// A worker that doesn't answer a stop for this long is replaced.
const STOP_MS: f64 = 15_000.0;
/// The watch looks this often.
const WATCH: Duration = Duration::from_secs(5);

const SLOTS: [Slot; 2] = [Slot::Current, Slot::Previous];

impl App {
    pub(super) fn start_worker(self) {
        let preference = self.preference.get_untracked();
        self.computes_on.set_value(preference);
        let mut link = worker_link::Link::start(
            Part::fitting(preference),
            move |part| self.compiled(part),
            move |heard| match heard {
                Heard::Event(event, payload) => self.heard(event, payload),
                Heard::Blocked(directive) => self.witness.was_stopped(directive),
                Heard::Died => self.died(Issue::new(IssueCode::WorkerDied, "")),
                Heard::Unloaded => self.cannot_compute(Link::Unloaded),
                Heard::Impossible => self.cannot_compute(Link::Impossible),
            },
        );
        link.send(self.configuration(self.depth.get_untracked()), Vec::new(), false);
        self.link.set_value(Some(link));
    }

    /// How the worker shall compute the studies that are opened from here on.
    pub(super) fn configuration(self, depth: Depth) -> Command {
        Command::Configure { device: self.computes_on.get_value(), cores: browser::cores(), depth }
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

    /// The worker died: the open studies go on in another one. Of the study that it most likely
    /// died of not for ever.
    pub(super) fn died(self, issue: Issue) {
        let blamed = self.model.with_untracked(Model::blamed);
        let next = blamed.and_then(|slot| self.handles.try_update_value(|h| h.died(slot)).flatten());
        let given_up = blamed.filter(|_| next.is_none());
        let next = next.or_else(|| self.idle.try_update_value(Idle::died).flatten());
        let Some(on_cpu) = next else {
            self.model.update(|m| {
                m.lost_worker(Some(issue), &[]);
                m.link = Link::Impossible;
            });
            self.link.set_value(None);
            return;
        };
        if on_cpu {
            self.preference.set(DevicePreference::Cpu);
        }
        self.go_on(Some(issue), given_up);
    }

    /// No worker can be had. What was measured stays.
    fn cannot_compute(self, link: Link) {
        let message =
            "The part of the page that computes could not be loaded. Check the connection and reload the page.";
        let issue = Issue { message: message.into(), ..Issue::new(IssueCode::WorkerDied, "") };
        self.model.update(|m| {
            m.lost_worker(Some(issue.clone()), &[]);
            // The link's state is told as well.
            m.notices.retain(|n| *n != issue);
            m.link = link;
        });
        self.link.set_value(None);
    }

    /// Replaces the worker because the person wants so: measured studies get their pictures back.
    pub(super) fn restart(self) {
        self.go_on(None, None);
    }

    /// Another worker in place of the one that is gone. Open studies go on in it, but for the one
    /// that is given up.
    fn go_on(self, issue: Option<Issue>, given_up: Option<Slot>) {
        for slot in SLOTS {
            let chosen = self.model.with_untracked(|m| m.study(slot).chosen);
            self.handles.update_value(|h| h.take_next(slot, chosen));
        }
        let again: Vec<Slot> = SLOTS
            .into_iter()
            .filter(|s| Some(*s) != given_up && self.model.with_untracked(|m| m.goes_on(*s)))
            .filter(|s| self.handles.try_update_value(|h| h.of(*s).is_some()) == Some(true))
            .collect();
        let runs = self.model.try_update(|m| m.lost_worker(issue, &again)).unwrap_or_default();
        self.replace_worker();
        for (slot, run) in runs {
            self.read_in(slot, run);
        }
        self.let_go();
    }

    pub(super) fn replace_worker(self) {
        self.goes_on();
        self.stop_asked_ms.set_value(None);
        self.pixels.update_value(PixelStore::forget_asked);
        self.delivery.update_value(Delivery::new_worker);
        self.link.set_value(None);
        self.start_worker();
    }

    /// Has the worker read a study once more that another one has lost, and measure this series of
    /// it.
    pub(super) fn read_again(self, slot: Slot, series: SeriesId) {
        self.handles.update_value(|h| h.take_next(slot, Some(series)));
        if let Some(run) = self.model.try_update(|m| m.read_again(slot, series)) {
            self.read_in(slot, run);
        }
    }

    /// Has the worker read a study by its handles, and measure it as it was to be measured.
    fn read_in(self, slot: Slot, run: RunId) {
        if !self.model.with_untracked(|m| m.study(slot).phase.measured()) {
            self.forget_pixels(slot);
        }
        let told = |r: &Reopen| (r.depth, r.answers(), r.source().command(run, slot));
        let told = self.handles.try_update_value(|h| h.of(slot).as_ref().map(told)).flatten();
        let Some((depth, answers, open)) = told else { return };
        self.send(self.configuration(depth), Vec::new(), false);
        for (command, payload) in [answers, open] {
            self.send(command, payload, false);
        }
    }

    /// What a drop holds is known. A series that was being measured when another worker was lost is
    /// measured again.
    pub(super) fn choose_again(self, slot: Slot, chosen: Option<SeriesId>) {
        let wanted = self.handles.try_update_value(|h| h.take_series(slot)).flatten();
        if let Some(series) = wanted.filter(|s| Some(*s) != chosen) {
            let commands = self.model.try_update(|m| m.choose(slot, series)).unwrap_or_default();
            self.send_all(commands);
        }
    }

    /// Keeps a network's answer in case that the worker dies.
    pub(super) fn keep(self, run: RunId, answered: Answered, payload: Vec<JsValue>) {
        let live = self.model.with_untracked(|m| run >= m.current.run && m.current.phase.work().is_some());
        let answer = payload.into_iter().next().and_then(|buffer| buffer.dyn_into().ok());
        if let Some(answer) = answer.filter(|_| live) {
            self.handles.update_value(|h| {
                if let Some(reopen) = h.of(Slot::Current) {
                    reopen.keep(answered, answer);
                }
            });
        }
    }

    /// Handles are let go with their study, answers once all is computed.
    pub(super) fn let_go(self) {
        for slot in SLOTS {
            if self.model.with_untracked(|m| m.study(slot).phase == Phase::Empty) {
                self.handles.update_value(|h| *h.of(slot) = None);
            }
        }
        if !self.model.with_untracked(Model::working) && !SLOTS.into_iter().any(|s| self.goes_further(s)) {
            self.handles.update_value(|h| h.forget_answers());
        }
    }

    /// Whether further networks are to run after the answer that is there.
    fn goes_further(self, slot: Slot) -> bool {
        let goal = self.handles.try_update_value(|h| h.of(slot).as_ref().map(|r| r.depth.tier)).flatten();
        let reached = self.model.with_untracked(|m| {
            let study = m.study(slot);
            study.report.as_ref().filter(|_| study.phase.measured() && !study.gone).map(|r| r.runs.tier)
        });
        let next = reached.and_then(|tier| self.tier_above(tier)).map(|(next, ..)| next);
        next.zip(goal).is_some_and(|(next, goal)| next <= goal)
    }

    /// Something has come further.
    pub(super) fn goes_on(self) {
        self.advanced_ms.set_value(browser::now_ms());
        if self.stalled.get_untracked() {
            self.stalled.set(false);
        }
    }

    pub(super) fn watch_always(self) {
        // The watch lives as long as the page.
        let _ = set_interval_with_handle(move || self.watch(), WATCH);
    }

    fn watch(self) {
        let now = browser::now_ms();
        if !self.model.with_untracked(Model::stopping) {
            self.stop_asked_ms.set_value(None);
        } else if self.stop_asked_ms.get_value().is_some_and(|asked| now - asked > STOP_MS) {
            self.restart();
        }
        let stalled = self.busy() && now - self.advanced_ms.get_value() > SILENCE_MS;
        if stalled != self.stalled.get_untracked() {
            self.stalled.set(stalled);
        }
    }
}
