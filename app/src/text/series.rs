//! The list of series, and the study's card.

use corsai_language::message;
use corsai_protocol::SeriesSummary;

use crate::text::{Text, language};

pub const ADVICE: Text = Text("series-advice");
pub const TO_LOOK_AT: Text = Text("series-to-look-at");
pub const NONE_CAN: Text = Text("series-none-can");
pub const THIS_CAN: Text = Text("series-this-can");
pub const ONE_CAN: Text = Text("series-one-can");
pub const WHICH: Text = Text("series-which");
pub const ANOTHER_MAY: Text = Text("series-another-may");
pub const SYNTHETIC: Text = Text("series-synthetic");
pub const UNUSABLE: Text = Text("series-unusable");
pub const MEASURE_THIS: Text = Text("series-measure-this");

/// Returns "148 slices · 1.0 mm apart · 512 × 512 · 7 Apr 2020".
pub fn facts(series: &SeriesSummary) -> String {
    let language = language();
    let apart = |mm| message!(language, "series-apart", distance = language.millimetres(mm));
    let thick = |mm| message!(language, "series-thick", thickness = language.millimetres(mm));
    let mut facts = vec![message!(language, "series-slices", slices = series.slices)];
    facts.extend(series.spacing_mm.map(apart));
    facts.extend(series.thickness_mm.map(thick));
    facts.push(format!("{} × {}", series.columns, series.rows));
    facts.extend(series.date.as_deref().map(|date| language.date(date)));
    facts.join(" · ")
}

/// Returns the name of a series.
pub fn name(series: &SeriesSummary) -> String {
    let description = series.description.trim();
    if description.is_empty() { language().text("series-without-description") } else { description.into() }
}

/// Returns the label of the button that measures a series.
pub fn measure(series: &SeriesSummary) -> String {
    message!(language(), "series-measure", name = name(series))
}

/// Returns the label of the button that measures another series.
pub fn measure_instead(series: &SeriesSummary) -> String {
    message!(language(), "series-measure-instead", name = name(series))
}

/// Returns the heading of a list of series; `others` than the measured one, or all.
pub fn found(others: bool, count: usize) -> String {
    message!(language(), if others { "series-others-found" } else { "series-found" }, count = count)
}

#[cfg(test)]
mod tests {
    use corsai_protocol::{PersonKeys, SeriesId};

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
            person: PersonKeys::default(),
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
