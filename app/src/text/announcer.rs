//! The announcements for a screen reader.

use corsai_language::message;
use corsai_report::{LungFinding, Scale};

use crate::text::{Text, classes, language};

pub const NO_NUMBER: Text = Text("announcer-no-number");
pub const READING: Text = Text("announcer-reading");
pub const CHOOSE: Text = Text("announcer-choose");

/// Returns class and share of both lungs.
pub fn finished(both: &LungFinding, scale: Scale) -> String {
    let language = language();
    let class = classes::of(both, scale).map(|c| message!(language, "announcer-class", class = language.ct_class(c)));
    let share = both.share.map(|s| message!(language, "announcer-share", share = language.percent(s)));
    [Some(language.text("announcer-finished")), class, share].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
