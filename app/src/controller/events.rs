//! The worker's events: they change the state, and set off the work that follows.

use corsai_protocol::{Event, StudySlot};
use corsai_report::{Issue, IssueCode};
use leptos::prelude::*;
use tracing::info;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{
    controller::context::Controller,
    crash_recovery::RestartBudget,
    diagnostics,
    state::{Phase, SideEffect},
    weights::{cache, queue::WeightsQueue},
    worker_handle::{self, WorkerHandle},
};

impl Controller {
    /// Takes in an event of the worker and the buffers beside it.
    pub(super) fn on_event(self, event: Event, payload: Vec<JsValue>) {
        if self.with_state(|s| s.advances(&event)) {
            self.note_progress();
        }
        if let Event::Slice { run, slot, index, lungs, lesions, .. } = event {
            if self.with_state(|s| s.is_live(run, slot)) {
                self.store_slice(slot, index, (lungs, lesions), &payload);
            }
            return;
        }
        if let Event::Diagnostics { lines } = event {
            diagnostics::add_worker_lines(&lines);
            return;
        }
        if let Event::Answer { run, key: answered } = event {
            self.store_answer(run, answered, payload);
            return;
        }
        if matches!(event, Event::Device { .. }) {
            self.restart_budget.update_value(RestartBudget::reset);
        }
        if matches!(event, Event::Ready { .. }) {
            let sent = self.worker.try_update_value(|w| w.as_mut().is_none_or(WorkerHandle::on_ready));
            if sent == Some(false) {
                self.on_crash(Issue::new(IssueCode::WorkerDied, []));
                return;
            }
        }
        trace_event(&event);
        let thumbnails = worker_handle::thumbnails(&event, &payload);
        for effect in self.transition(|s| s.apply(event, thumbnails)) {
            self.run_side_effect(effect);
        }
        self.drop_unneeded_plans();
        self.continue_undo();
    }

    /// Measures a study that was brought back as it was measured before: the same series, and then
    /// the earlier study.
    fn continue_undo(self) {
        let phase = |slot| self.with_state(|s| s.study(slot).phase);
        if let Some((slot, series)) = self.undo.take_series(|slot| phase(slot) == Phase::Choosing) {
            self.choose(slot, series);
        }
        if matches!(phase(StudySlot::Current), Phase::Measured { .. }) && phase(StudySlot::Previous) == Phase::Empty {
            self.undo.reopen_previous(|slot, source, synthetic| self.open(slot, source, synthetic));
        }
    }

    fn run_side_effect(self, effect: SideEffect) {
        match effect {
            SideEffect::DeliverWeights(networks) => {
                self.weights_queue.update_value(|q| q.request(networks));
                self.load_weights();
            }
            SideEffect::DropStoredWeights => {
                self.weights_queue.update_value(WeightsQueue::discard_loaded);
                let manifest = self.manifest.get_value();
                spawn_local(async move { cache::clean(&manifest, true).await });
            }
            SideEffect::SeriesFound(slot, chosen) => self.restore_choice(slot, chosen),
            SideEffect::NewVolume(slot) => {
                self.slices.update(|cache| cache.clear(slot));
                let count = self.with_state(|s| s.study(slot).volume.as_ref().map_or(0, |v| v.slices));
                self.viewport.update(|v| v.new_volume(slot, count));
                self.request_visible_slices();
            }
            SideEffect::SlicesChanged(slot, indices, areas) => {
                let _ = self.slices.update_untracked(|cache| cache.mark_changed(slot, &indices, &areas));
                if !areas.is_empty() {
                    self.slices.notify();
                }
                let is_empty = self.slices.with_untracked(|cache| !cache.has_any(slot)) == Some(true);
                if is_empty && self.viewport.with_untracked(|v| v.slot == slot) {
                    self.viewport.update(|v| v.nearest_of(slot, &indices));
                }
                self.request_visible_slices();
            }
            SideEffect::WorkerDied(issue) => self.on_crash(issue),
        }
    }
}

/// Notes the events that tell how far a run has come, in counts and codes.
fn trace_event(event: &Event) {
    match event {
        Event::Ready { .. } => info!("worker ready"),
        Event::Device { device } => {
            info!(
                backend = device.backend.as_str(),
                slice_ms = device.slice_ms,
                deviation = device.deviation,
                "device chosen"
            );
        }
        Event::WeightsRequested { networks } => info!(count = networks.len(), "networks requested"),
        Event::Series { run, slot, series, chosen, issues, .. } => {
            let usable = series.iter().filter(|s| s.usable).count();
            let (found, chosen, issues) = (series.len(), chosen.is_some(), issues.len());
            info!(run = run.0, ?slot, found, usable, chosen, issues, "series found");
        }
        Event::Volume { run, slot, volume } => {
            let (slices, rows, columns) = (volume.slices, volume.rows, volume.columns);
            info!(run = run.0, ?slot, slices, rows, columns, "volume known");
        }
        Event::Report { run, slot, report, stage } => {
            let (tier, seconds, issues) = (report.runs.tier.as_str(), report.runs.seconds, report.issues.len());
            info!(run = run.0, ?slot, ?stage, tier, seconds, issues, "numbers");
        }
        Event::Refused { run, slot, issues } => {
            let codes: Vec<&str> = issues.iter().map(|i| i.code.as_str()).collect();
            info!(run = run.0, ?slot, ?codes, "refused");
        }
        Event::Finished { run, slot } => info!(run = run.0, ?slot, "run finished"),
        Event::Cancelled { run, slot } => info!(run = run.0, ?slot, "run cancelled"),
        _ => {}
    }
}
