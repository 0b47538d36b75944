//! Part E of the checklist, as far as it is about what is around the files: archives, formats that
//! are meant as a CT, and studies larger than memory.

use std::io::{Cursor, Write};

use corsai_language::Language;
use corsai_nifti::Geometry;
use corsai_report::{IssueCode as Code, Severity};
use corsai_study::{DecodedVolume, Intake, Limits, SeriesList, VolumeDecoder};

use crate::synthetic::*;

fn opened(files: &[(&str, Vec<u8>)], limits: Limits) -> SeriesList {
    let mut intake = Intake::new(limits);
    for (name, bytes) in files {
        intake.add(name, bytes.clone());
    }
    intake.finish()
}

fn volume(opened: &SeriesList) -> DecodedVolume {
    only(opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap()
}

fn is_the_chest(files: &[(&str, Vec<u8>)]) {
    let opened = opened(files, Limits::default());
    assert_eq!(codes(&opened.issues), []);
    assert_eq!(volume(&opened).volume, measured(&chest(10)).volume);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn tar(files: &[File]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let bytes = file.bytes();
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, format!("study/{}.dcm", file.name), &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip whose files are declared to be packed by another method, or encrypted.
fn declared(mut archive: Vec<u8>, local: usize, central: usize, byte: u8) -> Vec<u8> {
    for (mark, offset) in [(b"PK\x03\x04", local), (b"PK\x01\x02", central)] {
        let places: Vec<usize> = (0..archive.len() - 4).filter(|at| archive[*at..].starts_with(mark)).collect();
        for at in places {
            archive[at + offset] = byte;
        }
    }
    archive
}

#[test]
fn gzip_and_tar_are_unpacked() {
    let slices: Vec<Vec<u8>> = chest(10).iter().map(|file| gzip(&file.bytes())).collect();
    let named: Vec<(&str, Vec<u8>)> = slices.iter().map(|bytes| ("a.dcm.gz", bytes.clone())).collect();
    is_the_chest(&named);
    let folder = tar(&chest(10));
    is_the_chest(&[("study.tar", folder.clone())]);
    is_the_chest(&[("study.tar.gz", gzip(&folder))]);
    is_the_chest(&[("all.zip", zip(&[("study.tgz", gzip(&folder))], zip::CompressionMethod::Stored))]);
    let names: Vec<String> = (0..10).map(|number| format!("{number}.gz")).collect();
    let named: Vec<(&str, Vec<u8>)> = names.iter().map(String::as_str).zip(slices).collect();
    is_the_chest(&[("all.zip", zip(&named, zip::CompressionMethod::Deflated))]);
}

#[test]
fn deflate64_is_unpacked_and_other_methods_are_named() {
    let files: Vec<(String, Vec<u8>)> = chest(10).iter().map(|file| (file.name.clone(), file.bytes())).collect();
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    // Stored blocks are the same in both methods.
    let mut stored = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &files {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        stored.start_file(*name, options.compression_level(Some(1))).unwrap();
        stored.write_all(bytes).unwrap();
    }
    let deflated = stored.finish().unwrap().into_inner();
    let deflate64 = declared(deflated.clone(), 8, 10, 9);
    let read = opened(&[("a.zip", deflate64)], Limits::default());
    assert_eq!(codes(&read.issues), []);
    assert_eq!(volume(&read).volume, measured(&chest(10)).volume);
    for (method, name) in
        [(12, "bzip2"), (14, "LZMA"), (95, "LZMA"), (93, "Zstandard"), (98, "PPMd"), (1, "old method")]
    {
        let read = opened(&[("a.zip", declared(deflated.clone(), 8, 10, method))], Limits::default());
        assert_eq!(codes(&read.issues), [Code::InputNothing, Code::ArchiveUnsupported]);
        let said = Language::english().issue(&read.issues[1]);
        assert!(said.contains(name) && said.contains("10 files") && said.contains("Unpack it"), "{said}");
    }
}

#[test]
fn a_password_is_named_as_the_reason() {
    let archive = zip(&[("a.dcm", chest(1)[0].bytes())], zip::CompressionMethod::Deflated);
    let read = opened(&[("study.zip", declared(archive, 6, 8, 1))], Limits::default());
    assert_eq!(codes(&read.issues), [Code::InputNothing, Code::ArchivePassword]);
    let said = Language::english().issue(&read.issues[1]);
    assert!(said.contains("protected by a password") && said.contains("with its password"), "{said}");
}

#[test]
fn formats_that_are_not_read_are_named() {
    let noise: Vec<u8> = (0..40_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let with = |at: usize, mark: &[u8]| {
        let mut bytes = noise.clone();
        bytes[at..at + mark.len()].copy_from_slice(mark);
        bytes
    };
    for (at, mark, name) in [
        (0, &b"7z\xBC\xAF\x27\x1C\0\x04"[..], "7-Zip"),
        (0, b"Rar!\x1A\x07\x01\0", "RAR"),
        (0, b"BZh91AY", "bzip2"),
        (0, b"\xFD7zXZ\0\0", "xz"),
        (0, b"\x28\xB5\x2F\xFD", "Zstandard"),
        (0, b"PK\x07\x08PK\x03\x04", "one part of a zip"),
        (0x8001, b"CD001", "disc image"),
    ] {
        for bytes in [with(at, mark), gzip(&with(at, mark))] {
            let read = opened(&[("study", bytes)], Limits::default());
            assert_eq!(codes(&read.issues), [Code::InputNothing, Code::ArchiveUnsupported], "{name}");
            assert!(Language::english().issue(&read.issues[1]).contains(name), "{name}");
        }
    }
    for (mark, name) in
        [(&b"NRRD0004\n"[..], "NRRD"), (b"ObjectType = Image", "MetaImage"), (b"\x93NUMPY\x01\0", "NumPy")]
    {
        let read = opened(&[("study", with(0, mark))], Limits::default());
        assert_eq!(codes(&read.issues), [Code::InputNothing, Code::FileOtherFormat], "{name}");
        assert!(Language::english().issue(&read.issues[1]).contains(name), "{name}");
    }
}

/// The chest as a NIfTI file.
fn nifti(change: impl Fn(i16) -> i16) -> Vec<u8> {
    let plain = measured(&chest(10)).volume;
    let grid = plain.grid();
    let geometry =
        Geometry { size: [grid.columns(), grid.rows(), grid.slices()], patient_from_voxel: grid.patient_from_voxel() };
    let voxels: Vec<i16> = plain.voxels().iter().map(|hu| change(*hu)).collect();
    let mut file = Vec::new();
    corsai_nifti::write(&mut file, &geometry, 1.0, &voxels).unwrap();
    file
}

#[test]
fn a_nifti_file_is_measured_and_says_what_it_lacks() {
    let file = nifti(|hu| hu);
    let unpacked = {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&file[..]), &mut bytes).unwrap();
        bytes
    };
    for bytes in [file.clone(), unpacked, zip(&[("ct.nii.gz", file.clone())], zip::CompressionMethod::Stored)] {
        let read = opened(&[("ct", bytes)], Limits::default());
        assert_eq!(codes(&read.issues), []);
        let summary = only(&read).summary();
        assert_eq!((summary.date.clone(), summary.patient_key, summary.instances_key), (None, None, None));
        let decoded = volume(&read);
        assert_eq!(codes(&decoded.issues), [Code::NiftiAnonymous]);
        assert_eq!(decoded.volume, measured(&chest(10)).volume);
        assert!(only(&read).preview().is_some() && read.only_usable().is_some());
    }
    // Two files are two series.
    let read = opened(&[("a.nii.gz", file.clone()), ("b.nii.gz", file.clone())], Limits::default());
    assert_eq!(read.series.len(), 2);
    // What is no CT is refused for what it shows; one broken file doesn't stop the others.
    let shifted = opened(&[("ct.nii.gz", nifti(|hu| hu + 1024))], Limits::default());
    let issues = only(&shifted).decoder().and_then(VolumeDecoder::finish).unwrap_err();
    assert_eq!(codes(&issues), [Code::NiftiAnonymous, Code::HuImplausible]);
    let broken = opened(&[("ct.nii.gz", file[..file.len() / 2].to_vec())], Limits::default());
    assert!(broken.issues.iter().any(|issue| issue.severity == Severity::Stop));
    let mut half = nifti(|hu| hu);
    half.truncate(20);
    let beside = opened(&[("half.nii.gz", half), ("ct.nii.gz", file)], Limits::default());
    assert!(beside.only_usable().is_some());
    assert!(beside.issues.iter().all(|issue| issue.severity < Severity::Stop), "{:?}", beside.issues);
}

/// Three series, one of them the chest.
fn disc() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for series in 0..3 {
        for (number, file) in chest(10).into_iter().enumerate() {
            let file = file.text((8, 0x18), "UI", &format!("1.2.4.{series}.{number}"));
            let file = file.text((0x20, 0x0E), "UI", &format!("1.2.1.{series}"));
            let file = file.text((8, 0x103E), "LO", ["Phase 1", "Lung", "Phase 2"][series]);
            let file = if series == 1 { file.jpeg(ROWS, COLUMNS) } else { file.words(&vec![1064; ROWS * COLUMNS]) };
            files.push((format!("{series}-{number}"), file.bytes()));
        }
    }
    files
}

#[test]
fn a_disc_larger_than_memory_is_listed_and_one_series_is_read_again() {
    let files = disc();
    let all: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let mut intake = Intake::new(Limits { bytes: all / 2, ..Limits::default() });
    for (name, bytes) in &files {
        intake.add(name, bytes.clone());
    }
    assert!(intake.last_job().is_none(), "nothing is decoded before a series is chosen");
    let list = intake.finish();
    assert_eq!(codes(&list.issues), []);
    assert_eq!(list.series.len(), 3);
    assert!(list.series.iter().all(|series| series.summary().usable));
    let chosen = list.series.iter().find(|series| series.summary().description == "Lung").unwrap();
    // The picture beside the list is read again too.
    assert!(chosen.preview().is_none());
    let middle = chosen.preview_file().unwrap();
    let plain = open(&chest(10));
    let expected = only(&plain).preview().unwrap().1;
    assert_eq!((middle, chosen.preview_from(files[middle].1.clone()).unwrap().1), (15, expected));
    assert!(chosen.preview_from(files[0].1.clone()).is_none());
    let mut decoder = chosen.decoder().unwrap();
    assert_eq!(decoder.released_files(), (10..20).collect::<Vec<_>>());
    for file in decoder.released_files() {
        assert_eq!(decoder.decode_file(file, files[file].1.clone()).len(), 1);
    }
    assert!(decoder.released_files().is_empty());
    assert_eq!(decoder.finish().unwrap().volume, measured(&chest(10)).volume);
}

#[test]
fn what_is_in_archives_is_read_again_too() {
    let files = disc();
    let all: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let named: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let archive = zip(&named[..15], zip::CompressionMethod::Deflated);
    // Archives may unpack to more than is held, and not to everything.
    let list = opened(&[("a.zip", archive.clone())], Limits { bytes: all / 4, ..Limits::default() });
    assert!(list.issues.is_empty() && list.series.iter().all(|series| series.preview().is_none()));
    let list = opened(&[("a.zip", archive.clone())], Limits { bytes: all / 9, ..Limits::default() });
    assert_eq!(codes(&list.issues), [Code::ZipTooLarge]);
    let mut intake = Intake::new(Limits { bytes: all * 2 / 3, ..Limits::default() });
    intake.add("a.zip", archive.clone());
    named[15..].iter().for_each(|(name, bytes)| intake.add(name, bytes.clone()));
    let list = intake.finish();
    let chosen = list.series.iter().find(|series| series.summary().description == "Lung").unwrap();
    let mut decoder = chosen.decoder().unwrap();
    assert_eq!(decoder.released_files(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(decoder.decode_file(0, archive).len(), 5);
    for file in 1..6 {
        decoder.decode_file(file, named[14 + file].1.clone());
    }
    assert_eq!(decoder.finish().unwrap().volume, measured(&chest(10)).volume);
}

#[test]
fn a_file_that_changed_since_it_was_listed_is_a_missing_slice() {
    let files: Vec<(String, Vec<u8>)> = chest(30).iter().map(|file| (file.name.clone(), file.bytes())).collect();
    let mut intake = Intake::new(Limits { bytes: 1, ..Limits::default() });
    for (name, bytes) in &files {
        intake.add(name, bytes.clone());
    }
    let list = intake.finish();
    let mut decoder = only(&list).decoder().unwrap();
    for file in decoder.released_files() {
        let mut bytes = files[file].1.clone();
        if file == 7 {
            *bytes.last_mut().unwrap() ^= 1;
        }
        decoder.decode_file(file, bytes);
    }
    let decoded = decoder.finish().unwrap();
    assert_eq!(codes(&decoded.issues), [Code::FileUnreadable, Code::GeometryMissingSlices]);
    // And where nothing is read again, nothing is measured.
    let issues = only(&list).decoder().and_then(VolumeDecoder::finish).unwrap_err();
    assert!(issues.iter().any(|issue| issue.code == Code::FileUnreadable && issue.severity == Severity::Stop));
}

#[test]
fn a_series_beyond_memory_is_read_in_part_and_says_so() {
    let whole = measured(&chest(10)).volume;
    for file in [|file: File| file, |file: File| file.jpeg(ROWS, COLUMNS)] {
        let list = open_within(&all(file), Limits { voxels: 10 * ROWS * COLUMNS - 1, ..Limits::default() });
        let summary = only(&list).summary();
        assert_eq!(codes(&summary.issues), [Code::InputReduced]);
        let said = Language::english().issue(&summary.issues[0]);
        assert!(said.contains("10 slices of 13 × 10 in place of 10 slices of 26 × 20"), "{said}");
        let decoded = volume(&list);
        assert_eq!(codes(&decoded.issues), [Code::InputReduced]);
        let grid = decoded.volume.grid();
        assert_eq!((grid.rows(), grid.columns(), grid.row_mm(), grid.column_mm()), (10, 13, 2.0, 2.0));
        for z in 0..10 {
            let every_second =
                (0..ROWS).step_by(2).flat_map(|row| (0..COLUMNS).step_by(2).map(move |column| (row, column)));
            let expected: Vec<i16> = every_second.map(|(row, column)| whole.slice(z)[row * COLUMNS + column]).collect();
            assert_eq!(decoded.volume.slice(z), expected);
        }
    }
}

#[test]
fn what_lies_densest_is_thinned_first() {
    let dense: Vec<File> = (0..40).map(|z| Lie::at(0.5 * f64::from(z)).file(&z.to_string())).collect();
    let list = open_within(&dense, Limits { voxels: 20 * ROWS * COLUMNS, ..Limits::default() });
    let decoded = volume(&list);
    let grid = decoded.volume.grid();
    assert_eq!((grid.slices(), grid.rows(), grid.columns(), grid.slice_mm()), (20, ROWS, COLUMNS, 1.0));
    assert_eq!(codes(&decoded.issues), [Code::InputReduced]);
}
