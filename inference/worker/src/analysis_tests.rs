//! What a run does with the events of its engine.

use corsai_manifest::Family;
use corsai_networks::{Precision, read_manifest, shipped};
use corsai_protocol::{AnalysisOptions, DevicePreference, DeviceReason};
use corsai_report::IssueCode;
use corsai_study::Prefetched;
use futures_util::FutureExt;

use super::*;
use crate::{
    decode::tests::opened,
    decoder_pool::DecoderPool,
    device_selection::DeviceRequest,
    fakes::{FakeBackend, FakePlatform},
    page_events::take_posted,
    session::Study,
};

const KEY: RunKey = (RunId(1), StudySlot::Current);

fn context(platform: FakePlatform) -> Context {
    let context = Context::new(Box::new(platform));
    context.device_request.set(DeviceRequest { preference: DevicePreference::Gpu, cores: 2 });
    for entry in device_selection::manifest().unwrap().networks {
        context.weights.put(entry.name, Vec::new());
    }
    context
}

fn session() -> AnalysisSession {
    let opened = opened();
    let mut manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    // The inputs are never computed on.
    manifest.networks.iter_mut().for_each(|network| network.input.size = 32);
    let volume = Arc::new(opened.series[0].decoder().unwrap().finish().unwrap().volume);
    let voxels_key = volume.digest();
    let analysis = Analysis::new(volume, &manifest, Options { tier: Tier::Quick, ..Options::default() }).unwrap();
    AnalysisSession {
        manifest,
        series: opened.series[0].summary().clone(),
        analysis: RefCell::new(analysis),
        voxels_key,
        options: AnalysisOptions::default(),
        issues: Vec::new(),
        seconds: Cell::new(0.0),
    }
}

fn gpu() -> FakeBackend {
    FakeBackend::new(BackendKind::Webgpu, 20.0)
}

/// Takes jobs until the engine is full, and returns their names.
fn submit(run: &AnalysisRun<'_>, lease: &mut EngineLease<'_>) -> Vec<JobId> {
    let mut jobs = Vec::new();
    while lease.engine.backend.has_capacity() {
        let job = run.session.analysis.borrow_mut().next_job().unwrap();
        jobs.push(job.id);
        lease.in_flight.insert(job.id, run.answer_key(&job, false));
        lease.engine.submit(job);
    }
    jobs
}

fn progress(run: &AnalysisRun<'_>) -> RunProgress {
    RunProgress { reporter: run.reporter(Stage::Lungs), bounds_told: Instant::now(), lungs: None }
}

/// Lets a run take events.
fn with_run(platform: FakePlatform, test: impl FnOnce(&AnalysisRun<'_>, EngineLease<'_>)) {
    let (context, session) = (context(platform), session());
    let run = AnalysisRun { context: &context, run: KEY.0, slot: KEY.1, session: &session, begun: Instant::now() };
    let lease = run.lease(false).now_or_never().unwrap().unwrap();
    take_posted();
    test(&run, lease);
}

#[test]
fn the_jobs_of_a_lost_gpu_are_done_again_by_the_next_engine_and_its_results_say_so() {
    with_run(FakePlatform::with_gpus([Ok(gpu()), Ok(gpu())]), |run, mut lease| {
        let jobs = submit(run, &mut lease);
        let mut progress = progress(run);
        run.on_event(EngineEvent::Dead, &mut lease, &mut progress).now_or_never().unwrap().unwrap();
        assert_eq!(lease.engine.report.reason, DeviceReason::ReopenedAfterLoss);
        assert!(lease.in_flight.is_empty());
        let mut again = submit(run, &mut lease);
        again.sort_unstable();
        assert_eq!(again, jobs, "put back, and handed out first");
        run.on_event(EngineEvent::Dead, &mut lease, &mut progress).now_or_never().unwrap().unwrap();
        assert_eq!(lease.engine.backend.kind(), BackendKind::Cpu, "a GPU is opened again once");
        assert_eq!(lease.engine.issues[0].code, IssueCode::DeviceLost);
    });
}

#[test]
fn a_gpu_without_f16_that_computes_wrongly_is_replaced_by_the_cpu() {
    with_run(FakePlatform::with_gpus([Ok(gpu())]), |run, mut lease| {
        let wrong = WorkerError::GpuSelfTest { deviation: Some(0.5) };
        run.fail_over(&mut lease, &wrong).now_or_never().unwrap().unwrap();
        assert_eq!(lease.engine.report.reason, DeviceReason::SelfTestFailed);
        assert_eq!(lease.engine.issues[0].code, IssueCode::DeviceSelfTest);
    });
    let half = FakeBackend { precision: Precision::Half, ..gpu() };
    with_run(FakePlatform::with_gpus([Ok(half), Ok(gpu())]), |run, mut lease| {
        let wrong = WorkerError::GpuSelfTest { deviation: None };
        run.fail_over(&mut lease, &wrong).now_or_never().unwrap().unwrap();
        assert_eq!(lease.engine.report.reason, DeviceReason::ReopenedWithoutHalf);
    });
}

#[test]
fn a_lost_job_is_handed_out_again_and_its_late_answer_is_dropped() {
    with_run(FakePlatform::with_gpus([Ok(gpu())]), |run, mut lease| {
        let jobs = submit(run, &mut lease);
        let mut progress = progress(run);
        let lost = EngineEvent::Lost { jobs: vec![jobs[0]] };
        run.on_event(lost, &mut lease, &mut progress).now_or_never().unwrap().unwrap();
        assert_eq!(run.session.analysis.borrow_mut().next_job().unwrap().id, jobs[0]);
        let late = EngineEvent::Answer { job: jobs[0], values: Vec::new() };
        run.on_event(late, &mut lease, &mut progress).now_or_never().unwrap().unwrap();
        assert!(take_posted().iter().all(|event| !matches!(event, Event::Answer { .. })));
    });
}

#[test]
fn an_answer_goes_to_the_page_before_there_are_numbers_and_a_wrong_one_ends_the_run() {
    with_run(FakePlatform::with_gpus([Ok(gpu())]), |run, mut lease| {
        let jobs = submit(run, &mut lease);
        let answer = EngineEvent::Answer { job: jobs[0], values: vec![0.5] };
        let ended = run.on_event(answer, &mut lease, &mut progress(run)).now_or_never().unwrap();
        assert_eq!(ended.unwrap_err()[0].code, IssueCode::InternalFault, "an answer of one value");
        assert!(take_posted().iter().any(|event| matches!(event, Event::Answer { .. })));
    });
}

#[test]
fn a_cancelled_job_finds_no_run_and_what_fails_after_that_does_not_either() {
    with_run(FakePlatform::with_gpus([Ok(gpu())]), |run, mut lease| {
        submit(run, &mut lease);
        lease.engine.cancel_jobs();
        let event = lease.engine.next_event().now_or_never().unwrap();
        assert!(matches!(event, EngineEvent::Lost { jobs } if jobs.is_empty()));
    });
}

#[test]
fn a_network_is_loaded_with_the_weights_that_the_page_delivers() {
    with_run(FakePlatform::with_gpus([Ok(gpu())]), |run, mut lease| {
        let full = run.session.manifest.networks.len() - 1;
        assert!(!lease.engine.backend.has_network(full));
        let mut reporter = run.reporter(Stage::Refining);
        assert!(run.load(&mut lease, full, &mut reporter).now_or_never().unwrap().unwrap());
        assert!(lease.engine.backend.has_network(full));
    });
}

/// Lungs where the input is neither air nor tissue, and lesions in all of the right lung.
fn answer_by_density(network: usize, input: &[f32]) -> Vec<f32> {
    let entry = &device_selection::manifest().unwrap().networks[network];
    let area = entry.input.size * entry.input.size;
    let right = |i: usize| i % entry.input.size < entry.input.size / 2;
    if entry.family != Family::Lungs {
        return (0..area).map(|i| if right(i) { 0.95 } else { 0.05 }).collect();
    }
    let lung = |i: usize| (-0.45..-0.3).contains(&input[i]);
    // The second channel is the place from the patient's right to the left.
    let class = |i: usize| {
        if !lung(i) {
            0
        } else if input[area + i] < 0.0 {
            1
        } else {
            2
        }
    };
    (0..3 * area).map(|at| if at / area == class(at % area) { 0.9 } else { 0.05 }).collect()
}

#[test]
fn a_series_becomes_numbers_and_the_page_is_told_every_step() {
    let gpu = FakeBackend { answer: answer_by_density, ..gpu() };
    let (context, opened) = (context(FakePlatform::with_gpus([Ok(gpu)])), opened());
    let _stop = context.studies.begin(KEY, Study::default());
    take_posted();
    let resources =
        DecodeResources { decoders: DecoderPool::new(1), ahead: Prefetched::default(), files: Rc::default() };
    let run = analyse(&context, KEY, &opened, opened.series[0].summary().id, resources, Instant::now());
    run.now_or_never().expect("nothing waits for a browser").unwrap();
    let mut steps = Vec::new();
    let mut reports = Vec::new();
    for event in take_posted() {
        match event {
            Event::Progress { progress, .. } if steps.last() != Some(&progress.stage) => steps.push(progress.stage),
            Event::Report { report, stage, .. } => reports.push((*report, stage)),
            _ => {}
        }
    }
    assert_eq!(steps, [Stage::Decoding, Stage::Weights, Stage::Lungs, Stage::Lesions, Stage::Refining]);
    let [(lungs, ReportStage::Lungs), (_, ReportStage::Interim), (report, ReportStage::Final)] = &reports[..] else {
        panic!("{reports:?}")
    };
    let (lungs, found) = (lungs.lungs.as_ref().unwrap(), report.lungs.as_ref().unwrap());
    assert_eq!(lungs.both.share, None, "no lesion network has run");
    assert!(lungs.both.volume_ml > 1000.0 && found.both.volume_ml == lungs.both.volume_ml, "{lungs:?}");
    assert!(found.right.share.unwrap() > 0.9 && found.left.share.unwrap() < 0.1, "{found:?}");
}
