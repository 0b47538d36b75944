//! Digests that tell whether two images are of one person.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Words that anonymising programs write for a Patient ID, letters and digits alone.
const ANONYMOUS: [&str; 16] = [
    "anon",
    "anonym",
    "anonymous",
    "anonymized",
    "anonymised",
    "deidentified",
    "hidden",
    "id",
    "na",
    "nil",
    "noid",
    "none",
    "null",
    "removed",
    "undefined",
    "unknown",
];

/// Returns a digest of a Patient ID; `None` where it names nobody: empty, zeros, marks, or a word
/// such as ANONYMOUS.
pub(crate) fn patient_key(identifier: &str) -> Option<u64> {
    naming_letters(identifier).map(|_| digest(identifier))
}

/// Returns a digest of the letters and digits of a name, a birth date or a sex; `None` where they
/// name nobody.
pub(crate) fn person_key(text: &str) -> Option<u64> {
    naming_letters(text).map(digest)
}

fn naming_letters(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let names_nobody = letters.chars().all(|c| matches!(c, '0' | 'x')) || ANONYMOUS.contains(&letters.as_str());
    (!names_nobody).then_some(letters)
}

/// Returns a digest that is equal for equal values within one build of the program: keys are
/// compared in one session and never stored.
pub(crate) fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_place_of_a_patient_id_names_nobody() {
        for word in
            ["", "0", "000000", "-", "XXXX", "ANONYMOUS", "Anonymized", "anon", "N/A", "unknown", "No ID", "NULL"]
        {
            assert_eq!(patient_key(word), None, "{word:?}");
        }
        let keys: Vec<_> = ["ANON-0012", "ANON-0013", "10", "PHANTOM-1"].map(patient_key).into();
        assert!(keys.iter().all(Option::is_some));
        assert!((1..keys.len()).all(|i| !keys[..i].contains(&keys[i])));
        assert_eq!(person_key("Doe^Jane"), person_key("DOE^JANE^^^"));
        assert_ne!(person_key("Doe^Jane"), person_key("Doe^John"));
        assert_eq!(person_key("ANONYMOUS"), None);
    }
}
