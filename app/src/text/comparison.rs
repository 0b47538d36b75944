//! The card of the change since an earlier study.

use corsai_language::message;
use corsai_report::{NoVerdict, Tier};

use crate::text::{Text, language};

pub const REFUSED: Text = Text("comparison-refused");
pub const SAME_PERSON: Text = Text("comparison-same-person");
pub const LUNGS_DISAGREE: Text = Text("comparison-lungs-disagree");
pub const OFFER: Text = Text("comparison-offer");
pub const STABLE_RULE: Text = Text("comparison-stable-rule");
pub const STOPPED_BEFORE: Text = Text("comparison-stopped-before");
pub const WAITING: Text = Text("comparison-waiting");
pub const REFINING: Text = Text("comparison-refining");
pub const REFINE: Text = Text("comparison-refine");
pub const SYNTHETIC_DATES: Text = Text("comparison-synthetic-dates");
pub const PENDING: Text = Text("comparison-pending");
pub const CAPTION: Text = Text("comparison-caption");
pub const TITLE: Text = Text("comparison-title");
pub const DROP_HERE: Text = Text("comparison-drop-here");
pub const REMOVE: Text = Text("comparison-remove");
pub const ADD: Text = Text("comparison-add");
pub const CONFIRM_SAME_PERSON: Text = Text("comparison-confirm-same-person");
pub const CHANGE: Text = Text("comparison-change");
pub const AS_MUCH_AFFECTED: Text = Text("comparison-as-much-affected");
pub const MORE_AFFECTED: Text = Text("comparison-more-affected");
pub const LESS_AFFECTED: Text = Text("comparison-less-affected");

/// Returns why there is no verdict.
pub fn no_verdict(reason: NoVerdict) -> String {
    message!(language(), "comparison-no-verdict", reason = language().no_verdict(reason))
}

/// Returns the tier whose answers are compared.
pub fn compared_by(tier: Tier) -> String {
    message!(language(), "comparison-compared-by", tier = language().tier(tier))
}
