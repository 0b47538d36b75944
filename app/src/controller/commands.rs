//! The person's commands: open, choose, close, stop, refine, settings.

use corsai_language::Language;
use corsai_protocol::{Command, DevicePreference, SeriesId, StudySlot};
use corsai_report::{Issue, Report, Scale, Tier};
use leptos::prelude::*;
use tracing::info;

use crate::{
    browser::{self, Place},
    controller::context::{Controller, LANGUAGE_SETTING, REPORT_LANGUAGE_SETTING, SCALE_SETTING, THEME_SETTING},
    crash_recovery::{RecoveryPlan, StudySource},
    state::{PageState, Phase, WorkerStatus},
    theme::Theme,
};

impl Controller {
    /// Opens a study, and remembers its source. Does nothing where no worker can be started, which
    /// a notice tells.
    pub fn open(self, slot: StudySlot, source: StudySource, synthetic: bool) {
        if !self.with_state(PageState::can_compute) {
            return;
        }
        self.adding_earlier.set(false);
        self.network_log.on_study_opened();
        self.note_progress();
        self.offer_undo(slot);
        let missing_files = source.missing_files();
        let (commands, run) = self.transition(|s| {
            let opened = s.open(slot, synthetic);
            s.set_missing_files(slot, missing_files);
            opened
        });
        info!(run = run.0, ?slot, synthetic, "study opens");
        self.clear_slices(slot);
        self.drop_unneeded_plans();
        self.undo.on_opened(slot, source.clone(), synthetic);
        let options = self.options.get_untracked();
        self.recovery_plans.update_value(|p| *p.plan(slot) = Some(RecoveryPlan::new(source.clone(), options)));
        if slot == StudySlot::Current && self.worker_preference.get_value() != self.device_preference.get_untracked() {
            self.transition(|s| {
                s.worker = WorkerStatus::Starting;
                s.device = None;
            });
            self.replace_worker();
        }
        self.send_all(commands);
        self.send(self.configuration(options), Vec::new(), false);
        let (command, payload) = source.command(run, slot);
        self.send(command, payload, false);
    }

    /// Offers to bring back the study that is about to be closed or replaced.
    fn offer_undo(self, slot: StudySlot) {
        let (open, series) = self.with_state(|s| (s.study(slot).phase != Phase::Empty, s.measured_series()));
        if open {
            self.undo.on_closing(slot, series);
        }
    }

    /// Measures a series. Where the worker has lost the study, it is read again first.
    pub fn choose(self, slot: StudySlot, series: SeriesId) {
        if !self.with_state(PageState::can_compute) {
            return;
        }
        self.supersede_drop();
        self.note_progress();
        let options = self.options.get_untracked();
        let keeps_numbers = self.with_state(|s| s.study(slot).keeps_numbers(series));
        self.recovery_plans.update_value(|p| p.reset_crashes(slot, (!keeps_numbers).then_some(options)));
        if self.with_state(|s| s.study(slot).worker_lost) {
            self.read_again(slot, series);
            return;
        }
        let commands = self.transition(|s| s.choose(slot, series));
        self.send(self.configuration(options), Vec::new(), false);
        self.send_all(commands);
    }

    /// Closes a study. With the current one its worker ends, and with the worker all memory that
    /// held anything of the study.
    pub fn close(self, slot: StudySlot) {
        info!(?slot, "study closes");
        self.supersede_drop();
        self.offer_undo(slot);
        let commands = self.transition(|s| s.close(slot));
        self.clear_slices(slot);
        self.drop_unneeded_plans();
        if slot == StudySlot::Current {
            self.restart_worker();
        } else {
            self.send_all(commands);
        }
    }

    /// Stops a study's run.
    pub fn stop(self, slot: StudySlot) {
        info!(?slot, "stop requested");
        if let Some(command) = self.stop_command(slot) {
            self.stop_requested_ms.set_value(Some(browser::now_ms()));
            self.send(command, Vec::new(), false);
        }
    }

    /// Stops runs that make no progress by replacing the worker.
    pub fn force_stop(self) {
        for slot in [StudySlot::Current, StudySlot::Previous] {
            let _ = self.stop_command(slot);
        }
        self.restart_worker();
    }

    /// Returns the command that stops a study's run. A new worker will go no further than the
    /// answer that is there.
    fn stop_command(self, slot: StudySlot) -> Option<Command> {
        let command = self.transition(|s| s.stop(slot))?;
        let reached = self.with_state(|s| {
            let study = s.study(slot);
            study.report.as_ref().filter(|_| study.phase.measured()).map(|r| r.runs.tier)
        });
        if let Some(tier) = reached {
            self.set_goal(slot, tier);
        }
        Some(command)
    }

    /// Sets the tier that a new worker would go to.
    fn set_goal(self, slot: StudySlot, tier: Tier) {
        self.recovery_plans.update_value(|p| {
            if let Some(plan) = p.plan(slot) {
                plan.options.tier = tier;
            }
        });
    }

    /// Sets the page's language, and stores it for the next visit. The page is rendered again;
    /// focus and scrolling stay.
    pub fn set_language(self, language: Language) {
        let place = Place::now();
        self.language.set(language);
        request_animation_frame(move || place.restore());
        browser::save_setting(LANGUAGE_SETTING, language.tag());
    }

    /// Sets the language of reports, the page's where `None`, and stores it for the next visit.
    pub fn set_report_language(self, language: Option<Language>) {
        self.report_language.set(language);
        browser::save_setting(REPORT_LANGUAGE_SETTING, language.map_or("page", Language::tag));
    }

    /// Returns the language of saved reports and summaries.
    pub fn language_of_reports(self) -> Language {
        self.report_language.get_untracked().unwrap_or_else(|| self.language.get_untracked())
    }

    /// Sets the page's theme, and stores it for the next visit.
    pub fn set_theme(self, theme: Theme) {
        self.theme.set(theme);
        browser::set_document_theme(theme.as_str());
        browser::save_setting(THEME_SETTING, theme.as_str());
    }

    /// Sets the scale of the CT class, and stores it for the next visit.
    pub fn set_scale(self, scale: Scale) {
        self.scale.set(scale);
        browser::save_setting(SCALE_SETTING, if scale == Scale::Panel { "panel" } else { "guideline" });
    }

    /// Sets the device to compute on from the next study on.
    pub fn set_device(self, device: DevicePreference) {
        self.device_preference.set(device);
        let is_empty = self.with_state(|s| s.current.phase == Phase::Empty);
        if is_empty && self.worker_preference.get_value() != device {
            self.restart_worker();
        }
    }

    /// Refines the answer with more networks, of both studies where there are two.
    pub fn refine(self, tier: Tier) {
        info!(tier = tier.as_str(), "refinement requested");
        self.note_progress();
        let commands = self.transition(|s| s.refine(tier));
        for command in &commands {
            if let Command::Refine { slot, tier, .. } = command {
                self.set_goal(*slot, *tier);
            }
        }
        self.send_all(commands);
    }

    /// Confirms that both studies are of one patient, though their identifiers differ.
    pub fn confirm_patient(self) {
        let run = self.with_state(|s| s.previous.run);
        self.send(Command::ConfirmPatient { run }, Vec::new(), false);
    }

    /// Dismisses the issues that concern no study.
    pub fn dismiss_notices(self) {
        self.transition(|s| s.notices.clear());
    }

    /// Returns the current study's report with every issue that is shown beside it, for an export.
    pub fn export_data(self) -> Option<(Report, Vec<Issue>)> {
        self.with_state(PageState::export_data)
    }
}
