//! The CT class of a lesion share (`docs/method.md`, "CT class").

use corsai_report::Scale;

/// Returns the CT class, 0..=4, of a lung with this lesion `share` (0..=1).
///
/// A border belongs to the class below it, as in "CT-1: ≤ 25 %", and the last border to the class
/// above it, as in "CT-4: ≥ 75 %". CT-0 is the absence of lesions on both scales: not one voxel. A
/// threshold below which lesions don't count would hide small true ones, and neither the guideline
/// nor the paper has one.
#[must_use]
pub fn ct_class(share: f64, scale: Scale) -> u8 {
    let [first, second, third] = scale.borders_percent().map(|percent| f64::from(percent) / 100.0);
    if share <= 0.0 {
        0
    } else if share <= first {
        1
    } else if share <= second {
        2
    } else if share < third {
        3
    } else {
        4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_belongs_where_the_definition_puts_it() {
        let classes = |scale, shares: &[f64]| shares.iter().map(|s| ct_class(*s, scale)).collect::<Vec<_>>();
        let guideline = [0.0, 1e-9, 0.25, 0.2501, 0.5, 0.5001, 0.7499, 0.75, 1.0];
        assert_eq!(classes(Scale::Guideline, &guideline), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
        let panel = [0.0, 1e-9, 0.06, 0.0601, 0.29, 0.2901, 0.8299, 0.83, 1.0];
        assert_eq!(classes(Scale::Panel, &panel), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn a_larger_share_never_has_a_lower_class() {
        for scale in [Scale::Guideline, Scale::Panel] {
            let classes: Vec<u8> = (0..=1000).map(|i| ct_class(f64::from(i) / 1000.0, scale)).collect();
            assert!(classes.is_sorted());
            assert_eq!((classes[0], classes[1000]), (0, 4));
        }
    }
}
