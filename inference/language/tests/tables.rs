//! The tables hold the same texts, with the same arguments, in every language; every text that the
//! sources name is there, and none that they don't; Russian texts are Russian.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use corsai_language::Language;
use corsai_report::IssueCode;
use fluent_syntax::{
    ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey},
    parser,
};

/// The crates that name texts.
const SOURCES: [&str; 4] = ["inference/language/src", "inference/evaluation/src", "inference/cli/src", "app/src"];

/// Words in Latin letters that a Russian text may have: what is written so in Russian, too.
const LATIN: [&[&str]; 6] = [
    // DICOM's own names.
    &["DICOM", "Study", "Series", "Instance", "UID", "Frame", "of", "Reference", "Patient", "ID"],
    &["Explicit", "VR", "Little", "Endian"],
    // Formats and endings of file names.
    &["NIfTI", "nii", "gz", "zip", "tar", "JSON", "CSV", "HTML", "csv", "json", "html"],
    // The field's abbreviations, units and figures; the letters at the picture's sides.
    &["CoRSAI", "COVID", "MIP", "HU", "Dice", "IoU", "DPN", "3D", "A", "P", "R", "L"],
    // Programs, and the web platform's names.
    &[
        "Chrome",
        "Edge",
        "Firefox",
        "Safari",
        "Wireshark",
        "WebGPU",
        "WebAssembly",
        "f16",
        "https",
        "service",
        "worker",
        "sw",
        "js",
        "connect",
        "src",
        "none",
        "SHA",
        "SBOM",
    ],
    // What is typed, and keys.
    &[
        "corsai", "series", "lungs", "lesions", "RUST", "LOG", "Ctrl", "C", "F12", "Page", "Up", "Down", "Home", "End",
        "Shift",
    ],
];

/// What a text says: its arguments, the plural forms that it distinguishes, its words.
#[derive(Debug, Default)]
struct Text {
    arguments: BTreeSet<String>,
    plurals: BTreeSet<String>,
    words: String,
}

type Texts = BTreeMap<String, Text>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the texts of a language by their ids; attributes are `name.attribute`.
fn texts(language: Language) -> Texts {
    let mut found = Texts::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages").join(language.tag());
    for file in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for entry in parser::parse(source.as_str()).unwrap().body {
            let Entry::Message(message) = entry else { continue };
            let mut add = |id: String, pattern: &Pattern<&str>| {
                let mut text = Text::default();
                read(pattern, &mut text);
                assert!(found.insert(id.clone(), text).is_none(), "{id} is there twice");
            };
            if let Some(value) = &message.value {
                add(message.id.name.into(), value);
            }
            for attribute in &message.attributes {
                add(format!("{}.{}", message.id.name, attribute.id.name), &attribute.value);
            }
        }
    }
    found
}

fn read(pattern: &Pattern<&str>, text: &mut Text) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => text.words.push_str(value),
            PatternElement::Placeable { expression } => read_expression(expression, text),
        }
        text.words.push(' ');
    }
}

fn read_expression(expression: &Expression<&str>, text: &mut Text) {
    match expression {
        Expression::Inline(inline) => read_inline(inline, text),
        Expression::Select { selector, variants } => {
            read_inline(selector, text);
            for variant in variants {
                if let VariantKey::Identifier { name } = &variant.key {
                    text.plurals.insert((*name).to_owned());
                }
                read(&variant.value, text);
            }
        }
    }
}

fn read_inline(inline: &InlineExpression<&str>, text: &mut Text) {
    let arguments = |arguments: &CallArguments<&str>, text: &mut Text| {
        arguments.positional.iter().for_each(|argument| read_inline(argument, text));
    };
    match inline {
        InlineExpression::VariableReference { id } => {
            text.arguments.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments: given, .. } => arguments(given, text),
        InlineExpression::Placeable { expression } => read_expression(expression, text),
        InlineExpression::StringLiteral { value } if !value.starts_with('\\') => text.words.push_str(value),
        _ => {}
    }
}

/// Returns all files with the ending `rs` below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Returns the quoted words of the sources that have the form of an id: small letters, digits and
/// hyphens.
fn quoted_words() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in SOURCES.iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let source = fs::read_to_string(file).unwrap();
        let id = |word: &&str| {
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            !word.is_empty() && word.chars().all(letters)
        };
        found.extend(source.split('"').filter(id).map(String::from));
    }
    found
}

/// Returns the ids of a code's texts.
fn issue_ids(code: IssueCode) -> [String; 2] {
    let name = format!("issue-{}", code.as_str().replace('.', "-"));
    let advice = format!("{name}.to-do");
    [name, advice]
}

#[test]
fn every_language_has_the_same_texts_with_the_same_arguments() {
    let english = texts(Language::english());
    assert!(english.len() > 100);
    for language in Language::all() {
        let other = texts(language);
        let missing: Vec<&String> = english.keys().filter(|id| !other.contains_key(*id)).collect();
        let unknown: Vec<&String> = other.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{language:?} lacks {missing:?}, has {unknown:?}");
        for (id, text) in &english {
            assert_eq!(text.arguments, other[id].arguments, "{id} in {language:?}");
        }
    }
}

#[test]
fn every_text_is_used_and_every_issue_has_its_texts() {
    let of_issues: BTreeSet<String> = IssueCode::ALL.iter().flat_map(|code| issue_ids(*code)).collect();
    let (used, english) = (quoted_words(), texts(Language::english()));
    let unused: Vec<&String> = english.keys().filter(|id| !used.contains(*id) && !of_issues.contains(*id)).collect();
    assert!(unused.is_empty(), "no source names {unused:?}");
    let missing: Vec<&String> = of_issues.iter().filter(|id| !english.contains_key(*id)).collect();
    assert!(missing.is_empty(), "no table has {missing:?}");
}

/// Returns the ids in the calls of `text(…)`, `message!(…)` and `texts! { … }` of the sources.
fn named_ids() -> BTreeSet<(String, PathBuf)> {
    let mut found = BTreeSet::new();
    for file in SOURCES.iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let source = fs::read_to_string(&file).unwrap();
        for call in [".text(", " text(", "(text(", "message!("] {
            // The id comes before the first named argument.
            let calls = source.split(call).skip(1).filter_map(|rest| rest.split(['=', ';', ')']).next());
            let ids = calls.filter_map(|arguments| arguments.split('"').nth(1)).filter(|id| !id.contains('{'));
            found.extend(ids.map(|id| (id.to_owned(), file.clone())));
        }
        if let Some((_, list)) = source.split_once("\ntexts! {") {
            let list = list.split('}').next().unwrap();
            found.extend(list.split('"').skip(1).step_by(2).map(|id| (id.to_owned(), file.clone())));
        }
    }
    found
}

#[test]
fn every_text_that_a_source_asks_for_is_there() {
    let english = texts(Language::english());
    let named = named_ids();
    assert!(named.len() > 50);
    let missing: Vec<_> = named.iter().filter(|(id, _)| !english.contains_key(id)).collect();
    assert!(missing.is_empty(), "no table has {missing:?}");
}

#[test]
fn plurals_have_every_form_of_their_language() {
    let forms = |tag: &str| match tag {
        "en" => ["one", "other"].as_slice(),
        "ru" => ["one", "few", "other"].as_slice(),
        other => unreachable!("the plural forms of {other} are not known here"),
    };
    for language in Language::all() {
        for (id, text) in texts(language) {
            // After "more than" and "of" Russian has the genitive, with two forms.
            let genitive = ["more-than-", "unopened-files"].iter().any(|start| id.starts_with(start));
            if text.plurals.contains("other") && !genitive {
                for form in forms(language.tag()) {
                    assert!(text.plurals.contains(*form), "{id} in {language:?} has no form for {form}");
                }
            }
        }
    }
}

#[test]
fn russian_texts_have_no_foreign_words() {
    let mut foreign = BTreeSet::new();
    for (id, text) in texts(Language::from_tag("ru").unwrap()) {
        if id.ends_with("-after") || id == "argument-probabilities-long" {
            // Names of arguments, columns and files stand there as they are typed.
            continue;
        }
        for word in text.words.split(|c: char| !c.is_alphanumeric()) {
            if word.chars().any(|c| c.is_ascii_alphabetic()) && !LATIN.iter().any(|words| words.contains(&word)) {
                foreign.insert(format!("{word} ({id})"));
            }
        }
    }
    assert!(foreign.is_empty(), "{foreign:#?}");
}
