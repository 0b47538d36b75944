//! Where to compute: chosen by a known slice, computed, timed and compared with its stored answer.

use corsai_manifest::{Family, Manifest};
use corsai_networks::{Precision, golden, read_manifest, shipped};
use corsai_protocol::{DevicePreference, DeviceReport, Event, Stage};
use corsai_report::{Found, Issue, IssueCode, Reason, Tier};

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::{
    cpu_backend::{Check, CpuBackend},
    engine::{Engine, Kind, fault, issue_of},
    gpu_backend::{self, GpuBackend},
    page_events,
    weight_store::{Parts, WeightStore},
};

/// More helpers than this wait for memory and for the owner.
const HELPERS: u32 = 8;

/// What the browser says of its adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterInfo {
    pub name: String,
    /// It emulates a GPU on the CPU.
    pub software: bool,
}

/// Why there is no offer.
fn none_offered() -> &'static str {
    let secure = Reflect::get(&js_sys::global(), &JsValue::from_str("isSecureContext"));
    if secure.is_ok_and(|secure| secure.is_falsy()) {
        return "browsers offer no graphics processor to a page that isn't served over https";
    }
    "this browser offers no graphics processor to compute on"
}

/// What the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct DeviceRequest {
    pub preference: DevicePreference,
    /// Cores of the machine that may be used.
    pub cores: u32,
}

impl DeviceRequest {
    fn helpers(self) -> usize {
        self.cores.clamp(1, HELPERS) as usize
    }
}

/// The manifest this binary was built with.
///
/// # Errors
/// `weights.corrupt` where it can't be read.
pub fn manifest() -> Result<Manifest, Issue> {
    read_manifest(shipped::MANIFEST_JSON).map_err(|error| issue_of(&error))
}

/// What the first answer needs, by its device_config in the manifest.
fn quick(manifest: &Manifest) -> Vec<usize> {
    (0..manifest.networks.len()).filter(|&i| manifest.networks[i].tier == Tier::Quick).collect()
}

/// The weights of what the first answer needs.
async fn quick_weights(manifest: &Manifest, store: &WeightStore) -> Result<Vec<(usize, Parts)>, Issue> {
    let mut weights = Vec::new();
    for network in quick(manifest) {
        weights.push((network, store.get(&manifest.networks[network].name).await?));
    }
    Ok(weights)
}

/// Chooses a device, loads the first answer's networks on it and tells the page. `stage` hears what is waited for.
///
/// # Errors
/// Why nothing can be computed.
pub async fn choose(wish: DeviceRequest, store: &WeightStore, stage: impl Fn(Stage)) -> Result<Engine, Issue> {
    stage(Stage::Weights);
    let manifest = manifest()?;
    let offer = match wish.preference {
        DevicePreference::Cpu => Err("as the settings say".into()),
        preference => considered(preference).await,
    };
    // Helpers start while the weights are on their way; beside a GPU one is enough, to compare with.
    let count = if offer.is_ok() { 1 } else { wish.helpers() };
    let mut pool = match (&offer, wish.preference) {
        (Ok(_), DevicePreference::Gpu) => None,
        _ => Some(CpuBackend::start_helpers(count)),
    };
    store.forget_failures();
    page_events::ask_for_weights(store.to_ask_for(quick(&manifest).into_iter().map(|i| &manifest.networks[i].name)));
    let weights = quick_weights(&manifest, store).await?;
    stage(Stage::Device);
    let chosen = match offer {
        Ok(name) => beside_gpu(wish, &manifest, &weights, name, pool.as_mut()).await?,
        Err(reason) => Err(CpuBecause { reason, issues: Vec::new() }),
    };
    let engine = match chosen {
        Ok(engine) => engine,
        Err(because) => cpu(wish, &manifest, weights, pool, because).await?,
    };
    page_events::post(&Event::Device { device: engine.report.clone() });
    Ok(engine)
}

/// Another device of the GPU that failed in the middle of a run as `code` says; nothing of the old one is used again, nor
/// f16, which may be what it failed over.
///
/// # Errors
/// Why there is none.
pub async fn once_more(store: &WeightStore, code: IssueCode) -> Result<Engine, Issue> {
    let lost = || Issue::new(IssueCode::DeviceLost, []);
    let manifest = manifest()?;
    let offer = gpu_backend::offered().await.ok_or_else(lost)?;
    let mut gpu = GpuBackend::acquire(Precision::Single).await.map_err(|_| lost())?;
    let weights = quick_weights(&manifest, store).await?;
    let checks = checked_on(&mut gpu, &manifest, &weights).await?.map_err(|_| lost())?;
    let (slice_ms, deviation) = summed_up(&manifest, &checks, gpu.precision()).ok_or_else(lost)?;
    let (reason, issues) = if code == IssueCode::DeviceLost {
        ("taken into use again after it was lost", vec![Issue::new(IssueCode::DeviceRestarted, [])])
    } else {
        ("taken into use again without f16, with which it computed a known slice wrongly", Vec::new())
    };
    let name = name_of(offer.name, &gpu);
    let report = DeviceReport { backend: "webgpu".into(), name, slice_ms, deviation, reason: reason.into() };
    page_events::post(&Event::Device { device: report.clone() });
    Ok(Engine { kind: Kind::Gpu(gpu), report, issues })
}

/// An adapter's name, and what it stores maps and weights in.
fn name_of(adapter: String, gpu: &GpuBackend) -> String {
    match gpu.precision() {
        Precision::Single => adapter,
        Precision::Half => adapter + ", f16",
    }
}

/// The CPU in device_config of a GPU that failed in the middle of a run; `issue` says how.
///
/// # Errors
/// Why the CPU can't be used either.
pub async fn fall_back(wish: DeviceRequest, store: &WeightStore, issue: Issue) -> Result<Engine, Issue> {
    let reason = if issue.code == IssueCode::DeviceSelfTest {
        "the graphics processor computed a known slice wrongly"
    } else {
        "the graphics processor was lost"
    };
    let manifest = manifest()?;
    let weights = quick_weights(&manifest, store).await?;
    let because = CpuBecause { reason: reason.into(), issues: vec![issue] };
    let engine = cpu(wish, &manifest, weights, None, because).await?;
    page_events::post(&Event::Device { device: engine.report.clone() });
    Ok(engine)
}

/// Why the GPU isn't used, and what is to be said of that beside the numbers.
struct CpuBecause {
    reason: String,
    issues: Vec<Issue>,
}

/// The name of a GPU worth a try, else why there is none.
async fn considered(preference: DevicePreference) -> Result<String, String> {
    let offer = gpu_backend::offered().await.ok_or_else(none_offered)?;
    if offer.software && preference != DevicePreference::Gpu {
        return Err(format!("the graphics processor is emulated in software ({}) and was passed over", offer.name));
    }
    Ok(offer.name)
}

/// Puts networks on a GPU and lets it compute their known slices; within, what it made of one that isn't right.
async fn checked_on(
    gpu: &mut GpuBackend,
    manifest: &Manifest,
    weights: &[(usize, Parts)],
) -> Result<Result<Vec<Check>, Found>, Issue> {
    let mut checks = Vec::new();
    for (network, parts) in weights {
        let entry = &manifest.networks[*network];
        gpu.load(*network, entry, parts).map_err(|error| issue_of(&error))?;
        let check = gpu.check(entry, *network).await;
        match check.deviation {
            Some(deviation) if deviation <= golden::tolerance(gpu.precision()) => checks.push(check),
            Some(deviation) => return Ok(Err(Found::Deviation { deviation })),
            None => return Ok(Err(Reason::NoAnswer.into())),
        }
    }
    Ok(Ok(checks))
}

/// A GPU that computes the known slices right, with f16 if it can do that, and whether it can't; within, why there is none.
async fn right_gpu(
    manifest: &Manifest,
    weights: &[(usize, Parts)],
) -> Result<Result<(GpuBackend, Vec<Check>, bool), CpuBecause>, Issue> {
    let mut wanted = Precision::Half;
    loop {
        let mut gpu = match GpuBackend::acquire(wanted).await {
            Ok(gpu) => gpu,
            Err(reason) => return Ok(Err(CpuBecause { reason: reason.into(), issues: Vec::new() })),
        };
        match checked_on(&mut gpu, manifest, weights).await? {
            Ok(checks) => return Ok(Ok((gpu, checks, wanted == Precision::Single))),
            // Another device, for this one may be lost over it.
            Err(_) if gpu.precision() == Precision::Half => wanted = Precision::Single,
            Err(found) => {
                return Ok(Err(CpuBecause {
                    reason: "the graphics processor computed a known slice wrongly".into(),
                    issues: vec![Issue::new(IssueCode::DeviceSelfTest, [found])],
                }));
            }
        }
    }
}

/// Tries the GPU, and compares it with one helper where the person has no preference.
async fn beside_gpu(
    wish: DeviceRequest,
    manifest: &Manifest,
    weights: &[(usize, Parts)],
    name: String,
    pool: Option<&mut CpuBackend>,
) -> Result<Result<Engine, CpuBecause>, Issue> {
    let (gpu, checks, without) = match right_gpu(manifest, weights).await? {
        Ok(found) => found,
        Err(because) => return Ok(Err(because)),
    };
    let (slice_ms, deviation) = summed_up(manifest, &checks, gpu.precision()).ok_or_else(computed_wrongly)?;
    let mut reason = match pool {
        None => String::from("as the settings say"),
        Some(pool) => {
            let checks = checked(pool, weights).await?;
            let (one_ms, _) = summed_up(manifest, &checks, Precision::Single).ok_or_else(computed_wrongly)?;
            let cpu_ms = one_ms / wish.helpers() as f64;
            if cpu_ms < slice_ms {
                let reason = format!("faster than the graphics processor, which took {slice_ms:.0} ms a slice");
                return Ok(Err(CpuBecause { reason, issues: Vec::new() }));
            }
            format!("faster than the CPU, which would take about {cpu_ms:.0} ms a slice")
        }
    };
    if without {
        reason += "; without f16, with which it computed a known slice wrongly";
    }
    let name = name_of(name, &gpu);
    let report = DeviceReport { backend: "webgpu".into(), name, slice_ms, deviation, reason };
    Ok(Ok(Engine { kind: Kind::Gpu(gpu), report, issues: Vec::new() }))
}

/// Gives the pool these networks and lets it compute their known slices.
async fn checked(pool: &mut CpuBackend, weights: &[(usize, Parts)]) -> Result<Vec<Check>, Issue> {
    let mut networks = Vec::new();
    for (network, parts) in weights {
        pool.give(*network, parts.clone());
        networks.push(*network);
    }
    pool.check(&networks).await
}

/// The CPU with all its helpers; `pool` where some have started.
async fn cpu(
    wish: DeviceRequest,
    manifest: &Manifest,
    weights: Vec<(usize, Parts)>,
    pool: Option<CpuBackend>,
    because: CpuBecause,
) -> Result<Engine, Issue> {
    let mut pool = pool.unwrap_or_else(|| CpuBackend::start_helpers(wish.helpers()));
    pool.grow(wish.helpers());
    let checks = checked(&mut pool, &weights).await?;
    let (slice_ms, deviation) = summed_up(manifest, &checks, Precision::Single).ok_or_else(computed_wrongly)?;
    let workers = pool.len();
    let name = if workers == 1 { "1 worker".into() } else { format!("{workers} workers") };
    let report = DeviceReport { backend: "cpu".into(), name, slice_ms, deviation, reason: because.reason };
    Ok(Engine { kind: Kind::Cpu(pool), report, issues: because.issues })
}

/// Milliseconds of the network that takes most of a run's time, and the largest deviation; `None` where one is wrong.
fn summed_up(manifest: &Manifest, checks: &[Check], precision: Precision) -> Option<(f64, f64)> {
    let mut largest = 0.0f64;
    for check in checks {
        largest = largest.max(check.deviation.filter(|d| *d <= golden::tolerance(precision))?);
    }
    let lesions = checks.iter().find(|check| manifest.networks[check.network].family != Family::Lungs)?;
    Some((lesions.milliseconds, largest))
}

/// A processor that can't be trusted with a study.
pub fn computed_wrongly() -> Issue {
    fault("the processor computed a known slice wrongly")
}
