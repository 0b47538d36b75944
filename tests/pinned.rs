//! Measurements of the quick tier on real series and on a phantom, on the CPU: they change with any
//! stage. `pinned.json` has the expected numbers. A test that fails prints the measured line; after
//! an intended change, copy it there. `e2e/specs/real.test.mjs` checks wasm against the same
//! numbers.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, num::NonZero, sync::Arc, thread};

use burn::tensor::Device;
use corsai_ensemble::{Analysis, Job, Options};
use corsai_findings::measure;
use corsai_manifest::NetworkEntry;
use corsai_networks::{Network, read_manifest, shipped};
use corsai_phantom::{Phantom, PhantomOptions};
use corsai_report::Tier;
use corsai_study::{Intake, Limits};
use corsai_tests::{data, needs_data, root};
use corsai_volume::HuVolume;
use serde::{Deserialize, Serialize};

/// Largest difference of a volume, mL.
const TOLERANCE_ML: f64 = 0.1;
/// Largest difference of a share, 0..=1.
const TOLERANCE_SHARE: f64 = 1e-4;

#[derive(Debug, Serialize, Deserialize)]
struct Numbers {
    right_ml: f64,
    left_ml: f64,
    right_share: f64,
    left_share: f64,
}

/// Reads the files' only series.
fn volume(files: impl Iterator<Item = (String, Vec<u8>)>) -> HuVolume {
    let mut intake = Intake::new(Limits::default());
    files.for_each(|(name, bytes)| intake.add(&name, bytes));
    let opened = intake.finish();
    let mut usable = opened.series.iter().filter(|series| series.summary().usable);
    let series = usable.next().unwrap();
    assert!(usable.next().is_none());
    series.decoder().unwrap().finish().unwrap().volume
}

/// Measures with the shipped networks of the quick tier, on all cores.
fn measure_volume(volume: HuVolume) -> Numbers {
    let mut manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    manifest.networks.retain(|network| network.tier == Tier::Quick);
    let load = |entry: &NetworkEntry| Network::load(entry, &shipped::parts(entry).unwrap(), &Device::flex()).unwrap();
    let networks: Vec<Network> = manifest.networks.iter().map(load).collect();
    let mut analysis = Analysis::new(Arc::new(volume), &manifest, Options::default()).unwrap();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    while analysis.stage().is_some() {
        let jobs: Vec<Job> = (0..cores).map_while(|_| analysis.next_job()).collect();
        let answer = |job: Job| (job.id, pollster::block_on(networks[job.network].probabilities(job.input)).unwrap());
        let answers: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = jobs.into_iter().map(|job| scope.spawn(|| answer(job))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (id, probabilities) in answers {
            analysis.accept(id, &probabilities).unwrap();
        }
    }
    let lungs = measure(analysis.volume().grid(), analysis.all_labels(), true);
    Numbers {
        right_ml: lungs.right.volume_ml,
        left_ml: lungs.left.volume_ml,
        right_share: lungs.right.share.unwrap(),
        left_share: lungs.left.share.unwrap(),
    }
}

fn assert_pinned(name: &str, volume: HuVolume) {
    let pinned = fs::read_to_string(root().join("tests/pinned.json")).unwrap();
    let pinned: BTreeMap<String, Numbers> = serde_json::from_str(&pinned).unwrap();
    let (pinned, found) = (pinned.get(name), measure_volume(volume));
    let near = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance;
    assert!(
        pinned.is_some_and(|pinned| {
            near(found.right_ml, pinned.right_ml, TOLERANCE_ML)
                && near(found.left_ml, pinned.left_ml, TOLERANCE_ML)
                && near(found.right_share, pinned.right_share, TOLERANCE_SHARE)
                && near(found.left_share, pinned.left_share, TOLERANCE_SHARE)
        }),
        "pinned.json says {pinned:?}; found:\n  \"{name}\": {{ \"right_ml\": {:.2}, \"left_ml\": {:.2}, \"right_share\": {:.6}, \
         \"left_share\": {:.6} }},",
        found.right_ml,
        found.left_ml,
        found.right_share,
        found.left_share
    );
}

/// Measures a series of the real data.
fn real(name: &str) {
    let files = fs::read_dir(data(&format!("dicom/{name}"))).unwrap().map(|file| file.unwrap().path());
    let read = files.map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap()));
    assert_pinned(name, volume(read));
}

#[needs_data("dicom/covid-P001")]
#[test]
fn covid_p001_is_as_pinned() {
    real("covid-P001");
}

#[needs_data("dicom/normal-001")]
#[test]
fn normal_001_is_as_pinned() {
    real("normal-001");
}

#[needs_data("dicom/lungdx-A0001-5mm")]
#[test]
fn lungdx_a0001_is_as_pinned() {
    real("lungdx-A0001-5mm");
}

#[needs_data("dicom/lungdx-A0002-B70f")]
#[test]
fn lungdx_a0002_is_as_pinned() {
    real("lungdx-A0002-B70f");
}

#[test]
fn the_phantom_is_as_pinned() {
    assert_pinned("phantom", volume(Phantom::generate(PhantomOptions::default()).unwrap().dicom_files()));
}
