//! How long one slice takes through every architecture on this machine: those that are shipped with their weights, the
//! others with made-up ones. What is shipped has a stored answer, which the first is held against.

use std::{
    io::{self, Write as _},
    time::Instant,
};

use burn::tensor::Device;
use corsai_manifest::{Architecture, Family, NetworkEntry};
use corsai_networks::{Network, golden, read_manifest, shipped};
use corsai_protocol::DevicePreference;

use crate::gpu;

/// Times one thread of the CPU, or the system's fastest adapter, one in software included: a first slice with the loading
/// of the network, then `runs` more.
///
/// # Errors
/// What can't be had or written, in words; that a shipped network answered wrongly.
pub fn run(preference: DevicePreference, runs: usize) -> io::Result<()> {
    let (device, name) = match preference {
        DevicePreference::Gpu => {
            let (device, setup) = gpu::device().map_err(|passed| io::Error::other(passed.reason))?;
            let info = setup.adapter.get_info();
            (device, format!("{} ({:?}, {:?})", info.name, info.device_type, info.backend))
        }
        DevicePreference::Auto | DevicePreference::Cpu => (Device::flex(), "CPU, one thread".into()),
    };
    let mut out = io::stdout();
    writeln!(out, "{name}\n{:<40} {:>10} {:>12} {:>10}", "network", "first, ms", "median, ms", "off by")?;
    let mut wrong = Vec::new();
    for (entry, made_up) in entries().map_err(io::Error::other)? {
        let parts = if made_up { None } else { shipped::parts(&entry) };
        let begun = Instant::now();
        let network = match &parts {
            Some(parts) => Network::load(&entry, parts, &device),
            None => Network::made_up(&entry, &device),
        };
        let network = network.map_err(io::Error::other)?;
        let shape = network.shape();
        let input = golden::input(shape);
        let answer = || pollster::block_on(network.logits(input.clone())).map_err(io::Error::other);
        let logits = answer()?;
        let first = milliseconds(begun);
        let mut warm = Vec::with_capacity(runs);
        for _ in 0..runs {
            let begun = Instant::now();
            answer()?;
            warm.push(milliseconds(begun));
        }
        warm.sort_by(f64::total_cmp);
        let median = warm[runs / 2];
        let off = match parts.and_then(|_| shipped::golden(&entry)) {
            None => "–".into(),
            Some(stored) => {
                let off = golden::deviation(shape, entry.golden.stride, &logits, &stored);
                if off.is_none_or(|off| off > golden::allowed(network.place().precision())) {
                    wrong.push(entry.name.clone());
                }
                off.map_or_else(|| "no number".into(), |off| format!("{off:.1e}"))
            }
        };
        let what = format!("{}{}, {}²", entry.name, if made_up { " (made-up weights)" } else { "" }, entry.input.size);
        writeln!(out, "{what:<40} {first:>10.1} {median:>12.1} {off:>10}")?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(io::Error::other(format!("wrong answers: {}", wrong.join(", ")))) }
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// Of each architecture and size that is shipped the first network; of every other architecture one like a lesion
/// network, to be made up.
fn entries() -> Result<Vec<(NetworkEntry, bool)>, corsai_networks::NetworkError> {
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
