//! Enhanced and legacy-converted multi-frame CT: the same study in one file as in many.

use corsai_report::{IssueCode as Code, Severity};

use crate::synthetic::*;

const ENHANCED: &str = "1.2.840.10008.5.1.4.1.1.2.1";
const LEGACY_CONVERTED: &str = "1.2.840.10008.5.1.4.1.1.2.2";

const SHARED: Tag = (0x5200, 0x9229);
const PER_FRAME: Tag = (0x5200, 0x9230);
/// A group and those of its elements that frames of one file may differ in.
const GROUPS: [(Tag, &[Tag]); 4] = [
    ((0x20, 0x9113), &[(0x20, 0x32)]),
    ((0x20, 0x9116), &[(0x20, 0x37)]),
    ((0x28, 0x9110), &[(0x28, 0x30), (0x18, 0x50)]),
    ((0x28, 0x9145), &[(0x28, 0x1052), (0x28, 0x1053), (0x28, 0x1054)]),
];

/// The functional groups of a classic file, those of `GROUPS` from `from` to `to`.
fn groups(file: &File, from: usize, to: usize, way: Written) -> Vec<u8> {
    let group = |(tag, inner): &(Tag, &[Tag])| {
        let content: Vec<u8> = inner.iter().flat_map(|tag| file.element(*tag, way)).collect();
        element(*tag, "SQ", &item(&content, way), way)
    };
    GROUPS[from..to].iter().flat_map(group).collect()
}

/// One file of many: the first `shared` of the groups are said once, the others of each frame.
pub fn joined(files: &[File], own: usize, way: Written) -> File {
    let mut all = files[0].clone().text((8, 0x16), "UI", ENHANCED).text((0x28, 0x08), "IS", &files.len().to_string());
    for tag in GROUPS.iter().flat_map(|(_, inner)| inner.iter()) {
        all = all.without(*tag);
    }
    let frames: Vec<u8> = files.iter().flat_map(|file| item(&groups(file, 0, own, way), way)).collect();
    all = all.raw(SHARED, "SQ", item(&groups(&files[0], own, GROUPS.len(), way), way)).raw(PER_FRAME, "SQ", frames);
    all.words(&files.iter().flat_map(File::stored).collect::<Vec<u16>>())
}

/// The same with each frame's pictures packed.
fn packed(files: &[File]) -> File {
    let fragments: Vec<Vec<u8>> = files.iter().map(|file| file.fragments.clone().unwrap().remove(0)).collect();
    let mut all = joined(&chest(files.len()), 4, Written::Explicit).packed(files[0].syntax, fragments);
    "all".clone_into(&mut all.name);
    all
}

fn offsets(fragments: &[Vec<u8>], first_of_frames: &[usize]) -> Vec<u32> {
    let offset = |at: &usize| fragments[..*at].iter().map(|fragment| fragment.len() as u32 + 8).sum();
    first_of_frames.iter().map(offset).collect()
}

fn same_as(file: &File, files: &[File]) {
    assert_eq!(measured(std::slice::from_ref(file)).volume, measured(files).volume);
}

#[test]
fn frames_are_slices_whichever_groups_are_shared() {
    let files = chest(10);
    // Position alone is each frame's own, then position and orientation, and so on.
    for own in 1..=GROUPS.len() {
        same_as(&joined(&files, own, Written::Explicit), &files);
    }
    same_as(&joined(&files, 2, Written::Explicit).text((8, 0x16), "UI", LEGACY_CONVERTED), &files);
    for way in [Written::Implicit, Written::BigEndian] {
        let all = joined(&files, 2, way);
        let opened = open_bytes(&[all.bytes_as(way)]);
        assert_eq!(only(&opened).decoder().unwrap().finish().unwrap().volume, measured(&files).volume, "{way:?}");
    }
    let decoded = measured(&[joined(&files, 4, Written::Explicit)]);
    assert!(decoded.issues.is_empty(), "{:?}", decoded.issues);
}

#[test]
fn frames_may_come_in_any_order_and_with_their_own_rescale() {
    let mut files = chest(12);
    files.reverse();
    files.swap(2, 7);
    same_as(&joined(&files, 1, Written::Explicit), &chest(12));
    let files: Vec<File> = chest(12)
        .into_iter()
        .enumerate()
        .map(|(z, file)| {
            let words: Vec<u16> = file.stored().iter().map(|word| word + (z % 3) as u16 * 100).collect();
            file.words(&words).numbers((0x28, 0x1052), &[-1024.0 - (z % 3) as f64 * 100.0])
        })
        .collect();
    same_as(&joined(&files, 4, Written::Explicit), &chest(12));
    // Of the first frame alone it is not.
    assert!(measured(&[joined(&files, 3, Written::Explicit)]).volume != measured(&chest(12)).volume);
}

#[test]
fn a_study_may_be_several_multi_frame_files() {
    let files = chest(12);
    let (low, high) = files.split_at(5);
    let uid = |file: File, uid: &str| file.text((8, 0x18), "UI", uid);
    let halves = [
        uid(joined(high, 4, Written::Explicit), "1.2.3.1").named("high"),
        uid(joined(low, 4, Written::Explicit), "1.2.3.2").named("low"),
    ];
    assert_eq!(measured(&halves), measured(&files));
    // The same file twice is one.
    let twice = measured(&[halves[0].clone(), halves[0].clone(), halves[1].clone()]);
    assert_eq!(codes(&twice.issues), [Code::FileDuplicate]);
    assert_eq!(twice.volume, measured(&files).volume);
}

#[test]
fn compressed_frames_are_told_apart() {
    let rle: Vec<File> = chest(10).into_iter().map(File::rle).collect();
    let jpeg: Vec<File> = chest(10).into_iter().map(|file| file.jpeg(ROWS, COLUMNS)).collect();
    // One fragment a frame, with and without a table.
    same_as(&packed(&rle), &rle);
    let mut all = packed(&jpeg);
    all.offsets = offsets(all.fragments.as_ref().unwrap(), &(0..10).collect::<Vec<_>>());
    same_as(&all, &rle);
    // Several a frame: by the basic table, by the extended one, by the streams' first marker.
    let cut = |file: File| {
        let fragments = file.fragments.clone().unwrap();
        let parts: Vec<Vec<u8>> =
            fragments.iter().flat_map(|frame| [frame[..200].to_vec(), frame[200..].to_vec()]).collect();
        let syntax = file.syntax;
        file.packed(syntax, parts)
    };
    let starts: Vec<usize> = (0..10).map(|frame| frame * 2).collect();
    for file in [packed(&rle), packed(&jpeg)] {
        let mut with_basic = cut(file);
        let table = offsets(with_basic.fragments.as_ref().unwrap(), &starts);
        let long: Vec<u8> = table.iter().flat_map(|offset| u64::from(*offset).to_le_bytes()).collect();
        let with_extended = with_basic.clone().raw((0x7FE0, 0x0001), "OV", long);
        with_basic.offsets = table;
        same_as(&with_basic, &rle);
        same_as(&with_extended, &rle);
    }
    same_as(&cut(packed(&jpeg)), &rle);
    // Nothing tells which of twenty fragments are whose.
    refused_as(&cut(packed(&rle)), Code::CodecFailed);
    let mut wrong = cut(packed(&rle));
    wrong.offsets = vec![0; 10];
    refused_as(&wrong, Code::CodecFailed);
}

#[test]
fn how_the_patient_lay_may_be_a_code() {
    let code = |value: &str| {
        let code = element((8, 0x100), "SH", value.as_bytes(), Written::Explicit);
        let modifier = element((0x54, 0x412), "SQ", &item(&code, Written::Explicit), Written::Explicit);
        joined(&chest(10), 4, Written::Explicit).without((0x18, 0x5100)).raw(
            (0x54, 0x410),
            "SQ",
            item(&modifier, Written::Explicit),
        )
    };
    for (value, expected) in [("F-10310 ", &[Code::GeometryNotSupine][..]), ("1240000 ", &[Code::GeometryNotSupine])] {
        assert_eq!(codes(&measured(&[code(value)]).issues), expected, "{value}");
    }
    for value in ["F-10340 ", "40199007", "F-10330 "] {
        assert!(measured(&[code(value)]).issues.is_empty(), "{value}");
    }
    // Elsewhere the same code means nothing of the kind.
    let stray = element((8, 0x100), "SH", b"F-10310 ", Written::Explicit);
    let file = joined(&chest(10), 4, Written::Explicit).raw((8, 0x1032), "SQ", item(&stray, Written::Explicit));
    assert!(measured(&[file]).issues.is_empty());
}

fn refused_as(file: &File, code: Code) {
    let opened = open(std::slice::from_ref(file));
    let summary = only(&opened).summary();
    assert!(!summary.usable);
    assert_eq!(codes(&summary.issues), [code], "{summary:?}");
    assert_eq!((summary.issues[0].severity, summary.issues[0].files.len()), (Severity::Stop, 1));
}

#[test]
fn a_multi_frame_file_is_never_half_read() {
    let files = chest(10);
    let all = || joined(&files, 4, Written::Explicit);
    let frames = |count: &str| all().text((0x28, 0x08), "IS", count);
    for count in ["9", "11", "0", "-1", "999999", "ten"] {
        refused_as(&frames(count), Code::SeriesEnhanced);
    }
    refused_as(&all().without((0x28, 0x08)), Code::SeriesEnhanced);
    refused_as(&all().without(PER_FRAME), Code::SeriesEnhanced);
    // A frame's words are missing, or there is one more.
    let words: Vec<u16> = files.iter().flat_map(File::stored).collect();
    refused_as(&all().words(&words[..9 * ROWS * COLUMNS]), Code::PixelsSize);
    refused_as(&all().words(&[words.as_slice(), &words[..ROWS * COLUMNS]].concat()), Code::PixelsSize);
    // What a frame needs is said nowhere.
    let nothing: Vec<u8> =
        files.iter().flat_map(|file| item(&groups(file, 0, 1, Written::Explicit), Written::Explicit)).collect();
    refused_as(&all().raw(PER_FRAME, "SQ", nothing).without(SHARED), Code::HuRescale);
    // One bad frame is a missing slice.
    let mut files = chest(20);
    files[7] = files[7].clone().text((0x28, 0x1053), "DS", "1,0");
    let decoded = measured(&[joined(&files, 4, Written::Explicit).named("all")]);
    assert_eq!(codes(&decoded.issues), [Code::HuRescale, Code::GeometryMissingSlices]);
    assert_eq!(decoded.issues[0].files, ["all #8"]);
    // Beside classic slices it is no slice either.
    let mut mixed = chest(10);
    mixed.push(frames("9").named("odd").text((8, 0x18), "UI", "1.2.3.99"));
    let decoded = measured(&mixed);
    assert_eq!(codes(&decoded.issues), [Code::SeriesEnhanced]);
    assert_eq!((decoded.issues[0].severity, decoded.issues[0].files.as_slice()), (Severity::Skip, &["odd".into()][..]));
}

#[test]
fn derived_frames_and_stacks_are_kept_apart() {
    let with_type = |file: File, value: &str, way| {
        let inner = element((0x08, 0x9007), "CS", value.as_bytes(), way);
        [groups(&file, 0, 4, way), element((0x18, 0x9329), "SQ", &item(&inner, way), way)].concat()
    };
    let way = Written::Explicit;
    let mut files = chest(12);
    files.push(Lie::at(20.0).file("mip"));
    let frames: Vec<u8> = files
        .iter()
        .map(|file| {
            with_type(
                file.clone(),
                if file.name == "mip" { "DERIVED\\SECONDARY\\MIP " } else { "ORIGINAL\\PRIMARY\\VOLUME" },
                way,
            )
        })
        .flat_map(|groups| item(&groups, way))
        .collect();
    let all = joined(&files, 4, way).text((8, 0x08), "CS", "MIXED\\PRIMARY\\VOLUME").raw(PER_FRAME, "SQ", frames);
    let decoded = measured(&[all]);
    assert_eq!(codes(&decoded.issues), [Code::SeriesSetAside]);
    assert_eq!(decoded.volume, measured(&chest(12)).volume);
    // Two phases at the same places.
    let phase = |file: &File, phase: u32| {
        let inner = element((0x20, 0x9128), "UL", &phase.to_le_bytes(), way);
        item(&[groups(file, 0, 4, way), element((0x20, 0x9111), "SQ", &item(&inner, way), way)].concat(), way)
    };
    let second: Vec<File> = chest(11).into_iter().map(|file| file.words(&[1050; ROWS * COLUMNS])).collect();
    let both: Vec<File> = chest(12).into_iter().chain(second.iter().cloned()).collect();
    let frames: Vec<u8> = chest(12)
        .iter()
        .map(|file| phase(file, 200))
        .chain(second.iter().map(|file| phase(file, 201)))
        .flatten()
        .collect();
    let decoded = measured(&[joined(&both, 4, way).raw(PER_FRAME, "SQ", frames)]);
    assert_eq!(codes(&decoded.issues), [Code::SeriesSplit]);
    assert_eq!(decoded.volume, measured(&chest(12)).volume);
    let opened = open(&[joined(&both, 4, way)]);
    assert_eq!(codes(&only(&opened).summary().issues), [Code::SeriesOverlapping]);
}
