//! WebGPU: what the browser offers, and networks on it.
//!
//! Adapter and device are made here and handed to Burn, so that a lost device or an uncaptured error is heard: the
//! runtime's own handler for the latter panics, and before that a failed kernel reads back as zeros.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use burn::tensor::{
    Device,
    wgpu::{WgpuSetup, wgpu},
};
use corsai_channel::adapter;
use corsai_ensemble::{Job, JobId};
use corsai_manifest::NetworkEntry;
use corsai_networks::{DeviceConfig, Network, NetworkError, Precision, golden};
use corsai_report::{Found, Issue, IssueCode, Reason};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_time::{Duration, Instant};

use crate::{
    cpu_backend::Check,
    device_selection::AdapterInfo,
    engine::{Outcome, issue_of},
    tickets::Tickets,
    weight_store::Parts,
};

/// Jobs in flight: one computes while the next one's input is on its way.
const DEPTH: usize = 2;
/// A device that answers nothing for this long is lost: watchdogs of drivers end a dispatch after some 10 s, and even a
/// GPU in software is done by then.
const SILENCE: Duration = Duration::from_secs(60);
/// Bounds of what is kept of weights that aren't needed at the moment.
const LEAST_KEPT: u64 = 256 << 20;
const MOST_KEPT: u64 = 1 << 30;
/// How software adapters call themselves (the browser's own, Mesa's, Microsoft's).
const SOFTWARE: [&str; 6] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render", "warp"];

fn sleep(time: Duration) -> TimeoutFuture {
    TimeoutFuture::new(u32::try_from(time.as_millis()).unwrap_or(u32::MAX))
}

/// Asks the browser for its adapter's name; `None` where it has no WebGPU or no adapter. (wgpu passes on too little of
/// what the browser says to tell a software adapter.)
pub async fn offered() -> Option<AdapterInfo> {
    let get = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok();
    let adapter = adapter().await?;
    let info = get(&adapter, "info").filter(JsValue::is_object)?;
    let text = |key: &str| get(&info, key).and_then(|v| v.as_string()).filter(|t| !t.is_empty());
    let words: Vec<String> = ["vendor", "architecture", "device", "description"].into_iter().filter_map(text).collect();
    let fallback = [&info, &adapter].iter().any(|of| get(of, "isFallbackAdapter").is_some_and(|v| v.is_truthy()));
    Some(AdapterInfo { software: fallback || is_software(&words.join(" ")), name: name_of(words) })
}

fn is_software(words: &str) -> bool {
    let words = words.to_lowercase();
    SOFTWARE.iter().any(|name| words.contains(name))
}

/// A description, where there is one, names vendor and device as well.
fn name_of(mut words: Vec<String>) -> String {
    match words.pop() {
        None => "an adapter without a name".into(),
        Some(last) if last.contains(' ') => last,
        Some(last) => {
            words.push(last);
            words.join(" ")
        }
    }
}

/// Where the callbacks of the device leave word.
#[derive(Debug)]
struct Health {
    lost: AtomicBool,
    done: UnboundedSender<Done>,
}

impl Health {
    fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
        let _ = self.done.unbounded_send(Done::Lost);
    }

    fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Done {
    Job(u32, Result<Vec<f32>, NetworkError>),
    Lost,
}

/// A WebGPU device with networks on it.
#[derive(Debug)]
pub struct GpuBackend {
    device_config: DeviceConfig,
    /// Keeps the device's callbacks, and is destroyed with it.
    handle: wgpu::Device,
    /// By their device_config in the manifest.
    networks: BTreeMap<usize, Rc<Network>>,
    /// The same, the one used last at the end.
    used: VecDeque<usize>,
    /// What may be kept of weights that aren't needed at the moment.
    kept_bytes: usize,
    jobs: Tickets<JobId>,
    in_flight: usize,
    /// When the device last answered, or was first asked.
    heard: Instant,
    health: Arc<Health>,
    done: UnboundedReceiver<Done>,
}

impl Drop for GpuBackend {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}

impl GpuBackend {
    /// Makes a device of the browser's adapter, which stores maps and weights as f16 if it can and that is `wanted`.
    ///
    /// # Errors
    /// Why there is none, in words for the person.
    pub async fn acquire(wanted: Precision) -> Result<Self, &'static str> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::BROWSER_WEBGPU;
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter =
            instance.request_adapter(&options).await.map_err(|_| "this browser offers no graphics processor")?;
        // Without it the runtime panics at its first tensor and the promise never settles (cubecl-wgpu 0.11.3).
        if !adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err("the graphics processor has no timestamps, which the runtime needs");
        }
        let descriptor = wgpu::DeviceDescriptor {
            required_features: adapter.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS),
            // The adapter's own: WebGPU's defaults are too small for the networks' buffers.
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (handle, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|_| "the graphics processor could not be taken into use")?;
        // WebGPU doesn't tell how much memory there is; an adapter with large buffers has more of it.
        let kept_bytes = (adapter.limits().max_buffer_size / 4).clamp(LEAST_KEPT, MOST_KEPT) as usize;
        let setup =
            WgpuSetup { instance, adapter, device: handle.clone(), queue, backend: wgpu::Backend::BrowserWebGpu };
        let device = Device::wgpu_options()
            .tasks_max(corsai_networks::MAX_TASKS)
            .setup(setup)
            .init()
            .map_err(|_| "the graphics processor does not suit the runtime")?;
        let device_config = if wanted == Precision::Half {
            DeviceConfig::from(&device)
        } else {
            DeviceConfig::single_precision(&device)
        };
        let (sender, done) = unbounded();
        let health = Arc::new(Health { lost: AtomicBool::new(false), done: sender });
        // After the runtime has set its own, which these replace.
        let heard = Arc::clone(&health);
        handle.on_uncaptured_error(Arc::new(move |_| heard.lose()));
        let heard = Arc::clone(&health);
        handle.set_device_lost_callback(move |_, _| heard.lose());
        Ok(Self {
            device_config,
            handle,
            networks: BTreeMap::new(),
            used: VecDeque::new(),
            kept_bytes,
            jobs: Tickets::default(),
            in_flight: 0,
            heard: Instant::now(),
            health,
            done,
        })
    }

    /// How maps and weights are stored.
    pub const fn precision(&self) -> Precision {
        self.device_config.precision()
    }

    pub fn has(&self, network: usize) -> bool {
        self.networks.contains_key(&network)
    }

    /// Puts a network on the device, in device_config of those used longest ago that there is no room for, and computes its
    /// known slice.
    ///
    /// # Errors
    /// Damaged weights, or `device.self-test` where the device computes something else.
    pub async fn give(&mut self, network: usize, entry: &NetworkEntry, parts: &Parts) -> Result<(), Issue> {
        self.load(network, entry, parts).map_err(|error| issue_of(&error))?;
        let check = self.check(entry, network).await;
        match check.deviation {
            Some(deviation) if deviation <= golden::tolerance(self.precision()) => Ok(()),
            Some(deviation) => Err(Issue::new(IssueCode::DeviceSelfTest, [Found::Deviation { deviation }])),
            None => Err(Issue::new(IssueCode::DeviceSelfTest, [Reason::NoAnswer.into()])),
        }
    }

    /// Puts a network on the device.
    ///
    /// # Errors
    /// Any of [`Network::load`].
    pub fn load(&mut self, network: usize, entry: &NetworkEntry, parts: &Parts) -> Result<(), NetworkError> {
        let loaded = Rc::new(Network::load(entry, parts, self.device_config.clone())?);
        let mut kept = loaded.weight_memory() + self.networks.values().map(|n| n.weight_memory()).sum::<usize>();
        while kept > self.kept_bytes {
            let Some(oldest) = self.used.pop_front() else { break };
            kept -= self.networks.remove(&oldest).map_or(0, |n| n.weight_memory());
        }
        self.networks.insert(network, loaded);
        self.used.push_back(network);
        Ok(())
    }

    /// Computes a network's known slice; see [`crate::compute_worker::check`]. Without a deviation where it came out as no
    /// number, or the device was lost over it.
    pub async fn check(&self, entry: &NetworkEntry, network: usize) -> Check {
        let nothing = Check { network, milliseconds: 0.0, deviation: None };
        let Some(loaded) = self.networks.get(&network) else { return nothing };
        let check = Box::pin(crate::compute_worker::check(entry, loaded, true));
        match select(check, sleep(2 * SILENCE)).await {
            Either::Left((Ok((milliseconds, deviation)), _)) if !self.health.lost() => {
                Check { network, milliseconds, deviation }
            }
            _ => nothing,
        }
    }

    pub fn has_room(&self) -> bool {
        self.in_flight < DEPTH && !self.health.lost()
    }

    pub fn busy(&self) -> bool {
        self.in_flight > 0 || self.health.lost()
    }

    pub fn start(&mut self, job: Job) {
        let network = self.networks.get(&job.network).cloned().expect("invariant: a network is given before its jobs");
        self.used.retain(|n| *n != job.network);
        self.used.push_back(job.network);
        let ticket = self.jobs.issue(job.id);
        if self.in_flight == 0 {
            self.heard = Instant::now();
        }
        self.in_flight += 1;
        let health = Arc::clone(&self.health);
        spawn_local(async move {
            let answer = network.probabilities(job.input).await;
            let _ = health.done.unbounded_send(Done::Job(ticket, answer));
        });
    }

    pub async fn next(&mut self) -> Outcome {
        if self.health.lost() {
            return self.dead();
        }
        let (ticket, answer) = match select(self.done.next(), sleep(SILENCE.saturating_sub(self.heard.elapsed()))).await
        {
            Either::Left((Some(Done::Job(ticket, answer)), _)) => (ticket, answer),
            _ => return self.dead(),
        };
        self.heard = Instant::now();
        self.in_flight = self.in_flight.saturating_sub(1);
        // What a failed kernel left is zeros, not an error.
        if self.health.lost() {
            return self.dead();
        }
        // Else it is of a run that is over, and merely made room.
        let Some(job) = self.jobs.take(ticket) else { return Outcome::Lost { jobs: Vec::new() } };
        match answer {
            Ok(values) => Outcome::Answer { job, values },
            Err(NetworkError::Device(_)) => self.dead(),
            Err(error) => Outcome::Failed { issue: issue_of(&error) },
        }
    }

    fn dead(&mut self) -> Outcome {
        self.health.lose();
        self.jobs.give_up();
        Outcome::Dead
    }

    pub fn abandon(&mut self) {
        self.jobs.give_up();
    }
}
