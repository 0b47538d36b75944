//! The list of series, and the study's card.

use corsai_protocol::SeriesSummary;

use crate::format;

pub const ADVICE: &str = "A thin-slice series of the whole chest with a lung kernel gives the best measurement.";
pub const TO_LOOK_AT: &str = "These pictures can't be measured. They are only to look at.";
pub const NONE_CAN: &str = "None of these series can be measured";
pub const ONE_CAN: &str = "One of these series can be measured";
pub const WHICH: &str = "Which series should be measured?";
pub const ANOTHER_MAY: &str = "Another series may be measured";
pub const UNUSABLE: &str = "Can't be measured";
pub const MEASURE_THIS: &str = "Measure this";
pub const OTHER_SERIES: &str = "Other series";
pub const SERIES: &str = "Series";

/// Returns "148 slices · 1.0 mm apart · 512 × 512 · 7 Apr 2020".
pub fn facts(series: &SeriesSummary) -> String {
    let mut facts = vec![format::counted(series.slices as usize, "slice", "slices")];
    facts.extend(series.spacing_mm.map(|s| format!("{} apart", format::mm(s))));
    facts.extend(series.thickness_mm.map(|t| format!("{} thick", format::mm(t))));
    facts.push(format!("{} × {}", series.columns, series.rows));
    facts.extend(series.date.as_deref().map(format::date));
    facts.join(" · ")
}

/// Returns the name of a series.
pub fn name(series: &SeriesSummary) -> String {
    let description = series.description.trim();
    if description.is_empty() { "Series without a description".into() } else { description.into() }
}

/// Returns the label of the button that measures a series.
pub fn measure(series: &SeriesSummary) -> String {
    format!("Measure {}", name(series))
}

/// Returns the label of the button that measures another series.
pub fn measure_instead(series: &SeriesSummary) -> String {
    format!("Measure {} instead", name(series))
}

/// Returns the heading of a list of series.
pub fn found(which: &str, count: usize) -> String {
    format!("{which} found ({count})")
}

#[cfg(test)]
mod tests {
    use corsai_protocol::SeriesId;

    use super::*;

    #[test]
    fn what_is_unknown_is_left_out() {
        let mut series = SeriesSummary {
            id: SeriesId(0),
            description: "  ".into(),
            modality: "CT".into(),
            slices: 1,
            rows: 256,
            columns: 512,
            thickness_mm: None,
            spacing_mm: None,
            kernel_key: None,
            tube_voltage_kv: None,
            contrast: None,
            date: None,
            usable: false,
            patient_key: None,
            instances_key: None,
            issues: Vec::new(),
        };
        assert_eq!(facts(&series), "1 slice · 512 × 256");
        assert_eq!(name(&series), "Series without a description");
        series.spacing_mm = Some(1.25);
        series.date = Some("2020-04-07".into());
        assert_eq!(facts(&series).replace('\u{202f}', " "), "1 slice · 1.2 mm apart · 512 × 256 · 7 Apr 2020");
    }
}
