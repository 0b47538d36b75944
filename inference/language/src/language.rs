//! A language and its table.

use std::{borrow::Cow, fmt, sync::OnceLock};

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue,
    concurrent::FluentBundle,
    types::{FluentNumber, FluentNumberOptions},
};
use intl_memoizer::concurrent::IntlLangMemoizer;
use unic_langid::LanguageIdentifier;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The language of those whose own isn't there.
const DEFAULT: &str = "en";

/// Fewest digits of a whole part that are grouped by three: 15 000, but 1500, as a window's width
/// is written.
const LEAST_GROUPED: usize = 5;

/// A language that has a table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language {
    /// Index in [`TABLES`].
    index: usize,
}

impl Language {
    /// Returns all languages, in the order of their tags.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLES.len()).map(|index| Self { index })
    }

    /// Returns English.
    #[must_use]
    pub fn english() -> Self {
        Self::from_tag(DEFAULT).expect("invariant: there is an English table")
    }

    /// Returns the language of a tag such as `ru`.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag() == tag)
    }

    /// Returns the first language of a list of wishes that has a table, English where none has. A
    /// wish is a tag (`ru-RU`) or a POSIX locale (`ru_RU.UTF-8`).
    #[must_use]
    pub fn preferred<'a>(wishes: impl IntoIterator<Item = &'a str>) -> Self {
        let primary = |wish: &'a str| wish.split(['-', '_', '.', '@']).next().map(str::to_ascii_lowercase);
        let mut tags = wishes.into_iter().filter_map(primary);
        tags.find_map(|tag| Self::from_tag(&tag)).unwrap_or_else(Self::english)
    }

    /// Returns the language's BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.table().tag
    }

    /// Returns a text that has no arguments. `id` is a message's name, or that of its attribute
    /// (`name.attribute`).
    #[must_use]
    pub fn text(self, id: &str) -> String {
        self.format(id, &[])
    }

    /// Returns a text with its arguments. [`crate::message!`] is the short form.
    ///
    /// # Panics
    /// If the table lacks the text, or the text needs another argument.
    #[must_use]
    pub fn format(self, id: &str, arguments: &[(&'static str, Argument)]) -> String {
        let bundle = self.table().bundle();
        let (name, attribute) = id.split_once('.').map_or((id, None), |(name, attribute)| (name, Some(attribute)));
        let message = bundle.get_message(name);
        let pattern = message.and_then(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|attribute| attribute.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { unreachable!("invariant: the table {} has the text {id}", self.tag()) };
        let arguments: FluentArgs<'_> = arguments.iter().map(|(name, argument)| (*name, argument.0.clone())).collect();
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        assert!(errors.is_empty(), "invariant: the text {id} has its arguments: {errors:?}");
        text
    }

    fn table(self) -> &'static Table {
        &TABLES[self.index]
    }

    /// Returns a number as this language writes it; `options` say how many digits.
    fn write_number(self, value: f64, options: &FluentNumberOptions) -> String {
        let symbols = self.table().symbols();
        let digits = options.minimum_fraction_digits;
        let plain = digits.map_or_else(|| value.abs().to_string(), |digits| format!("{:.digits$}", value.abs()));
        let (whole, fraction) = plain.split_once('.').map_or((&*plain, None), |(whole, rest)| (whole, Some(rest)));
        let mut text = String::new();
        let is_zero = plain.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if value < 0.0 && !is_zero {
            text.push_str(&symbols.minus);
        }
        let least = options.minimum_integer_digits.unwrap_or(1);
        let padded = format!("{whole:0>least$}");
        for (index, digit) in padded.char_indices() {
            if index > 0 && padded.len() >= LEAST_GROUPED && (padded.len() - index).is_multiple_of(3) {
                text.push_str(&symbols.group);
            }
            text.push(digit);
        }
        if let Some(fraction) = fraction {
            text.push_str(&symbols.decimal);
            text.push_str(fraction);
        }
        text
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Language({})", self.tag())
    }
}

/// Returns a text of a language with its arguments:
/// `message!(language, "count-files", count = 3_u64)`.
#[macro_export]
macro_rules! message {
    ($language:expr, $id:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $language.format($id, &[$((stringify!($name), $crate::Argument::from($value))),*])
    };
}

/// An argument of a text: a number, which also chooses the plural form, or a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument(FluentValue<'static>);

impl Argument {
    /// Returns a number that is written with `digits` decimals.
    #[must_use]
    pub fn decimal(value: f64, digits: usize) -> Self {
        let options = FluentNumberOptions {
            minimum_fraction_digits: Some(digits),
            maximum_fraction_digits: Some(digits),
            ..FluentNumberOptions::default()
        };
        Self(FluentValue::Number(FluentNumber::new(value, options)))
    }
}

impl From<f64> for Argument {
    /// Returns a number that is written with the decimals that it needs.
    fn from(value: f64) -> Self {
        Self(FluentValue::from(value))
    }
}

impl From<u64> for Argument {
    fn from(value: u64) -> Self {
        Self(FluentValue::from(value as f64))
    }
}

impl From<usize> for Argument {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<u32> for Argument {
    fn from(value: u32) -> Self {
        Self::from(u64::from(value))
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self(FluentValue::String(Cow::Owned(text)))
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// How a language writes numbers.
#[derive(Debug)]
struct Symbols {
    decimal: String,
    group: String,
    minus: String,
}

/// Returns a placeable as text, where it is a number.
type FormatNumber = fn(&FluentValue<'_>, &IntlLangMemoizer) -> Option<String>;

/// Returns a placeable of the language at `INDEX` as text, where it is a number. Fluent takes a
/// plain function, which can hold no language.
fn format_number<const INDEX: usize>(value: &FluentValue<'_>, _: &IntlLangMemoizer) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(Language { index: INDEX }.write_number(number.value, &number.options)),
        _ => None,
    }
}

/// The texts of one language, parsed when the first one is asked for.
struct Table {
    tag: &'static str,
    sources: &'static [&'static str],
    format_number: FormatNumber,
    bundle: OnceLock<FluentBundle<FluentResource>>,
    symbols: OnceLock<Symbols>,
}

impl Table {
    const fn new(tag: &'static str, sources: &'static [&'static str], format_number: FormatNumber) -> Self {
        Self { tag, sources, format_number, bundle: OnceLock::new(), symbols: OnceLock::new() }
    }

    fn bundle(&self) -> &FluentBundle<FluentResource> {
        self.bundle.get_or_init(|| {
            let tag: LanguageIdentifier = self.tag.parse().expect("invariant: a folder's name is a language tag");
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Texts run in one direction, and marks around numbers would be copied with them.
            bundle.set_use_isolating(false);
            bundle.add_builtins().expect("invariant: a new table has no functions");
            bundle.set_formatter(Some(self.format_number));
            for source in self.sources {
                let resource = FluentResource::try_new((*source).to_owned());
                let resource =
                    resource.map_err(|(_, errors)| errors).expect("invariant: a table is in Fluent's syntax");
                bundle.add_resource(resource).expect("invariant: every text is in a table once");
            }
            bundle
        })
    }

    fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| {
            let symbol = |id: &str| {
                let pattern = self.bundle().get_message(id).and_then(|message| message.value());
                let pattern = pattern.expect("invariant: a table has the symbols of numbers");
                self.bundle().format_pattern(pattern, None, &mut Vec::new()).into_owned()
            };
            Symbols { decimal: symbol("number-decimal"), group: symbol("number-group"), minus: symbol("number-minus") }
        })
    }
}
