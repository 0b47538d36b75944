//! Part E of the checklist: places and directions as scanners and archives write them.

use corsai_report::IssueCode as Code;

use crate::synthetic::*;

#[test]
fn cosines_with_few_digits_are_brought_to_a_right_angle() {
    let tilted = |cosines: &'static str| -> Vec<File> {
        chest(12).into_iter().map(|file| file.text((0x20, 0x37), "DS", cosines)).collect()
    };
    let exact = measured(&tilted("1\\0\\0\\0\\0.965926\\-0.258819"));
    for written in ["1\\0\\0\\0\\0.97\\-0.26", "1.0\\0.00\\0\\0\\.966\\-.259", "1\\0\\0\\0\\0.9659\\-0.2588"] {
        let decoded = measured(&tilted(written));
        assert_eq!(codes(&decoded.issues), [Code::GeometryGantryTilt], "{written}");
        assert_eq!(decoded.volume.voxels(), exact.volume.voxels());
        let (found, expected) = (decoded.volume.grid().voxel_ml(6), exact.volume.grid().voxel_ml(6));
        assert!((found / expected - 1.0).abs() < 0.01, "{written}: {found} mL, {expected} mL");
    }
    // Turned about the body's axis, too.
    let turned = measured(&tilted("0.98\\0.17\\0\\-0.17\\0.98\\0"));
    assert_eq!(turned.volume.grid().slice_mm(), 5.0);
    for none in ["1\\0\\0\\0\\0.9\\0", "1\\0\\0\\0.1\\0.99\\0", "0.5\\0\\0\\0\\0.5\\0", "1\\0\\0\\1\\0\\0"] {
        refused(&tilted(none), Code::GeometryNoPosition);
        let opened = open(&tilted(none));
        let said = corsai_language::Language::english().issue(&only(&opened).summary().issues[0]);
        assert!(said.contains("not at right angles"), "{said}");
    }
}

#[test]
fn a_stretch_of_another_distance_is_measured_with_its_own_width() {
    let at = |heights: &[f64]| -> Vec<File> {
        heights.iter().enumerate().map(|(z, height)| Lie::at(*height).file(&z.to_string())).collect()
    };
    let heights: Vec<f64> = (0..40_u8).map(|z| 3.0 * f64::from(z)).collect();
    // Every second slice of the middle is left out.
    let stretch: Vec<f64> =
        heights.iter().enumerate().filter(|(z, _)| !(14..30).contains(z) || z % 2 == 0).map(|(_, z)| *z).collect();
    let decoded = measured(&at(&stretch));
    assert_eq!(codes(&decoded.issues), [Code::GeometryUnevenSpacing]);
    let grid = decoded.volume.grid();
    assert_eq!((grid.slices(), grid.slice_mm(), grid.is_evenly_spaced()), (32, 3.0, false));
    assert!((grid.slab_mm().iter().sum::<f64>() - 120.0).abs() < 1e-9);
    assert_eq!((grid.slab_mm()[5], grid.slab_mm()[17], grid.slab_mm()[28]), (3.0, 6.0, 3.0));
    let said = corsai_language::Language::english().issue(&decoded.issues[0]);
    assert!(said.contains("3.00 to 6.00 mm"), "{said}");
    // Slices lost here and there are missing, and too many of them stop.
    let lost: Vec<f64> = heights.iter().enumerate().filter(|(z, _)| z % 7 != 4).map(|(_, z)| *z).collect();
    refused(&at(&lost), Code::GeometryIrregularSpacing);
    // Wider than what a lesion may hide in.
    let wide: Vec<f64> = heights.iter().enumerate().filter(|(z, _)| *z < 20 || z % 4 == 0).map(|(_, z)| *z).collect();
    refused(&at(&wide), Code::GeometryIrregularSpacing);
}
