//! Networks on the GPU, by WebGPU.
//!
//! Adapter and device are made here and handed to Burn, so that a lost device and an uncaptured
//! error are noticed: the runtime's own handler of the latter panics, and a failed kernel reads
//! back as zeros.

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
use corsai_manifest::NetworkEntry;
use corsai_networks::{DeviceConfig, Network, NetworkError, Precision};
use corsai_protocol::{BackendKind, DeviceReason};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::future::{Either, LocalBoxFuture, select};
use wasm_bindgen_futures::spawn_local;
use web_time::{Duration, Instant};

use crate::{
    assignments::Assignments,
    backend::{Backend, BackendEvent, NetworkWeights},
    deadline::TimeLimit,
    error::WorkerError,
    overdue::next_message,
    self_test::{SelfTest, self_test},
    timer::sleep,
    weight_store::WeightParts,
};

/// The GPU's number among the assignments.
const GPU: u32 = 0;
/// A device that answers nothing for this long is lost: drivers' watchdogs end a dispatch after
/// some 10 s, and even a GPU in software is done by then.
const SILENCE: Duration = Duration::from_mins(1);
/// Bounds of the memory for networks that aren't needed at the moment.
const MIN_NETWORK_BYTES: u64 = 256 << 20;
const MAX_NETWORK_BYTES: u64 = 1 << 30;

/// What the device's callbacks report.
#[derive(Debug)]
struct Health {
    lost: AtomicBool,
    completions: UnboundedSender<Completion>,
}

impl Health {
    fn set_lost(&self) {
        self.lost.store(true, Ordering::Relaxed);
        let _ = self.completions.unbounded_send(Completion::Lost);
    }

    fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Completion {
    Job(u32, Result<Vec<f32>, NetworkError>),
    Lost,
}

/// A WebGPU device with networks on it.
#[derive(Debug)]
pub struct GpuBackend {
    device_config: DeviceConfig,
    /// Keeps the device's callbacks, and is destroyed with this.
    device: wgpu::Device,
    /// By index in the manifest.
    networks: BTreeMap<usize, Rc<Network>>,
    /// The same networks, the one used last at the end.
    recently_used: VecDeque<usize>,
    /// Bound of the networks' memory.
    max_network_bytes: usize,
    /// The jobs that the GPU holds.
    assignments: Assignments,
    health: Arc<Health>,
    completions: UnboundedReceiver<Completion>,
}

impl Drop for GpuBackend {
    fn drop(&mut self) {
        self.device.destroy();
    }
}

impl GpuBackend {
    /// Opens the browser's adapter. With [`Precision::Half`] feature maps and weights are f16 where
    /// the GPU has it.
    ///
    /// # Errors
    /// Why the GPU can't be used.
    pub async fn open(requested: Precision) -> Result<Self, DeviceReason> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::BROWSER_WEBGPU;
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|error| {
            tracing::warn!(cause = %error, "no adapter");
            DeviceReason::NoAdapter
        })?;
        // Without it the runtime panics at its first tensor and the promise never settles
        // (cubecl-wgpu 0.11.3).
        if !adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err(DeviceReason::NoTimestamps);
        }
        let descriptor = wgpu::DeviceDescriptor {
            required_features: adapter.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS),
            // The adapter's own: WebGPU's defaults are too small for the networks' buffers.
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (handle, queue) = adapter.request_device(&descriptor).await.map_err(|error| {
            tracing::warn!(cause = %error, "no device");
            DeviceReason::NoDevice
        })?;
        // WebGPU doesn't tell the size of the GPU's memory; an adapter with large buffers has more.
        let max_network_bytes =
            (adapter.limits().max_buffer_size / 4).clamp(MIN_NETWORK_BYTES, MAX_NETWORK_BYTES) as usize;
        let setup =
            WgpuSetup { instance, adapter, device: handle.clone(), queue, backend: wgpu::Backend::BrowserWebGpu };
        let device =
            Device::wgpu_options().tasks_max(corsai_networks::MAX_TASKS).setup(setup).init().map_err(|error| {
                tracing::warn!(cause = ?error, "the runtime refused the device");
                DeviceReason::UnsuitableDevice
            })?;
        let device_config = if requested == Precision::Half {
            DeviceConfig::from(&device)
        } else {
            DeviceConfig::single_precision(&device)
        };
        let (sender, completions) = unbounded();
        let health = Arc::new(Health { lost: AtomicBool::new(false), completions: sender });
        // After the runtime has set its own, which these replace.
        let callback = Arc::clone(&health);
        handle.on_uncaptured_error(Arc::new(move |_| callback.set_lost()));
        let callback = Arc::clone(&health);
        handle.set_device_lost_callback(move |_, _| callback.set_lost());
        let now = Instant::now();
        let mut assignments = Assignments::new(now, TimeLimit::Fixed(SILENCE));
        assignments.add(GPU, now);
        assignments.set_ready(GPU, now);
        Ok(Self {
            device_config,
            device: handle,
            networks: BTreeMap::new(),
            recently_used: VecDeque::new(),
            max_network_bytes,
            assignments,
            health,
            completions,
        })
    }

    /// Puts a network on the device, in place of the least recently used ones that there is no room
    /// for.
    fn put(&mut self, network: usize, entry: &NetworkEntry, parts: &WeightParts) -> Result<(), NetworkError> {
        let loaded = Rc::new(Network::load(entry, parts, self.device_config.clone())?);
        let mut bytes = loaded.weight_memory() + self.networks.values().map(|n| n.weight_memory()).sum::<usize>();
        while bytes > self.max_network_bytes {
            let Some(oldest) = self.recently_used.pop_front() else { break };
            bytes -= self.networks.remove(&oldest).map_or(0, |n| n.weight_memory());
        }
        self.networks.insert(network, loaded);
        self.recently_used.push_back(network);
        Ok(())
    }

    /// Loads a network and computes its known slice. Without a deviation where the answer was no
    /// number, or the device was lost over it.
    async fn put_and_test(&mut self, weights: &NetworkWeights) -> Result<SelfTest, WorkerError> {
        let NetworkWeights { network, entry, parts } = weights;
        self.put(*network, entry, parts)?;
        let failed = SelfTest { network: *network, milliseconds: 0.0, deviation: None };
        let loaded = self.networks.get(network).expect("invariant: the network was just put there");
        let test = Box::pin(self_test((*network, entry), loaded, true));
        let limit = u32::try_from(2 * SILENCE.as_millis()).unwrap_or(u32::MAX);
        match select(test, sleep(limit)).await {
            Either::Left((Ok(test), _)) if !self.health.is_lost() => Ok(test),
            Either::Left((Err(error), _)) => {
                tracing::warn!(cause = %error, "self-test");
                Ok(failed)
            }
            _ => Ok(failed),
        }
    }

    fn dead(&self) -> BackendEvent {
        self.health.set_lost();
        BackendEvent::Dead
    }

    async fn wait(&mut self) -> BackendEvent {
        if self.health.is_lost() {
            return self.dead();
        }
        let Ok(Completion::Job(ticket, answer)) = next_message(&mut self.completions, &mut self.assignments).await
        else {
            return self.dead();
        };
        self.assignments.returned(GPU, ticket, Instant::now());
        // A failed kernel leaves zeros and no error.
        if self.health.is_lost() {
            return self.dead();
        }
        match answer {
            Ok(values) => BackendEvent::Answer { ticket, values },
            Err(NetworkError::Device(cause)) => {
                tracing::warn!(cause, "the device gave no answer");
                self.dead()
            }
            Err(error) => BackendEvent::Failed { ticket: Some(ticket), error: error.into() },
        }
    }
}

impl Backend for GpuBackend {
    fn precision(&self) -> Precision {
        self.device_config.precision()
    }

    fn kind(&self) -> BackendKind {
        BackendKind::Webgpu
    }

    fn has_capacity(&self) -> bool {
        self.assignments.freest().is_some() && !self.health.is_lost()
    }

    fn is_busy(&self) -> bool {
        self.assignments.any_held() || self.health.is_lost()
    }

    fn submit(&mut self, ticket: u32, network: usize, input: Vec<f32>) {
        let loaded = self.networks.get(&network).cloned().expect("invariant: a network is loaded before its jobs");
        self.recently_used.retain(|n| *n != network);
        self.recently_used.push_back(network);
        self.assignments.give(GPU, ticket, network, Instant::now());
        let health = Arc::clone(&self.health);
        spawn_local(async move {
            let answer = loaded.probabilities(input).await;
            let _ = health.completions.unbounded_send(Completion::Job(ticket, answer));
        });
    }

    fn next_event(&mut self) -> LocalBoxFuture<'_, BackendEvent> {
        Box::pin(self.wait())
    }

    fn has_network(&self, network: usize) -> bool {
        self.networks.contains_key(&network)
    }

    fn load(&mut self, weights: NetworkWeights) -> LocalBoxFuture<'_, Result<(), WorkerError>> {
        Box::pin(async move {
            let test = self.put_and_test(&weights).await?;
            if test.passed(self.precision()) {
                return Ok(());
            }
            Err(WorkerError::GpuSelfTest { deviation: test.deviation })
        })
    }

    fn self_test(&mut self, networks: Vec<NetworkWeights>) -> LocalBoxFuture<'_, Result<Vec<SelfTest>, WorkerError>> {
        Box::pin(async move {
            let mut tests = Vec::new();
            for weights in &networks {
                let test = self.put_and_test(weights).await?;
                tests.push(test);
                if !test.passed(self.precision()) {
                    break;
                }
            }
            Ok(tests)
        })
    }
}
