//! The card of the numbers.

use corsai_language::message;
use corsai_report::Scale;

use crate::text::{Text, language};

pub const PENDING: Text = Text("severity-pending");
pub const CAVEAT: Text = Text("severity-caveat");
pub const LESIONS_PENDING: Text = Text("severity-lesions-pending");
pub const LESIONS_MISSING: Text = Text("severity-lesions-missing");
pub const CAPTION: Text = Text("severity-caption");
pub const RUN_STOPPED: Text = Text("severity-run-stopped");
pub const NO_CLIPBOARD: Text = Text("severity-no-clipboard");
pub const EARLIER_PENDING: Text = Text("severity-earlier-pending");
pub const EARLY_STOP: Text = Text("severity-early-stop");
pub const NO_NAMES: Text = Text("severity-no-names");
pub const UNFINISHED: Text = Text("severity-unfinished");
pub const FULL_RUN: Text = Text("severity-full-run");
pub const EARLIER_NOT_MEASURED: Text = Text("severity-earlier-not-measured");
pub const SLICES: Text = Text("severity-slices");
pub const VOXEL: Text = Text("severity-voxel");
pub const NOT_SAVED: Text = Text("severity-not-saved");
pub const EARLIER_TITLE: Text = Text("severity-earlier-title");
pub const NOT_MEASURED: Text = Text("severity-not-measured");
pub const BOTH_COMPARE: Text = Text("severity-both-compare");
pub const SCALE: Text = Text("severity-scale");
pub const SAVE: Text = Text("severity-save");
pub const MEMORY: Text = Text("severity-memory");
pub const COPY: Text = Text("severity-copy");
pub const LESION_VOLUME: Text = Text("severity-lesion-volume");
pub const VOLUME: Text = Text("severity-volume");
pub const NO_NUMBER: Text = Text("severity-no-number");
pub const GUIDELINE: Text = Text("severity-guideline");
pub const TITLE: Text = Text("severity-title");
pub const NETWORKS: Text = Text("severity-networks");
pub const SUMMARY: Text = Text("severity-summary");
pub const DEVICE: Text = Text("severity-device");
pub const PANEL: Text = Text("severity-panel");
pub const SHARE: Text = Text("severity-share");
pub const REPORT_LANGUAGE: Text = Text("severity-report-language");
pub const AS_THE_PAGE: Text = Text("severity-report-language-page");
pub const VOTE: Text = Text("severity-vote");
pub const RIGHT_LETTER: Text = Text("severity-right-letter");
pub const LEFT_LETTER: Text = Text("severity-left-letter");

/// Returns the scale of the class.
pub fn class_on(scale: Scale) -> String {
    message!(language(), "severity-class-on", scale = language().scale(scale))
}

/// Returns the duration of a run and its networks.
pub fn computed(seconds: f64, networks: usize) -> String {
    message!(language(), "severity-computed", time = language().duration(seconds), networks = networks)
}

/// Returns the slices of a run.
pub fn slices(with_lung: u32, without_lung: u32) -> String {
    message!(language(), "severity-lung-slices", with = with_lung, without = without_lung)
}

/// Returns on how many slices a network ran.
pub fn network_slices(slices: u32) -> String {
    message!(language(), "severity-network-slices", slices = slices)
}
