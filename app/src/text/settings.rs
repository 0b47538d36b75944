//! The settings.

use corsai_language::{Argument, message};

use crate::text::{Text, language};

pub const NOT_CHOSEN: Text = Text("settings-not-chosen");
pub const DPN_3D_HINT: Text = Text("settings-dpn-3d-hint");
pub const FULL_RUN_HINT: Text = Text("settings-full-run-hint");
pub const STANDARD_HINT: Text = Text("settings-standard-hint");
pub const AUTOMATIC_HINT: Text = Text("settings-automatic-hint");
pub const PAPER_VOTE_HINT: Text = Text("settings-paper-vote-hint");
pub const OPTIONS: Text = Text("settings-options");
pub const DEVICE_LATER: Text = Text("settings-device-later");
pub const GRAPHICS_PROCESSOR_HINT: Text = Text("settings-graphics-processor-hint");
pub const PROCESSOR_HINT: Text = Text("settings-processor-hint");
pub const FULL_RUN: Text = Text("settings-full-run");
pub const FULL_HINT: Text = Text("settings-full-hint");
pub const PAPER_VOTE: Text = Text("settings-paper-vote");
pub const QUICK_HINT: Text = Text("settings-quick-hint");
pub const DEVICE: Text = Text("settings-device");
pub const KEYS: Text = Text("settings-keys");
pub const QUICK: Text = Text("settings-quick");
pub const TEST_SLICE: Text = Text("settings-test-slice");
pub const AUTOMATIC: Text = Text("settings-automatic");
pub const STANDARD: Text = Text("settings-standard");
pub const DPN_3D: Text = Text("settings-dpn-3d");
pub const IN_USE: Text = Text("settings-in-use");
pub const FULL: Text = Text("settings-full");
pub const WHY: Text = Text("settings-why");

/// Returns time and deviation of the test slice.
pub fn test_slice(slice_ms: f64, deviation: f64) -> String {
    let deviation = language().scientific(deviation);
    message!(language(), "settings-test-slice-figures", time = Argument::decimal(slice_ms, 0), deviation = deviation)
}
