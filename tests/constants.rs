//! The constants that training shares with the product. They live in the crates; training reads
//! them from `models/constants.json`, which `UPDATE_EXPECT=1` writes anew.

#![allow(clippy::unwrap_used)]

use corsai_ensemble::{LesionProbabilities, PADDING_HU, SECTION_STEP};
use corsai_manifest::{Manifest, Vote};
use corsai_volume::label;
use expect_test::expect_file;
use serde_json::json;

#[test]
fn training_has_the_products_constants() {
    let constants = json!({
        "label": {
            "left_lung": label::LEFT_LUNG,
            "lesion": label::LESION,
            "right_lung": label::RIGHT_LUNG,
            "trace": label::TRACE,
        },
        "manifest_format": Manifest::FORMAT,
        "padding_hu": PADDING_HU,
        "paper_vote": Vote::PAPER,
        "probability_one": LesionProbabilities::ONE,
        "section_step": SECTION_STEP,
    });
    let text = serde_json::to_string_pretty(&constants).unwrap() + "\n";
    expect_file!["../models/constants.json"].assert_eq(&text);
}
