//! Numbers and dates as a person reads them. Units are always written; minus signs are U+2212.

/// Narrow no-break space, between thousands and before units.
const THIN: char = '\u{202f}';

/// Whole number with its thousands grouped.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// Volume without its unit: one decimal below 10 mL, whole above.
pub fn ml(volume_ml: f64) -> String {
    if !volume_ml.is_finite() || volume_ml < 0.0 {
        return "–".into();
    }
    if volume_ml < 9.95 { format!("{volume_ml:.1}") } else { grouped(volume_ml.round() as u64) }
}

/// Share 0..=1 as per cent with one decimal; a small share that would round to 0 is `< 0.1 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".into();
    }
    if share > 0.0 && share < 0.000_5 {
        return format!("<{THIN}0.1{THIN}%");
    }
    format!("{:.1}{THIN}%", share * 100.0)
}

/// Change in percentage points, signed.
pub fn points(change: f64) -> String {
    let sign = if change >= 0.05 {
        "+"
    } else if change <= -0.05 {
        "−"
    } else {
        "±"
    };
    format!("{sign}{:.1}{THIN}points", change.abs())
}

/// Bytes as whole megabytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0}{THIN}MB", bytes as f64 / 1e6)
}

/// Seconds as `42 s` or `3 min 20 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1}{THIN}s");
    }
    let whole = seconds.round() as u64;
    if whole < 60 { format!("{whole}{THIN}s") } else { format!("{}{THIN}min {}{THIN}s", whole / 60, whole % 60) }
}

/// Time left, rounded up to 5 s below a minute and to 15 s above, so that it doesn't flicker.
pub fn time_left(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return String::new();
    }
    if seconds < 4.0 {
        return "a few seconds left".into();
    }
    let step = if seconds < 60.0 { 5.0 } else { 15.0 };
    format!("about {} left", duration(((seconds / step).ceil() * step).max(10.0)))
}

/// Bytes as kB or MB (powers of ten).
pub fn bytes(count: u64) -> String {
    if count < 1_000_000 {
        format!("{}{THIN}kB", count.div_ceil(1000))
    } else {
        format!("{:.1}{THIN}MB", count as f64 / 1e6)
    }
}

/// `YYYY-MM-DD` as `24 Nov 2026`; anything else as it is.
pub fn date(iso: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = iso.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return iso.into();
    };
    let name = month.parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    match (name, day.parse::<u32>()) {
        (Some(name), Ok(day)) => format!("{day} {name} {year}"),
        _ => iso.into(),
    }
}

/// Millimetres with a real minus sign.
pub fn mm(value: f64) -> String {
    signed(&format!("{value:.1}{THIN}mm"))
}

/// Hounsfield units with a real minus sign.
pub fn hu(value: i16) -> String {
    signed(&format!("{value}{THIN}HU"))
}

/// A plain number with a real minus sign.
pub fn whole(value: f64) -> String {
    signed(&format!("{value:.0}"))
}

fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// `1 slice`, `2 slices`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count as u64), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(THIN, " ")
    }

    #[test]
    fn volumes_have_a_decimal_only_where_it_tells() {
        assert_eq!(plain(&ml(0.0)), "0.0");
        assert_eq!(plain(&ml(9.94)), "9.9");
        assert_eq!(plain(&ml(9.96)), "10");
        assert_eq!(plain(&ml(2345.4)), "2 345");
        assert_eq!(plain(&ml(1_002_345.0)), "1 002 345");
        assert_eq!(ml(f64::NAN), "–");
    }

    #[test]
    fn a_tiny_share_is_not_rounded_away() {
        assert_eq!(plain(&percent(0.0)), "0.0 %");
        assert_eq!(plain(&percent(0.000_1)), "< 0.1 %");
        assert_eq!(plain(&percent(0.1234)), "12.3 %");
    }

    #[test]
    fn changes_bear_their_sign() {
        assert_eq!(plain(&points(3.24)), "+3.2 points");
        assert_eq!(plain(&points(-3.24)), "−3.2 points");
        assert_eq!(plain(&points(-0.04)), "±0.0 points");
    }

    #[test]
    fn dates_are_unambiguous_and_odd_ones_pass_through() {
        assert_eq!(date("2020-04-07"), "7 Apr 2020");
        assert_eq!(date("2020-13-07"), "2020-13-07");
        assert_eq!(date("2020-00-07"), "2020-00-07");
        assert_eq!(date("unknown"), "unknown");
    }

    #[test]
    fn times_do_not_flicker() {
        assert_eq!(plain(&time_left(2.0)), "a few seconds left");
        assert_eq!(plain(&time_left(4.5)), "about 10 s left");
        assert_eq!(plain(&time_left(41.0)), "about 45 s left");
        assert_eq!(plain(&time_left(100.0)), "about 1 min 45 s left");
        assert_eq!(plain(&duration(61.0)), "1 min 1 s");
        assert_eq!(plain(&duration(1.25)), "1.2 s");
        assert_eq!(time_left(f64::NAN), "");
    }

    #[test]
    fn units_and_minus_signs() {
        assert_eq!(plain(&hu(-812)), "−812 HU");
        assert_eq!(plain(&mm(-12.34)), "−12.3 mm");
        assert_eq!(plain(&bytes(512)), "1 kB");
        assert_eq!(plain(&bytes(3_240_000)), "3.2 MB");
        assert_eq!(counted(1, "slice", "slices"), "1 slice");
    }
}
