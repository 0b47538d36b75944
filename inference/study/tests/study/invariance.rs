//! However a study is stored, its volume is the same one.

use proptest::prelude::*;

use crate::synthetic::*;

const SLICES: usize = 10;

fn expected(z: usize) -> Vec<i16> {
    let lie = Lie::at(5.0 * z as f64);
    let places = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| lie.place(row, column)));
    places.map(scene).collect()
}

#[test]
fn the_volume_is_the_scene_from_the_feet_up() {
    let decoded = measured(&chest(SLICES));
    assert!(decoded.issues.is_empty(), "{:?}", decoded.issues);
    let grid = decoded.volume.grid();
    assert_eq!((grid.slices(), grid.rows(), grid.columns()), (SLICES, ROWS, COLUMNS));
    for z in 0..SLICES {
        assert_eq!(decoded.volume.slice(z), expected(z), "slice {z}");
    }
    assert!(grid.slab_mm().iter().all(|mm| (mm - 5.0).abs() < 1e-9));
    assert!((grid.voxel_ml(3) - 0.005).abs() < 1e-12);
    let affine = [[1.0, 0.0, 0.0, -13.0], [0.0, 1.0, 0.0, -10.0], [0.0, 0.0, 5.0, -40.0]];
    assert_eq!(grid.patient_from_voxel(), affine);
    assert_eq!(grid.slice_mm(), 5.0);
    assert_eq!(decoded.volume.slice(SLICES), &[] as &[i16]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Order, names, identifiers, turning, mirroring, compression: none of them moves a voxel.
    #[test]
    fn storage_does_not_move_a_voxel(
        order in Just((0..SLICES).collect::<Vec<_>>()).prop_shuffle(),
        names in Just((0..SLICES).collect::<Vec<_>>()).prop_shuffle(),
        turns in prop::collection::vec(any::<(bool, bool, bool, bool)>(), SLICES),
        alike: bool,
    ) {
        let files: Vec<File> = order.iter().map(|z| {
            let (exchange, row, column, packed) = if alike { turns[0] } else { turns[*z] };
            let lie = Lie::at(5.0 * *z as f64).turned(exchange, row, column);
            let file = lie.file(&names[*z].to_string());
            if packed { file.rle() } else { file }
        }).collect();
        let decoded = measured(&files);
        prop_assert_eq!(decoded, measured(&chest(SLICES)));
    }

    /// Nor do they where pixels are no squares and the gantry is tilted; left stays the patient's
    /// left.
    #[test]
    fn tilt_and_oblong_pixels_do_not_either(
        order in Just((0..SLICES).collect::<Vec<_>>()).prop_shuffle(),
        (exchange, row, column) in any::<(bool, bool, bool)>(),
        degrees in -19.0_f64..19.0,
        half in any::<bool>(),
    ) {
        let lie = |z: usize| {
            let (sine, cosine) = degrees.to_radians().sin_cos();
            let mut lie = Lie { along_column: [0.0, cosine, sine], ..Lie::at(5.0 * z as f64) };
            (lie.columns, lie.pixel_mm) = if half { (COLUMNS / 2, [1.0, 2.0]) } else { (COLUMNS, [1.0, 1.0]) };
            lie
        };
        let plain = measured(&(0..SLICES).map(|z| lie(z).file(&z.to_string())).collect::<Vec<_>>());
        let stored: Vec<File> =
            order.iter().map(|z| lie(*z).turned(exchange, row, column).file(&z.to_string())).collect();
        let decoded = measured(&stored);
        prop_assert_eq!(decoded.volume.voxels(), plain.volume.voxels());
        prop_assert_eq!(codes(&decoded.issues), codes(&plain.issues));
        let (grid, expected) = (decoded.volume.grid(), plain.volume.grid());
        prop_assert_eq!((grid.rows(), grid.columns(), grid.row_mm(), grid.column_mm()), (ROWS, lie(0).columns, 1.0, lie(0).pixel_mm[1]));
        let slab = 5.0 * degrees.to_radians().cos();
        prop_assert!(grid.slab_mm().iter().all(|mm| (mm - slab).abs() < 1e-6));
        for (a, b) in grid.patient_from_voxel().iter().flatten().zip(expected.patient_from_voxel().iter().flatten()) {
            prop_assert!((a - b).abs() < 1e-6);
        }
        // The right lung comes before the left one.
        let middle = decoded.volume.slice(SLICES / 2);
        for line in middle.chunks(grid.columns()) {
            let right = line.iter().rposition(|hu| *hu == -850);
            let left = line.iter().position(|hu| *hu == -800);
            prop_assert!(right.is_none() || left.is_none() || right < left);
        }
        prop_assert!(middle.contains(&-850) && middle.contains(&-800));
    }

    /// Each slice has its own slope and intercept, and its own way to store the same Hounsfield
    /// units.
    #[test]
    fn each_slice_has_its_own_rescale(halves in prop::collection::vec((any::<bool>(), 1024_i16..1800), SLICES)) {
        let files: Vec<File> = halves.iter().enumerate().map(|(z, (half, shift))| {
            let words = |slope: i16| -> Vec<u16> {
                expected(z).iter().map(|hu| ((hu + shift) * slope) as u16).collect()
            };
            let file = Lie::at(5.0 * z as f64).file(&z.to_string()).numbers((0x28, 0x1052), &[-f64::from(*shift)]);
            if *half { file.words(&words(2)).numbers((0x28, 0x1053), &[0.5]).word((0x28, 0x101), 13).word((0x28, 0x102), 12) }
            else { file.words(&words(1)) }
        }).collect();
        prop_assert_eq!(measured(&files).volume, measured(&chest(SLICES)).volume);
    }
}

#[test]
fn signed_words_and_padding_give_the_same_air() {
    let plain = measured(&chest(SLICES)).volume;
    let files: Vec<File> = (0..SLICES)
        .map(|z| {
            let stored = |hu: &i16| if *hu == -1000 { -2000_i16 as u16 } else { *hu as u16 };
            let words: Vec<u16> = expected(z).iter().map(stored).collect();
            let file = Lie::at(5.0 * z as f64).file(&z.to_string()).words(&words).numbers((0x28, 0x1052), &[0.0]);
            let file = file.word((0x28, 0x103), 1).word((0x28, 0x101), 16).word((0x28, 0x102), 15);
            file.word((0x28, 0x120), -2000_i16 as u16)
        })
        .collect();
    let padded = measured(&files).volume;
    for (a, b) in plain.voxels().iter().zip(padded.voxels()) {
        assert!(a == b || (*a, *b) == (-1000, -1024));
    }
}

#[test]
fn a_tilted_gantry_keeps_volumes_and_is_said() {
    use corsai_report::IssueCode;
    let (sine, cosine) = 10_f64.to_radians().sin_cos();
    let files: Vec<File> = (0..SLICES)
        .map(|z| {
            let mut lie = Lie::at(5.0 * z as f64);
            lie.along_column = [0.0, cosine, sine];
            lie.file(&z.to_string())
        })
        .collect();
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [IssueCode::GeometryGantryTilt]);
    let grid = decoded.volume.grid();
    // The slices are nearer to one another than their corners are.
    assert!((grid.slice_mm() - 5.0 * cosine).abs() < 1e-9);
    let step = grid.patient_from_voxel().map(|axis| axis[2]);
    assert!(step.iter().zip([0.0, 0.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-9));
}
