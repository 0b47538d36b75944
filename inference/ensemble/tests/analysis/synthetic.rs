//! A synthetic chest, networks without weights, and their answers.

use std::{collections::BTreeMap, sync::Arc};

use corsai_ensemble::{Analysis, Job, Options};
use corsai_manifest::{
    Architecture, Family, Golden, Input, Manifest, NetworkEntry, Normalisation, Projection, Region, Vote,
};
use corsai_report::Tier;
use corsai_volume::{Grid, HuVolume};

pub const SIDE: usize = 24;
pub const SLICES: usize = 10;

pub fn chest() -> Arc<HuVolume> {
    let grid = Grid::evenly_spaced([SLICES, SIDE, SIDE], [10.0; 3]).unwrap();
    let lung = |z: usize, y: usize, x: usize| {
        (1..9).contains(&z) && (5..19).contains(&y) && ((3..11).contains(&x) || (13..21).contains(&x))
    };
    let positions = (0..SLICES * SIDE * SIDE).map(|i| (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE));
    // No slice is like another.
    let voxels = positions.map(|(z, y, x)| if lung(z, y, x) { -800 - 10 * z as i16 } else { 40 }).collect();
    Arc::new(HuVolume::try_new(grid, voxels).unwrap())
}

pub fn entry(name: &str, family: Family, tier: Tier) -> NetworkEntry {
    let lungs = family == Family::Lungs;
    let architecture = Architecture::FpnEfficientNetB0 {
        in_channels: if lungs { 4 } else { 1 },
        classes: if lungs { 3 } else { 1 },
        pyramid_channels: 8,
        segmentation_channels: 8,
    };
    NetworkEntry {
        name: name.into(),
        family,
        projections: match family {
            Family::Lungs => vec![Projection::Axial, Projection::Coronal, Projection::Sagittal],
            _ => vec![Projection::Axial],
        },
        tier,
        architecture,
        input: Input {
            size: 16,
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

/// Six networks of each voting group; first those that a slice without lesions needs.
pub fn manifest() -> Manifest {
    let mut networks = vec![entry("lungs", Family::Lungs, Tier::Quick), entry("fpn-0", Family::Fpn, Tier::Quick)];
    let mut add = |name: &str, n: usize, family: Family, tier: Tier| {
        networks.push(entry(&format!("{name}-{n}"), family, tier));
    };
    add("fpn", 1, Family::Fpn, Tier::Standard);
    add("resnet", 0, Family::Resnet18, Tier::Standard);
    add("dpn", 0, Family::Dpn, Tier::Full);
    add("dpn", 1, Family::Dpn, Tier::Full);
    for n in 2..6 {
        add("fpn", n, Family::Fpn, Tier::Standard);
    }
    for n in 1..6 {
        add("resnet", n, Family::Resnet21, Tier::Standard);
    }
    for n in 2..6 {
        add("dpn", n, Family::Dpn, Tier::Full);
    }
    Manifest { format: Manifest::FORMAT, vote: Vote::PAPER, validated: None, networks }
}

pub fn random(seed: u64) -> f32 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 40) as f32 / (1u64 << 24) as f32
}

/// Answers of networks that mostly agree: a random picture of the slice, the same for all, and
/// noise of each network.
#[derive(Debug, Clone, Copy)]
pub struct SyntheticAnswers {
    pub seed: u64,
    /// Amplitude of the noise; at 0 all networks answer the same.
    pub noise: f32,
    /// Share of the picture that is lesion.
    pub lesion_share: f32,
    /// What is lesion has probabilities from .6 on and not 1.
    pub faint: bool,
}

impl SyntheticAnswers {
    pub fn answer(self, manifest: &Manifest, job: &Job) -> Vec<f32> {
        let area = 16 * 16;
        if manifest.networks[job.network].family == Family::Lungs {
            let dark = |i: usize| job.input[i] < -0.2;
            let side = |i: usize| if job.input[area + i] < 0.0 { 1 } else { 2 };
            let class = |i: usize| if dark(i) { side(i) } else { 0 };
            return (0..3 * area).map(|at| if at / area == class(at % area) { 0.9 } else { 0.05 }).collect();
        }
        let lightest = job.input.iter().copied().fold(0.0, f32::min);
        let seed = self.seed ^ u64::from(lightest.to_bits()) << 20;
        (0..area)
            .map(|i| {
                let common = random(seed ^ (i as u64 / 3));
                let own = random(seed ^ (job.network as u64) << 32 ^ i as u64);
                let marked = if self.faint { 0.6 + 0.5 * random(!seed ^ (i as u64 / 6)) } else { 1.0 };
                let sharp = if common < self.lesion_share { marked } else { 0.0 };
                (sharp + (own - 0.5) * self.noise).clamp(0.0, 1.0)
            })
            .collect()
    }

    /// Runs an analysis and its refinements to the `then` tiers. Returns the labels, the number of
    /// lesion networks' runs, and the analysis.
    pub fn run(self, manifest: &Manifest, options: Options, then: &[Tier]) -> (Vec<u8>, u32, Analysis) {
        let mut analysis = Analysis::new(chest(), manifest, options).unwrap();
        self.finish(manifest, &mut analysis);
        for tier in then {
            analysis.refine(*tier);
            self.finish(manifest, &mut analysis);
        }
        let runs = analysis.runs().iter().filter(|n| !n.name.starts_with("lungs")).map(|n| n.slices).sum();
        (analysis.all_labels().to_vec(), runs, analysis)
    }

    /// Answers all jobs in a random order, up to four jobs at a time.
    pub fn finish(self, manifest: &Manifest, analysis: &mut Analysis) {
        let mut in_flight: Vec<Job> = Vec::new();
        let mut random_state = self.seed;
        while analysis.stage().is_some() {
            while in_flight.len() < 4 {
                let Some(job) = analysis.next_job() else { break };
                in_flight.push(job);
            }
            random_state = random_state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let job = in_flight.swap_remove((random_state >> 33) as usize % in_flight.len());
            if random_state.is_multiple_of(7) {
                // As after a worker that died.
                analysis.put_back(job.id);
                continue;
            }
            let answer = self.answer(manifest, &job);
            analysis.accept(job.id, &answer).unwrap();
        }
    }
}
