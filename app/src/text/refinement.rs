//! How certain the numbers are, and the way to a higher tier.

use corsai_language::message;
use corsai_report::{Members, Scale, ShareBounds, Tier};

use crate::text::{Text, language};

pub const FURTHER_NETWORKS: Text = Text("refinement-further-networks");

/// Returns a range of shares; one number where both ends look the same.
fn range([low, high]: [f64; 2]) -> String {
    let (low, high) = (language().percent(low), language().percent(high));
    if low == high { low } else { message!(language(), "refinement-range", low = low, high = high) }
}

/// Returns "Both lungs: 12 % to 31 % still possible, already at least CT-2."
pub fn still_possible(bounds: &ShareBounds, scale: Scale) -> Option<String> {
    let range = range(bounds.both?);
    let class = match scale {
        Scale::Guideline => bounds.least_class,
        Scale::Panel => bounds.least_class_panel,
    };
    Some(match class.filter(|c| *c > 0) {
        Some(class) => {
            let class = language().ct_class(class);
            message!(language(), "refinement-still-possible-class", range = range, class = class)
        }
        None => message!(language(), "refinement-still-possible", range = range),
    })
}

/// Returns the range of the single networks' shares, and whether it crosses a border of the
/// classes.
pub fn single_networks(members: &Members, scale: Scale) -> String {
    let borderline = match scale {
        Scale::Guideline => members.borderline,
        Scale::Panel => members.borderline_panel,
    };
    let text = message!(language(), "refinement-single-networks", range = range(members.share));
    if borderline { format!("{text} {}", language().text("refinement-borderline")) } else { text }
}

/// Returns "Standard answer of 2 lesion networks".
pub fn tier_of_networks(tier: Tier, networks: usize) -> String {
    let id = match tier {
        Tier::Quick => "refinement-quick",
        Tier::Standard => "refinement-standard",
        Tier::Full => "refinement-full",
    };
    message!(language(), id, networks = networks)
}

/// Returns "Refine with 10 more networks (107 MB)".
pub fn refine(networks: usize, bytes: u64) -> String {
    message!(language(), "refinement-refine", networks = networks, size = language().megabytes(bytes))
}

/// Returns the stage of restoring the pictures.
pub fn restoring(stage: Text) -> String {
    message!(language(), "refinement-restoring", stage = stage.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace('\u{202f}', " ")
    }

    #[test]
    fn a_class_is_named_once_it_is_certain() {
        let mut possible = ShareBounds { both: Some([0.12, 0.31]), least_class: Some(0), ..ShareBounds::default() };
        let text = plain(&still_possible(&possible, Scale::Guideline).unwrap());
        assert_eq!(text, "Both lungs: 12.0 % to 31.0 % still possible.");
        possible.least_class = Some(2);
        let text = plain(&still_possible(&possible, Scale::Guideline).unwrap());
        assert_eq!(text, "Both lungs: 12.0 % to 31.0 % still possible, already at least CT-2.");
        assert_eq!(still_possible(&ShareBounds::default(), Scale::Panel), None);
    }

    #[test]
    fn networks_that_agree_are_one_number_and_a_borderline_case_is_named() {
        let members = Members { share: [0.05, 0.05], borderline: false, borderline_panel: true };
        assert_eq!(plain(&single_networks(&members, Scale::Guideline)), "Single networks: 5.0 % of both lungs.");
        assert!(single_networks(&members, Scale::Panel).contains("Borderline"));
    }

    #[test]
    fn the_way_to_a_higher_tier_names_networks_and_whole_megabytes() {
        assert_eq!(plain(&refine(10, 107_112_345)), "Refine with 10 more networks (107 MB)");
        assert_eq!(plain(&refine(1, 5_570_000)), "Refine with 1 more network (6 MB)");
    }
}
