//! The worker's life: it is started, it may crash or hang, and it is replaced.

use corsai_protocol::{AnalysisOptions, Command, DevicePreference, StudySlot};
use corsai_report::{Issue, IssueCode};
use leptos::prelude::*;
use tracing::{error, info, warn};
use wasm_bindgen::JsValue;

use crate::{
    browser,
    controller::context::Controller,
    crash_recovery::RestartBudget,
    imaging::slice_cache::SliceCache,
    state::{PageState, WorkerStatus},
    weights::queue::WeightsQueue,
    worker_handle::{self, WorkerBuild, WorkerHandle, WorkerMessage},
};

impl Controller {
    /// Starts a worker for the preferred device.
    pub(super) fn start_worker(self) {
        let preference = self.device_preference.get_untracked();
        self.worker_preference.set_value(preference);
        info!(?preference, "worker starts");
        let mut worker = WorkerHandle::start(
            WorkerBuild::select(preference),
            move |build| self.compiled_module(build),
            move |message| match message {
                WorkerMessage::Event(event, payload) => self.on_event(event, payload),
                WorkerMessage::PolicyViolation(directive) => {
                    warn!(directive, "the worker violated its policy");
                    self.network_log.add_violation(directive);
                }
                WorkerMessage::Crashed => self.on_crash(Issue::new(IssueCode::WorkerDied, [])),
                WorkerMessage::LoadFailed => self.on_start_failure(WorkerStatus::LoadFailed),
                WorkerMessage::Unsupported => self.on_start_failure(WorkerStatus::Unsupported),
            },
        );
        worker.send(self.configuration(self.options.get_untracked()), Vec::new(), false);
        self.worker.set_value(Some(worker));
    }

    /// Sends a command and the objects beside it. With `transfer`, buffers are moved.
    pub(super) fn send(self, command: Command, payload: Vec<JsValue>, transfer: bool) {
        let sent = self.worker.try_update_value(|w| w.as_mut().is_none_or(|w| w.send(command, payload, transfer)));
        if sent == Some(false) {
            self.on_crash(Issue::new(IssueCode::WorkerDied, []));
        }
    }

    /// Sends commands that have nothing beside them.
    pub(super) fn send_all(self, commands: Vec<Command>) {
        for command in commands {
            self.send(command, Vec::new(), false);
        }
    }

    /// Returns the command that sets how the studies that are opened from here on are computed.
    pub(super) fn configuration(self, options: AnalysisOptions) -> Command {
        Command::Configure { device: self.worker_preference.get_value(), cores: browser::cores(), options }
    }

    /// Returns the worker's module, compiled once for all workers of the same build.
    async fn compiled_module(self, build: WorkerBuild) -> Option<JsValue> {
        if let Some((_, module)) = self.module.get_value().filter(|(of, _)| *of == build) {
            return Some(module);
        }
        let module = worker_handle::compiled_module(build).await?;
        self.module.set_value(Some((build, module.clone())));
        Some(module)
    }

    /// Takes in that the worker has crashed. Open studies continue in a new one; a study that has
    /// crashed several workers is given up.
    pub(super) fn on_crash(self, issue: Issue) {
        let suspect = self.with_state(PageState::crash_suspect);
        let next = suspect.and_then(|slot| self.recovery_plans.try_update_value(|p| p.on_crash(slot)).flatten());
        let given_up = suspect.filter(|_| next.is_none());
        let next = next.or_else(|| self.restart_budget.try_update_value(RestartBudget::on_crash).flatten());
        warn!(code = issue.code.as_str(), ?suspect, ?given_up, on_cpu = ?next, "worker crashed");
        let Some(on_cpu) = next else {
            self.transition(|s| {
                s.lost_worker(Some(issue), &[]);
                s.worker = WorkerStatus::Unsupported;
            });
            self.worker.set_value(None);
            return;
        };
        if on_cpu {
            self.device_preference.set(DevicePreference::Cpu);
        }
        self.continue_in_new_worker(Some(issue), given_up);
    }

    /// Takes in that no worker can be started. What was measured stays.
    fn on_start_failure(self, status: WorkerStatus) {
        error!(?status, "no worker");
        let issue = Issue::new(IssueCode::WorkerUnavailable, []);
        self.transition(|s| {
            s.lost_worker(Some(issue.clone()), &[]);
            // The page shows the worker's status as well.
            s.notices.retain(|n| *n != issue);
            s.worker = status;
        });
        self.worker.set_value(None);
    }

    /// Replaces the worker at the person's request. Open studies continue in the new one.
    pub(super) fn restart_worker(self) {
        info!("worker is replaced");
        self.continue_in_new_worker(None, None);
    }

    /// Starts a new worker in place of the last one. Open studies continue in it, but for one that
    /// is given up.
    fn continue_in_new_worker(self, issue: Option<Issue>, given_up: Option<StudySlot>) {
        let slots = self.plan_restart(given_up);
        let runs = self.transition(|s| s.lost_worker(issue, &slots));
        self.replace_worker();
        for (slot, run) in runs {
            self.read_study(slot, run);
        }
        self.drop_unneeded_plans();
    }

    /// Starts a new worker in place of the last one, without a study.
    pub(super) fn replace_worker(self) {
        self.note_progress();
        self.stop_requested_ms.set_value(None);
        let _ = self.slices.update_untracked(SliceCache::forget_requests);
        self.weights_queue.update_value(WeightsQueue::on_new_worker);
        self.worker.set_value(None);
        self.start_worker();
    }
}
