//! Digests that tell whether two images are of one person.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Words that anonymising programs write for a Patient ID, letters and digits alone.
const ANONYMOUS: [&str; 29] = [
    "anon",
    "anonym",
    "anonymous",
    "anonymouspatient",
    "anonymized",
    "anonymizedpatient",
    "anonymised",
    "anonymisedpatient",
    "anonymousid",
    "default",
    "deidentified",
    "deleted",
    "dummy",
    "hidden",
    "id",
    "na",
    "nil",
    "noid",
    "noname",
    "none",
    "notavailable",
    "null",
    "patientid",
    "removed",
    "test",
    "undefined",
    "unknown",
    "unnamed",
    "withheld",
];

/// Fewest equal characters that name nobody, as 9999 does.
const REPEATED: usize = 4;

/// Returns a digest of a Patient ID; `None` where it names nobody: empty, zeros, one character
/// again and again, marks, or a word such as ANONYMOUS.
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
    let repeated = letters.chars().count() >= REPEATED && letters.chars().all(|c| letters.starts_with(c));
    let names_nobody =
        repeated || letters.chars().all(|c| matches!(c, '0' | 'x')) || ANONYMOUS.contains(&letters.as_str());
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
        for word in [
            "",
            "0",
            "000000",
            "-",
            "XXXX",
            "ANONYMOUS",
            "Anonymized",
            "anon",
            "N/A",
            "unknown",
            "No ID",
            "NULL",
            "9999",
            "Anonymous^Patient",
        ] {
            assert_eq!(patient_key(word), None, "{word:?}");
        }
        let keys: Vec<_> = ["ANON-0012", "ANON-0013", "10", "11", "PHANTOM-1"].map(patient_key).into();
        assert!(keys.iter().all(Option::is_some));
        assert!((1..keys.len()).all(|i| !keys[..i].contains(&keys[i])));
        assert_eq!(person_key("Doe^Jane"), person_key("DOE^JANE^^^"));
        assert_ne!(person_key("Doe^Jane"), person_key("Doe^John"));
        assert_eq!(person_key("ANONYMOUS"), None);
    }
}
