//! A whole analysis with synthetic answers: an early stop gives the masks of a full run to the
//! voxel, whatever the answers and their order.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use corsai_ensemble::{Analysis, EnsembleError, Job, LesionProbabilities, Options};
use corsai_manifest::{
    Architecture, Family, Golden, Input, Manifest, NetworkEntry, Normalisation, Projection, Region, Vote,
};
use corsai_report::Tier;
use corsai_volume::label;
use corsai_volume::{Grid, HuVolume};
use proptest::prelude::*;

const SIDE: usize = 24;
const SLICES: usize = 10;

fn chest() -> Arc<HuVolume> {
    let grid = Grid::evenly_spaced([SLICES, SIDE, SIDE], [10.0; 3]).unwrap();
    let lung = |z: usize, y: usize, x: usize| {
        (1..9).contains(&z) && (5..19).contains(&y) && ((3..11).contains(&x) || (13..21).contains(&x))
    };
    let positions = (0..SLICES * SIDE * SIDE).map(|i| (i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE));
    let voxels = positions.map(|(z, y, x)| if lung(z, y, x) { -800 } else { 40 }).collect();
    Arc::new(HuVolume::try_new(grid, voxels).unwrap())
}

fn entry(name: &str, family: Family, tier: Tier) -> NetworkEntry {
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
fn manifest() -> Manifest {
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
    Manifest { format: Manifest::FORMAT, vote: Vote::PAPER, networks }
}

/// [`manifest`] and a DPN on coronal and sagittal sections.
fn multi_planar_manifest() -> Manifest {
    let mut manifest = manifest();
    let entry = entry("dpn-sections", Family::Dpn, Tier::Full);
    manifest.networks.push(NetworkEntry { projections: vec![Projection::Coronal, Projection::Sagittal], ..entry });
    manifest
}

fn random(seed: u64) -> f32 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 40) as f32 / (1u64 << 24) as f32
}

/// Answers of networks that mostly agree: a random picture, the same for all, and noise of each
/// network.
#[derive(Debug, Clone, Copy)]
struct SyntheticAnswers {
    seed: u64,
    /// Amplitude of the noise; at 0 all networks answer the same.
    noise: f32,
    /// Share of the picture that is lesion.
    lesion_share: f32,
}

impl SyntheticAnswers {
    fn answer(self, manifest: &Manifest, job: &Job) -> Vec<f32> {
        let area = 16 * 16;
        if manifest.networks[job.network].family == Family::Lungs {
            let dark = |i: usize| job.input[i] < -0.2;
            let side = |i: usize| if job.input[area + i] < 0.0 { 1 } else { 2 };
            let class = |i: usize| if dark(i) { side(i) } else { 0 };
            return (0..3 * area).map(|at| if at / area == class(at % area) { 0.9 } else { 0.05 }).collect();
        }
        (0..area)
            .map(|i| {
                let common = random(self.seed ^ (i as u64 / 3));
                let own = random(self.seed ^ (job.network as u64) << 32 ^ i as u64);
                let sharp = if common < self.lesion_share { 1.0 } else { 0.0 };
                (sharp + (own - 0.5) * self.noise).clamp(0.0, 1.0)
            })
            .collect()
    }

    /// Runs an analysis and its refinements to the `then` tiers. Returns the labels, the number of
    /// lesion networks' runs, and the analysis.
    fn run(self, manifest: &Manifest, options: Options, then: &[Tier]) -> (Vec<u8>, u32, Analysis) {
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
    fn finish(self, manifest: &Manifest, analysis: &mut Analysis) {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_early_stop_changes_no_voxel(seed: u64, noise in 0.0_f32..2.0, tier in 0_usize..3, paper: bool) {
        let answers = SyntheticAnswers { seed, noise, lesion_share: 0.3 };
        let manifest = manifest();
        let vote = (!paper).then_some(Vote { resnet: 0.3, ..Vote::PAPER });
        let options = Options { tier: Tier::ALL[tier], vote, ..Options::default() };
        let (early, early_runs, analysis) = answers.run(&manifest, options, &[]);
        let (full, full_runs, whole) = answers.run(&manifest, Options { full_run: true, ..options }, &[]);
        prop_assert_eq!(&early, &full);
        prop_assert!(early_runs <= full_runs);
        let members = manifest.networks.iter().filter(|n| n.family != Family::Lungs && n.tier <= options.tier).count();
        prop_assert_eq!(full_runs, members as u32 * whole.lung_slices());
        // Refined from the lower tiers the masks are the same.
        let from_quick = Options { tier: Tier::Quick, ..options };
        let (refined, refined_runs, _) = answers.run(&manifest, from_quick, &Tier::ALL[..=tier]);
        prop_assert_eq!(&refined, &early);
        prop_assert!(refined_runs <= full_runs);
        // In the end the bounds are equal.
        for [least, most] in analysis.bounds_ml().unwrap() {
            prop_assert!((least - most).abs() < 1e-9);
        }
    }

    #[test]
    fn the_final_volume_is_always_within_the_bounds(seed: u64, noise in 0.0_f32..2.0) {
        let answers = SyntheticAnswers { seed, noise, lesion_share: 0.3 };
        let manifest = manifest();
        let options = Options { tier: Tier::Full, ..Options::default() };
        let (end, ..) = answers.run(&manifest, options, &[]);
        let lesion = |labels: &[u8], side: u8| {
            labels.iter().filter(|l| **l & label::LESION != 0 && **l & side != 0).count() as f64
        };
        let truth = [lesion(&end, label::RIGHT_LUNG), lesion(&end, label::LEFT_LUNG)];
        let mut analysis = Analysis::new(chest(), &manifest, options).unwrap();
        while analysis.stage().is_some() {
            let job = analysis.next_job().unwrap();
            let answer = answers.answer(&manifest, &job);
            analysis.accept(job.id, &answer).unwrap();
            // A voxel of 10 mm is 1 mL.
            for ([least, most], truth) in analysis.bounds_ml().into_iter().flatten().zip(truth) {
                prop_assert!(least - 1e-9 <= truth && truth <= most + 1e-9, "{truth} is not in {least} to {most}");
            }
        }
    }
}

#[test]
fn coronal_and_sagittal_answers_change_the_mask_and_an_early_stop_does_not() {
    let manifest = multi_planar_manifest();
    let answers = SyntheticAnswers { seed: 11, noise: 0.9, lesion_share: 0.3 };
    let options = Options { tier: Tier::Full, dpn_3d: true, ..Options::default() };
    let (early, early_runs, analysis) = answers.run(&manifest, options, &[]);
    let (full, full_runs, _) = answers.run(&manifest, Options { full_run: true, ..options }, &[]);
    assert_eq!(early, full);
    assert!(early_runs <= full_runs);
    let names: Vec<String> = analysis.runs().into_iter().map(|n| n.name).collect();
    assert!(names.contains(&"dpn-sections".into()));
    let (axial, ..) = answers.run(&manifest, Options { dpn_3d: false, ..options }, &[]);
    assert_ne!(axial, early);
    // Where the axial networks decide everything, no section is computed.
    let healthy = SyntheticAnswers { lesion_share: 0.0, noise: 0.1, ..answers };
    let (early, _, analysis) = healthy.run(&manifest, options, &[]);
    assert!(analysis.runs().iter().all(|n| n.name != "dpn-sections"));
    assert_eq!(early, healthy.run(&manifest, Options { full_run: true, ..options }, &[]).0);
}

#[test]
fn a_slice_without_lesions_needs_five_networks_of_eighteen() {
    let manifest = manifest();
    let options = Options { tier: Tier::Full, ..Options::default() };
    let healthy = SyntheticAnswers { seed: 5, noise: 0.1, lesion_share: 0.0 };
    let (labels, early, analysis) = healthy.run(&manifest, options, &[]);
    assert!(labels.iter().all(|l| l & label::LESION == 0));
    assert_eq!(early, 5 * analysis.lung_slices());
}

#[test]
fn each_network_has_a_volume_and_the_voxels_an_agreement() {
    let options = Options { tier: Tier::Full, ..Options::default() };
    let answers = SyntheticAnswers { seed: 5, noise: 0.5, lesion_share: 0.3 };
    let (labels, _, analysis) = answers.run(&manifest(), options, &[]);
    let marked = labels.iter().filter(|l| **l & label::LESION != 0).count() as f64;
    let members = analysis.members_ml();
    assert!(members.len() > 10);
    for [right, left] in members {
        // By the network's own threshold, which is below the vote's.
        assert!((0.8..2.0).contains(&((right + left) / marked)), "{right} and {left} of {marked}");
    }
    let agreement = analysis.agreement(4).unwrap();
    assert!(agreement.contains(&100) && agreement.iter().any(|a| (1..100).contains(a)));
    assert_eq!(analysis.agreement(0), None, "no network sees a slice without lung");
}

fn agreements(analysis: &Analysis) -> Vec<Option<Vec<u8>>> {
    (0..analysis.volume().grid().slices()).map(|z| analysis.agreement(z)).collect()
}

#[test]
fn a_stopped_refinement_shows_the_previous_answer_and_can_be_resumed() {
    let manifest = manifest();
    let answers = SyntheticAnswers { seed: 7, noise: 0.9, lesion_share: 0.3 };
    let (quick, _, mut analysis) = answers.run(&manifest, Options::default(), &[]);
    assert!(!analysis.stop_refinement() && !analysis.resume(Tier::Standard));
    let agreed = agreements(&analysis);
    assert!(analysis.refine(Tier::Standard));
    let held: Vec<Job> = (0..20).filter_map(|_| analysis.next_job()).collect();
    for job in held.iter().step_by(2) {
        analysis.accept(job.id, &answers.answer(&manifest, job)).unwrap();
    }
    assert_ne!(agreements(&analysis), agreed);
    assert!(analysis.stop_refinement());
    assert_eq!(analysis.all_labels(), quick);
    assert_eq!(analysis.next_job(), None, "a stopped refinement has no open job");
    let late = answers.answer(&manifest, &held[1]);
    assert_eq!(analysis.accept(held[1].id, &late), Err(EnsembleError::UnknownJob));
    assert_eq!(analysis.all_labels(), quick);
    assert_eq!(agreements(&analysis), agreed);
    assert!(!analysis.refine(Tier::Full) && !analysis.resume(Tier::Full));
    assert!(analysis.resume(Tier::Standard));
    answers.finish(&manifest, &mut analysis);
    let (whole, runs, unbroken) = answers.run(&manifest, Options::default(), &[Tier::Standard]);
    assert_ne!(whole, quick);
    assert_eq!(analysis.all_labels(), whole);
    assert_eq!(agreements(&analysis), agreements(&unbroken));
    assert_eq!((analysis.runs(), runs > 0), (unbroken.runs(), true));
}

#[test]
fn a_study_without_lung_is_done_after_the_lungs() {
    let manifest = manifest();
    let options = Options { keep_probabilities: true, ..Options::default() };
    let volume = HuVolume::try_new(chest().grid().clone(), vec![40; SLICES * SIDE * SIDE]).unwrap();
    let mut analysis = Analysis::new(Arc::new(volume), &manifest, options).unwrap();
    SyntheticAnswers { seed: 1, noise: 0.5, lesion_share: 0.3 }.finish(&manifest, &mut analysis);
    assert_eq!((analysis.stage(), analysis.lung_slices()), (None, 0));
    assert_eq!(analysis.labels(4), (vec![0; SIDE * SIDE], true, true));
    assert_eq!((analysis.bounds_ml(), analysis.members_ml()), (None, vec![]));
    assert!(analysis.lung_probabilities(4).is_some());
    assert!(!analysis.refine(Tier::Full));
    assert_eq!(analysis.runs().len(), 1, "no lesion network ran");
}

#[test]
fn refining_without_more_networks_is_refused() {
    let mut few = manifest();
    few.networks.truncate(2);
    let (_, _, mut analysis) =
        SyntheticAnswers { seed: 1, noise: 1.0, lesion_share: 0.3 }.run(&few, Options::default(), &[]);
    assert!(!analysis.refine(Tier::Full));
    assert_eq!((analysis.stage(), analysis.tier()), (None, Tier::Quick));
}

/// Runs an analysis to its end; `answer` returns a lesion network's probabilities.
fn finish_with(analysis: &mut Analysis, manifest: &Manifest, answer: impl Fn(usize) -> Vec<f32>) {
    let lungs = SyntheticAnswers { seed: 1, noise: 0.0, lesion_share: 0.0 };
    while analysis.stage().is_some() {
        let job = analysis.next_job().unwrap();
        let given = match manifest.networks[job.network].family {
            Family::Lungs => lungs.answer(manifest, &job),
            _ => answer(job.network),
        };
        analysis.accept(job.id, &given).unwrap();
    }
}

#[test]
fn an_answer_of_an_earlier_pass_is_refused() {
    let manifest = manifest();
    let answers = SyntheticAnswers { seed: 3, noise: 0.5, lesion_share: 0.3 };
    let options = Options { tier: Tier::Standard, full_run: true, ..Options::default() };
    let mut analysis = Analysis::new(chest(), &manifest, options).unwrap();
    let mut stale: Vec<(Job, Vec<f32>)> = Vec::new();
    while analysis.stage().is_some() {
        let job = analysis.next_job().unwrap();
        let answer = answers.answer(&manifest, &job);
        // Jobs of earlier passes are answered once more, late.
        for (earlier, answer) in &stale {
            assert_ne!(earlier.id, job.id);
            assert_eq!(analysis.accept(earlier.id, answer), Err(EnsembleError::UnknownJob));
            analysis.put_back(earlier.id);
        }
        analysis.accept(job.id, &answer).unwrap();
        if stale.last().is_none_or(|(last, _)| last.network != job.network) {
            stale.push((job, answer));
        }
    }
    assert!(stale.len() > 5);
    assert_eq!(analysis.all_labels(), answers.run(&manifest, options, &[]).0);
    assert_eq!(analysis.accept(stale[0].0.id, &stale[0].1), Err(EnsembleError::UnknownJob));
}

#[test]
fn a_family_alone_decides_by_the_mean_of_its_members_thresholds() {
    let marks = |thresholds: [f64; 2], probabilities: [f32; 2]| {
        let mut few = manifest();
        few.networks.truncate(3);
        for (entry, threshold) in few.networks[1..].iter_mut().zip(thresholds) {
            assert_eq!(entry.family, Family::Fpn);
            entry.threshold = threshold;
        }
        let options = Options { tier: Tier::Standard, ..Options::default() };
        let mut analysis = Analysis::new(chest(), &few, options).unwrap();
        finish_with(&mut analysis, &few, |network| vec![probabilities[network - 1]; 16 * 16]);
        analysis.all_labels().iter().any(|l| l & label::LESION != 0)
    };
    // .45 on average, between the two thresholds.
    for (thresholds, lesion) in [([0.2, 0.6], true), ([0.6, 0.2], true), ([0.2, 0.8], false), ([0.8, 0.2], false)] {
        for probabilities in [[0.45, 0.45], [0.1, 0.8], [0.8, 0.1]] {
            assert_eq!(marks(thresholds, probabilities), lesion, "{thresholds:?} {probabilities:?}");
        }
    }
}

#[test]
fn a_family_of_31_members_votes_and_one_of_32_is_refused() {
    let mut many = manifest();
    many.networks.truncate(2);
    many.networks.extend((1..31).map(|n| entry(&format!("fpn-{n}"), Family::Fpn, Tier::Standard)));
    let options = Options { tier: Tier::Standard, full_run: true, ..Options::default() };
    let mut analysis = Analysis::new(chest(), &many, options).unwrap();
    finish_with(&mut analysis, &many, |_| vec![1.0; 16 * 16]);
    let mut lungs = analysis.all_labels().iter().filter(|l| **l != 0).peekable();
    assert!(lungs.peek().is_some() && lungs.all(|l| l & label::LESION != 0));
    many.networks.push(entry("fpn-31", Family::Fpn, Tier::Full));
    assert_eq!(Analysis::new(chest(), &many, options).err(), Some(EnsembleError::TooManyMembers(Family::Fpn)));
}

#[test]
fn with_sections_each_axial_dpn_counts_as_three_members() {
    let mut many = multi_planar_manifest();
    assert_eq!(many.oversized_family(), None);
    many.networks.extend((6..11).map(|n| entry(&format!("dpn-{n}"), Family::Dpn, Tier::Full)));
    assert_eq!(many.oversized_family(), Some(Family::Dpn));
    many.networks.retain(|network| network.name != "dpn-sections");
    assert_eq!(many.oversized_family(), None);
}

#[test]
fn probabilities_on_the_grid_are_what_the_vote_counts() {
    let manifest = manifest();
    let options = Options { full_run: true, keep_probabilities: true, ..Options::default() };
    let answers = SyntheticAnswers { seed: 11, noise: 1.2, lesion_share: 0.3 };
    let mut analysis = Analysis::new(chest(), &manifest, options).unwrap();
    let grid = analysis.volume().grid().clone();
    let area = grid.area();
    let mut quantized = vec![0; grid.voxel_count()];
    assert_eq!(analysis.lung_probabilities(0), None, "the lungs aren't known yet");
    while analysis.stage().is_some() {
        let job = analysis.next_job().unwrap();
        let answer = answers.answer(&manifest, &job);
        let on_grid = analysis.lesion_probabilities(job.id, &answer).unwrap();
        if let Some(found) = on_grid {
            assert_eq!(manifest.networks[found.network].name, "fpn-0");
            assert!(analysis.lesion_probabilities(job.id, &answer[1..]).is_err());
            quantized[found.slice * area..][..area].copy_from_slice(&found.quantized);
        } else {
            assert_eq!(manifest.networks[job.network].family, Family::Lungs);
        }
        analysis.accept(job.id, &answer).unwrap();
        assert!(analysis.lesion_probabilities(job.id, &answer).is_err(), "the job is answered");
    }
    // One network votes, by its own threshold of .4.
    let least = 0.4 * f64::from(LesionProbabilities::ONE);
    let labels = analysis.all_labels();
    let marked = |at: usize| labels[at] != 0 && f64::from(quantized[at]) > least;
    assert!((0..labels.len()).all(|at| marked(at) == (labels[at] & label::LESION != 0)));
    assert!((0..labels.len()).any(marked));
    for z in 0..grid.slices() {
        let [right, left] = analysis.lung_probabilities(z).unwrap();
        for (at, (right, left)) in right.into_iter().zip(left).enumerate() {
            let label = labels[z * area + at];
            if right > left && right > 1.0 - right - left {
                assert_ne!(label & label::RIGHT_LUNG, 0, "{right} and {left}");
            }
            assert!(label == 0 || right + left > 0.3, "{right} and {left}");
        }
    }
    assert_eq!(analysis.lung_probabilities(grid.slices()), None);
    let (_, _, plain) = answers.run(&manifest, Options { keep_probabilities: false, ..options }, &[]);
    assert_eq!(plain.lung_probabilities(0), None, "the options don't ask for them");
}
