//! Where to compute: a known slice is computed on each candidate, timed, and compared with its
//! stored answer.

use corsai_manifest::Manifest;
use corsai_networks::{Precision, read_manifest, shipped};
use corsai_protocol::{BackendKind, DevicePreference, DeviceReason, DeviceReport, Event, Stage};
use corsai_report::{Issue, IssueCode, Tier};

use crate::{
    adapter_info::AdapterInfo,
    backend::{Backend, NetworkWeights},
    engine::Engine,
    error::WorkerError,
    page_events,
    platform::Platform,
    self_test::{SelfTest, judge},
    weight_store::WeightStore,
};

/// More compute workers than this wait for memory and for the coordinator.
const MAX_WORKERS: u32 = 8;

/// What the choice of a device depends on.
#[derive(Debug, Clone, Copy)]
pub struct DeviceRequest {
    /// What the settings ask for.
    pub preference: DevicePreference,
    /// Cores of the machine that may be used.
    pub cores: u32,
}

impl DeviceRequest {
    fn workers(self) -> usize {
        self.cores.clamp(1, MAX_WORKERS) as usize
    }
}

/// Why the CPU computes, and the issues that its results bear for it.
struct CpuReason {
    reason: DeviceReason,
    issues: Vec<Issue>,
}

impl From<DeviceReason> for CpuReason {
    fn from(reason: DeviceReason) -> Self {
        Self { reason, issues: Vec::new() }
    }
}

/// A GPU that computed the known slices right.
struct TestedGpu {
    backend: Box<dyn Backend>,
    slice_ms: f64,
    deviation: f64,
    /// It computed them wrongly with f16.
    half_failed: bool,
}

/// Returns the manifest that this binary was built with.
///
/// # Errors
/// A manifest that can't be read.
pub fn manifest() -> Result<Manifest, WorkerError> {
    Ok(read_manifest(shipped::MANIFEST_JSON)?)
}

/// Returns the indices of the quick tier's networks.
fn quick_networks(manifest: &Manifest) -> Vec<usize> {
    (0..manifest.networks.len()).filter(|&i| manifest.networks[i].tier == Tier::Quick).collect()
}

/// Waits for the weights of the quick tier.
async fn quick_weights(manifest: &Manifest, store: &WeightStore) -> Result<Vec<NetworkWeights>, WorkerError> {
    let mut weights = Vec::new();
    for network in quick_networks(manifest) {
        let entry = manifest.networks[network].clone();
        let parts = store.get(&entry.name).await?;
        weights.push(NetworkWeights { network, entry, parts });
    }
    Ok(weights)
}

/// Chooses a device, loads the quick tier's networks and tells the page. `on_stage` is called with
/// what is waited for.
///
/// # Errors
/// Why nothing can be computed.
pub async fn choose(
    platform: &dyn Platform,
    request: DeviceRequest,
    store: &WeightStore,
    on_stage: impl Fn(Stage),
) -> Result<Engine, WorkerError> {
    on_stage(Stage::Weights);
    let manifest = manifest()?;
    let adapter = match request.preference {
        DevicePreference::Cpu => Err(DeviceReason::Settings),
        preference => candidate(platform, preference).await,
    };
    // Compute workers start while the weights are on their way; beside a GPU one is enough, to
    // compare with.
    let workers = if adapter.is_ok() { 1 } else { request.workers() };
    let mut cpu = match (&adapter, request.preference) {
        (Ok(_), DevicePreference::Gpu) => None,
        _ => Some(platform.open_cpu(workers)),
    };
    store.forget_failures();
    let quick = quick_networks(&manifest);
    page_events::request_weights(store.to_request(quick.iter().map(|&i| &manifest.networks[i].name)));
    let weights = quick_weights(&manifest, store).await?;
    on_stage(Stage::Device);
    let chosen = match adapter {
        Ok(adapter) => compare(platform, request, &manifest, &weights, adapter, cpu.as_deref_mut()).await?,
        Err(reason) => Err(reason.into()),
    };
    match chosen {
        Ok(engine) => Ok(announce(engine)),
        Err(reason) => {
            let cpu = cpu.unwrap_or_else(|| platform.open_cpu(request.workers()));
            use_cpu(request, &manifest, weights, cpu, reason).await
        }
    }
}

/// Opens the GPU again after it failed in a run; without f16, over which it may have failed.
///
/// # Errors
/// Why the GPU can't be used.
pub async fn reopen_gpu(
    platform: &dyn Platform,
    store: &WeightStore,
    cause: &WorkerError,
) -> Result<Engine, WorkerError> {
    let lost = |_| WorkerError::DeviceLost;
    let manifest = manifest()?;
    let adapter = platform.adapter().await.map_err(lost)?;
    let mut gpu = platform.open_gpu(Precision::Single).await.map_err(lost)?;
    let weights = quick_weights(&manifest, store).await?;
    let tests = gpu.self_test(weights).await?;
    let judged = judge(&manifest, &tests, gpu.precision());
    let (slice_ms, deviation) = judged.map_err(|test| WorkerError::GpuSelfTest { deviation: test.deviation })?;
    let (reason, issues) = if matches!(cause, WorkerError::DeviceLost) {
        (DeviceReason::ReopenedAfterLoss, vec![Issue::new(IssueCode::DeviceRestarted, [])])
    } else {
        (DeviceReason::ReopenedWithoutHalf, Vec::new())
    };
    let tested = TestedGpu { backend: gpu, slice_ms, deviation, half_failed: false };
    Ok(announce(gpu_engine(tested, adapter, reason, issues)))
}

/// Goes on with the CPU after the GPU failed in a run.
///
/// # Errors
/// Why the CPU can't be used either.
pub async fn fall_back_to_cpu(
    platform: &dyn Platform,
    request: DeviceRequest,
    store: &WeightStore,
    cause: &WorkerError,
) -> Result<Engine, WorkerError> {
    let reason = match cause {
        WorkerError::GpuSelfTest { .. } => DeviceReason::SelfTestFailed,
        _ => DeviceReason::DeviceLost,
    };
    let manifest = manifest()?;
    let weights = quick_weights(&manifest, store).await?;
    let reason = CpuReason { reason, issues: vec![cause.issue()] };
    use_cpu(request, &manifest, weights, platform.open_cpu(request.workers()), reason).await
}

/// Returns an adapter that is worth a try.
async fn candidate(platform: &dyn Platform, preference: DevicePreference) -> Result<AdapterInfo, DeviceReason> {
    let adapter = platform.adapter().await?;
    if adapter.software && preference != DevicePreference::Gpu {
        return Err(DeviceReason::SoftwareAdapter { adapter: adapter.name });
    }
    Ok(adapter)
}

/// Returns a GPU that computes the known slices right, with f16 where that comes out right.
async fn tested_gpu(
    platform: &dyn Platform,
    manifest: &Manifest,
    weights: &[NetworkWeights],
) -> Result<Result<TestedGpu, CpuReason>, WorkerError> {
    let mut requested = Precision::Half;
    loop {
        let mut backend = match platform.open_gpu(requested).await {
            Ok(backend) => backend,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let tests = backend.self_test(weights.to_vec()).await?;
        match judge(manifest, &tests, backend.precision()) {
            Ok((slice_ms, deviation)) => {
                let half_failed = requested == Precision::Single;
                return Ok(Ok(TestedGpu { backend, slice_ms, deviation, half_failed }));
            }
            // Another device: this one may be lost.
            Err(_) if backend.precision() == Precision::Half => requested = Precision::Single,
            Err(SelfTest { deviation, .. }) => {
                let issues = vec![WorkerError::GpuSelfTest { deviation }.issue()];
                return Ok(Err(CpuReason { reason: DeviceReason::SelfTestFailed, issues }));
            }
        }
    }
}

/// Tries the GPU, and compares it with one compute worker where the settings have no preference.
async fn compare(
    platform: &dyn Platform,
    request: DeviceRequest,
    manifest: &Manifest,
    weights: &[NetworkWeights],
    adapter: AdapterInfo,
    cpu: Option<&mut (dyn Backend + 'static)>,
) -> Result<Result<Engine, CpuReason>, WorkerError> {
    let gpu = match tested_gpu(platform, manifest, weights).await? {
        Ok(gpu) => gpu,
        Err(reason) => return Ok(Err(reason)),
    };
    let reason = match cpu {
        None => DeviceReason::Settings,
        Some(cpu) => {
            let (one_worker_ms, _) = tested_cpu(cpu, manifest, weights.to_vec()).await?;
            let cpu_slice_ms = one_worker_ms / request.workers() as f64;
            if cpu_slice_ms < gpu.slice_ms {
                return Ok(Err(DeviceReason::CpuFaster { gpu_slice_ms: gpu.slice_ms }.into()));
            }
            DeviceReason::GpuFaster { cpu_slice_ms }
        }
    };
    Ok(Ok(gpu_engine(gpu, adapter, reason, Vec::new())))
}

/// Returns the time of a slice in milliseconds and the largest deviation.
async fn tested_cpu(
    cpu: &mut dyn Backend,
    manifest: &Manifest,
    weights: Vec<NetworkWeights>,
) -> Result<(f64, f64), WorkerError> {
    let tests = cpu.self_test(weights).await?;
    judge(manifest, &tests, cpu.precision()).map_err(|test| WorkerError::CpuSelfTest { deviation: test.deviation })
}

fn gpu_engine(gpu: TestedGpu, adapter: AdapterInfo, reason: DeviceReason, issues: Vec<Issue>) -> Engine {
    let TestedGpu { backend, slice_ms, deviation, half_failed } = gpu;
    let name = match backend.precision() {
        Precision::Single => adapter.name,
        Precision::Half => adapter.name + ", f16",
    };
    let report = DeviceReport { backend: BackendKind::Webgpu, name, slice_ms, deviation, reason, half_failed };
    Engine::new(backend, report, issues)
}

/// The CPU with all its compute workers.
async fn use_cpu(
    request: DeviceRequest,
    manifest: &Manifest,
    weights: Vec<NetworkWeights>,
    mut cpu: Box<dyn Backend>,
    reason: CpuReason,
) -> Result<Engine, WorkerError> {
    cpu.grow(request.workers());
    let (slice_ms, deviation) = tested_cpu(&mut *cpu, manifest, weights).await?;
    let workers = cpu.workers();
    let name = if workers == 1 { "1 worker".into() } else { format!("{workers} workers") };
    let CpuReason { reason, issues } = reason;
    let report = DeviceReport { backend: BackendKind::Cpu, name, slice_ms, deviation, reason, half_failed: false };
    Ok(announce(Engine::new(cpu, report, issues)))
}

/// Tells the page which device was chosen.
fn announce(engine: Engine) -> Engine {
    let report = &engine.report;
    tracing::info!(
        backend = report.backend.as_str(),
        reason = ?report.reason,
        slice_ms = report.slice_ms,
        deviation = report.deviation,
        "device chosen"
    );
    page_events::post(&Event::Device { device: report.clone() });
    engine
}

#[cfg(test)]
#[path = "device_selection_tests.rs"]
mod tests;
