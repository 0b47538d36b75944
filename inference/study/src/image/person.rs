//! Digests that tell whether two images are of one person.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use corsai_protocol::PersonKeys;

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

/// Nobody who was born in this year, or before, is scanned today: anonymising programs write such
/// years.
const LAST_PLACEHOLDER_YEAR: u32 = 1900;

/// Fewest equal characters that name nobody, as 9999 does.
const REPEATED: usize = 4;

/// Returns a digest of a Patient ID; `None` where it names nobody: empty, zeros, one character
/// again and again, marks, or a word such as ANONYMOUS.
pub(crate) fn patient_key(identifier: &str) -> Option<u64> {
    naming_letters(identifier).map(|_| digest(identifier))
}

/// Returns digests of a name (PN), a birth date (DA) and a sex (CS), each absent where it names
/// nobody.
pub(crate) fn person_keys(name: &str, birth_date: &str, sex: &str) -> PersonKeys {
    PersonKeys { name: name_key(name), birth_date: birth_date_key(birth_date), sex: sex_key(sex) }
}

/// What several images say of the person.
#[derive(Debug, Default)]
pub(crate) struct Persons {
    names: BTreeSet<u64>,
    birth_dates: BTreeSet<u64>,
    sexes: BTreeSet<u64>,
}

impl Persons {
    pub(crate) fn of<'a>(images: impl Iterator<Item = &'a PersonKeys>) -> Self {
        images.fold(Self::default(), |mut all, keys| {
            all.names.extend(keys.name);
            all.birth_dates.extend(keys.birth_date);
            all.sexes.extend(keys.sex);
            all
        })
    }

    /// Returns whether nothing speaks against one person.
    pub(crate) fn is_one(&self) -> bool {
        [&self.names, &self.birth_dates, &self.sexes].iter().all(|keys| keys.len() <= 1)
    }

    /// Returns the keys that no image contradicts.
    pub(crate) fn agreed(&self) -> PersonKeys {
        let only = |keys: &BTreeSet<u64>| keys.first().copied().filter(|_| keys.len() == 1);
        PersonKeys { name: only(&self.names), birth_date: only(&self.birth_dates), sex: only(&self.sexes) }
    }
}

/// Returns a digest of the words of a name's first representation (PS3.5 6.2.1), in any order.
fn name_key(name: &str) -> Option<u64> {
    let alphabetic = name.split('=').find(|group| !group.trim().is_empty())?;
    naming_letters(alphabetic)?;
    let words = alphabetic.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_lowercase).collect();
    words.sort_unstable();
    Some(digest(words))
}

/// Returns a digest of a birth date; `None` for a placeholder.
fn birth_date_key(date: &str) -> Option<u64> {
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    let year: u32 = digits.get(..4)?.parse().ok()?;
    (year > LAST_PLACEHOLDER_YEAR).then(|| digest(digits))
}

/// Returns a digest of a sex, male or female; the standard's third value (O) may be either.
fn sex_key(sex: &str) -> Option<u64> {
    let first = sex.chars().next()?.to_ascii_lowercase();
    matches!(first, 'm' | 'f').then(|| digest(first))
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
    }

    #[test]
    fn a_person_is_known_by_name_birth_date_and_sex() {
        let name = |text| person_keys(text, "", "").name;
        for same in ["DOE^JANE^^^", "Jane Doe", "Doe, Jane", "doe^jane=ドウ^ジェーン"] {
            assert_eq!(name(same), name("Doe^Jane"), "{same}");
        }
        assert_ne!(name("Doe^Jane"), name("Doe^John"));
        assert_ne!(name("Иванова^Анна"), name("Петрова^Анна"));
        assert_eq!(["", "^^", "ANONYMOUS", "Anonymous^Patient", "X^X^X"].map(name), [None; 5]);
        let born = |text| person_keys("", text, "").birth_date;
        assert_eq!(born("19700305"), born("1970.03.05"));
        assert_ne!(born("19700305"), born("19700306"));
        assert_eq!(["", "0", "00000000", "19000101", "00010101", "18581117"].map(born), [None; 6]);
        let sex = |text| person_keys("", "", text).sex;
        assert_eq!(sex("M"), sex("male"));
        assert!(sex("M") != sex("F") && sex("F").is_some());
        assert_eq!(["", "O", "U", "?"].map(sex), [None; 4]);
    }
}
