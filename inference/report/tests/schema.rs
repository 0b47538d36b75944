//! `report.schema.json` is the JSON Schema of the report, made from its types: whoever changes the
//! report writes the file anew with `BLESS=1`.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use corsai_report::Report;
use schemars::generate::SchemaSettings;

#[test]
fn the_schema_is_up_to_date() {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("report.schema.json");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "run again with BLESS=1");
}
