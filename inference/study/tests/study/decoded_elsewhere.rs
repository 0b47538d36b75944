//! Slices decoded by another instance, while others are read or later: the same volume as decoded
//! here.

use corsai_report::IssueCode as Code;
use corsai_study::{CodecError, DecodedVolume, FrameDecoder, Intake, Limits, Series, SliceError};
use proptest::prelude::*;

use crate::synthetic::*;

const SLICES: usize = 10;

fn compressed() -> Vec<File> {
    chest(SLICES).into_iter().map(|file| file.jpeg(ROWS, COLUMNS)).collect()
}

/// What another instance answers: the coding travels as text.
fn answered(coding: FrameDecoder, bytes: &[u8]) -> Result<Vec<i16>, SliceError> {
    let sent = serde_json::to_string(&coding).unwrap();
    let received: FrameDecoder = serde_json::from_str(&sent).unwrap();
    assert_eq!(received, coding);
    received.decode(bytes)
}

/// Takes the files in; those of `ahead` are decoded before the next one comes.
fn read(files: &[File], ahead: &[bool], limits: Limits) -> (Intake, usize) {
    let mut intake = Intake::new(limits);
    let mut decoded = 0;
    for (file, ahead) in files.iter().zip(ahead) {
        intake.add(&file.name, file.bytes());
        let answer = intake.last_job().filter(|_| *ahead).map(|t| (t.image, answered(t.decoder, &t.bytes)));
        if let Some((picture, answer)) = answer {
            decoded += 1;
            intake.accept(picture, answer);
        }
    }
    (intake, decoded)
}

/// Decodes what isn't there yet, the slices of `elsewhere` by another instance.
fn finish(series: &Series, ahead: corsai_study::Prefetched, elsewhere: &[bool]) -> DecodedVolume {
    let mut decoding = series.decoder().unwrap();
    for z in decoding.accept_prefetched(ahead) {
        assert!(decoding.slice(z).is_some() && decoding.job(z).is_none());
    }
    for z in decoding.order() {
        let task = decoding.job(z).filter(|_| elsewhere[z]);
        match task.map(|task| (task.image, answered(task.decoder, &task.bytes))) {
            Some((picture, answer)) => {
                assert_eq!(decoding.slice_of_image(picture), Some(z));
                decoding.accept(z, answer).unwrap();
            }
            None => decoding.decode(z).unwrap(),
        }
    }
    decoding.finish().unwrap()
}

proptest! {
    #[test]
    fn whoever_decodes_a_slice_it_is_the_same(
        files in Just(compressed()).prop_shuffle(),
        ahead in prop::collection::vec(any::<bool>(), SLICES),
        elsewhere in prop::collection::vec(any::<bool>(), SLICES),
    ) {
        let (mut intake, decoded) = read(&files, &ahead, Limits::default());
        prop_assert_eq!(decoded, ahead.iter().filter(|ahead| **ahead).count());
        let early = intake.take_prefetched();
        let opened = intake.finish();
        let volume = finish(only(&opened), early, &elsewhere).volume;
        prop_assert_eq!(volume, measured(&chest(SLICES)).volume);
    }
}

#[test]
fn plain_slices_are_not_carried_and_not_too_many_are_decoded_ahead() {
    assert_eq!(read(&chest(SLICES), &[true; SLICES], Limits::default()).1, 0);
    let voxels = SLICES * ROWS * COLUMNS;
    // An eighth of them is a slice and a quarter.
    assert_eq!(read(&compressed(), &[true; SLICES], Limits { voxels, ..Limits::default() }).1, 2);
}

#[test]
fn an_answer_that_is_none_is_a_damaged_slice() {
    for answer in [Err(CodecError::Damaged.into()), Ok(vec![0; 3]), Ok(Vec::new())] {
        let opened = open(&compressed());
        let mut decoding = only(&opened).decoder().unwrap();
        assert!(decoding.accept(4, answer).is_err());
        // It is settled: a late answer and this instance leave it as it is.
        assert!(decoding.accept(4, Ok(vec![0; ROWS * COLUMNS])).is_err() && decoding.decode(4).is_err());
        assert!(decoding.accept(SLICES, Ok(Vec::new())).is_err());
        let issues = decoding.finish().unwrap().issues;
        assert_eq!(codes(&issues), [Code::CodecFailed, Code::GeometryMissingSlices]);
    }
}

#[test]
fn what_was_decoded_ahead_of_another_series_is_left() {
    let (mut intake, _) = read(&compressed(), &[true; SLICES], Limits::default());
    let early = intake.take_prefetched();
    let other: Vec<File> = chest(SLICES).into_iter().map(|file| file.text((0x10, 0x20), "LO", "other")).collect();
    for file in &other {
        intake.add(&file.name, file.bytes());
    }
    let opened = intake.finish();
    assert_eq!(opened.series.len(), 2);
    let found: Vec<usize> =
        opened.series.iter().map(|s| s.decoder().unwrap().accept_prefetched(early.clone()).len()).collect();
    assert!(found == [0, SLICES] || found == [SLICES, 0], "{found:?}");
}
