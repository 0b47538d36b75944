//! Every stage between the networks on a synthetic study, for comparison with stored values: the
//! resampled volume, the lungs, the crop, the sections and the vote. The study and the networks'
//! answers are formulas; `tests/golden` stores what `PyTorch` and `NumPy` make of the same
//! formulas.

use std::{collections::BTreeMap, sync::Arc};

use corsai_manifest::{
    Architecture, Family, Golden, Input, Manifest, NetworkEntry, Normalisation, Projection, Region, Vote,
};
use corsai_report::Tier;
use corsai_volume::{Grid, HuVolume};

use crate::{
    analysis::{Analysis, Job, Options},
    lung_probabilities::LungResampler,
    lung_segmentation::LungSegmentation,
    preprocessing::whole_volume,
};

const SLICES: usize = 14;
const ROWS: usize = 22;
const COLUMNS: usize = 26;
/// Rows and columns of a network's input.
const SIZE: usize = 16;
const PROJECTIONS: [Projection; 3] = [Projection::Axial, Projection::Coronal, Projection::Sagittal];

/// Returns the stages' values by name, in the order in which a study goes through them.
///
/// # Panics
/// Where a stage refuses the synthetic study: a broken invariant.
#[must_use]
pub fn stages() -> Vec<(&'static str, Vec<f32>)> {
    let (volume, manifest) = (Arc::new(study()), manifest());
    let input = &manifest.networks[0].input;
    let mut lungs = LungSegmentation::new(&volume, 0..=SLICES - 1, input, &PROJECTIONS);
    for (network, projection) in PROJECTIONS.into_iter().enumerate() {
        for slice in lungs.sections(projection).collect::<Vec<_>>() {
            let answer = lung_answer(&lungs.network_input(projection, slice));
            lungs.accept(network, slice, &answer).expect("invariant: the formula answers in full");
        }
    }
    let cube = lungs.mean(|_| true);
    let mut labels = vec![0; volume.grid().voxel_count()];
    cube.write_mask(&volume, &LungResampler::new(volume.grid(), 0..=SLICES - 1, SIZE), &mut labels);

    let options = Options { tier: Tier::Full, full_run: true, dpn_3d: true, ..Options::default() };
    let mut analysis = Analysis::new(Arc::clone(&volume), &manifest, options).expect("invariant: the manifest fits");
    let mut inputs: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    while analysis.stage().is_some() {
        let Job { id, network, input } = analysis.next_job().expect("invariant: all jobs before are answered");
        let answer = match manifest.networks[network].family {
            Family::Lungs => lung_answer(&input),
            _ => lesion_answer(network, &input),
        };
        inputs.entry(&manifest.networks[network].name).or_default().extend(input);
        analysis.accept(id, &answer).expect("invariant: the formula answers in full");
    }
    let mut input_of = |name| inputs.remove(name).expect("invariant: a full run asks every network");
    let bytes = |labels: &[u8]| labels.iter().map(|label| f32::from(*label)).collect();
    vec![
        ("resampled-volume", whole_volume(&volume, input)),
        ("lung-probabilities", cube.concatenated()),
        ("lung-labels", bytes(&labels)),
        ("crop", input_of("fpn-0")),
        ("sections", input_of("dpn-sections")),
        ("vote", bytes(analysis.all_labels())),
    ]
}

/// A synthetic study: two lungs, a lesion in the right one, gas in the stomach below the left one,
/// air around the body.
fn study() -> HuVolume {
    let grid = Grid::evenly_spaced([SLICES, ROWS, COLUMNS], [10.0, 9.0, 8.0])
        .expect("invariant: the synthetic grid has valid sizes and distances");
    let voxel = |at: usize| {
        let [x, y, z] = [at % COLUMNS, at / COLUMNS % ROWS, at / COLUMNS / ROWS].map(|i| i as i32);
        // Whether the voxel is in an ellipsoid; in integers, so that every machine agrees.
        let inside = |centre: [i32; 3], reach: [i32; 3]| {
            let share = |i: usize| {
                let distance = [x, y, z][i] * 2 - centre[i];
                distance * distance * 3600 / (reach[i] * reach[i])
            };
            share(0) + share(1) + share(2) < 3600
        };
        let noise = ((at as u32).wrapping_mul(2_654_435_761) >> 8) % 61;
        let tissue = if inside([15, 25, 18], [6, 7, 7]) {
            -540
        } else if inside([15, 22, 16], [10, 15, 14]) || inside([37, 22, 16], [10, 15, 13]) {
            -850
        } else if inside([37, 16, 1], [5, 5, 2]) || !inside([26, 22, 14], [28, 21, 60]) {
            -970
        } else {
            40
        };
        (tissue + noise as i32 - 30) as i16
    };
    let voxels = (0..grid.voxel_count()).map(voxel).collect();
    HuVolume::try_new(grid, voxels).expect("invariant: a value for each voxel")
}

/// A lung network's answer: lung where the input is dark, right or left by the x coordinate.
fn lung_answer(input: &[f32]) -> Vec<f32> {
    let area = SIZE * SIZE;
    let mut answer = vec![0.0; 3 * area];
    for at in 0..area {
        let [grey, x, y] = [0, 1, 2].map(|channel| input[channel * area + at]);
        // Lower towards the picture's edges, where there is air around the body.
        let lung = (-2.2 * grey).clamp(0.01, 0.94) * (1.25 - x * x - y * y).clamp(0.05, 1.0);
        let right = lung * if x < 0.0 { 0.9 } else { 0.15 };
        answer[at] = 1.0 - lung;
        answer[area + at] = right;
        answer[2 * area + at] = lung - right;
    }
    answer
}

/// A lesion network's answer: lesion near a grey that differs from network to network.
fn lesion_answer(network: usize, input: &[f32]) -> Vec<f32> {
    let grey = 0.25 + 0.015 * network as f32;
    input.iter().map(|value| (1.05 - 6.0 * (value + grey).abs()).clamp(0.01, 0.99)).collect()
}

fn manifest() -> Manifest {
    let axial = [
        ("fpn-0", Family::Fpn),
        ("fpn-1", Family::Fpn),
        ("resnet21-0", Family::Resnet21),
        ("dpn-0", Family::Dpn),
        ("dpn-1", Family::Dpn),
    ];
    let mut networks = vec![entry("lungs", Family::Lungs, &PROJECTIONS)];
    networks.extend(axial.map(|(name, family)| entry(name, family, &[Projection::Axial])));
    networks.push(entry("dpn-sections", Family::Dpn, &[Projection::Coronal, Projection::Sagittal]));
    Manifest { format: Manifest::FORMAT, vote: Vote::PAPER, validated: None, networks }
}

fn entry(name: &str, family: Family, projections: &[Projection]) -> NetworkEntry {
    let lungs = family == Family::Lungs;
    let (in_channels, classes) = if lungs { (4, 3) } else { (1, 1) };
    NetworkEntry {
        name: name.into(),
        family,
        projections: projections.into(),
        tier: Tier::Quick,
        architecture: Architecture::ResNet18 { in_channels, classes },
        input: Input {
            size: SIZE,
            region: if lungs { Region::WholeVolume } else { Region::LungBox },
            clip_hu: [-1350.0, 150.0],
            normalisation: Normalisation::Range { divisor: 2048.0, limit: 0.505 },
            box_margin: 0.1,
        },
        threshold: 0.4,
        parts: Vec::new(),
        golden: Golden { file: String::new(), sha256: String::new(), stride: 1 },
        dice: BTreeMap::new(),
        licence: String::new(),
    }
}
