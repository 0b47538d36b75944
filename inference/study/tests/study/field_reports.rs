//! Public reports of other DICOM software, each rebuilt: the list with its sources is in
//! `FIELD.md`.

use std::io::Write;

use corsai_report::IssueCode as Code;
use corsai_study::ImageFrame;

use crate::synthetic::*;

/// The meta group that `synthetic` writes ends here.
const META: usize = 160;

fn unchanged_bytes(files: &[Vec<u8>], issues: &[Code]) {
    let opened = open_bytes(files);
    let decoded = only(&opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap();
    assert_eq!((codes(&opened.issues), codes(&decoded.issues)), (vec![], issues.to_vec()));
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
}

fn unchanged(files: &[File], issues: &[Code]) {
    unchanged_bytes(&files.iter().map(File::bytes).collect::<Vec<_>>(), issues);
}

/// The same file under another transfer syntax's name.
fn named(mut file: File, syntax: &'static str) -> File {
    file.syntax = syntax;
    file
}

/// The bytes of the words.
fn native(file: &File) -> Vec<u8> {
    file.stored().into_iter().flat_map(u16::to_le_bytes).collect()
}

/// The chest's files with bytes before group 0010.
fn with_inserted(file: &File, written: Written, inserted: &[u8]) -> Vec<u8> {
    let bytes = file.bytes_as(written);
    let patient: &[u8] =
        if written == Written::Implicit { &[0x10, 0, 0x20, 0, 8, 0] } else { &[0x10, 0, 0x20, 0, b'L', b'O'] };
    let at = bytes.windows(6).position(|window| window == patient).unwrap();
    [&bytes[..at], inserted, &bytes[at..]].concat()
}

#[test]
fn native_frames_may_be_in_fragments() {
    // In one fragment, and in several.
    unchanged(
        &all(|file| {
            let words = native(&file);
            file.packed("1.2.840.10008.1.2.1.98", vec![words])
        }),
        &[],
    );
    unchanged(
        &all(|file| {
            let words = native(&file);
            file.packed("1.2.840.10008.1.2.1.98", words.chunks(400).map(<[u8]>::to_vec).collect())
        }),
        &[],
    );
}

#[test]
fn single_frames_may_be_deflated() {
    let deflated = |file: &File| {
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&native(file)).unwrap();
        let mut stream = packer.finish().unwrap();
        stream.resize(stream.len().next_multiple_of(2), 0);
        stream
    };
    let packed = |change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        all(|file| {
            let stream = change(deflated(&file));
            file.packed("1.2.840.10008.1.2.8.1", vec![stream])
        })
    };
    unchanged(&packed(&|stream| stream), &[]);
    let cut = packed(&|stream| stream[..stream.len() / 4 * 2].to_vec());
    let issues = only(&open(&cut)).decoder().unwrap().finish().unwrap_err();
    assert!(codes(&issues).contains(&Code::CodecFailed));
}

#[test]
fn pixels_may_be_plain_where_a_compression_is_named() {
    for syntax in [JPEG_LOSSLESS, JPEG_LS, RLE, "1.2.840.10008.1.2.4.90"] {
        unchanged(&all(|file| named(file, syntax)), &[Code::FileNoSyntax]);
    }
    // Of another length they are no picture.
    let short = all(|file| named(file.word((0x28, 0x10), 30), JPEG_LOSSLESS));
    refused(&short, Code::PixelsSize);
}

#[test]
fn pixels_may_be_compressed_where_none_or_another_compression_is_named() {
    for syntax in [LITTLE, RLE, JPEG_LS, JPEG_BASELINE, "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.90"] {
        unchanged(&all(|file| named(file.jpeg(ROWS, COLUMNS), syntax)), &[Code::FileNoSyntax]);
    }
    for syntax in [LITTLE, JPEG_LOSSLESS] {
        unchanged(&all(|file| named(file.jpeg_ls(ROWS, COLUMNS, 0), syntax)), &[Code::FileNoSyntax]);
        unchanged(&all(|file| named(file.rle(), syntax)), &[Code::FileNoSyntax]);
    }
    // What was lost is said all the same.
    let lossy = all(|file| named(file.jpeg_ls(ROWS, COLUMNS, 2), LITTLE));
    let issues = codes(&measured(&lossy).issues);
    assert!(issues.contains(&Code::PixelsLossy) && issues.contains(&Code::FileNoSyntax), "{issues:?}");
}

#[test]
fn a_data_set_may_be_plain_where_deflate_is_named() {
    let plain = |file: &File| {
        let syntax = element((2, 0x10), "UI", b"1.2.840.10008.1.2.1.99", Written::Explicit);
        [&[0; 128][..], b"DICM", &syntax, &file.bytes_as(Written::Bare)].concat()
    };
    unchanged_bytes(&chest(10).iter().map(plain).collect::<Vec<_>>(), &[Code::FileNoSyntax]);
}

#[test]
fn no_number_of_frames_is_one_frame() {
    for count in ["0", "", "1 ", "01"] {
        unchanged(&all(|file| file.text((0x28, 0x08), "IS", count)), &[]);
        unchanged(&all(|file| file.text((0x28, 0x08), "IS", count).jpeg(ROWS, COLUMNS)), &[]);
    }
}

#[test]
fn one_sample_without_a_photometric_interpretation_is_grey() {
    unchanged(&all(|file| file.without((0x28, 0x04))), &[]);
    unchanged(&all(|file| file.without((0x28, 0x04)).without((0x28, 0x02))), &[]);
    refused(&all(|file| file.without((0x28, 0x04)).word((0x28, 0x02), 3)), Code::SeriesNotAxialCt);
}

/// An undefined-length sequence of one undefined-length item, with what ends them.
fn sequence(vr: &str, content: &[u8], ends: &[[u8; 4]]) -> Vec<u8> {
    let mut bytes = [&[0x08, 0x00, 0x40, 0x11][..], vr.as_bytes(), &[0, 0], &[0xFF; 4]].concat();
    bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes.extend(content);
    for end in ends {
        bytes.extend([&end[..], &[0; 4]].concat());
    }
    bytes
}

const ITEM_END: [u8; 4] = [0xFE, 0xFF, 0x0D, 0xE0];
const SEQUENCE_END: [u8; 4] = [0xFE, 0xFF, 0xDD, 0xE0];

#[test]
fn a_sequence_may_end_its_last_item() {
    let code = element((8, 0x100), "SH", b"T-28000 ", Written::Explicit);
    for ends in [&[ITEM_END, SEQUENCE_END][..], &[SEQUENCE_END]] {
        let inserted = sequence("SQ", &code, ends);
        let files: Vec<Vec<u8>> =
            chest(10).iter().map(|file| with_inserted(file, Written::Explicit, &inserted)).collect();
        unchanged_bytes(&files, &[]);
    }
    // One within another.
    let inner = sequence("SQ", &code, &[SEQUENCE_END]);
    let inserted = sequence("SQ", &inner, &[SEQUENCE_END]);
    let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, Written::Explicit, &inserted)).collect();
    unchanged_bytes(&files, &[]);
}

#[test]
fn a_delimiter_may_be_anywhere_outside_of_sequences() {
    for end in [ITEM_END, SEQUENCE_END] {
        let stray = [&end[..], &[0; 4]].concat();
        let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, Written::Explicit, &stray)).collect();
        unchanged_bytes(&files, &[]);
    }
}

#[test]
fn fragments_may_end_in_zeros_or_with_the_file() {
    let packed = |file: &File| file.clone().jpeg(ROWS, COLUMNS).bytes();
    // The delimiter has eight bytes.
    for tail in [&[][..], &[0; 8], &[0; 100], &[0; 3]] {
        let files = chest(10).into_iter().map(|file| {
            let bytes = packed(&file);
            [&bytes[..bytes.len() - 8], tail].concat()
        });
        unchanged_bytes(&files.collect::<Vec<_>>(), &[]);
    }
}

#[test]
fn a_fragment_may_hold_a_delimiters_bytes_or_nothing() {
    // A comment segment in the stream.
    unchanged(
        &all(|file| {
            let mut file = file.jpeg(ROWS, COLUMNS);
            let stream = &mut file.fragments.as_mut().unwrap()[0];
            let comment = [0xFF, 0xFE, 0, 10, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
            *stream = [&stream[..2], &comment, &stream[2..]].concat();
            file
        }),
        &[],
    );
    unchanged(
        &all(|file| {
            let mut file = file.jpeg(ROWS, COLUMNS);
            file.fragments.as_mut().unwrap().push(Vec::new());
            file
        }),
        &[],
    );
    // Fragments of odd lengths.
    unchanged(
        &all(|file| {
            let mut file = file.jpeg(ROWS, COLUMNS);
            let stream = file.fragments.take().unwrap().concat();
            file.fragments = Some(stream.chunks(33).map(<[u8]>::to_vec).collect());
            file
        }),
        &[],
    );
    // An offset table of one frame.
    unchanged(
        &all(|file| {
            let mut file = file.jpeg(ROWS, COLUMNS);
            file.offsets = vec![0];
            file
        }),
        &[],
    );
}

#[test]
fn offsets_that_leave_out_the_padding_do_not_decide() {
    let slices = chest(10);
    let joined = crate::multi_frame::joined(&slices, 2, Written::Explicit);
    let streams: Vec<Vec<u8>> =
        slices.iter().map(|file| file.clone().jpeg(ROWS, COLUMNS).fragments.unwrap().concat()).collect();
    // As if each stream had one byte less.
    let mut offset = 0;
    let table: Vec<u8> = streams
        .iter()
        .flat_map(|stream| {
            let bytes = u64::to_le_bytes(offset);
            offset += stream.len() as u64 + 7;
            bytes
        })
        .collect();
    let file = joined.packed(JPEG_LOSSLESS, streams).raw((0x7FE0, 0x0001), "OV", table);
    let opened = open_bytes(&[file.bytes()]);
    let decoded = only(&opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap();
    assert_eq!(decoded.volume.voxels(), measured(&slices).volume.voxels());
}

#[test]
fn lengths_that_look_like_a_representation_are_lengths() {
    // "PN", "LO" and a line break with a space as the length of a private element.
    for length in [0x4E50, 0x4F4C, 0x200A] {
        for written in [Written::Implicit, Written::Explicit] {
            let private = element((9, 0x1001), "LO", &vec![7; length], written);
            let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, written, &private)).collect();
            unchanged_bytes(&files, &[]);
        }
    }
}

#[test]
fn private_values_that_look_like_items_are_stepped_over() {
    let looks = [&[0xFE, 0xFF, 0x00, 0xE0, 0x50, 0xC3, 0, 0][..], &[1; 40]].concat();
    for written in [Written::Implicit, Written::Explicit] {
        let private = element((9, 0x1010), "OB", &looks, written);
        let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, written, &private)).collect();
        unchanged_bytes(&files, &[]);
    }
    // A group length of unknown representation.
    let length = element((9, 0), "UN", &[4, 0, 0, 0], Written::Explicit);
    let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, Written::Explicit, &length)).collect();
    unchanged_bytes(&files, &[]);
}

#[test]
fn a_private_sequence_may_be_implicit_in_an_explicit_file() {
    let content = element((0x20, 0x0E), "UI", b"1.3.46.670589.28.265\0\0", Written::Implicit);
    let open = [&[0x09, 0x00, 0x10, 0x10][..], &[0xFF; 4], &[0xFE, 0xFF, 0x00, 0xE0], &[0xFF; 4], &content].concat();
    let inserted = [&open[..], &ITEM_END, &[0; 4], &SEQUENCE_END, &[0; 4]].concat();
    let files: Vec<Vec<u8>> = chest(10).iter().map(|file| with_inserted(file, Written::Explicit, &inserted)).collect();
    unchanged_bytes(&files, &[]);
}

#[test]
fn a_rescale_may_have_fractions_and_may_not_be_empty() {
    let decoded = measured(&all(|file| {
        let words: Vec<u16> = file.stored().iter().map(|word| word * 8).collect();
        file.words(&words).word((0x28, 0x101), 16).word((0x28, 0x102), 15).text((0x28, 0x1053), "DS", "0.125")
    }));
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
    refused(&all(|file| file.text((0x28, 0x1053), "DS", "")), Code::HuRescale);
}

#[test]
fn pixels_with_a_byte_too_many_are_read_and_turned_ones_are_not() {
    let more = all(|file| {
        let bytes = [native(&file), vec![0, 0]].concat();
        file.raw((0x7FE0, 0x10), "OW", bytes)
    });
    unchanged(&more, &[]);
    let turned = all(|file| file.jpeg(COLUMNS, ROWS));
    let issues = only(&open(&turned)).decoder().unwrap().finish().unwrap_err();
    assert!(codes(&issues).contains(&Code::PixelsSize), "{issues:?}");
}

#[test]
fn many_frames_of_a_classic_ct_say_nothing_of_their_places() {
    let slices = chest(10);
    let words: Vec<u16> = slices.iter().flat_map(File::stored).collect();
    let file = slices[0].clone().words(&words).text((0x28, 0x08), "IS", "10");
    refused(&[file], Code::SeriesEnhanced);
}

#[test]
fn signed_words_survive_near_lossless_compression() {
    let signed = all(|file| {
        let words: Vec<u16> = file.stored().iter().map(|word| word.wrapping_sub(1024) & 0x0FFF).collect();
        file.words(&words).word((0x28, 0x103), 1).numbers((0x28, 0x1052), &[0.0])
    });
    let plain = measured(&signed).volume;
    let near: Vec<File> = signed.into_iter().map(|file| file.jpeg_ls(ROWS, COLUMNS, 1)).collect();
    let decoded = measured(&near);
    assert_eq!(codes(&decoded.issues), [Code::PixelsLossy]);
    let worst = plain.voxels().iter().zip(decoded.volume.voxels()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst <= Some(1), "{worst:?}");
}

#[test]
fn what_the_header_says_of_its_extremes_decides_nothing() {
    unchanged(&all(|file| file.word((0x28, 0x106), 0).word((0x28, 0x107), 0)), &[]);
    // A big-endian mark of the meta group, and no preamble.
    let bytes = chest(1)[0].bytes();
    assert!(ImageFrame::read(bytes[META - 28..].to_vec()).is_ok());
}

#[test]
fn a_data_set_may_begin_with_another_transfer_syntax_or_a_networks_command() {
    let begun = |start: &[u8]| {
        let files = chest(10).into_iter().map(|file| {
            let bytes = file.bytes();
            [&bytes[..META], start, &bytes[META..]].concat()
        });
        files.collect::<Vec<_>>()
    };
    let implicit = element((2, 0x10), "UI", b"1.2.840.10008.1.2\0", Written::Explicit);
    unchanged_bytes(&begun(&implicit), &[]);
    // The second time implicitly.
    let title = |written| element((2, 0x16), "AE", b"ARCHIVE ", written);
    unchanged_bytes(&begun(&[title(Written::Explicit), title(Written::Implicit)].concat()), &[]);
    unchanged_bytes(&begun(&element((0, 0x02), "UI", b"1.2.840.10008.5.1.4.1.1.2\0", Written::Explicit)), &[]);
}

#[test]
fn planes_of_rle_may_have_odd_lengths_and_a_byte_too_many() {
    let odd = all(|file| {
        let words = file.stored();
        let plane = |low: bool, more: bool| -> Vec<u8> {
            let bytes = words.iter().map(|word| word.to_be_bytes()[usize::from(low)]).chain(more.then_some(0));
            let bytes: Vec<u8> = bytes.collect();
            bytes.chunks(127).flat_map(|part| [vec![part.len() as u8 - 1], part.to_vec()].concat()).collect()
        };
        let (mut high, low) = (plane(false, true), plane(true, true));
        high.resize(high.len() | 1, 0x80);
        let mut header: Vec<u32> = vec![2, 64, 64 + high.len() as u32];
        header.resize(16, 0);
        let header: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
        file.packed(RLE, vec![[header, high, low].concat()])
    });
    unchanged(&odd, &[]);
}
