//! Strict parsing of values: a number is the one that is written, or there is none.
//!
//! A lenient parser turns an unreadable rescale intercept into 0 and moves a whole study by 1,024
//! HU. Nothing here guesses. Spaces and NUL around a value are padding (PS3.5, 6.2); everything
//! else that isn't a number is refused.

use dicom_core::chrono::{Datelike, NaiveDate};
use dicom_core::value::deserialize::parse_date;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

/// No CT is older: an earlier year is a placeholder.
const FIRST_YEAR: i32 = 1900;
/// Most characters of a decimal string: 16 by the standard, more in practice.
const MAX_NUMBER: usize = 64;

/// Returns a value without its padding; `None` where it isn't ASCII.
pub(crate) fn ascii(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.is_ascii())?;
    Some(text.trim_matches(|c: char| c == '\0' || c.is_ascii_whitespace()))
}

/// Returns an identifier for comparisons. Invalid identifiers are common, and are compared as well.
pub(crate) fn identifier(value: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(value.unwrap_or_default());
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Returns the only decimal string (DS), finite.
pub(crate) fn decimal(value: &[u8]) -> Option<f64> {
    decimals::<1>(value).map(|[number]| number)
}

/// Returns exactly `N` decimal strings (DS), all finite.
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

/// Returns the only integer string (IS).
pub(crate) fn integer(value: &[u8]) -> Option<i64> {
    ascii(value)?.parse().ok()
}

/// Returns the bits of the only 16-bit number (US, SS).
pub(crate) fn word(value: &[u8], big_endian: bool) -> Option<u16> {
    let bytes = <[u8; 2]>::try_from(value).ok()?;
    Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

/// Returns the only number of floating point (FL, FD).
pub(crate) fn float(value: &[u8], big_endian: bool) -> Option<f64> {
    if let Ok(bytes) = <[u8; 4]>::try_from(value) {
        return Some(f64::from(if big_endian { f32::from_be_bytes(bytes) } else { f32::from_le_bytes(bytes) }));
    }
    let bytes = <[u8; 8]>::try_from(value).ok()?;
    Some(if big_endian { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) })
}

/// Returns a date (DA) as `YYYY-MM-DD`; `None` where it isn't a day of the calendar. `YYYY.MM.DD`
/// was allowed once.
pub(crate) fn date(value: &[u8]) -> Option<String> {
    calendar_day(value).map(|day| day.to_string())
}

/// Returns the number of a date's day (DA), counted from 1 January of year 1.
pub(crate) fn days(value: &[u8]) -> Option<u64> {
    calendar_day(value).and_then(|day| u64::try_from(day.num_days_from_ce()).ok())
}

fn calendar_day(value: &[u8]) -> Option<NaiveDate> {
    let text = ascii(value)?;
    let digits: String = match text.len() {
        8 => text.into(),
        10 if text.char_indices().all(|(i, c)| (c == '.') == (i == 4 || i == 7)) => text.replace('.', ""),
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let date = parse_date(digits.as_bytes()).ok()?;
    (date.year() >= FIRST_YEAR).then_some(date)
}

/// Returns a text for the screen, decoded by the file's character set: without control characters,
/// at most `limit` characters. Bytes that can't be decoded become the replacement character.
pub(crate) fn text(value: &[u8], character_set: Option<&[u8]>, limit: usize) -> String {
    // A character has at most four bytes, and escape sequences beside them.
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

/// Returns whether a character turns the direction of the text on the screen, or shows nothing.
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
