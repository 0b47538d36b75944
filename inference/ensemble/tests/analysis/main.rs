//! A whole analysis with synthetic answers: an early stop gives the masks of a full run to the
//! voxel, whatever the answers and their order.

#![allow(clippy::unwrap_used)]

mod components;
mod synthetic;

use std::sync::Arc;

use corsai_ensemble::{Analysis, EnsembleError, Job, LesionProbabilities, Options};
use corsai_manifest::{ComponentBounds, Family, Manifest, NetworkEntry, Projection, Vote};
use corsai_report::Tier;
use corsai_volume::HuVolume;
use corsai_volume::label;
use proptest::prelude::*;

use synthetic::{SIDE, SLICES, SyntheticAnswers, chest, entry, manifest};

/// [`manifest`] and a DPN on coronal and sagittal sections.
fn multi_planar_manifest() -> Manifest {
    let mut manifest = manifest();
    let entry = entry("dpn-sections", Family::Dpn, Tier::Full);
    manifest.networks.push(NetworkEntry { projections: vec![Projection::Coronal, Projection::Sagittal], ..entry });
    manifest
}

/// Bounds on components, or none; a voxel has 1 mL.
fn component_bounds() -> impl Strategy<Value = Option<ComponentBounds>> {
    proptest::option::weighted(0.75, (0.5_f64..1.0, 0.0_f64..8.0))
        .prop_map(|bounds| bounds.map(|(peak, least_ml)| ComponentBounds { peak, least_ml }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_early_stop_changes_no_voxel(
        seed: u64, noise in 0.0_f32..2.0, lesion_share in 0.0_f32..0.4, faint: bool, tier in 0_usize..3, paper: bool,
        components in component_bounds(),
    ) {
        let answers = SyntheticAnswers { seed, noise, lesion_share, faint };
        let manifest = manifest();
        let vote = (!paper).then_some(Vote { resnet: 0.3, components, ..Vote::PAPER });
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
    fn the_final_volume_is_always_within_the_bounds(
        seed: u64, noise in 0.0_f32..2.0, lesion_share in 0.0_f32..0.4, faint: bool, components in component_bounds(),
    ) {
        let answers = SyntheticAnswers { seed, noise, lesion_share, faint };
        let mut manifest = manifest();
        manifest.vote.components = components;
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
    let answers = SyntheticAnswers { seed: 11, noise: 0.9, lesion_share: 0.3, faint: false };
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
    let healthy = SyntheticAnswers { seed: 5, noise: 0.1, lesion_share: 0.0, faint: false };
    let (labels, early, analysis) = healthy.run(&manifest, options, &[]);
    assert!(labels.iter().all(|l| l & label::LESION == 0));
    assert_eq!(early, 5 * analysis.lung_slices());
}

#[test]
fn each_network_has_a_volume_and_the_voxels_an_agreement() {
    let options = Options { tier: Tier::Full, ..Options::default() };
    let answers = SyntheticAnswers { seed: 5, noise: 0.5, lesion_share: 0.3, faint: false };
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
    let answers = SyntheticAnswers { seed: 7, noise: 0.9, lesion_share: 0.3, faint: false };
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
    SyntheticAnswers { seed: 1, noise: 0.5, lesion_share: 0.3, faint: false }.finish(&manifest, &mut analysis);
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
        SyntheticAnswers { seed: 1, noise: 1.0, lesion_share: 0.3, faint: false }.run(&few, Options::default(), &[]);
    assert!(!analysis.refine(Tier::Full));
    assert_eq!((analysis.stage(), analysis.tier()), (None, Tier::Quick));
}

/// Runs an analysis to its end; `answer` returns a lesion network's probabilities.
fn finish_with(analysis: &mut Analysis, manifest: &Manifest, answer: impl Fn(usize) -> Vec<f32>) {
    let lungs = SyntheticAnswers { seed: 1, noise: 0.0, lesion_share: 0.0, faint: false };
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
    let answers = SyntheticAnswers { seed: 3, noise: 0.5, lesion_share: 0.3, faint: false };
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
    let answers = SyntheticAnswers { seed: 11, noise: 1.2, lesion_share: 0.3, faint: false };
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
