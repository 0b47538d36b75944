//! What the fuzz targets do with bytes, in a form that ordinary tests can repeat.

use corsai_report::{IssueCode, Severity};
use corsai_study::{SeriesList, VolumeDecoder};

use crate::synthetic::*;

/// Does all that can be done with a drop, and holds what must be true of whatever comes of it.
/// Gives all codes.
pub fn settle(opened: &SeriesList) -> Vec<IssueCode> {
    assert!(!(opened.series.is_empty() && opened.issues.is_empty()), "nothing said");
    let mut found = codes(&opened.issues);
    for series in &opened.series {
        let summary = series.summary();
        let is_stop = |issue: &corsai_report::Issue| issue.severity == Severity::Stop;
        assert_eq!(summary.usable, !summary.issues.iter().any(is_stop));
        let _ = series.preview();
        match series.decoder().and_then(VolumeDecoder::finish) {
            Ok(decoded) => {
                assert!(summary.usable && !decoded.issues.iter().any(is_stop));
                assert!(decoded.volume.voxels().iter().all(|hu| *hu >= -1024));
                let grid = decoded.volume.grid();
                assert!(grid.positions_mm().is_sorted_by(|a, b| a < b));
                assert!(grid.slab_mm().iter().all(|mm| *mm > 0.0 && mm.is_finite()));
                // Slabs fill what lies between the first and the last slice, and half a slab beyond
                // each.
                let length = grid.positions_mm()[grid.slices() - 1] - grid.positions_mm()[0];
                let total: f64 = grid.slab_mm().iter().sum();
                assert!(total > length && total <= 1.5 * length, "{total} mm for {length} mm");
                assert!(grid.patient_from_voxel().iter().flatten().all(|number| number.is_finite()));
                found.extend(codes(&decoded.issues));
            }
            Err(issues) => {
                assert!(issues.iter().any(is_stop));
                found.extend(codes(&issues));
            }
        }
    }
    found
}

/// Bytes as a file.
pub fn headers(data: &[u8]) {
    settle(&open_bytes(&[data.to_vec()]));
}

/// Bytes as where slices lie and what tells them apart: eight a slice, sixty slices at most.
pub fn geometry(data: &[u8]) {
    let files: Vec<File> = data.as_chunks::<8>().0.iter().take(60).enumerate().map(slice).collect();
    settle(&open(&files));
    // The order in which files come never matters.
    let volume = |files: &[File]| {
        let opened = open(files);
        let results = opened.series.iter().map(|series| series.decoder().and_then(VolumeDecoder::finish));
        results.map(|result| result.map_err(|issues| codes(&issues))).collect::<Vec<_>>()
    };
    let backwards: Vec<File> = files.iter().rev().cloned().collect();
    assert_eq!(volume(&files), volume(&backwards));
}

fn slice((z, bytes): (usize, &[u8; 8])) -> File {
    let [low, high, aside, lie, pixel, mark, uid, number] = *bytes;
    let height = f64::from(i16::from_le_bytes([low, high])) / 64.0;
    let mut place = Lie::at(height);
    let degrees = f64::from(lie >> 3) * 1.5 - 24.0;
    let (sine, cosine) = if lie >> 3 == 0 { (0.0, 1.0) } else { degrees.to_radians().sin_cos() };
    place.along_column = [0.0, cosine, sine];
    place.corner[1] += f64::from(aside as i8) / 16.0;
    place.pixel_mm[0] = if pixel < 200 { 1.0 } else { f64::from(pixel - 199) / 8.0 };
    let place = place.turned(lie & 1 != 0, lie & 2 != 0, lie & 4 != 0);
    let file = place.file(&format!("{z}.{uid}")).text((0x18, 0x1210), "SH", &(mark % 4).to_string());
    let file = if uid < 128 { file } else { file.text((8, 0x18), "UI", &format!("1.{}", uid % 8)) };
    let texts = ["", "nan", "1e308", "-1e-320", "1,0", "0\\0\\0", "1e300\\1e300\\1e300", "-0"];
    let tags = [(0x20, 0x32), (0x20, 0x37), (0x28, 0x30), (0x28, 0x1052), (0x28, 0x1053)];
    match (tags.get(usize::from(number % 8)), texts.get(usize::from(number / 8 % 8))) {
        (Some(tag), Some(text)) if number >= 64 => file.text(*tag, "DS", text),
        _ => file,
    }
}
