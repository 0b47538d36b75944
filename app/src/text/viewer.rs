//! The viewer.

use corsai_language::message;
use corsai_protocol::StudySlot;

use crate::text::{Text, common, language};

pub const LOST: Text = Text("viewer-lost");
pub const NO_PICTURE: Text = Text("viewer-no-picture");
pub const NOT_READ: Text = Text("viewer-not-read");
pub const PATIENTS_RIGHT: Text = Text("viewer-patients-right");
pub const PATIENTS_LEFT: Text = Text("viewer-patients-left");
pub const IN_RIGHT_LUNG: Text = Text("viewer-in-right-lung");
pub const IN_LEFT_LUNG: Text = Text("viewer-in-left-lung");
pub const POSTERIOR: Text = Text("viewer-posterior");
pub const IN_LESION: Text = Text("viewer-in-lesion");
pub const LOADING: Text = Text("viewer-loading");
pub const ANTERIOR: Text = Text("viewer-anterior");
pub const ANTERIOR_LETTER: Text = Text("viewer-anterior-letter");
pub const POSTERIOR_LETTER: Text = Text("viewer-posterior-letter");
pub const RIGHT_LETTER: Text = Text("viewer-right-letter");
pub const LEFT_LETTER: Text = Text("viewer-left-letter");
pub const TAB_EARLIER: Text = Text("viewer-tab-earlier");
pub const TAB_THIS: Text = Text("viewer-tab-this");
pub const STUDY_ON_SCREEN: Text = Text("viewer-study-on-screen");
pub const SLICE: Text = Text("viewer-slice");
pub const FEET: Text = Text("viewer-feet");
pub const HEAD: Text = Text("viewer-head");
pub const WINDOW_HINT: Text = Text("viewer-window-hint");
pub const MOST_LESIONS_HINT: Text = Text("viewer-most-lesions-hint");
pub const MOVE_HINT: Text = Text("viewer-move-hint");
pub const SCROLL_HINT: Text = Text("viewer-scroll-hint");
pub const RESET_HINT: Text = Text("viewer-reset-hint");
pub const DISAGREEMENT: Text = Text("viewer-disagreement");
pub const MOST_LESIONS: Text = Text("viewer-most-lesions");
pub const MEDIASTINUM: Text = Text("viewer-mediastinum");
pub const DRAGGING: Text = Text("viewer-dragging");
pub const ZOOM_OUT: Text = Text("viewer-zoom-out");
pub const OVERLAYS: Text = Text("viewer-overlays");
pub const ZOOM_IN: Text = Text("viewer-zoom-in");
pub const SCROLL: Text = Text("viewer-scroll");
pub const WINDOW: Text = Text("viewer-window");
pub const LEVEL: Text = Text("viewer-level");
pub const WIDTH: Text = Text("viewer-width");
pub const RESET: Text = Text("viewer-reset");
pub const MOVE: Text = Text("viewer-move");
pub const LUNG: Text = Text("viewer-lung");
pub const ZOOM: Text = Text("viewer-zoom");
pub const NO_PICTURE_YET: Text = Text("viewer-no-picture-yet");

/// Returns the name of the study on screen, "Earlier study · 6 Apr 2020". Without a second study
/// the date is enough.
pub fn named(slot: StudySlot, both: bool, date: Option<String>) -> String {
    let date = date.unwrap_or_else(|| common::NO_DATE.get());
    match (slot, both) {
        (StudySlot::Previous, _) => message!(language(), "viewer-earlier-study-of", date = date),
        (StudySlot::Current, true) => message!(language(), "viewer-this-study-of", date = date),
        (StudySlot::Current, false) => date,
    }
}

/// Returns the description of the picture for a screen reader. `lesions` is absent where they are
/// not known.
pub fn described(slot: StudySlot, index: u32, count: u32, lesions: Option<bool>) -> String {
    let id = match slot {
        StudySlot::Previous => "viewer-slice-description-earlier",
        StudySlot::Current => "viewer-slice-description",
    };
    let description = message!(language(), id, slice = (index + 1).to_string(), count = count.to_string());
    match lesions {
        Some(true) => message!(language(), "viewer-with-lesions", description = description),
        Some(false) => message!(language(), "viewer-without-lesions", description = description),
        None => description,
    }
}

/// Returns the slice slider's value for a screen reader.
pub fn slice_position(index: u32, count: u32, position_mm: Option<f64>) -> String {
    let (slice, count) = ((index + 1).to_string(), count.to_string());
    match position_mm.map(|mm| language().millimetres(mm)) {
        Some(position) => {
            message!(language(), "viewer-slice-position-at", slice = slice, count = count, position = position)
        }
        None => message!(language(), "viewer-slice-position", slice = slice, count = count),
    }
}

/// Returns the label of an overlay's opacity.
pub fn opacity(overlay: Text) -> String {
    message!(language(), "viewer-opacity", overlay = overlay.get())
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
