//! Colours of the style sheets: they are custom properties of `tokens.css` alone; text and what is
//! told by lines has the contrast of WCAG 2.2's level AA in both themes; overlays are told apart by
//! people with any colour vision.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::Path};

/// Least contrast of text (WCAG 2.2, success criterion 1.4.3).
const TEXT: f64 = 4.5;
/// Least contrast of large text, of lines that tell something, and of the focus (1.4.3, 1.4.11).
const GRAPHICS: f64 = 3.0;

/// Red, green, blue, 0..=1, in sRGB.
type Rgb = [f64; 3];

/// A colour of each theme, light and dark.
type Token = [Rgb; 2];

/// What is written or drawn on a ground, the ground, and their least contrast. What one rule gives
/// a colour and a ground is found in the style sheets.
const PAIRS: [(&str, &[&str], f64); 16] = [
    ("text", &["ground", "panel", "panel-raised", "line", "accent-ground", "stop-ground", "warning-ground"], TEXT),
    ("text-soft", &["ground", "panel", "panel-raised", "line", "stop-ground"], TEXT),
    ("accent", &["ground", "panel", "panel-raised"], TEXT),
    ("stop", &["ground", "panel", "panel-raised", "stop-ground"], TEXT),
    ("warning", &["ground", "panel", "panel-raised", "warning-ground"], TEXT),
    ("better", &["ground", "panel"], TEXT),
    ("worse", &["ground", "panel"], TEXT),
    ("on-main", &["main", "main-hover"], TEXT),
    ("on-overlay", &["overlay-right", "overlay-left"], TEXT),
    ("line-strong", &["ground", "panel", "panel-raised", "stop-ground"], GRAPHICS),
    ("main-line", &["ground", "panel"], GRAPHICS),
    ("focus", &["ground", "panel", "panel-raised", "stage", "stop-ground", "warning-ground"], GRAPHICS),
    ("overlay-right", &["stage"], GRAPHICS),
    ("overlay-left", &["stage"], GRAPHICS),
    ("overlay-lesion", &["stage"], GRAPHICS),
    ("overlay-disagreement", &["stage"], GRAPHICS),
];

/// Colours that carry no information alone: hairlines between parts, shadows, what dims the page.
const DECORATION: [&str; 3] = ["line", "shade", "scrim"];

/// The style sheets by their names.
fn sheets() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("styles");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().into(), fs::read_to_string(path).unwrap())).collect()
}

/// Returns a sheet without its comments.
fn without_comments(sheet: &str) -> String {
    sheet.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, rest)| rest)).collect()
}

/// Parses `#rrggbb`.
fn hex(text: &str) -> Option<Rgb> {
    let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| Some(f64::from(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?) / 255.0);
    Some([part(0)?, part(2)?, part(4)?])
}

/// Parses a colour of both themes: `light-dark(#rrggbb, #rrggbb)`, or one for both.
fn both_themes(value: &str) -> Option<Token> {
    match value.strip_prefix("light-dark(").and_then(|rest| rest.strip_suffix(')')) {
        Some(pair) => {
            let (light, dark) = pair.split_once(',')?;
            Some([hex(light)?, hex(dark)?])
        }
        None => Some([hex(value)?; 2]),
    }
}

/// The names of all colours in `tokens.css`, and the values of those without transparency.
fn tokens() -> (Vec<String>, BTreeMap<String, Token>) {
    let sheet = without_comments(&sheets()["tokens.css"]);
    let declarations = sheet.split([';', '{']).filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
    let colours: Vec<(&str, &str)> = declarations
        .map(|(name, value)| (name, value.trim()))
        .filter(|(_, value)| value.contains('#') || value.contains("rgb("))
        .collect();
    let values = colours.iter().filter_map(|(name, value)| Some(((*name).to_owned(), both_themes(value)?))).collect();
    (colours.into_iter().map(|(name, _)| name.to_owned()).collect(), values)
}

fn linear(channel: f64) -> f64 {
    if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
}

fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Returns the contrast of two colours, 1..=21.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Both themes, in the order of a [`Token`].
const THEMES: [&str; 2] = ["light", "dark"];

fn assert_contrast(colours: &BTreeMap<String, Token>, over: &str, ground: &str, least: f64, themes: &[&str]) {
    let token = |name: &str| *colours.get(name).unwrap_or_else(|| panic!("there is no colour {name}"));
    for (theme, name) in THEMES.into_iter().enumerate().filter(|(_, name)| themes.contains(name)) {
        let found = contrast(token(over)[theme], token(ground)[theme]);
        assert!(found >= least, "{over} on {ground}, {name}: {found:.2} : 1, below {least} : 1");
    }
}

#[test]
fn contrast_is_that_of_wcag() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    // Examples of WebAIM's checker.
    assert!((contrast(hex("#767676").unwrap(), [1.0; 3]) - 4.54).abs() < 0.005);
    assert!((contrast(hex("#0000ff").unwrap(), [1.0; 3]) - 8.59).abs() < 0.005);
}

#[test]
fn text_and_lines_have_enough_contrast_in_both_themes() {
    let (_, colours) = tokens();
    for (over, grounds, least) in PAIRS {
        for ground in grounds {
            assert_contrast(&colours, over, ground, least, &THEMES);
        }
    }
}

#[test]
fn every_colour_is_compared_with_a_ground() {
    let (names, _) = tokens();
    assert!(names.len() > 20);
    let compared = |name: &str| {
        let in_pair = PAIRS.iter().any(|(over, grounds, _)| *over == name || grounds.contains(&name));
        in_pair || DECORATION.contains(&name)
    };
    let missing: Vec<&String> = names.iter().filter(|name| !compared(name)).collect();
    assert!(missing.is_empty(), "no pair has {missing:?}");
}

/// Returns the name in `property: var(--name)` of a rule.
fn variable<'a>(rule: &'a str, properties: &[&str]) -> Option<&'a str> {
    rule.split(';').find_map(|declaration| {
        let (property, value) = declaration.trim().split_once(':')?;
        let value = value.trim().strip_prefix("var(--")?.strip_suffix(')')?;
        properties.contains(&property).then_some(value)
    })
}

#[test]
fn a_rule_that_sets_colour_and_ground_has_enough_contrast() {
    let (_, colours) = tokens();
    let mut rules = 0;
    for sheet in sheets().values().map(|sheet| without_comments(sheet)) {
        for rule in sheet.split('{').filter_map(|part| part.split_once('}')).map(|(rule, _)| rule) {
            if let (Some(over), Some(ground)) = (variable(rule, &["color"]), variable(rule, &["background"])) {
                let themes = if rule.contains("color-scheme: dark") { &THEMES[1..] } else { &THEMES };
                assert_contrast(&colours, over, ground, TEXT, themes);
                rules += 1;
            }
        }
    }
    assert!(rules > 5, "the rules were read: {rules}");
}

#[test]
fn colours_are_written_in_the_tokens_alone() {
    for (name, sheet) in sheets() {
        let sheet = without_comments(&sheet);
        let is_hex = |word: &str| matches!(word.len(), 3 | 4 | 6 | 8) && word.chars().all(|c| c.is_ascii_hexdigit());
        let words = sheet.split('#').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
        let colours: Vec<&str> = words.filter(|word| is_hex(word)).collect();
        if name != "tokens.css" {
            assert!(colours.is_empty() && !sheet.contains("rgb("), "{name} has colours of its own: {colours:?}");
        }
    }
}

/// How a person without one kind of cones sees a linear colour (Machado, Oliveira and Fernandes,
/// doi 10.1109/TVCG.2009.113, severity 1.0).
const COLOUR_VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deuteranopia",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritanopia",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

/// Returns a linear colour in CIELAB, D65.
fn lab(rgb: Rgb) -> [f64; 3] {
    let [red, green, blue] = rgb;
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.950_47;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.088_83;
    let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let [x, y, z] = [x, y, z].map(root);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Least distance of two overlays' colours, CIE76. A just noticeable difference is about 2.3.
const APART: f64 = 25.0;

#[test]
fn overlays_are_told_apart_with_any_colour_vision() {
    let (_, colours) = tokens();
    let names = ["overlay-right", "overlay-left", "overlay-lesion", "overlay-disagreement"];
    for (vision, matrix) in COLOUR_VISIONS {
        let seen = names.map(|name| {
            let colour = colours[name][0].map(linear);
            lab(matrix.map(|row| {
                row.iter().zip(colour).map(|(weight, channel)| weight * channel).sum::<f64>().clamp(0.0, 1.0)
            }))
        });
        for (index, one) in seen.iter().enumerate() {
            for (other_index, other) in seen.iter().enumerate().skip(index + 1) {
                let distance = (0..3).map(|axis| (one[axis] - other[axis]).powi(2)).sum::<f64>().sqrt();
                let pair = (names[index], names[other_index]);
                assert!(distance >= APART, "{pair:?} with {vision}: {distance:.1} apart");
            }
        }
    }
}
