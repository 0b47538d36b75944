//! The unit of rescaled values (0028,1054): Hounsfield units, however they are spelled.
//!
//! The defined term is HU (PS3.3 C.11.1.1.2). Exporters write the words out, misspell them, or
//! translate them. That the values are Hounsfield units is checked by the values, once they are
//! decoded.

const NAME: &str = "hounsfield";
/// Short forms: of the standard, of French, Spanish and Italian, of German.
const SHORT: [&str; 4] = ["hu", "hus", "uh", "he"];
/// Letters that may be wrong, missing or too many: the name is misspelled with one or two.
const MISSPELLED: usize = 2;
/// Most letters that are looked at.
const MAX_LETTERS: usize = 64;

/// Returns whether a unit is the Hounsfield unit.
pub(crate) fn is_hounsfield(unit: &str) -> bool {
    let letters = unit.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase);
    let letters: Vec<char> = letters.take(MAX_LETTERS).collect();
    let whole: String = letters.iter().collect();
    SHORT.contains(&whole.as_str()) || contains_name(&letters)
}

/// Returns whether the name is anywhere in a text, up to misspelling: the least number of changes
/// that turn a part of the text into the name, column by column (Sellers 1980).
fn contains_name(text: &[char]) -> bool {
    let name: Vec<char> = NAME.chars().collect();
    let mut column: Vec<usize> = (0..=name.len()).collect();
    for letter in text {
        let mut diagonal = 0;
        for (at, wanted) in name.iter().enumerate() {
            let changed = diagonal + usize::from(letter != wanted);
            diagonal = column[at + 1];
            column[at + 1] = changed.min(diagonal + 1).min(column[at] + 1);
        }
        if column[name.len()] <= MISSPELLED {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hounsfield_is_known_by_any_spelling_and_nothing_else_is() {
        let spellings = [
            "HU",
            "Hu",
            "hu",
            "H.U.",
            "[HU]",
            "Hounsfield",
            "HOUNSFIELD UNITS",
            "Houndsfield Unit",
            "Hounsfeld",
            "Hounsfiled units",
            "HU (Hounsfield Unit)",
            "Hounsfield-Einheiten",
            "unités Hounsfield",
            "UH",
            "HE",
            "Hounsfield_Unit",
            "Hounfield",
        ];
        for spelling in spellings {
            assert!(is_hounsfield(spelling), "{spelling}");
        }
        let others =
            ["US", "HU_MOD", "MGML", "OD", "Z_EFF", "ED", "EDW", "PCT", "H", "unit", "field", "house", "SUV", ""];
        for other in others {
            assert!(!is_hounsfield(other), "{other}");
        }
    }
}
