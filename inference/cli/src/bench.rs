//! `corsai bench`: times every architecture on one slice, shipped networks with their weights and
//! the others with random ones. A shipped network's first answer is compared with its stored one.

use std::{
    io::{self, Write as _},
    time::Instant,
};

use burn::tensor::Device;
use corsai_manifest::{Architecture, Family, NetworkEntry};
use corsai_networks::{Network, golden, read_manifest, shipped};
use corsai_protocol::DevicePreference;

use crate::{error::CliError, gpu_backend::fastest_device};

/// Times one thread of the CPU, or the system's fastest adapter, also one in software: the first
/// slice with the loading of the network, and the median of `runs` further ones.
///
/// # Errors
/// [`CliError::NoGpu`], [`CliError::Network`], [`CliError::Output`], and [`CliError::WrongAnswers`]
/// of shipped networks.
pub fn run(preference: DevicePreference, runs: usize) -> Result<(), CliError> {
    let (device, name) = match preference {
        DevicePreference::Gpu => {
            let (device, setup) = fastest_device()?;
            let info = setup.adapter.get_info();
            (device, format!("{} ({:?}, {:?})", info.name, info.device_type, info.backend))
        }
        DevicePreference::Auto | DevicePreference::Cpu => (Device::flex(), "CPU, one thread".into()),
    };
    let mut out = io::stdout();
    writeln!(out, "{name}\n{:<40} {:>10} {:>12} {:>10}", "network", "first, ms", "median, ms", "off by")?;
    let mut wrong = Vec::new();
    for (entry, random_weights) in entries()? {
        let parts = if random_weights { None } else { shipped::parts(&entry) };
        let begun = Instant::now();
        let network = match &parts {
            Some(parts) => Network::load(&entry, parts, &device)?,
            None => Network::with_random_weights(&entry, &device)?,
        };
        let shape = network.shape();
        let input = golden::known_input(shape);
        let logits = pollster::block_on(network.logits(input.clone()))?;
        let first_ms = elapsed_ms(begun);
        let mut times_ms = Vec::with_capacity(runs);
        for _ in 0..runs {
            let begun = Instant::now();
            pollster::block_on(network.logits(input.clone()))?;
            times_ms.push(elapsed_ms(begun));
        }
        times_ms.sort_by(f64::total_cmp);
        let median_ms = times_ms[runs / 2];
        let deviation = match parts.and_then(|_| shipped::golden(&entry)) {
            None => "–".into(),
            Some(stored) => {
                let deviation = golden::deviation(shape, entry.golden.stride, &logits, &stored);
                if deviation.is_none_or(|deviation| deviation > golden::tolerance(network.device_config().precision()))
                {
                    wrong.push(entry.name.clone());
                }
                deviation.map_or_else(|| "no number".into(), |deviation| format!("{deviation:.1e}"))
            }
        };
        let weights = if random_weights { " (random weights)" } else { "" };
        let label = format!("{}{weights}, {}²", entry.name, entry.input.size);
        writeln!(out, "{label:<40} {first_ms:>10.1} {median_ms:>12.1} {deviation:>10}")?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(CliError::WrongAnswers(wrong)) }
}

fn elapsed_ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// Returns the first shipped network of each architecture and input size, and for every other
/// architecture an entry like a lesion network's, with `true`: its weights are random.
fn entries() -> Result<Vec<(NetworkEntry, bool)>, CliError> {
    let manifest = read_manifest(shipped::MANIFEST_JSON)?;
    let mut found: Vec<(NetworkEntry, bool)> = Vec::new();
    for entry in &manifest.networks {
        if !found.iter().any(|(e, _)| (&e.architecture, e.input.size) == (&entry.architecture, entry.input.size)) {
            found.push((entry.clone(), false));
        }
    }
    let (in_channels, classes) = (1, 1);
    let all = [
        ("unet-resnet21", Architecture::UnetResNet21 { in_channels, classes }),
        ("resnet18", Architecture::ResNet18 { in_channels, classes }),
        ("unet-dpn92", Architecture::UnetDpn92 { in_channels, classes }),
    ];
    if let Some(like) = manifest.networks.iter().find(|n| n.family != Family::Lungs) {
        for (name, architecture) in all {
            if !manifest.networks.iter().any(|n| n.architecture == architecture) {
                found.push((NetworkEntry { name: name.into(), architecture, ..like.clone() }, true));
            }
        }
    }
    Ok(found)
}
