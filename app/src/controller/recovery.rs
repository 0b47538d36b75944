//! What it takes to continue after a lost worker: the studies' files, their series, and the
//! networks' answers.

use corsai_protocol::{AnswerKey, RunId, SeriesId, StudySlot};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    controller::context::Controller,
    crash_recovery::{RecoveryPlan, RecoveryPlans},
    state::{PageState, Phase},
};

const SLOTS: [StudySlot; 2] = [StudySlot::Current, StudySlot::Previous];

impl Controller {
    /// Returns the studies that a new worker has to open again, and notes the series to measure.
    pub(super) fn plan_restart(self, given_up: Option<StudySlot>) -> Vec<StudySlot> {
        for slot in SLOTS {
            let chosen = self.with_state(|s| s.study(slot).chosen);
            self.recovery_plans.update_value(|p| p.set_series(slot, chosen));
        }
        SLOTS
            .into_iter()
            .filter(|slot| Some(*slot) != given_up && self.with_state(|s| s.survives_restart(*slot)))
            .filter(|slot| self.recovery_plans.try_update_value(|p| p.plan(*slot).is_some()) == Some(true))
            .collect()
    }

    /// Has the worker read a study again that was lost with the last one, and measure this series.
    pub(super) fn read_again(self, slot: StudySlot, series: SeriesId) {
        self.recovery_plans.update_value(|p| p.set_series(slot, Some(series)));
        let run = self.transition(|s| s.read_again(slot, series));
        self.read_study(slot, run);
    }

    /// Has the worker read a study from its file handles, and compute it with the options that it
    /// was opened with.
    pub(super) fn read_study(self, slot: StudySlot, run: RunId) {
        if !self.with_state(|s| s.study(slot).phase.measured()) {
            self.clear_slices(slot);
        }
        let commands = |p: &RecoveryPlan| (p.options, p.answers(), p.source().command(run, slot));
        let commands = self.recovery_plans.try_update_value(|p| p.plan(slot).as_ref().map(commands)).flatten();
        let Some((options, answers, open)) = commands else { return };
        self.send(self.configuration(options), Vec::new(), false);
        for (command, payload) in [answers, open] {
            self.send(command, payload, false);
        }
    }

    /// Chooses the series again that was being measured when the last worker was lost, now that the
    /// drop's series are known.
    pub(super) fn restore_choice(self, slot: StudySlot, chosen: Option<SeriesId>) {
        let wanted = self.recovery_plans.try_update_value(|p| p.take_series(slot)).flatten();
        if let Some(series) = wanted.filter(|s| Some(*s) != chosen) {
            let commands = self.transition(|s| s.choose(slot, series));
            self.send_all(commands);
        }
    }

    /// Stores a network's answer for the case that the worker crashes.
    pub(super) fn store_answer(self, run: RunId, answered: AnswerKey, payload: Vec<JsValue>) {
        let live = self.with_state(|s| run >= s.current.run && s.current.phase.work().is_some());
        let answer = payload.into_iter().next().and_then(|buffer| buffer.dyn_into().ok());
        if let Some(answer) = answer.filter(|_| live) {
            self.recovery_plans.update_value(|p| {
                if let Some(plan) = p.plan(StudySlot::Current) {
                    plan.store_answer(answered, answer);
                }
            });
        }
    }

    /// Drops the file handles of closed studies, and the answers once all is computed.
    pub(super) fn drop_unneeded_plans(self) {
        for slot in SLOTS {
            if self.with_state(|s| s.study(slot).phase == Phase::Empty) {
                self.recovery_plans.update_value(|p| *p.plan(slot) = None);
            }
        }
        if !self.with_state(PageState::is_working) && !SLOTS.into_iter().any(|slot| self.has_further_tier(slot)) {
            self.recovery_plans.update_value(RecoveryPlans::forget_answers);
        }
    }

    /// Whether further networks will run after the answer that is there.
    fn has_further_tier(self, slot: StudySlot) -> bool {
        let goal = self.recovery_plans.try_update_value(|p| p.plan(slot).as_ref().map(|p| p.options.tier)).flatten();
        let reached = self.with_state(|s| {
            let study = s.study(slot);
            study.report.as_ref().filter(|_| study.phase.measured() && !study.worker_lost).map(|r| r.runs.tier)
        });
        let next = reached.and_then(|tier| self.next_tier(tier)).map(|(next, ..)| next);
        next.zip(goal).is_some_and(|(next, goal)| next <= goal)
    }
}
