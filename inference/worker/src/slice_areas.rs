//! The areas of lung and lesion on each slice: the profile beside the page's slider.

use corsai_ensemble::Analysis;
use corsai_protocol::{Event, SliceAreas, Stage};
use corsai_volume::label;

use crate::{page_events, session::RunKey};

/// Posts that these slices have new labels, with the masks' areas on them.
pub fn post((run, slot): RunKey, analysis: &Analysis, slices: Vec<usize>) {
    let areas = areas_of(analysis, &slices);
    let indices = slices.into_iter().map(|z| z as u32).collect();
    page_events::post(&Event::Changed { run, slot, indices, areas });
}

/// Posts the areas of the whole volume.
pub fn post_all(key: RunKey, analysis: &Analysis) {
    post(key, analysis, (0..analysis.volume().grid().slices()).collect());
}

/// Returns the areas on each of these slices; none before the lungs are in.
fn areas_of(analysis: &Analysis, slices: &[usize]) -> Vec<SliceAreas> {
    if analysis.stage() == Some(Stage::Lungs) {
        return Vec::new();
    }
    let areas = |z: &usize| {
        let (labels, _, lesions) = analysis.labels(*z);
        count(&labels, lesions)
    };
    slices.iter().map(areas).collect()
}

/// Counts the voxels of a slice's masks.
fn count(labels: &[u8], lesions_known: bool) -> SliceAreas {
    let voxels = |bits: u8| labels.iter().filter(|l| *l & bits != 0).count() as u32;
    let lung = voxels(label::RIGHT_LUNG | label::LEFT_LUNG);
    SliceAreas { lung, lesion: lesions_known.then(|| voxels(label::LESION)) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use corsai_ensemble::{Job, Options};
    use corsai_manifest::{Family, Manifest};
    use corsai_networks::{read_manifest, shipped};
    use corsai_report::Tier;
    use corsai_volume::HuVolume;

    use super::*;
    use crate::decode::tests::opened;

    #[test]
    fn both_lungs_count_and_lesions_only_once_they_are_known() {
        let labels = [0, 1, 2, 5, 6, 0];
        assert_eq!(count(&labels, true), SliceAreas { lung: 4, lesion: Some(2) });
        assert_eq!(count(&labels, false), SliceAreas { lung: 4, lesion: None });
        assert_eq!(count(&[0; 6], true), SliceAreas { lung: 0, lesion: Some(0) });
    }

    fn volume() -> Arc<HuVolume> {
        Arc::new(opened().series[0].decoder().unwrap().finish().unwrap().volume)
    }

    /// What a network says that sees one lung and no other, or lesion with this probability,
    /// everywhere.
    fn answer(job: &Job, manifest: &Manifest, lesion: f32) -> Vec<f32> {
        let entry = &manifest.networks[job.network];
        let area = entry.input.size * entry.input.size;
        if entry.family == Family::Lungs {
            [vec![0.05; area], vec![0.9; area], vec![0.05; area]].concat()
        } else {
            vec![lesion; area]
        }
    }

    fn finish(analysis: &mut Analysis, manifest: &Manifest, lesion: f32) {
        while let Some(job) = analysis.next_job() {
            let values = answer(&job, manifest, lesion);
            analysis.accept(job.id, &values).unwrap();
        }
    }

    #[test]
    fn a_refinement_that_was_stopped_leaves_the_profile_of_the_answer_before() {
        let mut manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
        // Nothing looks at the pictures.
        manifest.networks.iter_mut().for_each(|network| network.input.size = 32);
        let mut analysis =
            Analysis::new(volume(), &manifest, Options { tier: Tier::Quick, ..Options::default() }).unwrap();
        let all: Vec<usize> = (0..62).collect();
        assert!(areas_of(&analysis, &all).is_empty(), "no lungs yet");
        finish(&mut analysis, &manifest, 0.0);
        assert_eq!(analysis.stage(), None);
        let quick = areas_of(&analysis, &all);
        assert!(quick.iter().any(|areas| areas.lung > 0));
        assert!(quick.iter().all(|areas| areas.lesion == Some(0)));
        assert!(analysis.refine(Tier::Full));
        for _ in 0..40 {
            let job = analysis.next_job().unwrap();
            analysis.accept(job.id, &answer(&job, &manifest, 1.0)).unwrap();
        }
        analysis.stop_refinement();
        assert_eq!(areas_of(&analysis, &all), quick);
        assert_eq!(areas_of(&analysis, &[7, 3]), [quick[7], quick[3]], "in the order they are asked for");
    }
}
