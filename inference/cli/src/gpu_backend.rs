//! Networks on a GPU through wgpu. The adapter is trusted only if it computes every network's known
//! slice right.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use burn::tensor::{
    Device,
    wgpu::{MemoryConfiguration, WgpuSetup, wgpu::DeviceType},
};
use corsai_manifest::NetworkEntry;
use corsai_networks::{DeviceConfig, MAX_TASKS, Network, Precision, golden, shipped};

use crate::error::CliError;

/// The parts of one network's weights, in the manifest's order.
pub type WeightParts = Vec<Vec<u8>>;

/// Networks on a GPU.
#[derive(Debug)]
pub struct GpuBackend {
    adapter: String,
    networks: Vec<Network>,
    lost: Arc<AtomicBool>,
}

/// Returns the system's fastest adapter, which may be emulated on the CPU.
///
/// # Errors
/// [`CliError::NoGpu`].
pub fn fastest_device() -> Result<(Device, WgpuSetup), CliError> {
    let options = Device::wgpu_options().tasks_max(MAX_TASKS);
    // As on the web: no buffer is read and written by one kernel.
    Ok(options.memory_config(MemoryConfiguration::ExclusivePages).init_with_setup()?)
}

impl GpuBackend {
    /// Loads the networks onto the system's fastest adapter and checks them on their known slices,
    /// with feature maps stored as f16 if the adapter can do that and passes so. An adapter that is
    /// emulated on the CPU is taken only with `allow_software`.
    ///
    /// # Errors
    /// [`CliError::NoGpu`], [`CliError::SoftwareGpu`], [`CliError::Network`],
    /// [`CliError::SelfTest`].
    pub fn new(entries: &[NetworkEntry], weights: &[WeightParts], allow_software: bool) -> Result<Self, CliError> {
        let (device, setup) = fastest_device()?;
        let info = setup.adapter.get_info();
        if info.device_type == DeviceType::Cpu && !allow_software {
            return Err(CliError::SoftwareGpu(info.name));
        }
        let lost = Arc::new(AtomicBool::new(false));
        // The runtime's own handler panics, and without a handler a failed kernel reads back as
        // zeros.
        let on_error = Arc::clone(&lost);
        setup.device.on_uncaptured_error(Arc::new(move |_| on_error.store(true, Ordering::Relaxed)));
        let on_loss = Arc::clone(&lost);
        setup.device.set_device_lost_callback(move |_, _| on_loss.store(true, Ordering::Relaxed));
        let mut backend = Self { adapter: info.name, networks: Vec::new(), lost };
        let config = DeviceConfig::from(&device);
        match backend.load(entries, weights, &config) {
            Err(CliError::SelfTest { .. }) if config.precision() == Precision::Half => {
                backend.lost.store(false, Ordering::Relaxed);
                backend.load(entries, weights, &DeviceConfig::single_precision(&device))?;
            }
            other => other?,
        }
        Ok(backend)
    }

    /// Loads the networks and checks them on their known slices.
    fn load(
        &mut self,
        entries: &[NetworkEntry],
        weights: &[WeightParts],
        config: &DeviceConfig,
    ) -> Result<(), CliError> {
        let pairs = entries.iter().zip(weights);
        let loaded: Result<_, _> = pairs.map(|(entry, parts)| Network::load(entry, parts, config.clone())).collect();
        self.networks = loaded?;
        for (entry, network) in entries.iter().zip(&self.networks) {
            let deviation = self.deviation(entry, network)?;
            if deviation.is_none_or(|deviation| deviation > golden::tolerance(config.precision())) {
                return Err(CliError::SelfTest { adapter: self.adapter.clone(), deviation });
            }
        }
        Ok(())
    }

    /// Returns the largest deviation from the known slice's stored answer, as a part of the largest
    /// logit; `None` without a finite answer.
    fn deviation(&self, entry: &NetworkEntry, network: &Network) -> Result<Option<f64>, CliError> {
        let shape = network.shape();
        let logits = match pollster::block_on(network.logits(golden::known_input(shape))) {
            Ok(logits) => logits,
            Err(error) => {
                tracing::warn!(%error, "a network gave no answer to its known slice");
                return Ok(None);
            }
        };
        let stored = shipped::golden(entry).ok_or_else(|| CliError::NoWeights(entry.name.clone()))?;
        let deviation = golden::deviation(shape, entry.golden.stride, &logits, &stored);
        Ok(deviation.filter(|_| !self.lost.load(Ordering::Relaxed)))
    }

    /// Returns the adapter's name, with f16 where maps and weights are stored so.
    pub fn name(&self) -> String {
        let half = self.networks.iter().any(|network| network.device_config().precision() == Precision::Half);
        if half { format!("{}, f16", self.adapter) } else { self.adapter.clone() }
    }

    /// Returns the probabilities of one network, by its index in the manifest, for one input.
    ///
    /// # Errors
    /// [`CliError::Network`], [`CliError::DeviceLost`].
    pub fn probabilities(&self, network: usize, input: Vec<f32>) -> Result<Vec<f32>, CliError> {
        let network = self.networks.get(network).expect("invariant: every network of the manifest is loaded");
        let answer = pollster::block_on(network.probabilities(input))?;
        if self.lost.load(Ordering::Relaxed) { Err(CliError::DeviceLost) } else { Ok(answer) }
    }
}
