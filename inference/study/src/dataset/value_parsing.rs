//! Strict reading of values: a number is the one that is written, or there is none.
//!
//! A lenient reader turns an unreadable rescale intercept into 0 and moves a whole study by 1,024 HU; nothing here
//! guesses. Spaces and NUL around a value are padding (PS3.5, 6.2); anything else that isn't a number is refused.

use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

/// Room for a decimal string: 16 characters by the standard, more in the wild.
const MAX_NUMBER: usize = 64;

/// A value without its padding, where it is ASCII.
pub(crate) fn ascii(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.is_ascii())?;
    Some(text.trim_matches(|c: char| c == '\0' || c.is_ascii_whitespace()))
}

/// An identifier for comparing, whatever it is made of: invalid ones are common and tell as much.
pub(crate) fn identifier(value: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(value.unwrap_or_default());
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Exactly one decimal string (DS), finite.
pub(crate) fn decimal(value: &[u8]) -> Option<f64> {
    decimals::<1>(value).map(|[number]| number)
}

/// Exactly `N` decimal strings (DS), all finite.
pub(crate) fn decimals<const N: usize>(value: &[u8]) -> Option<[f64; N]> {
    let mut numbers = [0.0; N];
    let mut parts = ascii(value)?.split('\\');
    for number in &mut numbers {
        let text = parts.next()?.trim_matches(|c: char| c == '\0' || c.is_ascii_whitespace());
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        if !plain || text.is_empty() || text.len() > MAX_NUMBER {
            return None;
        }
        *number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Exactly one integer string (IS).
pub(crate) fn integer(value: &[u8]) -> Option<i64> {
    ascii(value)?.parse().ok()
}

/// Exactly one 16-bit number (US, SS), as its bits.
pub(crate) fn word(value: &[u8], big_endian: bool) -> Option<u16> {
    let bytes = <[u8; 2]>::try_from(value).ok()?;
    Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

/// A date (DA) as `YYYY-MM-DD`, where it is one of the calendar; `YYYY.MM.DD` was allowed once.
pub(crate) fn date(value: &[u8]) -> Option<String> {
    let text = ascii(value)?;
    let digits: String = match text.len() {
        8 => text.into(),
        10 if text.char_indices().all(|(i, c)| (c == '.') == (i == 4 || i == 7)) => text.replace('.', ""),
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (digits.get(0..4)?, digits.get(4..6)?, digits.get(6..8)?);
    let (y, m, d) = (year.parse::<u32>().ok()?, month.parse::<u32>().ok()?, day.parse::<u32>().ok()?);
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let days = match m {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    (y >= 1900 && (1..=days).contains(&d)).then(|| format!("{year}-{month}-{day}"))
}

/// A text for the screen in the file's character set: no control characters, at most `limit` characters. What can't
/// be decoded becomes the replacement character; it never fails.
pub(crate) fn text(value: &[u8], character_set: Option<&[u8]>, limit: usize) -> String {
    // Four bytes a character is the most any of the sets takes, escape sequences come on top.
    let value = value.get(..limit.saturating_mul(8)).unwrap_or(value);
    let named = character_set.and_then(ascii).and_then(|names| {
        let mut sets = names.split('\\').map(str::trim).filter(|name| !name.is_empty());
        sets.find_map(SpecificCharacterSet::from_code)
    });
    let decoded = named.and_then(|set| set.decode(value).ok());
    let decoded = decoded.unwrap_or_else(|| String::from_utf8_lossy(value).into_owned());
    let clean: String = decoded.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    clean.trim().chars().take(limit).collect()
}

/// Marks that turn the direction of what follows on the screen, or show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_is_a_number() {
        assert_eq!(decimal(b"-1024 "), Some(-1024.0));
        assert_eq!(decimal(b" 1.0E+02\0"), Some(100.0));
        for bad in ["abc", "1,0", "", " ", "nan", "inf", "-Infinity", "1e999", "0x10", "1\\2", "1 2", "--1", "１"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(decimals::<2>(b"0.7 \\ 0.8"), Some([0.7, 0.8]));
        assert_eq!(decimals::<2>(b"0.7"), None);
        assert_eq!(decimals::<2>(b"0.7\\0.8\\0.9"), None);
    }

    #[test]
    fn only_a_day_of_the_calendar_is_a_date() {
        assert_eq!(date(b"20200305").as_deref(), Some("2020-03-05"));
        assert_eq!(date(b"2020.03.05").as_deref(), Some("2020-03-05"));
        assert_eq!(date(b"20240229").as_deref(), Some("2024-02-29"));
        for bad in ["20240230", "2024.02.30", "20230229", "19000229", "2020035", "", "00000000", "20201301", "202003xx"]
        {
            assert_eq!(date(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_decoded_and_cleaned() {
        assert_eq!(text(b"Thorax\x00\x07 2.0 ", None, 64), "Thorax 2.0");
        assert_eq!(text(&[0xBB, 0xDE, 0xD3], Some(b"ISO_IR 144"), 64), "Лог");
        assert_eq!(text("Лёгкие".as_bytes(), Some(b"ISO_IR 192"), 3), "Лёг");
        assert_eq!(text(&[0xFF, b'a'], Some(b"NO SUCH SET"), 64), "\u{FFFD}a");
        assert_eq!(text("\u{202E}abc".as_bytes(), Some(b"ISO_IR 192"), 64), "abc");
    }
}
