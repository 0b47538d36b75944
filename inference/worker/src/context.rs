//! The resources of the runs: studies, weights, answers of an earlier worker, and the engine that
//! the runs take turns with.

use std::{cell::Cell, collections::BTreeMap};

use corsai_findings::compare;
use corsai_networks::Precision;
use corsai_protocol::{AnalysisOptions, DevicePreference, Event, ReportStage, SeriesSummary, Stage, StudySlot};
use corsai_report::{Issue, Report};
use futures_util::lock::{MappedMutexGuard, MutexGuard};
use js_sys::ArrayBuffer;

use crate::{
    answer_cache::AnswerCache,
    buffer::Buffer,
    decoder_pool::DecoderPool,
    device_selection::{self, DeviceRequest},
    engine::Engine,
    engine_lock::EngineLock,
    error::WorkerError,
    page_events,
    platform::Platform,
    session::{Measurement, RunKey, SlicePixels, Studies},
    slice_areas,
    weight_store::{WeightParts, WeightStore},
};

/// After this many failures the GPU isn't opened again.
const MAX_GPU_FAILURES: u32 = 2;

/// The engine while a run has it.
pub type EngineGuard<'a> = MappedMutexGuard<'a, Option<Engine>, Engine>;

/// What all runs share.
#[derive(Debug)]
pub struct Context {
    platform: Box<dyn Platform>,
    /// Which device to choose.
    pub device_request: Cell<DeviceRequest>,
    /// The settings for the next analysis.
    pub options: Cell<AnalysisOptions>,
    /// The networks' weights.
    pub weights: WeightStore,
    /// Answers that an earlier worker computed.
    pub answers: AnswerCache<ArrayBuffer>,
    /// The two studies.
    pub studies: Studies,
    engine: EngineLock<Option<Engine>>,
    /// What the choice of a device waits for.
    device_stage: Cell<Stage>,
    gpu_failures: Cell<u32>,
}

impl Context {
    /// Returns a context without studies.
    pub fn new(platform: Box<dyn Platform>) -> Self {
        Self {
            platform,
            device_request: Cell::new(DeviceRequest { preference: DevicePreference::Auto, cores: 1 }),
            options: Cell::default(),
            weights: WeightStore::default(),
            answers: AnswerCache::default(),
            studies: Studies::default(),
            engine: EngineLock::new(None),
            device_stage: Cell::new(Stage::Weights),
            gpu_failures: Cell::new(0),
        }
    }

    /// Returns the engine, chosen now where there is none yet; waits while another run has it. With
    /// `patient`, runs without an answer go first.
    ///
    /// # Errors
    /// Why nothing can be computed.
    pub async fn engine(&self, patient: bool) -> Result<EngineGuard<'_>, WorkerError> {
        let mut engine = self.engine.lock(patient).await;
        let ready = if let Some(ready) = engine.take() {
            ready
        } else {
            let on_stage = |stage| self.device_stage.set(stage);
            device_selection::choose(&*self.platform, self.device_request.get(), &self.weights, on_stage).await?
        };
        Ok(MutexGuard::map(engine, |engine| engine.insert(ready)))
    }

    /// Whether a run that has no answer yet waits for the engine.
    pub fn is_engine_awaited(&self) -> bool {
        self.engine.is_waited_for()
    }

    /// Returns what the choice of a device waits for.
    pub fn device_stage(&self) -> Stage {
        self.device_stage.get()
    }

    /// Returns an engine in place of a GPU that failed: the same GPU again where it was lost for
    /// the first time, or where f32 may help it to compute right, else the CPU.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn replace_engine(&self, cause: &WorkerError, precision: Precision) -> Result<Engine, WorkerError> {
        tracing::warn!(cause = %cause, "the graphics processor failed");
        self.gpu_failures.set(self.gpu_failures.get() + 1);
        if (matches!(cause, WorkerError::DeviceLost) || precision == Precision::Half)
            && self.gpu_failures.get() < MAX_GPU_FAILURES
        {
            match device_selection::reopen_gpu(&*self.platform, &self.weights, cause).await {
                Ok(engine) => return Ok(engine),
                Err(error) => tracing::warn!(cause = %error, "the graphics processor can't be opened again"),
            }
        }
        device_selection::fall_back_to_cpu(&*self.platform, self.device_request.get(), &self.weights, cause).await
    }

    /// Returns decoders for a drop.
    pub fn decoders(&self) -> DecoderPool {
        DecoderPool::new(self.device_request.get().cores)
    }

    /// Returns a network's weights, requested of the page where they haven't come yet.
    ///
    /// # Errors
    /// [`WorkerError::WeightsUnavailable`].
    pub async fn weights_of(&self, network: &String) -> Result<WeightParts, WorkerError> {
        self.weights.forget_failures();
        self.request_weights(std::iter::once(network));
        self.weights.get(network).await
    }

    /// Requests those of these networks' weights that haven't been requested.
    pub fn request_weights<'a>(&self, networks: impl Iterator<Item = &'a String>) {
        page_events::request_weights(self.weights.to_request(networks));
    }

    /// Shows the masks of the last complete answer, where a refinement ended early.
    pub fn stop_refinement(&self, key: RunKey) {
        let Some(session) = self.studies.of(key.1).borrow().analysis() else { return };
        let mut analysis = session.analysis.borrow_mut();
        if analysis.stop_refinement() {
            slice_areas::post_all(key, &analysis);
        }
    }

    /// Publishes a tier's report, and with both studies measured their comparison.
    pub fn publish(
        &self,
        (run, slot): RunKey,
        series: &SeriesSummary,
        voxels_key: u64,
        report: Report,
        stage: ReportStage,
    ) {
        {
            let mut study = self.studies.of(slot).borrow_mut();
            if study.run != run {
                return;
            }
            let begun = || Measurement { run, series: series.clone(), voxels_key, answers: BTreeMap::new() };
            study.measurement.get_or_insert_with(begun).answers.insert(report.runs.tier, report.clone());
        }
        page_events::report(run, slot, report, stage);
        self.publish_comparison();
    }

    /// Publishes a slot's last answer again, with the reasons why its refinement ended early.
    pub fn publish_with_issues(&self, slot: StudySlot, issues: Vec<Issue>) {
        let measurement = self.studies.of(slot).borrow().measurement.clone();
        if let Some(Measurement { run, series, voxels_key, mut answers }) = measurement {
            let (_, mut report) = answers.pop_last().expect("invariant: a measured study has an answer");
            report.issues.extend(issues);
            self.publish((run, slot), &series, voxels_key, report, ReportStage::Final);
        }
    }

    /// Publishes the comparison of the two studies, where both are measured. An earlier study that
    /// is the current one is refused.
    pub fn publish_comparison(&self) {
        let compared = {
            let previous = self.studies.of(StudySlot::Previous).borrow();
            let current = self.studies.of(StudySlot::Current).borrow();
            let Some((earlier, later)) = previous.compared().zip(current.compared()) else { return };
            compare(earlier, later, previous.same_patient)
        };
        let mut previous = self.studies.of(StudySlot::Previous).borrow_mut();
        let run = previous.run;
        match compared {
            Ok(dynamics) => page_events::post(&Event::Compared { run, dynamics: Box::new(dynamics) }),
            Err(error) => {
                // The study's run ends with it.
                (previous.measurement, previous.stop, previous.target) = (None, None, None);
                page_events::refuse(run, StudySlot::Previous, vec![error.into()]);
            }
        }
    }

    /// Posts a slice's pixels and masks. A slice that isn't decoded is announced once it is, and
    /// requested again.
    pub fn post_slice(&self, slot: StudySlot, index: u32) {
        let z = index as usize;
        let study = self.studies.of(slot).borrow();
        let run = study.run;
        match &study.pixels {
            SlicePixels::None => {}
            SlicePixels::Decoding(decoding) => {
                let decoding = decoding.borrow();
                let Some(hu) = decoding.as_ref().and_then(|decoding| decoding.slice(z)) else { return };
                let event = Event::Slice { run, slot, index, lungs: false, lesions: false, agreement: false };
                page_events::post_with(&event, &[Buffer::I16(hu), Buffer::U8(&vec![0; hu.len()])]);
            }
            SlicePixels::Analysis(session) => {
                let analysis = session.analysis.borrow();
                let hu = analysis.volume().slice(z);
                if hu.is_empty() {
                    return;
                }
                let (labels, lungs, lesions) = analysis.labels(z);
                let agreement = analysis.agreement(z);
                let mut buffers = vec![Buffer::I16(hu), Buffer::U8(&labels)];
                buffers.extend(agreement.as_deref().map(Buffer::U8));
                let agreement = agreement.is_some();
                page_events::post_with(&Event::Slice { run, slot, index, lungs, lesions, agreement }, &buffers);
            }
        }
    }
}
