//! The viewer.

use corsai_protocol::StudySlot;

use crate::{format, text::common};

pub const LOST: &str = "Measure the study again to see this slice.";
pub const NO_PICTURE: &str = "There is no picture to show.";
pub const NOT_READ: &str = "This slice was not read.";
pub const PATIENTS_RIGHT: &str = "the patient's right";
pub const PATIENTS_LEFT: &str = "the patient's left";
pub const IN_RIGHT_LUNG: &str = " · right lung";
pub const IN_LEFT_LUNG: &str = " · left lung";
pub const POSTERIOR: &str = "posterior";
pub const IN_LESION: &str = " · lesion";
pub const LOADING: &str = "Loading …";
pub const ANTERIOR: &str = "anterior";
pub const ANTERIOR_LETTER: &str = "A";
pub const POSTERIOR_LETTER: &str = "P";
pub const RIGHT_LETTER: &str = "R";
pub const LEFT_LETTER: &str = "L";
pub const STUDY_ON_SCREEN: &str = "Study on screen";
pub const SLICE: &str = "Slice";
pub const FEET: &str = "Feet";
pub const HEAD: &str = "Head";
pub const WINDOW_HINT: &str = "Drag to change brightness and contrast (also with the right button)";
pub const MOST_LESIONS_HINT: &str = "Go to the slice with the largest lesion area";
pub const MOVE_HINT: &str = "Drag to move the picture (also with Shift)";
pub const SCROLL_HINT: &str = "Drag up and down to change the slice";
pub const RESET_HINT: &str = "Whole slice, lung window";
pub const DISAGREEMENT: &str = "Networks disagree";
pub const MOST_LESIONS: &str = "Most lesions";
pub const MEDIASTINUM: &str = "Mediastinum";
pub const DRAGGING: &str = "Dragging";
pub const ZOOM_OUT: &str = "Zoom out";
pub const OVERLAYS: &str = "Overlays";
pub const ZOOM_IN: &str = "Zoom in";
pub const SCROLL: &str = "Scroll";
pub const WINDOW: &str = "Window";
pub const LEVEL: &str = "Level";
pub const WIDTH: &str = "Width";
pub const RESET: &str = "Reset";
pub const MOVE: &str = "Move";
pub const LUNG: &str = "Lung";
pub const ZOOM: &str = "Zoom";
pub const NO_PICTURE_YET: &str = "No picture yet";

/// Returns the name of the study on screen, "Earlier study · 6 Apr 2020". Without a second study
/// the date is enough.
pub fn named(slot: StudySlot, both: bool, date: Option<String>) -> String {
    let date = date.unwrap_or_else(|| common::NO_DATE.into());
    match (slot, both) {
        (StudySlot::Previous, _) => format!("Earlier study · {date}"),
        (StudySlot::Current, true) => format!("This study · {date}"),
        (StudySlot::Current, false) => date,
    }
}

/// Returns the description of the picture for a screen reader. `lesions` is absent where they are
/// not known.
pub fn described(slot: StudySlot, index: u32, count: u32, lesions: Option<bool>) -> String {
    let which = if slot == StudySlot::Previous { "Earlier study, axial" } else { "Axial" };
    let lesions = match lesions {
        Some(true) => ", lesions on this slice",
        Some(false) => ", no lesions on this slice",
        None => "",
    };
    format!("{which} CT slice {} of {count}{lesions}", index + 1)
}

/// Returns the slice slider's value for a screen reader.
pub fn slice_position(index: u32, count: u32, position_mm: Option<f64>) -> String {
    let position = position_mm.map(|mm| format!(", {}", format::mm(mm))).unwrap_or_default();
    format!("slice {} of {count}{position}", index + 1)
}

/// Returns the label of an overlay's opacity.
pub fn opacity(overlay: &str) -> String {
    format!("{overlay}: opacity in per cent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_which_study_it_is_of() {
        let date = || Some("6 Apr 2020".to_string());
        assert_eq!(named(StudySlot::Previous, true, date()), "Earlier study · 6 Apr 2020");
        assert_eq!(named(StudySlot::Current, true, date()), "This study · 6 Apr 2020");
        assert_eq!(named(StudySlot::Current, false, date()), "6 Apr 2020");
        assert_eq!(named(StudySlot::Previous, true, None), "Earlier study · no date");
    }
}
