//! Key presses: what the table of keys makes of them, unless what has the focus needs the key.

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use crate::imaging::keys::{self, Action, Focus};

/// The attribute of the slice slider, which leaves its keys to the picture.
const SLICES: &str = "data-slices";
/// The attribute of a column that scrolls by keys when it has the focus.
const SCROLLS: &str = "data-scrolls";

/// Returns the effect of a key press; `None` where it has none here, or belongs to the browser or
/// to what has the focus.
pub fn action(event: &ev::KeyboardEvent) -> Option<Action> {
    if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let action = keys::action(&event.key(), event.shift_key())?;
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let focus = target.map_or(Focus::Free, |element| focus(&element));
    (!focus.claims(&event.key())).then_some(action)
}

/// Returns which keys the focused element needs.
fn focus(element: &Element) -> Focus {
    let editable = element.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
    if editable || element.closest("dialog").is_ok_and(|d| d.is_some()) {
        return Focus::Field;
    }
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => Focus::Field,
        "INPUT" => match element.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::type_).as_deref() {
            // Home goes to the head on the slices' slider, too.
            Some("range") if element.has_attribute(SLICES) => Focus::Free,
            Some("range" | "radio") => Focus::Steps,
            Some("checkbox" | "button" | "file") => Focus::Free,
            _ => Focus::Field,
        },
        _ if element.has_attribute(SCROLLS) => Focus::Steps,
        _ => Focus::Free,
    }
}
