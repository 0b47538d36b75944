//! `report.schema.json` is the JSON Schema of the report, made from its types; what a code means is
//! its English text. `UPDATE_EXPECT=1` writes it anew.

#![allow(clippy::unwrap_used)]

use corsai_language::Language;
use corsai_report::{IssueCode, Report};
use expect_test::expect_file;
use schemars::generate::SchemaSettings;

#[test]
fn the_schema_is_up_to_date() {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    for code in IssueCode::ALL {
        let name = format!("\"`{}`\"", code.as_str());
        assert_eq!(text.matches(&name).count(), 1, "{name}");
        text = text.replace(&name, &serde_json::to_string(&Language::english().issue_what(*code)).unwrap());
    }
    expect_file!["../../report/report.schema.json"].assert_eq(&text);
}
