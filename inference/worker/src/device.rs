//! Where to compute: chosen by a known slice, computed, timed and compared with its stored answer.

use corsai_networks::{read_manifest, shipped};
use corsai_protocol::{DevicePreference, DeviceReport, Event, Issue, IssueCode, Manifest, Stage};

use crate::{
    engine::{Engine, Kind, issue_of},
    gpu::{self, Gpu},
    outbox,
    pool::{Check, Pool},
    weights::{Parts, WeightStore},
};

/// The largest difference to the stored answer, relative to its largest magnitude, of a device that computes right.
/// Another order of summation makes 1e-5; a wrong kernel, far more than this.
const DEVIATION: f64 = 1e-3;
/// More helpers than this wait for memory and for the owner.
const HELPERS: u32 = 8;

/// What the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub preference: DevicePreference,
    /// Cores of the machine that may be used.
    pub cores: u32,
}

impl Wish {
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

/// Chooses a device, loads all networks on it and tells the page. `stage` hears what is waited for.
///
/// # Errors
/// Why nothing can be computed.
pub async fn choose(wish: Wish, store: &WeightStore, stage: impl Fn(Stage)) -> Result<Engine, Issue> {
    stage(Stage::Weights);
    let manifest = manifest()?;
    let offer = match wish.preference {
        DevicePreference::Cpu => Err("chosen in the settings".into()),
        preference => considered(preference).await,
    };
    // Helpers start while the weights are on their way; beside a GPU one is enough, to compare with.
    let count = if offer.is_ok() { 1 } else { wish.helpers() };
    let mut pool = match (&offer, wish.preference) {
        (Ok(_), DevicePreference::Gpu) => None,
        _ => Some(Pool::start_helpers(count)),
    };
    store.forget_failures();
    let missing = store.missing(manifest.networks.iter().map(|n| &n.name));
    if !missing.is_empty() {
        outbox::post(&Event::WeightsWanted { networks: missing });
    }
    let mut weights = Vec::new();
    for entry in &manifest.networks {
        weights.push(store.get(&entry.name).await?);
    }
    stage(Stage::Device);
    let chosen = match offer {
        Ok(name) => beside_gpu(wish, &manifest, &weights, name, pool.as_mut()).await?,
        Err(reason) => Err(CpuBecause { reason, issues: Vec::new() }),
    };
    let engine = match chosen {
        Ok(engine) => engine,
        Err(because) => cpu(wish, &manifest, weights, pool, because).await?,
    };
    outbox::post(&Event::Device { device: engine.report.clone() });
    Ok(engine)
}

/// The CPU in place of a GPU that was lost in the middle of a run.
///
/// # Errors
/// Why the CPU can't be used either.
pub async fn fall_back(wish: Wish, store: &WeightStore) -> Result<Engine, Issue> {
    let manifest = manifest()?;
    let mut weights = Vec::new();
    for entry in &manifest.networks {
        weights.push(store.get(&entry.name).await?);
    }
    let because = CpuBecause {
        reason: "the graphics processor was lost".into(),
        issues: vec![Issue::new(IssueCode::DeviceLost, "")],
    };
    let engine = cpu(wish, &manifest, weights, None, because).await?;
    outbox::post(&Event::Device { device: engine.report.clone() });
    Ok(engine)
}

/// Why the GPU isn't used, and what is to be said of that beside the numbers.
struct CpuBecause {
    reason: String,
    issues: Vec<Issue>,
}

/// The name of a GPU worth a try, else why there is none.
async fn considered(preference: DevicePreference) -> Result<String, String> {
    let offer = gpu::offered().await.ok_or("this browser offers no graphics processor to compute on")?;
    if offer.software && preference != DevicePreference::Gpu {
        return Err(format!("the graphics processor is emulated in software ({}) and was passed over", offer.name));
    }
    Ok(offer.name)
}

/// Tries the GPU, and compares it with one helper where the person has no preference.
async fn beside_gpu(
    wish: Wish,
    manifest: &Manifest,
    weights: &[Parts],
    name: String,
    pool: Option<&mut Pool>,
) -> Result<Result<Engine, CpuBecause>, Issue> {
    let mut gpu = match Gpu::acquire().await {
        Ok(gpu) => gpu,
        Err(reason) => return Ok(Err(CpuBecause { reason: reason.into(), issues: Vec::new() })),
    };
    gpu.load(&manifest.networks, weights).map_err(|error| issue_of(&error))?;
    let mut checks = Vec::new();
    for (network, entry) in manifest.networks.iter().enumerate() {
        let check = gpu.check(entry, network).await;
        checks.push(check.map_or(Check { milliseconds: 0.0, deviation: None }, |(milliseconds, deviation)| Check {
            milliseconds,
            deviation: Some(deviation),
        }));
        if check.is_none_or(|(_, deviation)| deviation > DEVIATION) {
            let found = check.map_or_else(|| "no answer".into(), |(_, d)| format!("a deviation of {d:.1e}"));
            return Ok(Err(CpuBecause {
                reason: "the graphics processor computed a known slice wrongly".into(),
                issues: vec![Issue::new(IssueCode::DeviceSelfTest, &found)],
            }));
        }
    }
    let (slice_ms, deviation) = summed_up(manifest, &checks).ok_or_else(withheld)?;
    let reason = match pool {
        None => "chosen in the settings".into(),
        Some(pool) => {
            let checks = pool.load(weights.to_vec()).await?;
            let (one_ms, _) = summed_up(manifest, &checks).ok_or_else(withheld)?;
            let cpu_ms = one_ms / wish.helpers() as f64;
            if cpu_ms < slice_ms {
                let reason = format!("faster than the graphics processor, which took {slice_ms:.0} ms a slice");
                return Ok(Err(CpuBecause { reason, issues: Vec::new() }));
            }
            format!("faster than the CPU, which would take about {cpu_ms:.0} ms a slice")
        }
    };
    let report = DeviceReport { backend: "webgpu".into(), name, slice_ms, deviation, reason };
    Ok(Ok(Engine { kind: Kind::Gpu(gpu), report, issues: Vec::new() }))
}

/// The CPU with all its helpers; `pool` where some have started.
async fn cpu(
    wish: Wish,
    manifest: &Manifest,
    weights: Vec<Parts>,
    pool: Option<Pool>,
    because: CpuBecause,
) -> Result<Engine, Issue> {
    let mut pool = pool.unwrap_or_else(|| Pool::start_helpers(wish.helpers()));
    pool.grow(wish.helpers());
    let checks = pool.load(weights).await?;
    let (slice_ms, deviation) = summed_up(manifest, &checks).ok_or_else(withheld)?;
    let workers = pool.len();
    let name = if workers == 1 { "1 worker".into() } else { format!("{workers} workers") };
    let report = DeviceReport { backend: "cpu".into(), name, slice_ms, deviation, reason: because.reason };
    Ok(Engine { kind: Kind::Cpu(pool), report, issues: because.issues })
}

/// Milliseconds of the network that takes most of a run's time, and the largest deviation; `None` where one is wrong.
fn summed_up(manifest: &Manifest, checks: &[Check]) -> Option<(f64, f64)> {
    let mut largest = 0.0f64;
    for check in checks {
        largest = largest.max(check.deviation.filter(|d| *d <= DEVIATION)?);
    }
    let lesions = manifest.networks.iter().position(|n| n.family != "lungs")?;
    Some((checks.get(lesions)?.milliseconds, largest))
}

fn withheld() -> Issue {
    Issue::new(IssueCode::ResultWithheld, "the processor computed a known slice wrongly")
}
