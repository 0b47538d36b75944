//! Part E of the checklist, as far as it is about reading one file: what exporters really write.

use std::path::Path;

use corsai_report::IssueCode as Code;
use corsai_study::ImageFrame;

use crate::synthetic::*;

#[path = "../conformance/file.rs"]
mod file;

/// The chest, each of its files changed, is measured as it was.
fn unchanged(files: &[File]) {
    let decoded = measured(files);
    assert_eq!(codes(&decoded.issues), []);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
}

fn unchanged_bytes(files: &[Vec<u8>]) {
    let opened = open_bytes(files);
    let decoded = only(&opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap();
    assert_eq!(codes(&opened.issues), []);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
}

#[test]
fn restarts_of_jpeg_lossless_change_no_pixel() {
    // Every row, several rows, only the last row.
    for interval in [1, 3, 7, ROWS - 1, ROWS] {
        unchanged(&all(|file| file.jpeg_with_restarts(ROWS, COLUMNS, interval)));
    }
}

#[test]
fn a_restart_that_is_not_where_it_was_announced_is_no_picture() {
    let shifted = all(|file| {
        let mut file = file.jpeg_with_restarts(ROWS, COLUMNS, ROWS - 1);
        let stream = &mut file.fragments.as_mut().unwrap()[0];
        let interval = stream.windows(2).position(|pair| pair == [0xFF, 0xDD]).unwrap() + 4;
        let rows = (ROWS - 2) as u16 * COLUMNS as u16;
        stream[interval..interval + 2].copy_from_slice(&rows.to_be_bytes());
        file
    });
    let issues = only(&open(&shifted)).decoder().unwrap().finish().unwrap_err();
    assert!(codes(&issues).contains(&Code::CodecFailed), "{issues:?}");
}

/// A box of a JP2 file.
fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), kind, content].concat()
}

#[test]
fn a_whole_jp2_or_jph_file_is_read_as_its_codestream() {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/conformance/synthetic");
    for (name, syntax, brand, signed) in [
        ("lossless-12.j2k", "1.2.840.10008.1.2.4.90", b"jp2 ", false),
        ("lossy.j2k", "1.2.840.10008.1.2.4.91", b"jp2 ", true),
        ("signed.j2k", "1.2.840.10008.1.2.4.90", b"jp2 ", true),
        ("lossless.jhc", "1.2.840.10008.1.2.4.201", b"jph ", true),
    ] {
        let stream = std::fs::read(folder.join(name)).unwrap();
        let around = file::Header { syntax, rows: 37, columns: 45, bits: 12, signed };
        let bare = ImageFrame::read(around.around(&stream)).unwrap();
        let start = [
            boxed(b"jP  ", b"\r\n\x87\n"),
            boxed(b"ftyp", &[&brand[..], &[0; 4], brand].concat()),
            boxed(b"jp2h", &[boxed(b"ihdr", &[0; 14]), boxed(b"colr", &[1, 0, 0, 0, 0, 0, 17])].concat()),
            boxed(b"xml ", b"<a/>"),
        ]
        .concat();
        let open = [&start[..], &[0, 0, 0, 0], b"jp2c", &stream].concat();
        for whole in [[start.clone(), boxed(b"jp2c", &stream)].concat(), open] {
            assert_eq!(ImageFrame::read(around.around(&whole)).unwrap(), bare, "{name}");
        }
        assert!(ImageFrame::read(around.around(&start)).is_err(), "no codestream");
    }
}

#[test]
fn hounsfield_units_have_many_names() {
    for unit in ["Houndsfield Unit", "Hu", "hu", "H.U.", "HOUNSFIELD UNITS", "Hounsfield-Einheiten"] {
        unchanged(&all(|file| file.text((0x28, 0x1054), "LO", unit)));
    }
}

/// A file whose meta group was written in another way, with further elements.
fn with_meta(file: &File, written: Written, length: bool) -> Vec<u8> {
    let dataset = file.bytes_as(Written::Bare);
    let mut meta = element((2, 0x01), "OB", &[0, 1], written);
    meta.extend(element((2, 0x02), "UI", b"1.2.840.10008.5.1.4.1.1.2\0", written));
    meta.extend(element((2, 0x10), "UI", b"1.2.840.10008.1.2.1\0", written));
    meta.extend(element((2, 0x12), "UI", b"1.2.826.0.1.3680043.2.135.1066.101", written));
    meta.extend(element((2, 0x13), "SH", b"1.4.16/WIN32", written));
    if length {
        meta = [element((2, 0), "UL", &(meta.len() as u32).to_le_bytes(), written), meta].concat();
    }
    [&[0; 128][..], b"DICM", &meta, &dataset].concat()
}

#[test]
fn a_meta_group_may_be_written_in_another_way() {
    for written in [Written::Explicit, Written::Implicit, Written::BigEndian] {
        for length in [false, true] {
            unchanged_bytes(&chest(10).iter().map(|file| with_meta(file, written, length)).collect::<Vec<_>>());
        }
    }
    // Without preamble and mark, and before an implicit data set.
    let bare = |file: &File| with_meta(file, Written::Implicit, true)[132..].to_vec();
    unchanged_bytes(&chest(10).iter().map(bare).collect::<Vec<_>>());
    let implicit = |file: &File| {
        let syntax = element((2, 0x10), "UI", b"1.2.840.10008.1.2\0", Written::Implicit);
        [&[0; 128][..], b"DICM", &syntax, &file.bytes_as(Written::Implicit)[132 + 26..]].concat()
    };
    unchanged_bytes(&chest(10).iter().map(implicit).collect::<Vec<_>>());
}

/// A sequence before group 0010, and its item, each of undefined or defined length.
fn with_sequence(file: &File, outer: Written, inner: Written, vr: &str, open: [bool; 2]) -> Vec<u8> {
    let code = |tag, vr: &str, value: &[u8]| element(tag, vr, value, inner);
    let content = [
        code((8, 0x100), "SH", b"T-28000 "),
        code((8, 0x102), "SH", b"SRT "),
        code((8, 0x104), "LO", b"Lung"),
        code((0x28, 0x1052), "DS", b"500 "),
    ]
    .concat();
    let undefined = |start: &[u8], content: &[u8], end: [u8; 4]| [start, &[0xFF; 4], content, &end, &[0; 4]].concat();
    let item = if open[1] {
        undefined(&[0xFE, 0xFF, 0x00, 0xE0], &content, [0xFE, 0xFF, 0x0D, 0xE0])
    } else {
        item(&content, Written::Explicit)
    };
    let tag = [8, 0, 0x18, 0x22];
    let start = match outer {
        Written::Implicit => tag.to_vec(),
        _ => [&tag[..], vr.as_bytes(), &[0, 0]].concat(),
    };
    let sequence = if open[0] {
        undefined(&start, &item, [0xFE, 0xFF, 0xDD, 0xE0])
    } else {
        [&start[..], &(item.len() as u32).to_le_bytes(), &item].concat()
    };
    let bytes = file.bytes_as(outer);
    let patient: &[u8] =
        if outer == Written::Implicit { &[0x10, 0, 0x20, 0, 8, 0] } else { &[0x10, 0, 0x20, 0, b'L', b'O'] };
    let at = bytes.windows(6).position(|window| window == patient).unwrap();
    [&bytes[..at], &sequence, &bytes[at..]].concat()
}

#[test]
fn items_may_be_written_in_the_other_encoding() {
    let both = [Written::Explicit, Written::Implicit];
    for (outer, inner) in both.into_iter().flat_map(|outer| both.map(|inner| (outer, inner))) {
        for vr in ["SQ", "UN"] {
            for open in [[true, true], [true, false], [false, true], [false, false]] {
                let files = chest(10).into_iter().map(|file| with_sequence(&file, outer, inner, vr, open));
                unchanged_bytes(&files.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn functional_groups_may_be_written_in_the_other_encoding() {
    let [explicit, implicit] = [Written::Explicit, Written::Implicit];
    let plain = crate::multi_frame::joined(&chest(10), 2, explicit);
    let volume = |bytes: Vec<u8>| {
        let opened = open_bytes(&[bytes]);
        only(&opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap().volume
    };
    let expected = volume(plain.bytes());
    // The groups of one encoding in a file of the other.
    assert_eq!(volume(crate::multi_frame::joined(&chest(10), 2, implicit).bytes_as(explicit)), expected);
    assert_eq!(volume(plain.bytes_as(implicit)), expected);
}

#[test]
fn single_elements_may_be_written_implicitly_among_explicit_ones() {
    let mixed = |file: &File| {
        let (bytes, tag) = (file.bytes(), (0x28, 0x1052));
        let [explicit, implicit] = [Written::Explicit, Written::Implicit].map(|written| file.element(tag, written));
        let at = bytes.windows(explicit.len()).position(|window| window == explicit).unwrap();
        [&bytes[..at], &implicit, &bytes[at + explicit.len()..]].concat()
    };
    unchanged_bytes(&chest(10).iter().map(mixed).collect::<Vec<_>>());
}

/// The chest's Hounsfield units as floating-point numbers.
fn floating(double: bool, change: impl Fn(usize, f64) -> f64) -> Vec<File> {
    all(|file| {
        let values = file.stored().into_iter().enumerate().map(|(at, word)| change(at, f64::from(word) - 1024.0));
        let bytes: Vec<u8> = if double {
            values.flat_map(f64::to_le_bytes).collect()
        } else {
            values.flat_map(|value| (value as f32).to_le_bytes()).collect()
        };
        let (tag, vr) = if double { ((0x7FE0, 9), "OD") } else { ((0x7FE0, 8), "OF") };
        let file = file.without((0x7FE0, 0x10)).without((0x28, 0x101)).without((0x28, 0x102)).without((0x28, 0x103));
        file.word((0x28, 0x100), if double { 64 } else { 32 }).numbers((0x28, 0x1052), &[0.0]).raw(tag, vr, bytes)
    })
}

#[test]
fn pixels_may_be_floating_point_numbers() {
    for double in [false, true] {
        unchanged(&floating(double, |_, hu| hu));
        // Fractions are rounded; what is no number, or padding, was not measured.
        let odd = floating(double, |at, hu| if at == 0 { f64::NAN } else { hu + 0.25 });
        let padding = if double {
            ((0x28, 0x123), "FD", (-849.75_f64).to_le_bytes().to_vec())
        } else {
            ((0x28, 0x122), "FL", (-849.75_f32).to_le_bytes().to_vec())
        };
        let odd: Vec<File> = odd.into_iter().map(|file| file.raw(padding.0, padding.1, padding.2.clone())).collect();
        let [plain, odd] = [measured(&chest(10)).volume, measured(&odd).volume];
        assert_eq!(odd.voxels()[0], -1024);
        assert!(plain.voxels().contains(&-850));
        for (at, (plain, odd)) in plain.voxels().iter().zip(odd.voxels()).enumerate() {
            let air = at % (ROWS * COLUMNS) == 0 || *plain == -850;
            assert_eq!(*odd, if air { -1024 } else { *plain }, "{at}");
        }
        refused(
            &floating(double, |_, hu| hu).into_iter().map(|file| file.word((0x28, 0x10), 30)).collect::<Vec<_>>(),
            Code::PixelsSize,
        );
        refused(
            &floating(double, |_, hu| hu).into_iter().map(|file| file.without((0x28, 0x1053))).collect::<Vec<_>>(),
            Code::HuRescale,
        );
    }
    // Big endian.
    let big = floating(false, |_, hu| hu).into_iter().map(|file| {
        let bytes = file.element((0x7FE0, 8), Written::Explicit)[12..].to_vec();
        let swapped = bytes.chunks(4).flat_map(|value| value.iter().rev().copied()).collect();
        file.raw((0x7FE0, 8), "OF", swapped).bytes_as(Written::BigEndian)
    });
    unchanged_bytes(&big.collect::<Vec<_>>());
}

#[test]
fn words_of_32_bits_are_refused_by_their_depth() {
    let wide = all(|file| {
        let bytes = file.stored().into_iter().flat_map(|word| (i32::from(word) - 1024).to_le_bytes()).collect();
        let file = file.raw((0x7FE0, 0x10), "OW", bytes).numbers((0x28, 0x1052), &[0.0]);
        file.word((0x28, 0x100), 32).word((0x28, 0x101), 32).word((0x28, 0x102), 31).word((0x28, 0x103), 1)
    });
    refused(&wide, Code::PixelsDepth);
}
