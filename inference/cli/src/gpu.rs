//! A GPU through wgpu: found, told from a software one, and tried on the known slices before it is trusted.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use burn::tensor::{
    Device,
    wgpu::{MemoryConfiguration, WgpuSetup, wgpu::DeviceType},
};
use corsai_manifest::NetworkEntry;
use corsai_networks::{Network, NetworkError, Place, Precision, golden, shipped};
use corsai_report::{Found, Issue, IssueCode, Reason};

use crate::network_parts::{Parts, issue_of};

/// Kernels gathered into one command.
const TASKS: usize = 64;

/// Networks on a GPU.
#[derive(Debug)]
pub struct Gpu {
    name: String,
    networks: Vec<Network>,
    lost: Arc<AtomicBool>,
}

/// Why a GPU isn't used, and what of it is to be said beside the numbers.
#[derive(Debug)]
pub struct Passed {
    pub reason: String,
    pub issue: Option<Issue>,
}

impl Passed {
    fn over(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), issue: None }
    }
}

/// The system's fastest adapter.
///
/// # Errors
/// There is none.
pub fn device() -> Result<(Device, WgpuSetup), Passed> {
    Device::wgpu_options()
        .tasks_max(TASKS)
        // As on the web: what is read and what is written are never parts of one buffer.
        .memory_config(MemoryConfiguration::ExclusivePages)
        .init_with_setup()
        .map_err(|_| Passed::over("there is no graphics processor that can be used"))
}

impl Gpu {
    /// Takes the system's fastest adapter into use and lets it compute every network's known slice, with maps stored as
    /// f16 if it can do that and does it right. An adapter that emulates a GPU on the CPU counts only where `software_too`
    /// says so.
    ///
    /// # Errors
    /// Why there is none to use.
    pub fn acquire(entries: &[NetworkEntry], weights: &[Parts], software_too: bool) -> Result<Self, Passed> {
        let (device, setup) = device()?;
        let info = setup.adapter.get_info();
        if info.device_type == DeviceType::Cpu && !software_too {
            return Err(Passed::over(format!("{} is not a real graphics processor", info.name)));
        }
        let lost = Arc::new(AtomicBool::new(false));
        // The runtime's own handler panics; and without one a failed kernel reads back as zeros.
        let heard = Arc::clone(&lost);
        setup.device.on_uncaptured_error(Arc::new(move |_| heard.store(true, Ordering::Relaxed)));
        let heard = Arc::clone(&lost);
        setup.device.set_device_lost_callback(move |_, _| heard.store(true, Ordering::Relaxed));
        let mut gpu = Self { name: info.name, networks: Vec::new(), lost };
        let place = Place::from(&device);
        let mut wrong = gpu.load(entries, weights, &place)?;
        if wrong.is_some() && place.precision() == Precision::Half {
            gpu.lost.store(false, Ordering::Relaxed);
            wrong = gpu.load(entries, weights, &Place::single(&device))?;
        }
        match wrong {
            None => Ok(gpu),
            Some(found) => {
                let issue = Issue::new(IssueCode::DeviceSelfTest, [found]);
                Err(Passed { reason: format!("{} failed on a known slice", gpu.name), issue: Some(issue) })
            }
        }
    }

    /// Puts the networks there and lets them compute their known slices; what came of one that isn't right.
    fn load(&mut self, entries: &[NetworkEntry], weights: &[Parts], place: &Place) -> Result<Option<Found>, Passed> {
        let loaded: Result<Vec<Network>, NetworkError> =
            entries.iter().zip(weights).map(|(entry, parts)| Network::load(entry, parts, place.clone())).collect();
        self.networks = loaded.map_err(|_| Passed::over("the networks could not be put on the graphics processor"))?;
        for (entry, network) in entries.iter().zip(&self.networks) {
            match self.deviation(entry, network) {
                Some(off) if off <= golden::allowed(place.precision()) => {}
                Some(deviation) => return Ok(Some(Found::Deviation { deviation })),
                None => return Ok(Some(Reason::NoAnswer.into())),
            }
        }
        Ok(None)
    }

    /// Of the known slice's answer; `None` where there is none.
    fn deviation(&self, entry: &NetworkEntry, network: &Network) -> Option<f64> {
        let shape = network.shape();
        let logits = pollster::block_on(network.logits(golden::input(shape))).ok()?;
        let stored = shipped::golden(entry)?;
        let found = golden::deviation(shape, entry.golden.stride, &logits, &stored);
        found.filter(|_| !self.lost.load(Ordering::Relaxed))
    }

    /// What the adapter calls itself, and what it stores maps and weights in.
    pub fn name(&self) -> String {
        let half = self.networks.iter().any(|network| network.place().precision() == Precision::Half);
        if half { format!("{}, f16", self.name) } else { self.name.clone() }
    }

    /// Probabilities of one network, by its place in the manifest, for one input.
    ///
    /// # Errors
    /// Why there are none, a lost device among others.
    pub fn probabilities(&self, network: usize, input: Vec<f32>) -> Result<Vec<f32>, Issue> {
        let network = self.networks.get(network).expect("invariant: every network of the manifest is loaded");
        let answer = pollster::block_on(network.probabilities(input)).map_err(|error| issue_of(&error))?;
        if self.lost.load(Ordering::Relaxed) { Err(Issue::new(IssueCode::DeviceLost, [])) } else { Ok(answer) }
    }
}
