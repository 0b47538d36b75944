//! Digests that tell whether two series are of one patient, or the same images.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::series::slice::SeriesSlice;

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
    let letters: String = identifier.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let names_nobody = letters.chars().all(|c| matches!(c, '0' | 'x')) || ANONYMOUS.contains(&letters.as_str());
    (!names_nobody).then(|| digest(identifier))
}

/// Returns a digest of the slices' SOP Instance UIDs in any order; `None` where a slice has none.
pub(crate) fn instances_key(slices: &[SeriesSlice]) -> Option<u64> {
    let mut instances: Vec<&str> = slices.iter().map(|slice| slice.instance.as_str()).collect();
    instances.sort_unstable();
    instances.iter().all(|instance| !instance.is_empty()).then(|| digest(&instances))
}

/// Returns a digest that is equal for equal values within one build of the program: keys are
/// compared in one session and never stored.
fn digest(value: impl Hash) -> u64 {
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
    }
}
