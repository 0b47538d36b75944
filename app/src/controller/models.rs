//! Questions about the networks in the manifest.

use corsai_manifest::{Family, NetworkEntry, Projection};
use corsai_report::Tier;
use leptos::prelude::*;

use crate::{controller::context::Controller, weights::manifest};

impl Controller {
    /// Whether there are networks that segment lesions on coronal and sagittal sections.
    pub fn has_multi_planar_networks(self) -> bool {
        let multi_planar =
            |n: &NetworkEntry| n.family == Family::Dpn && n.projections.iter().any(|p| *p != Projection::Axial);
        self.manifest.with_value(|m| m.networks.iter().any(multi_planar))
    }

    /// Whether `name` is a lesion network.
    pub fn is_lesion_network(self, name: &str) -> bool {
        let is_lesion_network = |n: &NetworkEntry| n.name == name && n.family != Family::Lungs;
        self.manifest.with_value(|m| m.networks.iter().any(is_lesion_network))
    }

    /// Returns the next tier above `tier` that has networks of its own, their count and their
    /// bytes.
    pub fn next_tier(self, tier: Tier) -> Option<(Tier, usize, u64)> {
        self.manifest.with_value(|m| {
            let added = |next: Tier| m.networks.iter().filter(move |n| n.tier > tier && n.tier <= next);
            let next = Tier::ALL.into_iter().find(|next| added(*next).next().is_some())?;
            Some((next, added(next).count(), added(next).map(manifest::bytes_of).sum()))
        })
    }
}
