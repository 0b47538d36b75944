//! The class that is shown: on the scale that the person chose.

use corsai_report::{LungFinding, Scale};

/// Both scales, in the order of the switch.
pub const SCALES: [Scale; 2] = [Scale::Guideline, Scale::Panel];

/// Returns the class on a scale, where it is known.
pub const fn of(lung: &LungFinding, scale: Scale) -> Option<u8> {
    match scale {
        Scale::Guideline => lung.ct_class,
        Scale::Panel => lung.ct_class_panel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_in_use_decides_the_class() {
        let lung = LungFinding {
            volume_ml: 1.0,
            lesion_ml: Some(0.1),
            share: Some(0.1),
            ct_class: Some(1),
            ct_class_panel: Some(2),
            ..LungFinding::default()
        };
        assert_eq!((of(&lung, Scale::Guideline), of(&lung, Scale::Panel)), (Some(1), Some(2)));
    }
}
