//! A text by its id, in the page's language.

use std::{cell::Cell, fmt};

use corsai_language::Language;
use leptos::prelude::{IntoAttributeValue, IntoRender};

thread_local! {
    static LANGUAGE: Cell<Option<Language>> = const { Cell::new(None) };
}

/// Returns the page's language: English until another one is set.
pub fn language() -> Language {
    LANGUAGE.get().unwrap_or_else(Language::english)
}

/// Sets the language of all texts that are made from now on.
pub fn set_language(language: Language) {
    LANGUAGE.set(Some(language));
}

/// A text without arguments, by its id in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text(pub &'static str);

impl Text {
    /// Returns the text in the page's language.
    pub fn get(self) -> String {
        self.in_language(language())
    }

    /// Returns the text in another language than the page's.
    pub fn in_language(self, language: Language) -> String {
        language.text(self.0)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.get())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.get()
    }
}

impl IntoRender for Text {
    type Output = String;

    fn into_render(self) -> String {
        self.get()
    }
}

impl IntoAttributeValue for Text {
    type Output = String;

    fn into_attribute_value(self) -> String {
        self.get()
    }
}
