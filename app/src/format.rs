//! Numbers and dates as a person reads them, in the page's language.

use crate::text::language;

/// Returns a volume in mL without its unit: one decimal below 10 mL, whole above.
pub fn ml(volume_ml: f64) -> String {
    language().millilitres(volume_ml)
}

/// Returns a share 0..=1 as per cent with one decimal.
pub fn percent(share: f64) -> String {
    language().percent(share)
}

/// Returns a change in percentage points, signed.
pub fn points(change: f64) -> String {
    language().points(change)
}

/// Returns bytes as kB or MB (powers of ten).
pub fn bytes(count: u64) -> String {
    language().bytes(count)
}

/// Returns `YYYY-MM-DD` as the language writes a date; anything else as it is.
pub fn date(iso: &str) -> String {
    language().date(iso)
}

/// Returns a length in mm with one decimal.
pub fn mm(value: f64) -> String {
    language().millimetres(value)
}

/// Returns Hounsfield units.
pub fn hu(value: i16) -> String {
    language().hounsfield(value)
}

/// Returns a whole number.
pub fn whole(value: f64) -> String {
    language().whole(value)
}
