//! The page's worker: takes commands, keeps the two studies and the engine, and starts runs.
//!
//! A run is a future that is dropped when it is cancelled, replaced or its study closed; it holds no borrow across an
//! await. Runs share one engine and take turns with it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    rc::Rc,
};

use corsai_channel::read;
use corsai_findings::{ComparedStudy, compare, same_instances};
use corsai_networks::Precision;
use corsai_protocol::{
    AnalysisOptions, Command, DevicePreference, Event, ReportStage, RunId, SeriesSummary, Stage, StudySlot,
};
use corsai_report::{Issue, IssueCode, Report, Tier};
use corsai_study::{Prefetched, SeriesList, VolumeDecoder};
use futures_channel::oneshot;
use futures_util::{
    future::{Either, select},
    lock::{MappedMutexGuard, MutexGuard},
};
use js_sys::ArrayBuffer;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;
use web_time::Instant;

use crate::{
    analysis::{self, AnalysisSession},
    answer_cache::AnswerCache,
    compute_worker::bytes,
    decode::DecodeResources,
    decoder_pool::DecoderPool,
    device_selection::{self, DeviceRequest},
    engine::{Engine, fault},
    engine_lock::EngineLock,
    page_events, reading, slice_areas,
    weight_store::{Parts, WeightStore},
};

/// Where a study's slices are to be had.
#[derive(Debug, Default)]
pub enum Pixels {
    #[default]
    None,
    /// Some of them; `None` inside once the decoding has ended.
    Decoding(Rc<RefCell<Option<VolumeDecoder>>>),
    Analysis(Rc<AnalysisSession>),
}

/// A study's numbers, and the series they are of.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub run: RunId,
    pub series: SeriesSummary,
    /// Digest of the volume's voxels.
    pub voxels_key: u64,
    /// Complete answers by tier, without dynamics; at least one.
    pub answers: BTreeMap<Tier, Report>,
}

/// One of the two studies.
#[derive(Debug, Default)]
pub struct Study {
    run: RunId,
    /// Ends the run: by word when it is cancelled, silently when dropped.
    stop: Option<oneshot::Sender<()>>,
    /// The tier that its run goes on to, once that is known and until it ends.
    goal: Option<Tier>,
    /// Of the earlier study: a person has confirmed that it is of the current one's patient.
    same_patient: bool,
    opened: Option<Rc<SeriesList>>,
    pub pixels: Pixels,
    pub numbers: Option<Numbers>,
}

impl Study {
    fn course(&self) -> Option<Rc<AnalysisSession>> {
        match &self.pixels {
            Pixels::Analysis(course) => Some(Rc::clone(course)),
            _ => None,
        }
    }

    /// Returns the highest tier that has answered.
    fn highest(&self) -> Option<Tier> {
        self.numbers.as_ref()?.answers.keys().next_back().copied()
    }

    fn measured(&self) -> Option<ComparedStudy<'_>> {
        let Numbers { series, voxels_key, answers, .. } = self.numbers.as_ref()?;
        let refines = self.goal > self.highest();
        Some(ComparedStudy { series, voxels_key: *voxels_key, answers, refines })
    }

    /// Stops the run, if it is this study's and goes on. What was opened, decoded and measured
    /// stays.
    fn cancel(&mut self, run: RunId) {
        if self.run == run
            && let Some(stop) = self.stop.take()
        {
            let _ = stop.send(());
        }
    }
}

/// How a run came to its end.
#[derive(Debug, PartialEq)]
enum Ended {
    Finished,
    Refused(Vec<Issue>),
    /// The person stopped it.
    Cancelled,
    /// Another run took its place, or its study was closed: nobody waits for it.
    Replaced,
}

/// Runs `work` until it is done or stopped.
async fn ended(work: impl Future<Output = Result<(), Vec<Issue>>>, stopped: oneshot::Receiver<()>) -> Ended {
    match select(Box::pin(work), stopped).await {
        Either::Left((Ok(()), _)) => Ended::Finished,
        Either::Left((Err(issues), _)) => Ended::Refused(issues),
        Either::Right((Ok(()), _)) => Ended::Cancelled,
        Either::Right((Err(_), _)) => Ended::Replaced,
    }
}

/// A GPU that failed this often isn't used again.
const GPU_FAILURES: u32 = 2;

#[derive(Debug)]
pub struct Coordinator {
    wish: Cell<DeviceRequest>,
    depth: Cell<AnalysisOptions>,
    weights: WeightStore,
    pub kept: AnswerCache<ArrayBuffer>,
    engine: EngineLock<Option<Engine>>,
    /// What the choice of a device waits for.
    waits_for: Cell<Stage>,
    /// How often a GPU failed.
    failures: Cell<u32>,
    current: RefCell<Study>,
    previous: RefCell<Study>,
}

impl Coordinator {
    pub fn new() -> Self {
        Self {
            wish: Cell::new(DeviceRequest { preference: DevicePreference::Auto, cores: 1 }),
            depth: Cell::new(AnalysisOptions::default()),
            weights: WeightStore::default(),
            kept: AnswerCache::default(),
            engine: EngineLock::new(None),
            waits_for: Cell::new(Stage::Weights),
            failures: Cell::new(0),
            current: RefCell::default(),
            previous: RefCell::default(),
        }
    }

    pub fn take(self: Rc<Self>, message: &MessageEvent) {
        let (command, payload) = read(message).expect("invariant: the page sends commands");
        self.obey(command, payload);
    }

    fn obey(self: Rc<Self>, command: Command, payload: Vec<JsValue>) {
        let begun = Instant::now();
        match command {
            Command::Configure { device, cores, depth } => {
                self.wish.set(DeviceRequest { preference: device, cores });
                self.depth.set(depth);
                // Ahead of the first study. What goes wrong is told to the run that needs it, which tries again.
                spawn_local(async move { drop(self.engine(true).await) });
            }
            Command::Weights { network } => self.weights.put(network, bytes(&payload)),
            Command::WeightsFailed { network, detail } => self.weights.fail(network, &detail),
            Command::Answers { keys } => {
                let buffers = payload.into_iter().map(JsCast::unchecked_into);
                self.kept.put(keys, buffers.collect());
            }
            Command::Open { run, slot, names } => {
                let owner = Rc::clone(&self);
                self.start(run, slot, Study::default(), async move {
                    let mut decoders = owner.decoders();
                    let (opened, ahead) = reading::files(run, slot, names, payload, &mut decoders).await;
                    owner.opened(run, slot, opened, DecodeResources { decoders, ahead }, begun).await
                });
            }
            Command::OpenPhantom { run, slot, date } => {
                let owner = Rc::clone(&self);
                self.start(run, slot, Study::default(), async move {
                    let opened = reading::phantom(run, slot, date).await?;
                    let means = DecodeResources { decoders: owner.decoders(), ahead: Prefetched::new() };
                    owner.opened(run, slot, opened, means, begun).await
                });
            }
            Command::Choose { run, slot, series } => {
                let Some(opened) = self.study(slot).borrow().opened.clone() else {
                    return page_events::refuse(run, slot, vec![fault("the choice of a series")]);
                };
                let study = Study { opened: Some(Rc::clone(&opened)), ..Study::default() };
                let owner = Rc::clone(&self);
                let means = DecodeResources { decoders: owner.decoders(), ahead: Prefetched::new() };
                let work = async move { analysis::analyse(&owner, (run, slot), &opened, series, means, begun).await };
                self.start(run, slot, study, work);
            }
            Command::ConfirmPatient { run } => {
                // A study that has been replaced since is another one.
                if self.previous.borrow().run == run {
                    self.previous.borrow_mut().same_patient = true;
                    self.publish_comparison();
                }
            }
            Command::Refine { run, slot, tier } => {
                let course = {
                    let mut study = self.study(slot).borrow_mut();
                    if let Some(goal) = &mut study.goal {
                        // A run is at it already, and goes on from there.
                        *goal = tier.max(*goal);
                        return;
                    }
                    let course = study.course();
                    study.goal = course.is_some().then_some(tier);
                    course
                };
                let course = match (course, slot) {
                    (Some(course), _) => course,
                    // It isn't decoded yet, and will then be measured as the current one was.
                    (None, StudySlot::Previous) => return,
                    (None, StudySlot::Current) => {
                        return page_events::refuse(run, slot, vec![fault("the choice of further networks")]);
                    }
                };
                let stopped = self.begin_again(run, slot);
                let owner = Rc::clone(&self);
                let work = async move {
                    analysis::refine(&owner, (run, slot), &course).await;
                    Ok(())
                };
                self.drive(run, slot, stopped, work);
            }
            Command::Slice { slot, index } => self.send_slice(slot, index),
            Command::Cancel { run } => {
                for study in [&self.current, &self.previous] {
                    study.borrow_mut().cancel(run);
                }
            }
            Command::Close { slot } => *self.study(slot).borrow_mut() = Study::default(),
        }
    }

    pub const fn study(&self, slot: StudySlot) -> &RefCell<Study> {
        match slot {
            StudySlot::Current => &self.current,
            StudySlot::Previous => &self.previous,
        }
    }

    /// Starts a run in place of what was in its slot, and tells the page how it ended.
    fn start(
        self: &Rc<Self>,
        run: RunId,
        slot: StudySlot,
        study: Study,
        work: impl Future<Output = Result<(), Vec<Issue>>> + 'static,
    ) {
        let stopped = self.begin(run, slot, study);
        self.drive(run, slot, stopped, work);
    }

    /// A run begins in place of what was in its slot. Returns what hears that it is stopped, or
    /// that it was replaced.
    fn begin(&self, run: RunId, slot: StudySlot, study: Study) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        *self.study(slot).borrow_mut() = Study { run, stop: Some(stop), ..study };
        // What was confirmed was said of the study that was there.
        self.previous.borrow_mut().same_patient = false;
        stopped
    }

    /// A run goes on with what is in its slot, in place of the run that did so before.
    fn begin_again(&self, run: RunId, slot: StudySlot) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        let mut study = self.study(slot).borrow_mut();
        (study.run, study.stop) = (run, Some(stop));
        if let Some(numbers) = &mut study.numbers {
            numbers.run = run;
        }
        stopped
    }

    fn drive(
        self: &Rc<Self>,
        run: RunId,
        slot: StudySlot,
        stopped: oneshot::Receiver<()>,
        work: impl Future<Output = Result<(), Vec<Issue>>> + 'static,
    ) {
        let owner = Rc::clone(self);
        spawn_local(async move {
            match ended(work, stopped).await {
                Ended::Finished => page_events::post(&Event::Finished { run, slot }),
                Ended::Replaced => return,
                Ended::Refused(issues) => {
                    if issues.iter().any(|i| i.code == IssueCode::WeightsCorrupt) {
                        owner.weights.forget();
                    }
                    page_events::refuse(run, slot, issues);
                }
                Ended::Cancelled => {
                    owner.set_back((run, slot));
                    page_events::post(&Event::Cancelled { run, slot });
                }
            }
            owner.run_ended((run, slot));
        });
    }

    /// Tells the page what series there are, and analyses the one that can only be meant.
    async fn opened(
        &self,
        run: RunId,
        slot: StudySlot,
        opened: SeriesList,
        means: DecodeResources,
        begun: Instant,
    ) -> Result<(), Vec<Issue>> {
        let opened = Rc::new(opened);
        self.study(slot).borrow_mut().opened = Some(Rc::clone(&opened));
        let chosen = opened.only_usable();
        let mut pause = crate::yield_now::Yielder::new();
        let mut previews = Vec::new();
        let mut buffers = Vec::new();
        for series in &opened.series {
            if let Some((preview, grey)) = series.preview() {
                previews.push(preview);
                buffers.push(page_events::buffer(&grey));
            }
            pause.if_due().await;
        }
        let summaries: Vec<SeriesSummary> = opened.series.iter().map(|s| s.summary().clone()).collect();
        let usable = summaries.iter().any(|s| s.usable);
        let of_series: Vec<Issue> = summaries.iter().flat_map(|s| s.issues.clone()).collect();
        let issues = opened.issues.clone();
        page_events::post_with(&Event::Series { run, slot, series: summaries, previews, chosen, issues }, &buffers);
        match chosen {
            Some(series) => analysis::analyse(self, (run, slot), &opened, series, means, begun).await,
            None if usable => Ok(()),
            None => Err(opened.issues.iter().cloned().chain(of_series).collect()),
        }
    }

    /// The engine, chosen now where there is none yet; waits while another run has it. With `patient`, nobody is asked
    /// to make room.
    ///
    /// # Errors
    /// Why nothing can be computed.
    pub async fn engine(&self, patient: bool) -> Result<MappedMutexGuard<'_, Option<Engine>, Engine>, Issue> {
        let mut engine = self.engine.lock(patient).await;
        let ready = match engine.take() {
            Some(ready) => ready,
            None => device_selection::choose(self.wish.get(), &self.weights, |stage| self.waits_for.set(stage)).await?,
        };
        Ok(MutexGuard::map(engine, |engine| engine.insert(ready)))
    }

    /// Whether a run that has no answer yet waits for the engine.
    pub fn is_waited_for(&self) -> bool {
        self.engine.is_waited_for()
    }

    /// An engine in place of a GPU that failed as `issue` says with maps stored in `precision`: the same GPU once more
    /// where it was lost for the first time, or where f32 may help it to compute right, else the CPU.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn replace_engine(&self, issue: Issue, precision: Precision) -> Result<Engine, Issue> {
        self.failures.set(self.failures.get() + 1);
        if (issue.code == IssueCode::DeviceLost || precision == Precision::Half)
            && self.failures.get() < GPU_FAILURES
            && let Ok(engine) = device_selection::once_more(&self.weights, issue.code).await
        {
            return Ok(engine);
        }
        device_selection::fall_back(self.wish.get(), &self.weights, issue).await
    }

    fn decoders(&self) -> DecoderPool {
        DecoderPool::new(self.wish.get().cores)
    }

    /// Returns how a study of this slot is to be measured: an earlier one like the current one was,
    /// whatever the settings say by then, since only like answers are compared.
    pub fn depth_of(&self, slot: StudySlot) -> AnalysisOptions {
        let settings = self.depth.get();
        let current = self.current.borrow();
        match current.course().filter(|_| slot == StudySlot::Previous) {
            Some(course) => {
                AnalysisOptions { tier: current.goal.max(current.highest()).unwrap_or(settings.tier), ..course.depth }
            }
            None => settings,
        }
    }

    /// Returns the tier that a slot's run goes on to.
    pub fn goal(&self, slot: StudySlot) -> Option<Tier> {
        self.study(slot).borrow().goal
    }

    pub fn set_goal(&self, (run, slot): (RunId, StudySlot), tier: Tier) {
        let mut study = self.study(slot).borrow_mut();
        if study.run == run {
            study.goal = Some(tier);
        }
    }

    /// A run is over: nothing of its study changes any more, nor does a comparison.
    fn run_ended(&self, (run, slot): (RunId, StudySlot)) {
        if self.study(slot).borrow().run == run {
            self.study(slot).borrow_mut().goal = None;
            self.publish_comparison();
        }
    }

    /// A network's weights, asked of the page where they haven't come yet.
    ///
    /// # Errors
    /// `weights.unavailable`.
    pub async fn weights_of(&self, network: &String) -> Result<Parts, Issue> {
        self.weights.forget_failures();
        self.ask_for_weights(std::iter::once(network));
        self.weights.get(network).await
    }

    /// Asks the page for those of these networks' weights that it hasn't been asked for.
    pub fn ask_for_weights<'a>(&self, networks: impl Iterator<Item = &'a String>) {
        page_events::ask_for_weights(self.weights.to_ask_for(networks));
    }

    /// Whether a network's weights are here.
    pub fn has_weights(&self, network: &str) -> bool {
        self.weights.has(network)
    }

    /// An answer's refinement ended before its time: the answer stays, and says why.
    pub fn doubt(&self, slot: StudySlot, issues: Vec<Issue>) {
        let numbers = self.study(slot).borrow().numbers.clone();
        if let Some(Numbers { run, series, voxels_key, mut answers }) = numbers {
            let (_, mut report) = answers.pop_last().expect("invariant: a measured study has an answer");
            report.issues.extend(issues);
            self.publish((run, slot), &series, voxels_key, report, ReportStage::Final);
        }
    }

    /// A run ended before its time: where it refined an answer, the masks are that answer's again, as the numbers are.
    pub fn set_back(&self, (run, slot): (RunId, StudySlot)) {
        let Some(course) = self.study(slot).borrow().course() else { return };
        let mut analysis = course.analysis.borrow_mut();
        if analysis.stop_refinement() {
            slice_areas::tell_all_changed((run, slot), &analysis);
        }
    }

    pub fn waits_for(&self) -> Stage {
        self.waits_for.get()
    }

    fn send_slice(&self, slot: StudySlot, index: u32) {
        let z = index as usize;
        let study = self.study(slot).borrow();
        let mut agreement = None;
        let (hu, labels, lungs, lesions) = match &study.pixels {
            Pixels::None => return,
            Pixels::Decoding(decoding) => {
                let decoding = decoding.borrow();
                // What isn't decoded yet is announced once it is, and asked for again.
                let Some(hu) = decoding.as_ref().and_then(|d| d.slice(z)) else { return };
                (page_events::buffer_of_i16(hu), vec![0; hu.len()], false, false)
            }
            Pixels::Analysis(course) => {
                let analysis = course.analysis.borrow();
                let hu = analysis.volume().slice(z);
                if hu.is_empty() {
                    return;
                }
                let (labels, lungs, lesions) = analysis.labels(z);
                agreement = analysis.agreement(z);
                (page_events::buffer_of_i16(hu), labels, lungs, lesions)
            }
        };
        let mut buffers = vec![hu, page_events::buffer(&labels)];
        buffers.extend(agreement.as_deref().map(page_events::buffer));
        let (run, agreement) = (study.run, agreement.is_some());
        page_events::post_with(&Event::Slice { run, slot, index, lungs, lesions, agreement }, &buffers);
    }

    /// A tier has answered: its report goes to the page, and with both studies measured, their
    /// comparison.
    pub fn publish(
        &self,
        (run, slot): (RunId, StudySlot),
        series: &SeriesSummary,
        voxels_key: u64,
        report: Report,
        stage: ReportStage,
    ) {
        {
            let mut study = self.study(slot).borrow_mut();
            if study.run != run {
                return;
            }
            let begun = || Numbers { run, series: series.clone(), voxels_key, answers: BTreeMap::new() };
            study.numbers.get_or_insert_with(begun).answers.insert(report.runs.tier, report.clone());
        }
        page_events::report(run, slot, report, stage);
        self.publish_comparison();
    }

    /// Where both studies are measured, their comparison goes to the page. An earlier study that is
    /// the current one is refused, so that the current one keeps its numbers.
    fn publish_comparison(&self) {
        let compared = {
            let (previous, current) = (self.previous.borrow(), self.current.borrow());
            let Some((before, now)) = previous.measured().zip(current.measured()) else { return };
            compare(before, now, previous.same_patient)
        };
        let mut previous = self.previous.borrow_mut();
        let run = previous.run;
        match compared {
            Ok(dynamics) => page_events::post(&Event::Compared { run, dynamics: Box::new(dynamics) }),
            Err(error) => {
                // Its run ends with it.
                (previous.numbers, previous.stop, previous.goal) = (None, None, None);
                page_events::refuse(run, StudySlot::Previous, vec![error.into()]);
            }
        }
    }

    /// Returns whether a series of the earlier study is the one under examination: made of the same
    /// instances or, once it is decoded, of the same voxels.
    pub fn is_current_study(&self, slot: StudySlot, series: &SeriesSummary, voxels_key: Option<u64>) -> bool {
        let current = self.current.borrow();
        let same = |n: &Numbers| same_instances(&n.series, series) || voxels_key == Some(n.voxels_key);
        slot == StudySlot::Previous && current.numbers.as_ref().is_some_and(same)
    }
}

#[cfg(test)]
#[path = "coordinator_tests.rs"]
mod tests;
