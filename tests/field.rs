//! Odd chests from the field through the lungs' network, on the CPU: their lungs are those of the
//! same chest without its oddity (`inference/study/CHECKLIST.md`, part E).

#![allow(clippy::unwrap_used)]

use std::{num::NonZero, sync::Arc, thread};

use burn::tensor::Device;
use corsai_ensemble::{Analysis, Job, Options};
use corsai_findings::{check_quality, measure};
use corsai_networks::{Network, read_manifest, shipped};
use corsai_phantom::{Phantom, PhantomOptions};
use corsai_protocol::Stage;
use corsai_report::{IssueCode, Tier};
use corsai_study::{DecodedVolume, Intake, Limits};
use corsai_volume::{Grid, HuVolume, label};

const OPTIONS: PhantomOptions =
    PhantomOptions { yyyymmdd: 20_200_420, share_left: 0.12, share_right: 0.24, seed: 1, columns: 128, slices: 62 };
/// Largest difference of a lung's volume, as a share of it.
const TOLERANCE: f64 = 0.02;

/// Volumes of the right and the left lung, mL, and the codes of the quality checks.
type Lungs = ([f64; 2], Vec<IssueCode>);

/// Segments the lungs with the shipped network, on all cores.
fn lungs(volume: HuVolume) -> Lungs {
    let mut manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
    manifest.networks.retain(|network| network.tier == Tier::Quick);
    let networks: Vec<Network> = manifest
        .networks
        .iter()
        .map(|entry| Network::load(entry, &shipped::parts(entry).unwrap(), &Device::flex()).unwrap())
        .collect();
    let mut analysis = Analysis::new(Arc::new(volume), &manifest, Options::default()).unwrap();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    while analysis.stage() == Some(Stage::Lungs) {
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
    let found = measure(analysis.volume().grid(), analysis.all_labels(), false);
    let codes = check_quality(analysis.volume(), analysis.all_labels()).iter().map(|issue| issue.code).collect();
    ([found.right.volume_ml, found.left.volume_ml], codes)
}

fn assert_same_lungs((expected, _): &Lungs, (found, codes): Lungs, expected_codes: &[IssueCode]) {
    assert_eq!(codes, expected_codes);
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < TOLERANCE, "{found} mL, {expected} mL");
    }
}

#[test]
fn odd_chests_have_the_lungs_of_the_plain_one() {
    let phantom = Phantom::generate(OPTIONS).unwrap();
    let mm = phantom.pixel_mm();
    let volume = |slices: usize, voxels: Vec<i16>| {
        let grid = Grid::evenly_spaced([slices, OPTIONS.columns, OPTIONS.columns], [phantom.slice_mm(), mm, mm]);
        HuVolume::try_new(grid.unwrap(), voxels).unwrap()
    };
    let plain = lungs(volume(OPTIONS.slices, phantom.hu().to_vec()));
    assert_eq!(plain.1, []);

    // Every second slice of the middle is left out.
    let mut intake = Intake::new(Limits::default());
    for (index, (name, bytes)) in phantom.dicom_files().enumerate() {
        if !(18..44).contains(&index) || index % 2 == 0 {
            intake.add(&name, bytes);
        }
    }
    let DecodedVolume { volume: stretch, issues } = intake.finish().series[0].decoder().unwrap().finish().unwrap();
    assert_eq!(issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), [IssueCode::GeometryUnevenSpacing]);
    assert_same_lungs(&plain, lungs(stretch), &[]);

    // Emphysema, low dose and a sharp kernel: more than half of the lungs is below −940 HU.
    let noise = |at: usize| (at * 7919 % 131) as i16 + (at * 104_729 % 127) as i16 - 128;
    let voxels = phantom.hu().iter().zip(phantom.labels()).enumerate().map(|(at, (hu, byte))| {
        let healthy = byte & (label::RIGHT_LUNG | label::LEFT_LUNG) != 0 && *hu < -700;
        if healthy { (hu - 118 + noise(at)).max(-1024) } else { *hu }
    });
    assert_same_lungs(&plain, lungs(volume(OPTIONS.slices, voxels.collect())), &[]);

    // The chest is the upper part of a scan of 770 mm; below it is tissue with gas of the bowel.
    let area = OPTIONS.columns * OPTIONS.columns;
    let below = (0..92 * area).map(|at| {
        let (slice, hu) = (at / area, phantom.hu()[at % area]);
        let (row, column) = ((at % area / OPTIONS.columns) as f64, (at % OPTIONS.columns) as f64);
        let centre = 52.0 + 12.0 * (slice as f64 / 5.0).sin();
        let gas = (row - 56.0).hypot(column - centre) < 4.0;
        let inside = (row - 64.0).hypot(column - 64.0) < 30.0;
        match hu {
            _ if gas => -960,
            air if inside && air < -200 => 50,
            hu => hu,
        }
    });
    let long = volume(OPTIONS.slices + 92, below.chain(phantom.hu().iter().copied()).collect());
    assert_same_lungs(&plain, lungs(long), &[]);
}
