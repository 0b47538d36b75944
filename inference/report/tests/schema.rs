//! `report.schema.json` is the JSON Schema of the report, made from its types. `UPDATE_EXPECT=1`
//! writes it anew.

#![allow(clippy::unwrap_used)]

use corsai_report::Report;
use expect_test::expect_file;
use schemars::generate::SchemaSettings;

#[test]
fn the_schema_is_up_to_date() {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    expect_file!["../report.schema.json"].assert_eq(&(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}
