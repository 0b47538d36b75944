//! `corsai evaluate` on phantoms, whose masks are known.

use std::{fs, path::Path, process::Output};

use corsai_nifti::Geometry;
use corsai_volume::label;
use serde_json::Value;

use crate::{
    corsai,
    nifti_files::{geometry, made, write},
    phantom,
};

fn evaluate(cohort: &Path, out: &Path, more: &[&str]) -> Output {
    let [cohort, out] = [cohort, out].map(|path| path.to_str().unwrap());
    corsai(&[&["evaluate", cohort, "--out", out, "--device", "cpu"][..], more].concat())
}

fn evaluation_json(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("evaluation.json")).unwrap()).unwrap()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// A phantom as NIfTI with its exact masks beside it.
fn with_masks(folder: &Path, name: &str, (left, right): (f64, f64), date: u32) {
    let made = made(left, right, date);
    let geometry = geometry(&made);
    write(&folder.join(format!("{name}.nii.gz")), &geometry, made.hu());
    let mask = |of: fn(u8) -> u8| made.labels().iter().map(|byte| of(*byte)).collect::<Vec<u8>>();
    let lungs = mask(|byte| byte & (label::RIGHT_LUNG | label::LEFT_LUNG));
    write(&folder.join(format!("{name}.lungs.nii.gz")), &geometry, &lungs);
    write(&folder.join(format!("{name}.lesions.nii.gz")), &geometry, &mask(|byte| byte & label::LESION));
}

#[test]
fn a_cohort_with_a_failing_study_is_evaluated_and_goes_on_where_it_was() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    with_masks(place.path(), "now", (0.10, 0.40), 20_200_420);
    with_masks(place.path(), "before", (0.05, 0.10), 20_200_406);
    let made = made(0.0, 0.0, 20_200_420);
    let few = Geometry { size: [128, 128, 3], ..geometry(&made) };
    write(&at("few.nii.gz"), &few, &made.hu()[..3 * 128 * 128]);
    write(&at("small-mask.nii.gz"), &few, &vec![0_u8; 3 * 128 * 128]);
    phantom(&at("dicom"), "0", "0", "20200420");
    let lines = [
        "study,lung_mask,lesion_mask,class,previous,dynamics",
        "now.nii.gz,now.lungs.nii.gz,now.lesions.nii.gz,3,before.nii.gz,",
        "before.nii.gz,before.lungs.nii.gz,before.lesions.nii.gz,,,",
        "few.nii.gz,,,2,,",
        "dicom,,small-mask.nii.gz,0,,",
    ];
    fs::write(at("cohort.csv"), lines.join("\n")).unwrap();

    let out = evaluate(&at("cohort.csv"), &at("out"), &["--tier", "quick", "--jobs", "2"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert!(stderr(&out).contains("studies: 4, measured before: 0"), "{}", stderr(&out));
    assert!(stderr(&out).contains("few.nii.gz: [series.too-few]"), "{}", stderr(&out));
    let found = evaluation_json(&at("out"));
    let sums = &found["sums"];
    assert_eq!((&sums["studies"], &sums["measured"], &sums["failed"]), (&4.into(), &2.into(), &2.into()));
    let studies = found["studies"].as_array().unwrap();
    let names: Vec<&str> = studies.iter().map(|study| study["study"].as_str().unwrap()).collect();
    assert_eq!(names, ["now.nii.gz", "before.nii.gz", "few.nii.gz", "dicom"]);
    assert_eq!(studies[2]["reasons"][0]["code"], "series.too-few");
    assert_eq!(studies[3]["reasons"][0]["code"], "mask.grid");
    // A reader's class counts before that of the masks, whose share is at most 40 %: CT-2.
    assert_eq!((&studies[0]["true_class"], &studies[1]["true_class"]), (&3.into(), &1.into()));
    let truth = &studies[0]["scores"]["truth"];
    for (side, share) in [("share_right", 0.40), ("share_left", 0.10)] {
        assert!((truth[side].as_f64().unwrap() - share).abs() < 0.01, "{truth}");
    }
    let dice: Vec<f64> =
        sums["masks"].as_array().unwrap().iter().map(|mask| mask["dice"]["mean"].as_f64().unwrap()).collect();
    assert!(dice[0] > 0.3 && dice[1..].iter().all(|dice| *dice > 0.8), "{dice:?}");
    let change = &studies[0]["dynamics"];
    assert_eq!((&change["truth"], &change["found"]), (&"progression".into(), &"progression".into()));
    assert_eq!(sums["dynamics_right"], 1);
    let summary = String::from_utf8(out.stdout).unwrap();
    assert!(summary.contains("Studies: 4; measured: 2; failed: 2."), "{summary}");
    let page = fs::read_to_string(at("out/evaluation.html")).unwrap();
    assert!(page.contains("series.too-few") && page.contains("<svg"));
    let table = fs::read_to_string(at("out/studies.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);

    // Started again it only reads the results, also of failures, and its report is the same.
    let again = evaluate(&at("cohort.csv"), &at("out"), &["--tier", "quick"]);
    assert!(stderr(&again).contains("studies: 4, measured before: 4"), "{}", stderr(&again));
    assert_eq!((again.status.code(), evaluation_json(&at("out"))), (Some(2), found));

    // Only a lost result is measured again, and a study whose mask has changed.
    let mut kept: Vec<_> = fs::read_dir(at("out/studies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    assert_eq!(kept.len(), 4);
    let lost = kept.iter().find(|file| fs::read_to_string(file).unwrap().contains("series.too-few")).unwrap();
    fs::remove_file(lost).unwrap();
    let once = evaluate(&at("cohort.csv"), &at("out"), &["--tier", "quick"]);
    assert!(stderr(&once).contains("studies: 4, measured before: 3"), "{}", stderr(&once));
    let lines = lines.map(|line| line.replace("small-mask.nii.gz", ""));
    fs::write(at("cohort.csv"), lines.join("\n")).unwrap();
    let mended = evaluate(&at("cohort.csv"), &at("out"), &["--tier", "quick"]);
    assert!(stderr(&mended).contains("studies: 4, measured before: 3"), "{}", stderr(&mended));
    let sums = evaluation_json(&at("out"))["sums"].clone();
    assert_eq!((&sums["measured"], &sums["failed"], &sums["without_masks"]), (&3.into(), &1.into(), &1.into()));

    // Another option measures everything anew.
    fs::write(at("one.csv"), "study\nbefore.nii.gz\n").unwrap();
    let other = evaluate(&at("one.csv"), &at("out"), &["--tier", "quick", "--vote", "paper"]);
    assert!(stderr(&other).contains("studies: 1, measured before: 0"), "{}", stderr(&other));
    assert_eq!(other.status.code(), Some(0));
}

#[test]
fn masks_that_the_program_wrote_agree_with_it() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let cohort = at("cohort");
    fs::create_dir(&cohort).unwrap();
    phantom(&cohort.join("p"), "0.10", "0.40", "20200420");
    let [study, masks] = [cohort.join("p"), at("masks")].map(|path| path.to_str().unwrap().to_owned());
    let out = corsai(&["analyse", &study, "--masks", &masks, "--tier", "quick", "--device", "cpu"]);
    assert_eq!(out.status.code(), Some(0));
    for mask in ["lungs", "lesions"] {
        fs::rename(at("masks").join(format!("{mask}.nii.gz")), cohort.join(format!("p.{mask}.nii.gz"))).unwrap();
    }
    let out = evaluate(&cohort, &at("out"), &["--tier", "quick"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let found = evaluation_json(&at("out"));
    for mask in found["sums"]["masks"].as_array().unwrap() {
        assert_eq!((&mask["dice"]["min"], &mask["iou"]["min"]), (&1.0.into(), &1.0.into()), "{mask}");
    }
    for error in found["sums"]["errors"].as_array().unwrap() {
        assert!(error["mae"].as_f64().unwrap() < 1e-9, "{error}");
    }
    assert_eq!((&found["sums"]["classes"]["right"], &found["sums"]["errors"][6]["studies"]), (&1.into(), &1.into()));

    // With the labels named the other way round they lie on the wrong sides.
    let swapped = evaluate(&cohort, &at("out"), &["--tier", "quick", "--lung-labels", "2,1"]);
    assert_eq!(swapped.status.code(), Some(2));
    assert_eq!(evaluation_json(&at("out"))["studies"][0]["reasons"][0]["code"], "mask.sides-swapped");
}

#[test]
fn a_table_that_is_no_cohort_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::write(at("c.csv"), "study,class\na,9\n").unwrap();
    let out = evaluate(&at("c.csv"), &at("out"), &[]);
    assert_eq!(out.status.code(), Some(1));
    assert!(stderr(&out).contains("line 2 of the cohort: \"9\" is no CT-class"), "{}", stderr(&out));
    fs::write(at("gone.csv"), "study\nnot-there\n").unwrap();
    let out = evaluate(&at("gone.csv"), &at("out"), &["--tier", "quick"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert_eq!(evaluation_json(&at("out"))["studies"][0]["reasons"][0]["code"], "input.nothing");
}
