//! The announcements for a screen reader.

use corsai_report::{LungFinding, Scale};

use crate::{format, text::classes};

pub const NO_NUMBER: &str = "No number: see the reasons";
pub const READING: &str = "Reading the files";
pub const CHOOSE: &str = "Choose a series";

/// Returns class and share of both lungs.
pub fn finished(both: &LungFinding, scale: Scale) -> String {
    let class = classes::of(both, scale).map_or_else(String::new, |c| format!("CT-{c}. "));
    let share = both.share.map_or_else(String::new, |s| format!("{} of both lungs is affected.", format::percent(s)));
    format!("Finished. {class}{share}")
}
