//! Pointer gestures: browser events come in as numbers, intents go out.

use std::collections::BTreeMap;

/// The effect of a drag with the main button or one finger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tool {
    /// Changes the slice.
    #[default]
    Scroll,
    /// Changes level and width.
    Window,
    /// Moves the picture.
    Pan,
}

/// A change of the viewport that a gesture or a key asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Intent {
    /// By this number of slices, towards the head where positive.
    Scroll(i32),
    /// To the slice nearest the feet.
    Feet,
    /// To the slice nearest the head.
    Head,
    /// Change of level and width, HU.
    Adjust {
        /// Change of the level.
        level: f64,
        /// Change of the width.
        width: f64,
    },
    /// By CSS pixels.
    Pan([f64; 2]),
    /// Zooms.
    Zoom {
        /// The factor.
        factor: f64,
        /// The point that stays in place, CSS pixels; the centre where absent.
        anchor: Option<[f64; 2]>,
    },
    /// Whole slice, lung window.
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Drag {
    Tool(Tool),
    Pinch,
}

/// HU per CSS pixel when a drag changes the window.
const HU_PER_PX: f64 = 3.0;

/// The state between events.
#[derive(Debug, Default)]
pub struct Gestures {
    pointers: BTreeMap<i32, [f64; 2]>,
    drag: Option<Drag>,
    scroll_rest_px: f64,
}

impl Gestures {
    /// A pointer went down. `button`: 0 main, 1 middle, 2 right, as the browser counts.
    pub fn down(&mut self, id: i32, at: [f64; 2], button: i16, shift: bool, tool: Tool) {
        self.pointers.insert(id, at);
        self.scroll_rest_px = 0.0;
        self.drag = match (self.pointers.len(), button) {
            (2.., _) => Some(Drag::Pinch),
            (_, 2) => Some(Drag::Tool(Tool::Window)),
            (_, 1) => Some(Drag::Tool(Tool::Pan)),
            (_, 0) if shift => Some(Drag::Tool(Tool::Pan)),
            (_, 0) => Some(Drag::Tool(tool)),
            _ => None,
        };
    }

    /// A pointer moved. `slice_px` is the distance of a drag per slice.
    pub fn moved(&mut self, id: i32, at: [f64; 2], slice_px: f64) -> Vec<Intent> {
        let Some(before) = self.pointers.get(&id).copied() else { return Vec::new() };
        let by = [at[0] - before[0], at[1] - before[1]];
        let intents = match self.drag {
            Some(Drag::Tool(Tool::Scroll)) => self.scrolled(by[1], slice_px),
            Some(Drag::Tool(Tool::Window)) => {
                vec![Intent::Adjust { level: by[1] * HU_PER_PX, width: by[0] * HU_PER_PX }]
            }
            Some(Drag::Tool(Tool::Pan)) => vec![Intent::Pan(by)],
            Some(Drag::Pinch) => self.pinched(id, before, at),
            None => Vec::new(),
        };
        self.pointers.insert(id, at);
        intents
    }

    /// A pointer went up or was lost.
    pub fn up(&mut self, id: i32) {
        self.pointers.remove(&id);
        self.drag = None;
    }

    /// Whether there is a drag.
    pub fn dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// Scrolls: dragging down goes towards the feet, as with the wheel.
    fn scrolled(&mut self, by_px: f64, slice_px: f64) -> Vec<Intent> {
        self.scroll_rest_px += by_px;
        let slices = (self.scroll_rest_px / slice_px.max(1.0)).trunc();
        self.scroll_rest_px -= slices * slice_px.max(1.0);
        if slices == 0.0 { Vec::new() } else { vec![Intent::Scroll(-slices as i32)] }
    }

    fn pinched(&self, id: i32, before: [f64; 2], at: [f64; 2]) -> Vec<Intent> {
        let Some((_, other)) = self.pointers.iter().find(|(i, _)| **i != id) else { return Vec::new() };
        let distance = |p: [f64; 2]| (p[0] - other[0]).hypot(p[1] - other[1]).max(1.0);
        let middle = [0, 1].map(|axis| f64::midpoint(at[axis], other[axis]));
        let factor = distance(at) / distance(before);
        let pan = [(at[0] - before[0]) / 2.0, (at[1] - before[1]) / 2.0];
        vec![Intent::Zoom { factor, anchor: Some(middle) }, Intent::Pan(pan)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_finger_scrolls_and_keeps_the_rest() {
        let mut gestures = Gestures::default();
        gestures.down(1, [0.0, 0.0], 0, false, Tool::Scroll);
        assert!(gestures.moved(1, [0.0, 7.0], 8.0).is_empty());
        assert_eq!(gestures.moved(1, [0.0, 17.0], 8.0), vec![Intent::Scroll(-2)]);
        assert_eq!(gestures.moved(1, [0.0, 8.0], 8.0), vec![Intent::Scroll(1)]);
    }

    #[test]
    fn the_right_button_adjusts_the_window_whatever_the_tool() {
        let mut gestures = Gestures::default();
        gestures.down(1, [0.0, 0.0], 2, false, Tool::Pan);
        assert_eq!(gestures.moved(1, [2.0, -1.0], 8.0), vec![Intent::Adjust { level: -3.0, width: 6.0 }]);
    }

    #[test]
    fn shift_or_the_middle_button_pans() {
        for (button, shift) in [(0, true), (1, false)] {
            let mut gestures = Gestures::default();
            gestures.down(1, [0.0, 0.0], button, shift, Tool::Scroll);
            assert_eq!(gestures.moved(1, [2.0, 3.0], 8.0), vec![Intent::Pan([2.0, 3.0])]);
        }
    }

    #[test]
    fn two_fingers_zoom_around_their_middle() {
        let mut gestures = Gestures::default();
        gestures.down(1, [0.0, 0.0], 0, false, Tool::Scroll);
        gestures.down(2, [100.0, 0.0], 0, false, Tool::Scroll);
        let intents = gestures.moved(2, [200.0, 0.0], 8.0);
        assert_eq!(intents[0], Intent::Zoom { factor: 2.0, anchor: Some([100.0, 0.0]) });
        gestures.up(2);
        assert!(gestures.moved(1, [0.0, 50.0], 8.0).is_empty(), "the finger left over doesn't scroll by a jump");
    }

    #[test]
    fn a_pointer_that_never_went_down_does_nothing() {
        assert!(Gestures::default().moved(9, [5.0, 5.0], 8.0).is_empty());
    }
}
