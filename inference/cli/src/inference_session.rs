//! The shipped networks on the device that computes, and the change of device when one fails.

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use burn::tensor::Device;
use corsai_ensemble::{Analysis, Options};
use corsai_language::message;
use corsai_manifest::Manifest;
use corsai_networks::{Network, read_manifest, shipped};
use corsai_protocol::DevicePreference;
use corsai_report::Issue;
use corsai_volume::HuVolume;

use crate::{
    console::message,
    error::CliError,
    gpu_backend::{GpuBackend, WeightParts},
    locale::language,
    thread_pool::{self, Observer},
};

/// Networks on a device. Several studies may be analysed at once.
#[derive(Debug)]
pub struct InferenceSession {
    manifest: Manifest,
    options: Options,
    weights: Vec<WeightParts>,
    backend: Mutex<Arc<Backend>>,
    /// Held by the one thread that uses a GPU.
    gpu_lock: Mutex<()>,
    threads: usize,
    issues: Mutex<Vec<Issue>>,
}

/// The device with its networks, in the manifest's order.
#[derive(Debug)]
enum Backend {
    Gpu(GpuBackend),
    /// All threads share the weights.
    Cpu(Vec<Network>),
}

impl InferenceSession {
    /// Loads the tier's networks onto a device. By default that is a real GPU which passes the self
    /// test, else the CPU.
    ///
    /// # Errors
    /// [`CliError::Network`] and [`CliError::NoWeights`] of a build with damaged weights.
    pub fn new(preference: DevicePreference, options: Options) -> Result<Self, CliError> {
        let mut manifest = read_manifest(shipped::MANIFEST_JSON)?;
        manifest.networks.retain(|network| network.tier <= options.tier);
        let weights = manifest.networks.iter();
        let weights = weights.map(|entry| shipped::parts(entry).ok_or_else(|| CliError::NoWeights(entry.name.clone())));
        let weights: Vec<WeightParts> = weights.collect::<Result<_, _>>()?;
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let span = tracing::info_span!("load networks", networks = weights.len(), device = tracing::field::Empty);
        let _loading = span.enter();
        let mut issues = Vec::new();
        let backend = match preference {
            DevicePreference::Cpu => load_on_cpu(&manifest, &weights)?,
            DevicePreference::Auto | DevicePreference::Gpu => {
                let allow_software = preference == DevicePreference::Gpu;
                match GpuBackend::new(&manifest.networks, &weights, allow_software) {
                    Ok(gpu) => Backend::Gpu(gpu),
                    Err(error) => {
                        message(message!(language(), "cpu-computes", reason = error.to_string()));
                        issues.extend(matches!(error, CliError::SelfTest { .. }).then(|| error.issue()));
                        load_on_cpu(&manifest, &weights)?
                    }
                }
            }
        };
        let (backend, gpu_lock) = (Mutex::new(Arc::new(backend)), Mutex::new(()));
        let session = Self { manifest, options, weights, backend, gpu_lock, threads, issues: Mutex::new(issues) };
        span.record("device", session.device_name());
        message(session.device_name());
        Ok(session)
    }

    /// Returns the options of every analysis.
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Returns the manifest of the tier's networks.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the number of threads on the CPU.
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// Returns the device's name for a report.
    pub fn device_name(&self) -> String {
        match &*self.backend() {
            Backend::Gpu(gpu) => format!("webgpu: {}", gpu.name()),
            Backend::Cpu(_) => format!("cpu: {} threads", self.threads),
        }
    }

    fn backend(&self) -> Arc<Backend> {
        Arc::clone(&lock(&self.backend))
    }

    /// Returns the device's issues, which belong beside every number.
    pub fn issues(&self) -> Vec<Issue> {
        lock(&self.issues).clone()
    }

    /// Analyses a volume, on the CPU with `threads` threads. If a GPU fails, the CPU completes the
    /// analysis.
    ///
    /// # Errors
    /// [`CliError::Ensemble`] and [`CliError::Network`].
    pub fn analyse(
        &self,
        volume: Arc<HuVolume>,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Analysis, CliError> {
        let mut analysis = Analysis::new(volume, &self.manifest, self.options)?;
        loop {
            let backend = self.backend();
            let result = match &*backend {
                // One thread: the device orders its work by thread.
                Backend::Gpu(gpu) => {
                    let _only_user = lock(&self.gpu_lock);
                    thread_pool::run(&mut analysis, 1, observer, |network, input| gpu.probabilities(network, input))
                }
                Backend::Cpu(networks) => thread_pool::run(&mut analysis, threads, observer, |network, input| {
                    let network = networks.get(network).expect("invariant: every network of the manifest is loaded");
                    Ok(pollster::block_on(network.probabilities(input))?)
                }),
            };
            match (result, &*backend) {
                (Ok(()), _) => return Ok(analysis),
                (Err(error), Backend::Gpu(_)) => {
                    message(message!(language(), "cpu-completes", reason = error.to_string()));
                    self.leave_gpu()?;
                }
                (Err(error), Backend::Cpu(_)) => return Err(error),
            }
        }
    }

    /// Loads the networks onto the CPU, unless another study's thread has done so.
    fn leave_gpu(&self) -> Result<(), CliError> {
        let mut backend = lock(&self.backend);
        if matches!(**backend, Backend::Gpu(_)) {
            lock(&self.issues).push(CliError::DeviceLost.issue());
            *backend = Arc::new(load_on_cpu(&self.manifest, &self.weights)?);
        }
        Ok(())
    }
}

fn load_on_cpu(manifest: &Manifest, weights: &[WeightParts]) -> Result<Backend, CliError> {
    let device = Device::flex();
    let networks = manifest.networks.iter().zip(weights);
    let loaded: Result<_, _> = networks.map(|(entry, parts)| Network::load(entry, parts, &device)).collect();
    Ok(Backend::Cpu(loaded?))
}

/// Locks a mutex whose data no panic leaves half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
