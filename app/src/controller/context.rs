//! The controller's handle, its parts, and the way to it from a component.

use std::ops::Deref;

use corsai_language::Language;
use corsai_manifest::Manifest;
use corsai_protocol::{AnalysisOptions, DevicePreference, StudySlot};
use corsai_report::{Scale, Tier};
use leptos::prelude::*;
use reactive_stores::Store;
use wasm_bindgen::JsValue;

use crate::{
    browser,
    controller::slice_source::SliceSource,
    crash_recovery::{RecoveryPlans, RestartBudget},
    imaging::viewport_state::ViewportState,
    network_log::NetworkLog,
    offline::Offline,
    state::{
        PageState,
        derived::{self, StudyField},
    },
    theme::Theme,
    undo::Undo,
    web_lock::WebLock,
    weights::{
        manifest,
        queue::{DownloadProgress, WeightsQueue},
        status::WeightsStatus,
    },
    worker_handle::{WorkerBuild, WorkerHandle},
};

/// The setting that holds the page's language.
pub(super) const LANGUAGE_SETTING: &str = "corsai.language";

/// The setting that holds the language of reports.
pub(super) const REPORT_LANGUAGE_SETTING: &str = "corsai.report-language";

/// The setting that holds the page's theme, which `boot.js` reads, too.
pub(super) const THEME_SETTING: &str = "corsai.theme";

/// The setting that holds the scale of the CT class.
pub(super) const SCALE_SETTING: &str = "corsai.scale";

/// A handle to all that components share. It is copied freely, and lives as long as the page.
#[derive(Clone, Copy)]
pub struct Controller(&'static Parts);

impl Deref for Controller {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0
    }
}

/// The parts of a [`Controller`]: handles to the reactive system's arena.
pub struct Parts {
    /// What the page knows of worker and studies. Changed by [`Controller::transition`] alone.
    pub state: Store<PageState>,
    /// The picture on screen: study, slice, window, zoom, overlays.
    pub viewport: RwSignal<ViewportState>,
    /// The slices that the worker has sent.
    pub slices: SliceSource,
    /// The state of the first answer's networks.
    pub weights: RwSignal<WeightsStatus>,
    /// The download of the network that the worker waits for.
    pub download: RwSignal<Option<DownloadProgress>>,
    /// Files found so far in a drop whose folders are being listed.
    pub listing: RwSignal<Option<usize>>,
    /// The run has made no progress for a minute.
    pub stalled: RwSignal<bool>,
    /// The device to compute on from the next study on.
    pub device_preference: RwSignal<DevicePreference>,
    /// How much to compute from the next study on.
    pub options: RwSignal<AnalysisOptions>,
    /// The page's language.
    pub language: RwSignal<Language>,
    /// The language of saved reports and summaries; the page's where `None`.
    pub report_language: RwSignal<Option<Language>>,
    /// The page's theme.
    pub theme: RwSignal<Theme>,
    /// The scale of the CT class.
    pub scale: RwSignal<Scale>,
    /// The drop zone for the earlier study is open.
    pub adding_earlier: RwSignal<bool>,
    /// Another tab of this page is computing.
    pub other_tab_computes: RwSignal<bool>,
    /// The copy of the page for use without a network.
    pub offline: Offline,
    /// The page's requests, as the browser lists them.
    pub network_log: NetworkLog,
    /// Studies that were closed and can be opened again.
    pub undo: Undo,
    pub(super) worker: StoredValue<Option<WorkerHandle>, LocalStorage>,
    /// The preference with which the worker was started.
    pub(super) worker_preference: StoredValue<DevicePreference>,
    /// The worker's compiled module.
    pub(super) module: StoredValue<Option<(WorkerBuild, JsValue)>, LocalStorage>,
    /// Held while this tab computes.
    pub(super) computing_lock: StoredValue<Option<WebLock>, LocalStorage>,
    pub(super) recovery_plans: StoredValue<RecoveryPlans, LocalStorage>,
    /// Rises with each command that replaces a drop whose folders are being listed.
    pub(super) drop_generation: StoredValue<u32>,
    pub(super) restart_budget: StoredValue<RestartBudget>,
    pub(super) weights_queue: StoredValue<WeightsQueue, LocalStorage>,
    pub(super) manifest: StoredValue<Manifest>,
    pub(super) last_progress_ms: StoredValue<f64>,
    pub(super) stop_requested_ms: StoredValue<Option<f64>>,
}

impl Controller {
    /// Returns a controller in its first state. Nothing is started yet.
    pub fn new() -> Self {
        let is_panel = browser::load_setting(SCALE_SETTING).as_deref() == Some("panel");
        let scale = if is_panel { Scale::Panel } else { Scale::Guideline };
        let manifest = manifest::manifest();
        let quick = manifest.networks.iter().filter(|n| n.tier == Tier::Quick);
        let total = quick.map(manifest::bytes_of).sum();
        Self(Box::leak(Box::new(Parts {
            state: Store::new(PageState::default()),
            viewport: RwSignal::new(ViewportState::default()),
            slices: SliceSource::new(),
            weights: RwSignal::new(WeightsStatus { bytes: 0, total, failed: false, cached: true }),
            download: RwSignal::new(None),
            listing: RwSignal::new(None),
            stalled: RwSignal::new(false),
            device_preference: RwSignal::new(browser::device_parameter().unwrap_or_default()),
            options: RwSignal::new(browser::options_parameters()),
            language: RwSignal::new(preferred_language()),
            report_language: RwSignal::new(
                browser::load_setting(REPORT_LANGUAGE_SETTING).and_then(|tag| Language::from_tag(&tag)),
            ),
            theme: RwSignal::new(
                browser::load_setting(THEME_SETTING).map(|name| Theme::from_name(&name)).unwrap_or_default(),
            ),
            scale: RwSignal::new(scale),
            adding_earlier: RwSignal::new(false),
            other_tab_computes: RwSignal::new(false),
            offline: Offline::new(),
            network_log: NetworkLog::new(),
            undo: Undo::new(),
            worker: StoredValue::new_local(None),
            worker_preference: StoredValue::new(DevicePreference::default()),
            module: StoredValue::new_local(None),
            computing_lock: StoredValue::new_local(None),
            recovery_plans: StoredValue::new_local(RecoveryPlans::default()),
            drop_generation: StoredValue::new(0),
            restart_budget: StoredValue::new(RestartBudget::default()),
            weights_queue: StoredValue::new_local(WeightsQueue::default()),
            manifest: StoredValue::new(manifest),
            last_progress_ms: StoredValue::new(0.0),
            stop_requested_ms: StoredValue::new(None),
        })))
    }

    /// Makes the controller available to every component below.
    pub fn provide(self) {
        provide_context(self);
    }

    /// Returns the study in a slot, as a field of the store.
    pub fn study(self, slot: StudySlot) -> StudyField {
        derived::study(self.state, slot)
    }

    /// Runs a transition of the state, and notifies the readers of the fields that it has changed.
    pub fn transition<R>(self, transition: impl FnOnce(&mut PageState) -> R) -> R {
        derived::apply_transition(self.state, transition)
    }

    /// Reads the state without tracking it.
    pub fn with_state<R>(self, read: impl FnOnce(&PageState) -> R) -> R {
        read(&self.state.read_untracked())
    }
}

/// Returns the language that was chosen on an earlier visit, else the browser's.
fn preferred_language() -> Language {
    let wishes = browser::load_setting(LANGUAGE_SETTING).into_iter().chain(browser::languages());
    Language::preferred(wishes.collect::<Vec<_>>().iter().map(String::as_str))
}

/// Returns the page's controller. Call it at a component's start.
pub fn use_controller() -> Controller {
    expect_context()
}
