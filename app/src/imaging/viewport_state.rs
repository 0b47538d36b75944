//! The viewport's state: which study and slice it shows, with which window, zoom and overlays.

use corsai_protocol::StudySlot;

use crate::imaging::{
    geometry::Camera,
    gestures::{Intent, Tool},
    render::{Overlays, Window},
};

/// What the viewport shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewportState {
    /// The study.
    pub slot: StudySlot,
    /// The slice of each study, 0 nearest the feet.
    indices: [u32; 2],
    /// The range of Hounsfield units that is shown.
    pub window: Window,
    /// Zoom and pan.
    pub camera: Camera,
    /// The effect of a drag.
    pub tool: Tool,
    /// The overlays.
    pub overlays: Overlays,
}

impl Default for ViewportState {
    fn default() -> Self {
        Self {
            slot: StudySlot::Current,
            indices: [0, 0],
            window: Window::LUNG,
            camera: Camera::default(),
            tool: Tool::default(),
            overlays: Overlays::default(),
        }
    }
}

const fn at(slot: StudySlot) -> usize {
    match slot {
        StudySlot::Current => 0,
        StudySlot::Previous => 1,
    }
}

impl ViewportState {
    /// Returns the slice on screen, 0 nearest the feet.
    pub const fn index(&self) -> u32 {
        self.indices[at(self.slot)]
    }

    /// Sets the slice on screen.
    pub const fn set_index(&mut self, index: u32) {
        self.indices[at(self.slot)] = index;
    }

    /// Shows the middle of a new volume of `count` slices, without zoom.
    pub fn new_volume(&mut self, slot: StudySlot, count: u32) {
        self.indices[at(slot)] = count / 2;
        if slot == self.slot {
            self.camera = Camera::default();
        }
    }

    /// Moves to the nearest of these slices.
    pub fn nearest_of(&mut self, slot: StudySlot, indices: &[u32]) {
        let current = self.indices[at(slot)];
        if let Some(nearest) = indices.iter().min_by_key(|i| i.abs_diff(current)) {
            self.indices[at(slot)] = *nearest;
        }
    }

    /// Applies the intent of a gesture or a key, for `count` slices in a canvas of `size` CSS
    /// pixels.
    pub fn apply(&mut self, intent: Intent, count: u32, size: [f64; 2]) {
        let last = count.saturating_sub(1);
        match intent {
            Intent::Scroll(by) => self.set_index(self.index().saturating_add_signed(by).min(last)),
            Intent::Feet => self.set_index(0),
            Intent::Head => self.set_index(last),
            Intent::Adjust { level, width } => {
                let Window { level: l, width: w } = self.window;
                self.window = Window { level: l + level, width: w + width }.clamped();
            }
            Intent::Pan(by) => self.camera = self.camera.panned(by, size),
            Intent::Zoom { factor, anchor } => {
                let anchor = anchor.unwrap_or([size[0] / 2.0, size[1] / 2.0]);
                self.camera = self.camera.zoomed(factor, anchor, size);
            }
            Intent::Reset => {
                self.camera = Camera::default();
                self.window = Window::LUNG;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_end_at_feet_and_head() {
        let mut view = ViewportState::default();
        view.new_volume(StudySlot::Current, 11);
        assert_eq!(view.index(), 5);
        view.apply(Intent::Scroll(-10), 11, [100.0; 2]);
        assert_eq!(view.index(), 0);
        view.apply(Intent::Scroll(100), 11, [100.0; 2]);
        assert_eq!(view.index(), 10);
        view.apply(Intent::Scroll(1), 0, [100.0; 2]);
        assert_eq!(view.index(), 0, "a volume without slices has no second one");
    }

    #[test]
    fn each_study_keeps_its_own_slice() {
        let mut view = ViewportState::default();
        view.new_volume(StudySlot::Current, 100);
        view.new_volume(StudySlot::Previous, 40);
        view.apply(Intent::Scroll(3), 100, [100.0; 2]);
        view.slot = StudySlot::Previous;
        assert_eq!(view.index(), 20);
        view.slot = StudySlot::Current;
        assert_eq!(view.index(), 53);
    }

    #[test]
    fn the_first_slices_decoded_are_shown() {
        let mut view = ViewportState::default();
        view.new_volume(StudySlot::Current, 100);
        view.nearest_of(StudySlot::Current, &[0, 61, 99]);
        assert_eq!(view.index(), 61);
        view.nearest_of(StudySlot::Current, &[]);
        assert_eq!(view.index(), 61);
    }

    #[test]
    fn the_window_stays_a_window() {
        let mut view = ViewportState::default();
        view.apply(Intent::Adjust { level: 0.0, width: -1e9 }, 10, [100.0; 2]);
        assert_eq!(view.window.width, 1.0);
        view.apply(Intent::Reset, 10, [100.0; 2]);
        assert_eq!(view.window, Window::LUNG);
    }
}
