//! The command as a person runs it: its output, its files and its exit status. Studies are phantoms
//! so small that a run takes seconds.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

mod evaluate;
mod nifti_files;

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
    process::{Command, Output},
};

use boon::{Compiler, Schemas};
use corsai_report::{Basis, IssueCode, NoVerdict, Report, Tier, Verdict};
use nifti::{IntoNdArray, NiftiObject, ReaderOptions};
use serde_json::Value;

/// The command, without a filter for its log.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_corsai"));
    program.env_remove("RUST_LOG").env("LC_ALL", "C");
    program
}

fn corsai(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// Reads a report back, which has to fit its schema.
fn valid(json: &[u8]) -> Report {
    let value: Value = serde_json::from_slice(json).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = serde_json::from_str(include_str!("../../../report/report.schema.json")).unwrap();
    compiler.add_resource("report.schema.json", schema).unwrap();
    let schema = compiler.compile("report.schema.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&value, schema) {
        panic!("{error:#}");
    }
    serde_json::from_value(value).unwrap()
}

fn phantom(folder: &Path, left: &str, right: &str, date: &str) {
    phantom_of(folder, "1", left, right, date);
}

fn phantom_of(folder: &Path, seed: &str, left: &str, right: &str, date: &str) {
    let folder = folder.to_str().unwrap();
    let shares = ["--share-left", left, "--share-right", right, "--date", date, "--seed", seed];
    let out = corsai(&[&["phantom", folder, "--columns", "128", "--slices", "31"][..], &shares].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// The folder's files as a zip archive.
fn zipped(folder: &Path) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        zip.start_file(path.file_name().unwrap().to_str().unwrap(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&fs::read(path).unwrap()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.issues.iter().map(|issue| issue.code.as_str()).collect()
}

#[test]
fn a_study_is_measured_and_compared_with_an_earlier_one() {
    let place = tempfile::tempdir().unwrap();
    let [now, before] = ["now", "before"].map(|name| place.path().join(name));
    phantom(&now, "0.10", "0.40", "20200420");
    phantom(&before, "0.05", "0.10", "20200406");
    let archive = place.path().join("before.zip");
    fs::write(&archive, zipped(&before)).unwrap();
    let [json, masks] = ["report.json", "masks"].map(|name| place.path().join(name));
    let paths = [&now, &archive, &json, &masks].map(|path| path.to_str().unwrap());
    let out = corsai(&[
        "analyse",
        paths[0],
        "--previous",
        paths[1],
        "--json",
        paths[2],
        "--masks",
        paths[3],
        "--device",
        "cpu",
    ]);
    let told = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{told}");
    assert!(out.stdout.is_empty(), "the report went to its file");

    let report = valid(&fs::read(&json).unwrap());
    let lungs = report.lungs.clone().unwrap();
    let dynamics = report.dynamics.clone().unwrap();
    assert_eq!((report.study.slices, report.study.rows, report.study.columns), (31, 128, 128));
    assert_eq!(report.study.date.as_deref(), Some("2020-04-20"));
    assert_eq!(dynamics.earlier_date.as_deref(), Some("2020-04-06"));
    assert_eq!((dynamics.verdict, dynamics.basis), (Some(Verdict::Progression), Some(Basis::Both)));
    assert_eq!((dynamics.tier, dynamics.provisional), (Tier::Standard, false));
    assert_eq!(dynamics.issues.iter().filter(|issue| issue.code.as_str().starts_with("dynamics")).count(), 0);
    assert!(report.runs.device.starts_with("cpu: ") && report.runs.seconds > 0.0);
    let families =
        ["lungs", "fpn-"].map(|name| report.runs.networks.iter().any(|network| network.name.starts_with(name)));
    assert_eq!(families, [true, true]);
    assert!((10..=31).contains(&report.runs.slices));
    for lung in [&lungs.left, &lungs.right] {
        assert!((500.0..4000.0).contains(&lung.volume_ml), "{lung:?}");
    }
    // The shares are wide of the truth on slices of 10 mm; which lung is worse is not.
    assert!(lungs.right.share > lungs.left.share);
    assert_eq!(lungs.both.ct_class, lungs.right.ct_class);

    let volume = |name: &str| ReaderOptions::new().read_file(masks.join(name)).unwrap();
    let mask = volume("lungs.nii.gz");
    // 360 mm in 128 columns, 310 mm in 31 slices; x and y fall with column and row.
    let steps = [mask.header().srow_x[0], mask.header().srow_y[1], mask.header().srow_z[2]];
    for (step, expected) in steps.into_iter().zip([-2.8125, -2.8125, 10.0]) {
        assert!((step - expected).abs() < 1e-4, "{steps:?}");
    }
    let voxels = mask.into_volume().into_ndarray::<u8>().unwrap();
    let lesions = volume("lesions.nii.gz").into_volume().into_ndarray::<u8>().unwrap();
    assert_eq!(voxels.shape(), [128, 128, 31]);
    let voxel_ml = 2.8125 * 2.8125 * 10.0 / 1000.0;
    for (value, lung) in [(1, &lungs.right), (2, &lungs.left)] {
        let of_lung = |mask: &[u8]| mask[0] == value;
        let pairs = || voxels.iter().zip(&lesions).map(|(a, b)| [*a, *b]);
        let volume = pairs().filter(|pair| of_lung(pair)).count() as f64 * voxel_ml;
        let lesion = pairs().filter(|pair| of_lung(pair) && pair[1] == 1).count() as f64 * voxel_ml;
        assert!((volume - lung.volume_ml).abs() < 1e-6 * volume, "{volume} {lung:?}");
        assert!((lesion - lung.lesion_ml.unwrap()).abs() < 1e-6 * volume, "{lesion} {lung:?}");
    }
    assert!(voxels.iter().zip(&lesions).all(|(lung, lesion)| *lung != 0 || *lesion == 0));
}

#[test]
fn two_patients_have_no_verdict_until_a_person_confirms() {
    let place = tempfile::tempdir().unwrap();
    let [now, before] = ["now", "before"].map(|name| place.path().join(name));
    phantom(&now, "0.10", "0.40", "20200420");
    phantom_of(&before, "2", "0.05", "0.10", "20200406");
    let paths = [&now, &before].map(|path| path.to_str().unwrap());
    let compared = |confirmed: &[&str]| {
        let asked = ["analyse", paths[0], "--previous", paths[1], "--tier", "quick", "--device", "cpu"];
        let out = corsai(&[&asked[..], confirmed].concat());
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        valid(&out.stdout).dynamics.unwrap()
    };
    let asked = compared(&[]);
    assert_eq!((asked.verdict, asked.no_verdict), (None, Some(NoVerdict::OtherPatient)));
    let change = asked.both.unwrap();
    assert!(change.later > change.earlier, "the shares stay");
    let confirmed = compared(&["--same-patient"]);
    assert_eq!((confirmed.verdict, confirmed.both), (Some(Verdict::Progression), Some(change)));
    let codes = [&asked, &confirmed].map(|dynamics| dynamics.issues[0].code);
    assert_eq!(codes, [IssueCode::DynamicsOtherPatient; 2]);
}

#[test]
fn the_first_of_several_series_or_the_named_one_is_measured() {
    let place = tempfile::tempdir().unwrap();
    phantom(&place.path().join("a"), "0", "0", "20200420");
    phantom_of(&place.path().join("b"), "2", "0", "0", "20200406");
    let one = place.path().join("a/IM0001.dcm");
    let folder = place.path().to_str().unwrap();

    let out = corsai(&["series", folder]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let list = String::from_utf8(out.stdout).unwrap();
    // Problems of a series are on the lines below it.
    let lines: Vec<&str> = list.lines().filter(|line| !line.starts_with(' ')).collect();
    let [first, second] = lines[..] else { panic!("{list}") };
    for (line, number, date) in [(first, "1  ", "2020-04-06"), (second, "2  ", "2020-04-20")] {
        assert!(line.starts_with(number) && line.ends_with(date), "{line}");
        assert!(
            line.contains("can be measured, \"Synthetic chest, lung\", CT, 31 slices of 128 × 128, every 10.00 mm")
        );
    }
    let out = corsai(&["series", one.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stdout).contains("[series.too-few]"));

    let analysed = |named: &[&str]| {
        let out = corsai(&[&["analyse", folder, "--tier", "quick", "--device", "cpu"][..], named].concat());
        valid(&out.stdout)
    };
    let report = analysed(&[]);
    assert_eq!(report.study.date.as_deref(), Some("2020-04-06"));
    let said = report.issues.iter().find(|issue| issue.code == IssueCode::SeriesSeveral).unwrap();
    assert!(said.message.as_deref().unwrap().contains("series 1 of 2"), "{said:?}");
    let report = analysed(&["--series", "2"]);
    assert_eq!(report.study.date.as_deref(), Some("2020-04-20"));
    assert!(!codes(&report).contains(&"series.several"));
    let report = analysed(&["--series", "3"]);
    assert_eq!((report.lungs.as_ref(), codes(&report)), (None, vec!["series.not-there"]));
}

#[test]
fn anything_but_a_study_is_refused_with_a_reason() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    let out = corsai(&["analyse", folder]);
    assert_eq!(out.status.code(), Some(2));
    let report = valid(&out.stdout);
    assert_eq!((report.lungs.as_ref(), codes(&report)), (None, vec!["input.nothing"]));

    fs::write(place.path().join("Surname.txt"), "a note that is no picture; ".repeat(20)).unwrap();
    let out = corsai(&["analyse", folder]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(codes(&valid(&out.stdout)), ["input.nothing", "file.not-dicom"]);
    // A file's name may hold a patient's.
    assert!(!String::from_utf8_lossy(&out.stdout).contains("Surname"));
    assert!(String::from_utf8_lossy(&out.stderr).contains("Surname.txt"));

    let out = corsai(&["analyse", place.path().join("not-there").to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(codes(&valid(&out.stdout)), ["input.nothing", "file.unreadable"]);
}

#[test]
fn one_slice_is_too_few() {
    let place = tempfile::tempdir().unwrap();
    phantom(place.path(), "0", "0", "20200420");
    for (index, entry) in fs::read_dir(place.path()).unwrap().enumerate() {
        if index > 0 {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    let out = corsai(&["analyse", place.path().to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(codes(&valid(&out.stdout)), ["series.too-few"]);
}

#[test]
fn a_wrong_command_line_has_its_own_exit_status() {
    for arguments in [&["analyse"][..], &["analyse", "a", "--device", "tpu"], &["analyze", "a"], &["phantom", "d"]] {
        let out = corsai(arguments);
        assert_eq!(out.status.code(), Some(64), "{arguments:?}");
        assert!(String::from_utf8_lossy(&out.stderr).contains("--help"));
    }
}

#[test]
fn help_and_completions_are_printed() {
    for (arguments, needed) in [
        (&["--help"][..], "evaluate"),
        (&[], "evaluate"),
        (&["help", "analyse"], "--probabilities"),
        (&["evaluate", "--help"], "lesion_mask"),
        (&["completions", "bash"], "complete"),
    ] {
        let out = corsai(arguments);
        assert_eq!(out.status.code(), Some(0), "{arguments:?}");
        let printed = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert!(printed.contains(needed), "{arguments:?}: {printed}");
    }
}

#[test]
fn a_log_has_the_stages_and_nothing_that_identifies_a_patient() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("Mustermann");
    phantom(&folder, "0.10", "0.40", "20200420");
    for (number, entry) in fs::read_dir(&folder).unwrap().enumerate() {
        fs::rename(entry.unwrap().path(), folder.join(format!("Erika-{number}.dcm"))).unwrap();
    }
    let analysed = |log: &str| {
        let arguments = ["analyse", folder.to_str().unwrap(), "--tier", "quick", "--device", "cpu"];
        let out = program().env("RUST_LOG", log).args(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(0));
        valid(&out.stdout);
        String::from_utf8(out.stderr).unwrap()
    };
    let log = analysed("info");
    for stage in [
        "files read files=31",
        "files sorted series=1",
        "slices decoded slices=31 rows=128 columns=128",
        "load networks{networks=2",
        "stage complete stage=\"lungs\"",
        "stage complete stage=\"lesions\"",
        "measure study{slices=31 rows=128 columns=128}: corsai::measurement: close time.busy=",
    ] {
        assert!(log.contains(stage), "{stage} is not in {log}");
    }
    // The phantom's headers: Synthetic^Phantom, PHANTOM-1, 20200420.
    for private in ["Mustermann", "Erika", "Synthetic", "Phantom", "PHANTOM", "20200420", "2020-04-20"] {
        assert!(!log.contains(private), "{private} is in {log}");
    }
    let quiet = analysed("");
    assert!(quiet.contains("31 slices") && !quiet.contains("INFO"), "{quiet}");
}

#[test]
fn a_bench_times_every_network_and_finds_the_shipped_ones_right() {
    let out = corsai(&["bench", "--device", "cpu", "--runs", "1"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let table = String::from_utf8(out.stdout).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("CPU, one thread"));
    let rows: Vec<Vec<&str>> = lines.skip(1).map(|line| line.split_whitespace().collect()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    for name in ["lungs,", "fpn-0,", "fpn-320,", "resnet21-0,", "resnet18", "unet-dpn92"] {
        assert!(names.contains(&name), "{name} is not in {table}");
    }
    for row in rows {
        let [.., first, median, off] = row[..] else { panic!("{table}") };
        assert!([first, median].iter().all(|time| time.parse::<f64>().unwrap() > 0.0), "{table}");
        // Random weights have no stored answer.
        let random_weights = row.contains(&"(random");
        assert!(if random_weights { off == "–" } else { off.parse::<f64>().unwrap() < 1e-4 }, "{table}");
    }
}
