//! Components of the vote's mask that are too faint or too small to count as lesion.

use corsai_ensemble::{Analysis, Options};
use corsai_manifest::{ComponentBounds, Family, Manifest};
use corsai_report::Tier;
use corsai_volume::label;

use crate::synthetic::{SIDE, SLICES, SyntheticAnswers, chest, manifest};

const BOUNDS: ComponentBounds = ComponentBounds { peak: 0.8, least_ml: 2.5 };

/// One lung network and one lesion network, whose threshold is .4.
fn one_network(components: Option<ComponentBounds>) -> Manifest {
    let mut manifest = manifest();
    manifest.networks.truncate(2);
    manifest.vote.components = components;
    manifest
}

/// A study in which the one lesion network marks a square of the right lung on some slices, and the
/// number of the slices' voxels that become lesion and trace.
fn marked(components: Option<ComponentBounds>, probability: impl Fn(usize) -> f32) -> Vec<[usize; 2]> {
    let manifest = one_network(components);
    let mut analysis = Analysis::new(chest(), &manifest, Options::default()).unwrap();
    let lungs = SyntheticAnswers { seed: 1, noise: 0.0, lesion_share: 0.0, faint: false };
    while analysis.stage().is_some() {
        let job = analysis.next_job().unwrap();
        let answer = if manifest.networks[job.network].family == Family::Lungs {
            lungs.answer(&manifest, &job)
        } else {
            // The lung's HU tells the slice.
            let lightest = job.input.iter().copied().fold(0.0, f32::min) * 2048.0;
            let z = ((-800.0 - lightest) / 10.0).round() as usize;
            let inside = |i: usize| (6..10).contains(&(i / 16)) && (3..6).contains(&(i % 16));
            (0..16 * 16).map(|i| if inside(i) { probability(z) } else { 0.0 }).collect()
        };
        analysis.accept(job.id, &answer).unwrap();
    }
    let labels = analysis.all_labels();
    let count = |slice: &[u8], bit: u8| slice.iter().filter(|label| **label & bit != 0).count();
    let counts: Vec<_> =
        labels.chunks(SIDE * SIDE).map(|s| [label::LESION, label::TRACE].map(|b| count(s, b))).collect();
    let lesions: usize = counts.iter().map(|[lesions, _]| lesions).sum();
    let [right, left] = analysis.bounds_ml().unwrap();
    assert_eq!((right, left), ([lesions as f64; 2], [0.0; 2]), "a voxel has 1 mL");
    assert_eq!(analysis.members_ml(), [[lesions as f64, 0.0]], "one network votes alone");
    counts
}

#[test]
fn a_component_counts_where_one_of_its_slices_convinces() {
    let lit = |counts: &[[usize; 2]]| counts.iter().map(|[l, t]| [*l > 0, *t > 0]).collect::<Vec<_>>();
    let expected = |lesions: &[usize], traces: &[usize]| -> Vec<[bool; 2]> {
        (0..SLICES).map(|z| [lesions.contains(&z), traces.contains(&z)]).collect()
    };
    // Two components, of slices 2 to 4 and of slice 6; the first one's peak is on slice 4.
    let probability = |z: usize| match z {
        2 | 3 => 0.6,
        4 => 0.9,
        6 => 0.7,
        _ => 0.0,
    };
    assert_eq!(lit(&marked(Some(BOUNDS), probability)), expected(&[2, 3, 4], &[6]));
    assert_eq!(lit(&marked(None, probability)), expected(&[2, 3, 4, 6], &[]));
    let no_peak = ComponentBounds { peak: 0.0, ..BOUNDS };
    assert_eq!(lit(&marked(Some(no_peak), probability)), expected(&[2, 3, 4, 6], &[]));
}

#[test]
fn a_component_below_the_least_volume_does_not_count() {
    let probability = |z: usize| if z == 5 { 0.95 } else { 0.0 };
    let whole: usize = marked(Some(BOUNDS), probability)[5][0];
    assert!(whole > 2);
    let at = |least_ml: f64| marked(Some(ComponentBounds { least_ml, ..BOUNDS }), probability)[5];
    assert_eq!(at(whole as f64), [whole, 0]);
    assert_eq!(at(whole as f64 + 1e-6), [0, whole]);
}

#[test]
fn faint_marks_are_traces_and_count_in_no_volume() {
    let answers = SyntheticAnswers { seed: 3, noise: 0.2, lesion_share: 0.1, faint: true };
    let with = |peak: Option<f64>| {
        let mut manifest = manifest();
        manifest.vote.components = peak.map(|peak| ComponentBounds { peak, least_ml: 0.0 });
        answers.run(&manifest, Options { tier: Tier::Full, ..Options::default() }, &[])
    };
    let (labels, runs, analysis) = with(Some(1.0));
    let (all, all_runs, _) = with(None);
    let marked = |labels: &[u8], bit| labels.iter().map(|l| l & bit != 0).collect::<Vec<_>>();
    assert!(marked(&all, label::LESION).contains(&true) && !marked(&all, label::TRACE).contains(&true));
    assert_eq!(marked(&labels, label::TRACE), marked(&all, label::LESION));
    assert!(!marked(&labels, label::LESION).contains(&true));
    assert_eq!(analysis.bounds_ml(), Some([[0.0; 2]; 2]));
    // What can't convince needs no network more than the vote itself.
    assert_eq!(runs, all_runs);
}

#[test]
fn a_stopped_refinement_shows_the_traces_of_the_previous_answer() {
    let mut manifest = manifest();
    manifest.vote.components = Some(ComponentBounds { peak: 0.9, least_ml: 0.0 });
    let answers = SyntheticAnswers { seed: 9, noise: 0.3, lesion_share: 0.2, faint: true };
    let (quick, _, mut analysis) = answers.run(&manifest, Options::default(), &[]);
    assert!([label::LESION, label::TRACE].iter().all(|bit| quick.iter().any(|l| l & bit != 0)));
    assert!(analysis.refine(Tier::Standard));
    for _ in 0..12 {
        let job = analysis.next_job().unwrap();
        analysis.accept(job.id, &answers.answer(&manifest, &job)).unwrap();
    }
    assert!(analysis.stop_refinement());
    assert_eq!(analysis.all_labels(), quick);
    assert!(analysis.resume(Tier::Standard));
    answers.finish(&manifest, &mut analysis);
    let (whole, ..) = answers.run(&manifest, Options::default(), &[Tier::Standard]);
    assert_ne!(whole, quick);
    assert_eq!(analysis.all_labels(), whole);
}
