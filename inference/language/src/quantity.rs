//! Numbers and dates as a person reads them. Units are always written; symbols and units are those
//! of the table.

use crate::{Argument, Language, message};

/// What stands where there is no number.
const NO_NUMBER: &str = "–";

impl Language {
    /// Returns a number with `digits` decimals.
    #[must_use]
    pub fn number(self, value: f64, digits: usize) -> String {
        message!(self, "number", value = Argument::decimal(value, digits))
    }

    /// Returns a number with the decimals that it needs.
    #[must_use]
    pub fn short_number(self, value: f64) -> String {
        message!(self, "number", value = value)
    }

    /// Returns a whole number.
    #[must_use]
    pub fn whole(self, value: f64) -> String {
        self.number(value, 0)
    }

    /// Returns a small number with one decimal and its power of ten, such as `1.2e-5`.
    #[must_use]
    pub fn scientific(self, value: f64) -> String {
        let text = format!("{value:.1e}");
        let (mantissa, exponent) = text.split_once('e').expect("invariant: the format has an exponent");
        let mantissa: f64 = mantissa.parse().expect("invariant: a formatted number is read back");
        format!("{}e{exponent}", self.number(mantissa, 1))
    }

    /// Returns a volume without its unit: one decimal below 10 mL, whole above.
    #[must_use]
    pub fn millilitres(self, volume_ml: f64) -> String {
        if !volume_ml.is_finite() || volume_ml < 0.0 {
            return NO_NUMBER.into();
        }
        self.number(volume_ml, usize::from(volume_ml < 9.95))
    }

    /// Returns a share 0..=1 as per cent with one decimal; a small share that would round to 0 is
    /// `< 0.1 %`.
    #[must_use]
    pub fn percent(self, share: f64) -> String {
        if !share.is_finite() {
            return NO_NUMBER.into();
        }
        if share > 0.0 && share < 0.000_5 {
            return message!(self, "percent-less-than", value = Argument::decimal(0.1, 1));
        }
        message!(self, "percent", value = Argument::decimal(share * 100.0, 1))
    }

    /// Returns a change in percentage points, signed.
    #[must_use]
    pub fn points(self, change: f64) -> String {
        let sign = if change >= 0.05 {
            "+"
        } else if change <= -0.05 {
            "−"
        } else {
            "±"
        };
        message!(self, "points", sign = sign, value = Argument::decimal(change.abs(), 1))
    }

    /// Returns bytes as kB or MB (powers of ten).
    #[must_use]
    pub fn bytes(self, count: u64) -> String {
        if count < 1_000_000 {
            message!(self, "kilobytes", value = count.div_ceil(1000))
        } else {
            message!(self, "megabytes", value = Argument::decimal(count as f64 / 1e6, 1))
        }
    }

    /// Returns bytes as whole megabytes.
    #[must_use]
    pub fn megabytes(self, count: u64) -> String {
        message!(self, "megabytes", value = Argument::decimal(count as f64 / 1e6, 0))
    }

    /// Returns seconds as `42 s` or `3 min 20 s`.
    #[must_use]
    pub fn duration(self, seconds: f64) -> String {
        if !seconds.is_finite() || seconds < 0.0 {
            return NO_NUMBER.into();
        }
        if seconds < 9.95 {
            return message!(self, "seconds", value = Argument::decimal(seconds, 1));
        }
        let whole = seconds.round() as u64;
        if whole < 60 {
            message!(self, "seconds", value = whole)
        } else {
            message!(self, "minutes", minutes = whole / 60, seconds = whole % 60)
        }
    }

    /// Returns the time left, rounded up to 5 s below a minute and to 15 s above, so that it
    /// doesn't flicker; an empty text where it isn't known.
    #[must_use]
    pub fn time_left(self, seconds: f64) -> String {
        if !seconds.is_finite() || seconds < 0.0 {
            return String::new();
        }
        if seconds < 4.0 {
            return self.text("time-left-few");
        }
        let step = if seconds < 60.0 { 5.0 } else { 15.0 };
        let time = self.duration(((seconds / step).ceil() * step).max(10.0));
        message!(self, "time-left", time = time)
    }

    /// Returns `YYYY-MM-DD` as the language writes a date; anything else as it is.
    #[must_use]
    pub fn date(self, iso: &str) -> String {
        let mut parts = iso.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return iso.into();
        };
        match (month.parse::<u32>(), day.parse::<u32>()) {
            (Ok(month @ 1..=12), Ok(day)) => message!(self, "date", day = day, month = month, year = year),
            _ => iso.into(),
        }
    }

    /// Returns a length with one decimal.
    #[must_use]
    pub fn millimetres(self, length_mm: f64) -> String {
        message!(self, "millimetres", value = Argument::decimal(length_mm, 1))
    }

    /// Returns Hounsfield units.
    #[must_use]
    pub fn hounsfield(self, hu: i16) -> String {
        message!(self, "hounsfield", value = f64::from(hu))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a text with plain spaces.
    fn plain(text: &str) -> String {
        text.replace(['\u{202f}', '\u{a0}'], " ")
    }

    fn english() -> Language {
        Language::english()
    }

    fn russian() -> Language {
        Language::from_tag("ru").unwrap()
    }

    #[test]
    fn volumes_have_a_decimal_only_where_it_tells() {
        let ml = |value| plain(&english().millilitres(value));
        assert_eq!([0.0, 9.94, 9.96, 2345.4, 1_002_345.0].map(ml), ["0.0", "9.9", "10", "2345", "1 002 345"]);
        assert_eq!([9.94, 2345.4].map(|value| plain(&russian().millilitres(value))), ["9,9", "2345"]);
        assert_eq!(ml(f64::NAN), "–");
    }

    #[test]
    fn a_tiny_share_is_not_rounded_away() {
        let shares = [0.0, 0.000_1, 0.147];
        assert_eq!(shares.map(|share| plain(&english().percent(share))), ["0.0 %", "< 0.1 %", "14.7 %"]);
        assert_eq!(shares.map(|share| plain(&russian().percent(share))), ["0,0 %", "< 0,1 %", "14,7 %"]);
    }

    #[test]
    fn changes_bear_their_sign() {
        let changes = [3.24, -3.24, -0.04];
        let words = changes.map(|change| plain(&english().points(change)));
        assert_eq!(words, ["+3.2 points", "−3.2 points", "±0.0 points"]);
        assert_eq!(changes.map(|change| plain(&russian().points(change))), ["+3,2 п. п.", "−3,2 п. п.", "±0,0 п. п."]);
    }

    #[test]
    fn dates_are_unambiguous_and_odd_ones_pass_through() {
        assert_eq!(english().date("2020-04-07"), "7 Apr 2020");
        assert_eq!(russian().date("2020-04-07"), "07.04.2020");
        for odd in ["2020-13-07", "2020-00-07", "unknown", "2020-04-07-1", "2020-04-x"] {
            assert_eq!([english().date(odd), russian().date(odd)], [odd, odd]);
        }
    }

    #[test]
    fn times_do_not_flicker() {
        let left = |seconds| plain(&english().time_left(seconds));
        let words = ["a few seconds left", "about 10 s left", "about 45 s left", "about 1 min 45 s left", ""];
        assert_eq!([2.0, 4.5, 41.0, 100.0, f64::NAN].map(left), words);
        assert_eq!([61.0, 1.25].map(|seconds| plain(&english().duration(seconds))), ["1 min 1 s", "1.2 s"]);
        assert_eq!([61.0, 1.25].map(|seconds| plain(&russian().duration(seconds))), ["1 мин 1 с", "1,2 с"]);
    }

    #[test]
    fn units_and_minus_signs() {
        let of = |language: Language| {
            [
                language.hounsfield(-812),
                language.millimetres(-12.34),
                language.millimetres(-0.04),
                language.bytes(512),
                language.bytes(3_240_000),
                language.megabytes(107_112_345),
                language.scientific(0.000_012),
                language.ct_class(1),
            ]
            .map(|text| plain(&text))
        };
        let english = of(english());
        assert_eq!(english, ["−812 HU", "−12.3 mm", "0.0 mm", "1 kB", "3.2 MB", "107 MB", "1.2e-5", "CT-1"]);
        let russian = of(russian());
        assert_eq!(russian, ["−812 HU", "−12,3 мм", "0,0 мм", "1 кБ", "3,2 МБ", "107 МБ", "1,2e-5", "КТ-1"]);
    }
}
