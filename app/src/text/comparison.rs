//! The card of the change since an earlier study.

use corsai_report::{NoVerdict, Tier};

use crate::text::classes;

pub const REFUSED: &str =
    "The earlier study was not measured, so there is nothing to compare. The reasons are listed below.";
pub const SAME_PERSON: &str = "These studies have different patient identifiers. Are they of the same person?";
pub const LUNGS_DISAGREE: &str =
    "The two lungs changed in opposite directions by a percentage point or more. Look at each lung.";
pub const OFFER: &str = "Open an earlier study of the same patient to see whether the lungs got better.";
pub const STABLE_RULE: &str = "A change of less than one percentage point counts as stable.";
pub const STOPPED_BEFORE: &str = "The earlier study was stopped before it was measured.";
pub const WAITING: &str = "Both studies are measured; the comparison follows.";
pub const REFINING: &str = "The earlier study is being refined with more networks. ";
pub const REFINE: &str = "Refine the earlier study with the same networks";
pub const SYNTHETIC_DATES: &str = "Or the synthetic patient at an earlier date:";
pub const PENDING: &str = "The earlier study is being measured.";
pub const CAPTION: &str = "Affected share in both studies";
pub const TITLE: &str = "Change since an earlier study";
pub const DROP_HERE: &str = "Drop the earlier study here";
pub const REMOVE: &str = "Remove the earlier study";
pub const ADD: &str = "Add an earlier study";
pub const CONFIRM_SAME_PERSON: &str = "Yes, the same person";
pub const CHANGE: &str = "Change";
pub const AS_MUCH_AFFECTED: &str = "when as much was affected";
pub const MORE_AFFECTED: &str = "when more was affected";
pub const LESS_AFFECTED: &str = "when less was affected";

/// Returns why there is no verdict.
pub fn no_verdict(reason: NoVerdict) -> String {
    format!("There is no verdict: {}.", classes::no_verdict(reason))
}

/// Returns the tier whose answers are compared.
pub fn compared_by(tier: Tier) -> String {
    format!("Compared by the {} answers of both studies. ", classes::tier(tier))
}
