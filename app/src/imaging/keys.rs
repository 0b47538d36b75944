//! The table of keys: each one's effect, and its words in the key sheet and for a screen reader.
//! Handlers look keys up here, and the key sheet lists the same table.

use crate::{
    imaging::gestures::Intent,
    text::{self, Text},
};

/// The effect of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Changes what the viewport shows.
    Viewport(Intent),
    /// Opens the key sheet.
    KeySheet,
}

/// One line of the key sheet: keys that belong together, and their effects.
struct Binding {
    /// The keys' names for a person.
    label: Text,
    /// Their effect.
    what: Text,
    /// The browser's name of each key, with `Shift+` before an arrow, and its effect.
    keys: &'static [(&'static str, Action)],
}

/// Distance by which a key moves the picture, CSS pixels.
const PAN_PX: f64 = 40.0;

const fn zoom(factor: f64) -> Action {
    Action::Viewport(Intent::Zoom { factor, anchor: None })
}

const fn scroll(slices: i32) -> Action {
    Action::Viewport(Intent::Scroll(slices))
}

const fn pan(by: [f64; 2]) -> Action {
    Action::Viewport(Intent::Pan(by))
}

/// Every key of the page. Upwards is towards the head, as on the slider and with the wheel.
const BINDINGS: [Binding; 7] = [
    Binding {
        label: text::keys::ARROWS,
        what: text::keys::ONE_SLICE,
        keys: &[
            ("ArrowUp", scroll(1)),
            ("ArrowRight", scroll(1)),
            ("ArrowDown", scroll(-1)),
            ("ArrowLeft", scroll(-1)),
        ],
    },
    Binding {
        label: text::keys::PAGES,
        what: text::keys::TEN_SLICES,
        keys: &[("PageUp", scroll(10)), ("PageDown", scroll(-10))],
    },
    Binding {
        label: text::keys::HOME_END,
        what: text::keys::ENDS,
        keys: &[("Home", Action::Viewport(Intent::Head)), ("End", Action::Viewport(Intent::Feet))],
    },
    Binding {
        label: text::keys::PLUS_MINUS,
        what: text::keys::ZOOM_IN_OUT,
        keys: &[("+", zoom(1.25)), ("=", zoom(1.25)), ("-", zoom(0.8)), ("_", zoom(0.8))],
    },
    Binding {
        label: text::keys::SHIFT_ARROW,
        what: text::keys::PAN,
        keys: &[
            ("Shift+ArrowUp", pan([0.0, PAN_PX])),
            ("Shift+ArrowDown", pan([0.0, -PAN_PX])),
            ("Shift+ArrowLeft", pan([PAN_PX, 0.0])),
            ("Shift+ArrowRight", pan([-PAN_PX, 0.0])),
        ],
    },
    Binding { label: text::keys::ZERO, what: text::keys::RESET, keys: &[("0", Action::Viewport(Intent::Reset))] },
    Binding { label: text::keys::QUESTION_MARK, what: text::keys::SHEET, keys: &[("?", Action::KeySheet)] },
];

/// The effects of mouse and fingers on the picture, for the key sheet.
const POINTER_HELP: [(Text, Text); 3] = [
    (text::keys::WHEEL, text::keys::ONE_SLICE),
    (text::keys::RIGHT_DRAG, text::keys::WINDOW),
    (text::keys::PINCH, text::keys::ZOOM),
];

/// Returns the effect of a key, by the browser's name of it.
pub fn action(name: &str, shift: bool) -> Option<Action> {
    let shifted = if shift && name.starts_with("Arrow") { format!("Shift+{name}") } else { name.to_string() };
    BINDINGS.iter().flat_map(|b| b.keys).find(|(key, _)| *key == shifted).map(|(_, action)| *action)
}

/// Returns the keys and pointer gestures with their effects, in the order of the key sheet.
pub fn sheet() -> impl Iterator<Item = (Text, Text)> {
    BINDINGS.iter().map(|binding| (binding.label, binding.what)).chain(POINTER_HELP)
}

/// Returns the table as one text.
pub fn spoken() -> String {
    BINDINGS.iter().map(|b| format!("{}: {}.", b.label, b.what)).collect::<Vec<_>>().join(" ")
}

/// The focused element, by the keys that it needs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The page, a button, the picture's own slider: no key of this table.
    Free,
    /// A slider, a radio button or a column that scrolls: keys that step.
    Steps,
    /// A field, or anything in an open dialog: every key.
    Field,
}

impl Focus {
    /// Whether a key belongs to what has the focus.
    pub fn claims(self, name: &str) -> bool {
        let steps = name.starts_with("Arrow") || matches!(name, "PageUp" | "PageDown" | "Home" | "End");
        match self {
            Self::Free => false,
            Self::Steps => steps,
            Self::Field => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upwards_is_towards_the_head() {
        for name in ["ArrowUp", "ArrowRight", "PageUp"] {
            assert!(matches!(action(name, false), Some(Action::Viewport(Intent::Scroll(1..)))), "{name}");
        }
        for name in ["ArrowDown", "ArrowLeft", "PageDown"] {
            assert!(matches!(action(name, false), Some(Action::Viewport(Intent::Scroll(..=-1)))), "{name}");
        }
        assert_eq!(action("Home", false), Some(Action::Viewport(Intent::Head)));
        assert_eq!(action("End", false), Some(Action::Viewport(Intent::Feet)));
    }

    #[test]
    fn every_key_of_the_table_works_and_none_twice() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|b| b.keys).collect();
        for (index, (name, expected)) in keys.iter().enumerate() {
            let (shift, bare) = name.strip_prefix("Shift+").map_or((false, *name), |bare| (true, bare));
            assert_eq!(action(bare, shift), Some(*expected), "{name}");
            assert!(keys.iter().skip(index + 1).all(|(other, _)| other != name), "{name} twice");
        }
        assert_eq!(action("q", false), None);
        assert_eq!(action("+", true), Some(zoom(1.25)), "on many keyboards + is typed with shift");
        assert_eq!(action("?", true), Some(Action::KeySheet), "so is the question mark");
    }

    #[test]
    fn what_has_the_focus_keeps_the_keys_it_needs() {
        for key in ["ArrowUp", "ArrowLeft", "PageDown", "Home", "End"] {
            assert!(Focus::Steps.claims(key) && Focus::Field.claims(key) && !Focus::Free.claims(key), "{key}");
        }
        for key in ["+", "-", "0"] {
            assert!(Focus::Field.claims(key) && !Focus::Steps.claims(key), "{key}");
        }
    }

    #[test]
    fn every_line_is_spoken() {
        let spoken = spoken();
        assert!(BINDINGS.iter().all(|b| spoken.contains(&b.label.get()) && spoken.contains(&b.what.get())), "{spoken}");
    }
}
