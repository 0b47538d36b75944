//! Files that were made to break readers: each ends in a code or a volume, within two seconds and
//! 256 MB.
//!
//! A program of its own, because it counts what is allocated. The files are other people's and not
//! in the repository; those that are made here run everywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cpu_time;
#[path = "study/fuzz_bodies.rs"]
#[allow(dead_code)]
mod fuzz_bodies;
#[path = "study/synthetic.rs"]
#[allow(dead_code)]
mod synthetic;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use corsai_report::IssueCode;
use corsai_study::{Intake, Limits};
use corsai_tests::{data, needs_data};
use peak_alloc::PeakAlloc;

use cpu_time::computed;
use synthetic::{File, Tag, Written, chest, element, item};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MOST_TIME: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 256 << 20;

/// All that can be done with a file; the codes that were raised.
fn settle(name: &str, bytes: Vec<u8>) -> Vec<IssueCode> {
    ALLOCATED.reset_peak_usage();
    let (before, begun) = (ALLOCATED.current_usage(), computed());
    let mut intake = Intake::new(Limits::default());
    intake.add(name, bytes);
    let opened = intake.finish();
    let found = fuzz_bodies::settle(&opened);
    let (time, most) = (computed().saturating_sub(begun), ALLOCATED.peak_usage().saturating_sub(before));
    assert!(time < MOST_TIME && most < MOST_BYTES, "{name}: {time:?}, {} MB", most >> 20);
    found
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() { files(&entry.path(), found) } else { found.push(entry.path()) }
    }
}

/// An element of undefined length, explicit.
fn open_sequence(group: u16) -> Vec<u8> {
    let [low, high] = group.to_le_bytes();
    vec![low, high, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
}

/// A multi-frame file with a number of items, each with a position of its own.
fn frames(count: usize, declared: usize) -> File {
    let way = Written::Explicit;
    let place = |z: usize| {
        let inner = element((0x20, 0x32), "DS", format!("0\\0\\{z:06}").as_bytes(), way);
        item(&element((0x20, 0x9113), "SQ", &item(&inner, way), way), way)
    };
    let groups: Vec<u8> = (0..count).flat_map(place).collect();
    let per_frame: Tag = (0x5200, 0x9230);
    chest(1).remove(0).text((0x28, 0x08), "IS", &declared.to_string()).raw(per_frame, "SQ", groups)
}

/// Held by a test while it runs, so that nothing else allocates beside it.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn hostile_files_end_in_a_code_in_little_time_and_memory() {
    use IssueCode as Code;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = chest(1)[0].bytes();
    let (meta, dataset) = bytes.split_at(160);
    let within = |inserted: &[u8]| [meta, inserted, dataset].concat();
    let deep: Vec<u8> = (0..100_000)
        .flat_map(|_| [open_sequence(8), vec![0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]].concat())
        .collect();
    assert!(settle("deep", within(&deep)).contains(&Code::FileTooNested));
    let boastful = [8, 0, 0x01, 0x40, b'U', b'T', 0, 0, 0xF0, 0xFF, 0xFF, 0xFF];
    assert!(settle("boastful", within(&boastful)).contains(&Code::FileBadLength));
    let many: Vec<u8> = [9, 0, 1, 0x10, b'L', b'O', 0, 0].repeat(1_000_000);
    assert!(settle("a million elements", within(&many)).contains(&Code::SeriesTooFew));
    let zeros = chest(1)[0].clone().raw((9, 0x1001), "OB", vec![0; 100 << 20]).bytes_as(Written::Deflated);
    assert!(settle("inflated", zeros).contains(&Code::FileBadLength));
    let fragments = vec![vec![0, 0]; 70_000];
    assert!(
        settle("fragments", chest(1)[0].clone().packed(synthetic::RLE, fragments).bytes()).contains(&Code::FileHeader)
    );
    // More frames than any file has; fewer pictures than frames; more frames than are described.
    assert!(settle("items", frames(100_000, 100_000).bytes()).contains(&Code::FileHeader));
    assert!(settle("frames", frames(4000, 4000).bytes()).contains(&Code::PixelsSize));
    assert!(settle("declared", frames(10, 999_999_999).bytes()).contains(&Code::SeriesEnhanced));
    // Four thousand frames of two by two pixels, each elsewhere.
    let tiny = frames(4000, 4000).word((0x28, 0x10), 2).word((0x28, 0x11), 2).words(&vec![0; 16_000]);
    assert!(settle("tiny", tiny.bytes()).contains(&Code::HuImplausible));
}

/// The same of other people's files.
fn are_settled(name: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = Vec::new();
    files(&data(name), &mut found);
    assert!(!found.is_empty());
    for path in found {
        settle(&path.display().to_string(), fs::read(&path).unwrap());
    }
}

#[needs_data("malformed")]
#[test]
fn malformed_files_end_in_little_time_and_memory() {
    are_settled("malformed");
}

#[needs_data("conformance")]
#[test]
fn conformance_files_end_in_little_time_and_memory() {
    are_settled("conformance");
}
