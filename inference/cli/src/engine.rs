//! The device that computes, with the shipped networks on it, and what happens when it fails.

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use burn::tensor::Device;
use corsai_ensemble::{Analysis, Options};
use corsai_manifest::Manifest;
use corsai_networks::{Network, read_manifest, shipped};
use corsai_protocol::DevicePreference;
use corsai_report::{Found, Issue, IssueCode};
use corsai_volume::HuVolume;

use crate::{
    crew::{self, Observer},
    gpu::Gpu,
    network_parts::{Parts, issue_of},
};

/// Networks on a device; several studies may be analysed at once.
#[derive(Debug)]
pub struct Engine {
    manifest: Manifest,
    options: Options,
    weights: Vec<Parts>,
    place: Mutex<Arc<Place>>,
    /// Whose turn it is on a GPU: one thread after the other.
    gpu_turn: Mutex<()>,
    threads: usize,
    issues: Mutex<Vec<Issue>>,
}

#[derive(Debug)]
enum Place {
    Gpu(Gpu),
    /// The threads share the weights.
    Cpu(Vec<Network>),
}

impl Engine {
    /// Chooses the device, by default a real GPU that computes the known slices right, else the CPU, and puts the tier's
    /// networks on it.
    ///
    /// # Errors
    /// [`IssueCode::WeightsCorrupt`]: this program was built with damaged weights.
    pub fn new(preference: DevicePreference, options: Options) -> Result<Self, Issue> {
        let corrupt = || Issue::new(IssueCode::WeightsCorrupt, []);
        let mut manifest = read_manifest(shipped::MANIFEST_JSON).map_err(|_| corrupt())?;
        manifest.networks.retain(|network| network.tier <= options.tier);
        let weights: Option<Vec<Parts>> = manifest.networks.iter().map(shipped::parts).collect();
        let weights = weights.ok_or_else(corrupt)?;
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let mut issues = Vec::new();
        let place = match preference {
            DevicePreference::Cpu => cpu(&manifest, &weights)?,
            DevicePreference::Auto | DevicePreference::Gpu => {
                let software_too = preference == DevicePreference::Gpu;
                match Gpu::acquire(&manifest.networks, &weights, software_too) {
                    Ok(gpu) => Place::Gpu(gpu),
                    Err(passed) => {
                        eprintln!("the CPU computes: {}", passed.reason);
                        issues.extend(passed.issue);
                        cpu(&manifest, &weights)?
                    }
                }
            }
        };
        let (place, gpu_turn) = (Mutex::new(Arc::new(place)), Mutex::new(()));
        let engine = Self { manifest, options, weights, place, gpu_turn, threads, issues: Mutex::new(issues) };
        eprintln!("{}", engine.name());
        Ok(engine)
    }

    /// How answers are sought.
    pub const fn options(&self) -> Options {
        self.options
    }

    /// The tier's networks.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many threads the CPU computes with.
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// As a report names the device.
    pub fn name(&self) -> String {
        match &*self.place() {
            Place::Gpu(gpu) => format!("webgpu: {}", gpu.name()),
            Place::Cpu(_) => format!("cpu: {} threads", self.threads),
        }
    }

    fn place(&self) -> Arc<Place> {
        Arc::clone(&lock(&self.place))
    }

    /// What is to be said of the device beside every number.
    pub fn issues(&self) -> Vec<Issue> {
        lock(&self.issues).clone()
    }

    /// Analyses a volume. `threads` is how many of the CPU compute. If a GPU fails, the CPU goes on
    /// with the rest.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn analyse(
        &self,
        volume: Arc<HuVolume>,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Analysis, Issue> {
        let mut analysis = Analysis::new(volume, &self.manifest, self.options).map_err(|error| {
            Issue::new(IssueCode::InternalFault, [Found::detail(format!("beginning the analysis, {error}"))])
        })?;
        loop {
            let place = self.place();
            let done = match &*place {
                // One thread: the device orders its work by thread.
                Place::Gpu(gpu) => {
                    let _turn = lock(&self.gpu_turn);
                    crew::run(&mut analysis, 1, observer, |network, input| gpu.probabilities(network, input))
                }
                Place::Cpu(networks) => crew::run(&mut analysis, threads, observer, |network, input| {
                    let network = networks.get(network).expect("invariant: every network of the manifest is loaded");
                    pollster::block_on(network.probabilities(input)).map_err(|error| issue_of(&error))
                }),
            };
            match (done, &*place) {
                (Ok(()), _) => return Ok(analysis),
                (Err(_), Place::Gpu(_)) => self.leave_gpu()?,
                (Err(issue), Place::Cpu(_)) => return Err(issue),
            }
        }
    }

    /// Puts the networks on the CPU, unless another study's thread has done so.
    fn leave_gpu(&self) -> Result<(), Issue> {
        let mut place = lock(&self.place);
        if matches!(**place, Place::Gpu(_)) {
            lock(&self.issues).push(Issue::new(IssueCode::DeviceLost, []));
            *place = Arc::new(cpu(&self.manifest, &self.weights)?);
        }
        Ok(())
    }
}

fn cpu(manifest: &Manifest, weights: &[Parts]) -> Result<Place, Issue> {
    let device = Device::flex();
    let networks = manifest.networks.iter().zip(weights);
    let loaded: Result<Vec<Network>, _> = networks.map(|(entry, parts)| Network::load(entry, parts, &device)).collect();
    loaded.map(Place::Cpu).map_err(|error| Issue::new(error.code(), []))
}

/// Nothing that is locked here is left half changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
