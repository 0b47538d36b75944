//! The device that computes, with the shipped networks on it, and what happens when it fails.

use std::{num::NonZero, sync::Arc, thread};

use burn::tensor::Device;
use corsai_ensemble::{Analysis, Options};
use corsai_networks::{Network, NetworkError, read_manifest, shipped};
use corsai_protocol::{DevicePreference, Issue, IssueCode, Manifest};
use corsai_study::HuVolume;

use crate::{crew, gpu::Gpu};

/// One network's parts, as the manifest lists them.
pub type Parts = Vec<Vec<u8>>;

/// Networks on a device.
#[derive(Debug)]
pub struct Engine {
    manifest: Manifest,
    options: Options,
    weights: Vec<Parts>,
    place: Place,
    threads: usize,
    issues: Vec<Issue>,
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
        let corrupt = || Issue::new(IssueCode::WeightsCorrupt, "");
        let mut manifest = read_manifest(shipped::MANIFEST_JSON).map_err(|_| corrupt())?;
        manifest.networks.retain(|network| network.tier <= options.tier);
        let weights: Option<Vec<Parts>> = manifest.networks.iter().map(shipped::parts).collect();
        let weights = weights.ok_or_else(corrupt)?;
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let mut engine =
            Self { manifest, options, weights, place: Place::Cpu(Vec::new()), threads, issues: Vec::new() };
        engine.place = match preference {
            DevicePreference::Cpu => engine.cpu()?,
            DevicePreference::Auto | DevicePreference::Gpu => {
                let software_too = preference == DevicePreference::Gpu;
                match Gpu::acquire(&engine.manifest.networks, &engine.weights, software_too) {
                    Ok(gpu) => Place::Gpu(gpu),
                    Err(passed) => {
                        eprintln!("the CPU computes: {}", passed.reason);
                        engine.issues.extend(passed.issue);
                        engine.cpu()?
                    }
                }
            }
        };
        eprintln!("{}", engine.name());
        Ok(engine)
    }

    fn cpu(&self) -> Result<Place, Issue> {
        let device = Device::flex();
        let networks = self.manifest.networks.iter().zip(&self.weights);
        let loaded: Result<Vec<Network>, _> =
            networks.map(|(entry, parts)| Network::load(entry, parts, &device)).collect();
        loaded.map(Place::Cpu).map_err(|error| Issue::new(error.code(), ""))
    }

    /// How answers are sought.
    pub const fn options(&self) -> Options {
        self.options
    }

    /// As a report names the device.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Gpu(gpu) => format!("webgpu: {}", gpu.name()),
            Place::Cpu(_) => format!("cpu: {} threads", self.threads),
        }
    }

    /// What is to be said of the device beside every number.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Runs all networks that a volume needs. A GPU that fails on the way is left, and the CPU goes on with the rest.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn analyse(&mut self, volume: Arc<HuVolume>) -> Result<Analysis, Issue> {
        let mut analysis = Analysis::new(volume, &self.manifest, self.options)
            .map_err(|error| Issue::new(IssueCode::InternalFault, &format!("beginning the analysis, {error}")))?;
        loop {
            let done = match &self.place {
                // One thread: the device orders its work by thread.
                Place::Gpu(gpu) => crew::run(&mut analysis, 1, |network, input| gpu.probabilities(network, input)),
                Place::Cpu(networks) => crew::run(&mut analysis, self.threads, |network, input| {
                    let network = networks.get(network).expect("invariant: every network of the manifest is loaded");
                    pollster::block_on(network.probabilities(input)).map_err(|error| issue_of(&error))
                }),
            };
            match (done, &self.place) {
                (Ok(()), _) => return Ok(analysis),
                (Err(_), Place::Gpu(_)) => {
                    self.issues.push(Issue::new(IssueCode::DeviceLost, ""));
                    self.place = self.cpu()?;
                }
                (Err(issue), Place::Cpu(_)) => return Err(issue),
            }
        }
    }
}

/// What a network's failure on a study is called.
pub fn issue_of(error: &NetworkError) -> Issue {
    match error {
        NetworkError::Input { .. } | NetworkError::Device(_) => {
            Issue::new(IssueCode::InternalFault, &format!("running a network, {error}"))
        }
        _ => Issue::new(error.code(), ""),
    }
}
