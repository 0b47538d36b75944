//! The page's worker: takes commands and starts runs.
//!
//! A run is a future that is dropped when it is cancelled, replaced or its study closed; it holds
//! no borrow across an await. Runs share one engine and take turns with it.

use std::{future::Future, rc::Rc};

use corsai_channel::read;
use corsai_protocol::{Command, Event, RunId, SeriesSummary, StudySlot};
use corsai_report::{Issue, IssueCode, Tier};
use corsai_study::{Limits, Prefetched, SeriesList};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;
use web_time::Instant;

use crate::{
    analysis,
    buffer::{Buffer, bytes},
    context::Context,
    decode::DecodeResources,
    device_selection::DeviceRequest,
    error::WorkerError,
    page_events,
    platform::Platform,
    reading::{self, content},
    session::{RunKey, Study},
    yield_now::Yielder,
};

/// How a run came to its end.
#[derive(Debug, PartialEq)]
enum RunEnd {
    Finished,
    Refused(Vec<Issue>),
    /// The person stopped it.
    Cancelled,
    /// Another run took its place, or its study was closed: the page waits for nothing.
    Replaced,
}

/// Runs `work` until it is done or stopped.
async fn run_to_end(work: impl Future<Output = Result<(), Vec<Issue>>>, stopped: oneshot::Receiver<()>) -> RunEnd {
    match select(Box::pin(work), stopped).await {
        Either::Left((Ok(()), _)) => RunEnd::Finished,
        Either::Left((Err(issues), _)) => RunEnd::Refused(issues),
        Either::Right((Ok(()), _)) => RunEnd::Cancelled,
        Either::Right((Err(_), _)) => RunEnd::Replaced,
    }
}

/// Dispatches the page's commands.
#[derive(Debug)]
pub struct Coordinator {
    context: Rc<Context>,
}

impl Coordinator {
    /// Returns a coordinator without studies.
    pub fn new(platform: Box<dyn Platform>) -> Self {
        Self { context: Rc::new(Context::new(platform)) }
    }

    /// Takes a message of the page.
    pub fn on_message(&self, message: &MessageEvent) {
        let (command, payload) = read(message).expect("invariant: the page sends commands");
        self.on_command(command, payload);
    }

    fn on_command(&self, command: Command, payload: Vec<JsValue>) {
        let begun = Instant::now();
        let context = Rc::clone(&self.context);
        match command {
            Command::Configure { device, cores, options } => {
                context.device_request.set(DeviceRequest { preference: device, cores });
                context.options.set(options);
                // The device is chosen ahead of the first study. A failure is left to the run that
                // needs the device and tries again.
                spawn_local(async move { drop(context.engine(true).await) });
            }
            Command::Weights { network } => context.weights.put(network, bytes(&payload)),
            Command::WeightsFailed { network, detail } => context.weights.fail(network, &detail),
            Command::Answers { keys } => {
                context.answers.put(keys, payload.into_iter().map(JsCast::unchecked_into).collect());
            }
            Command::Open { run, slot, names } => {
                let files = Rc::new(payload);
                let study = Study { files: Rc::clone(&files), ..Study::default() };
                self.start((run, slot), study, async move {
                    let mut decoders = context.decoders();
                    let (opened, ahead) = reading::files((run, slot), names, &files, &mut decoders).await;
                    let resources = DecodeResources { decoders, ahead, files };
                    analyse_opened(&context, (run, slot), opened, resources, begun).await
                });
            }
            Command::OpenPhantom { run, slot, date } => {
                self.start((run, slot), Study::default(), async move {
                    let opened = reading::phantom((run, slot), date).await?;
                    let files = Rc::default();
                    let resources = DecodeResources { decoders: context.decoders(), ahead: Prefetched::new(), files };
                    analyse_opened(&context, (run, slot), opened, resources, begun).await
                });
            }
            Command::Choose { run, slot, series } => {
                let (opened, files) = {
                    let study = context.studies.of(slot).borrow();
                    (study.opened.clone(), Rc::clone(&study.files))
                };
                let Some(opened) = opened else {
                    return page_events::refuse(run, slot, WorkerError::UnknownSeries.into());
                };
                let study = Study { opened: Some(Rc::clone(&opened)), files: Rc::clone(&files), ..Study::default() };
                let resources = DecodeResources { decoders: context.decoders(), ahead: Prefetched::new(), files };
                self.start((run, slot), study, async move {
                    analysis::analyse(&context, (run, slot), &opened, series, resources, begun).await
                });
            }
            Command::ConfirmPatient { run } => {
                // A study that has been replaced since is another one.
                if context.studies.of(StudySlot::Previous).borrow().run == run {
                    context.studies.of(StudySlot::Previous).borrow_mut().same_patient = true;
                    context.publish_comparison();
                }
            }
            Command::Refine { run, slot, tier } => self.refine((run, slot), tier),
            Command::Slice { slot, index } => context.post_slice(slot, index),
            Command::Cancel { run } => context.studies.cancel(run),
            Command::Close { slot } => *context.studies.of(slot).borrow_mut() = Study::default(),
        }
    }

    /// Goes on to a higher tier.
    fn refine(&self, (run, slot): RunKey, tier: Tier) {
        let context = Rc::clone(&self.context);
        let session = {
            let mut study = context.studies.of(slot).borrow_mut();
            if let Some(target) = &mut study.target {
                // A run works on the study, and goes on from there.
                *target = tier.max(*target);
                return;
            }
            let session = study.analysis();
            study.target = session.is_some().then_some(tier);
            session
        };
        let session = match (session, slot) {
            (Some(session), _) => session,
            // The study isn't decoded yet, and will then be measured as the current one was.
            (None, StudySlot::Previous) => return,
            (None, StudySlot::Current) => {
                return page_events::refuse(run, slot, WorkerError::NothingToRefine.into());
            }
        };
        let stopped = context.studies.resume((run, slot));
        self.drive((run, slot), stopped, async move {
            analysis::refine(&context, (run, slot), &session).await;
            Ok(())
        });
    }

    /// Starts a run in place of the slot's study.
    fn start(&self, key: RunKey, study: Study, work: impl Future<Output = Result<(), Vec<Issue>>> + 'static) {
        let stopped = self.context.studies.begin(key, study);
        self.drive(key, stopped, work);
    }

    /// Lets a run go on until its end, and tells the page how it ended.
    fn drive(
        &self,
        key: RunKey,
        stopped: oneshot::Receiver<()>,
        work: impl Future<Output = Result<(), Vec<Issue>>> + 'static,
    ) {
        let (run, slot) = key;
        let context = Rc::clone(&self.context);
        spawn_local(async move {
            let end = run_to_end(work, stopped).await;
            tracing::info!(run = run.0, end = end.as_str(), "run ended");
            match end {
                RunEnd::Finished => page_events::post(&Event::Finished { run, slot }),
                RunEnd::Replaced => return,
                RunEnd::Refused(issues) => {
                    if issues.iter().any(|i| i.code == IssueCode::WeightsCorrupt) {
                        context.weights.forget();
                    }
                    page_events::refuse(run, slot, issues);
                }
                RunEnd::Cancelled => {
                    context.stop_refinement(key);
                    page_events::post(&Event::Cancelled { run, slot });
                }
            }
            run_ended(&context, key);
        });
    }
}

impl RunEnd {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Refused(_) => "refused",
            Self::Cancelled => "cancelled",
            Self::Replaced => "replaced",
        }
    }
}

/// Notes that nothing of a run's study changes any more, and publishes the comparison as final.
fn run_ended(context: &Context, (run, slot): RunKey) {
    if context.studies.of(slot).borrow().run == run {
        context.studies.of(slot).borrow_mut().target = None;
        context.publish_comparison();
    }
}

/// Tells the page which series there are, and analyses the only one that can be meant.
async fn analyse_opened(
    context: &Context,
    key: RunKey,
    opened: SeriesList,
    resources: DecodeResources,
    begun: Instant,
) -> Result<(), Vec<Issue>> {
    let (run, slot): (RunId, StudySlot) = key;
    let opened = Rc::new(opened);
    context.studies.of(slot).borrow_mut().opened = Some(Rc::clone(&opened));
    let chosen = opened.only_usable();
    let mut yielder = Yielder::new();
    let mut previews = Vec::new();
    let mut pixels = Vec::new();
    for series in &opened.series {
        let shown = match series.preview_file().and_then(|file| resources.files.get(file)) {
            Some(file) => {
                content(file.clone(), Limits::default().bytes).await.ok().and_then(|b| series.preview_from(b))
            }
            None => series.preview(),
        };
        if let Some((preview, grey)) = shown {
            previews.push(preview);
            pixels.push(grey);
        }
        yielder.yield_if_due().await;
    }
    let series: Vec<SeriesSummary> = opened.series.iter().map(|s| s.summary().clone()).collect();
    let usable = series.iter().any(|s| s.usable);
    tracing::info!(series = series.len(), usable, chosen = chosen.is_some(), "series found");
    let of_series: Vec<Issue> = series.iter().flat_map(|s| s.issues.clone()).collect();
    let buffers: Vec<Buffer<'_>> = pixels.iter().map(|grey| Buffer::U8(grey)).collect();
    let issues = opened.issues.clone();
    page_events::post_with(&Event::Series { run, slot, series, previews, chosen, issues }, &buffers);
    match chosen {
        Some(series) => analysis::analyse(context, key, &opened, series, resources, begun).await,
        None if usable => Ok(()),
        None => Err(opened.issues.iter().cloned().chain(of_series).collect()),
    }
}

#[cfg(test)]
#[path = "coordinator_tests.rs"]
mod tests;
