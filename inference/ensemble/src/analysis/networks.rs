//! The manifest's networks by their input, and which of them vote in a tier.

use corsai_manifest::{Family, Manifest, NetworkEntry, Projection, Region};
use corsai_report::Tier;

use crate::{error::EnsembleError, multi_planar::PROJECTIONS};

/// A manifest's networks, checked: each has an input that its family can have.
#[derive(Debug)]
pub(super) struct Networks {
    manifest: Manifest,
    /// The lungs' networks, one item for each projection, axial first. All have the same input.
    pub lungs: Vec<(Projection, usize)>,
    /// Lesion networks on axial slices, in the order in which they run.
    pub axial: Vec<usize>,
    /// DPNs on coronal and sagittal sections, one item for each projection. All have the same
    /// input.
    multi_planar: Vec<(Projection, usize)>,
}

/// The lesion networks that vote in a tier.
#[derive(Debug)]
pub(super) struct Voters {
    /// Axial networks, by their index in [`Networks::axial`].
    pub axial: Vec<usize>,
    /// Number of DPNs among them.
    pub axial_dpns: u8,
    /// DPNs on coronal and sagittal sections; none where only axial networks vote.
    pub multi_planar: Vec<(Projection, usize)>,
    /// The threshold on the mean probability of a family that votes alone: the mean of its members'
    /// thresholds, so that a voxel is lesion where the members are above theirs on average. As in
    /// the mean of probabilities, each projection weighs the same.
    pub single_family_threshold: f64,
}

impl Networks {
    /// Checks and sorts the networks of a manifest.
    ///
    /// # Errors
    /// As [`crate::Analysis::new`].
    pub fn new(manifest: &Manifest, tier: Tier) -> Result<Self, EnsembleError> {
        if let Some(family) = manifest.oversized_family() {
            return Err(EnsembleError::TooManyMembers(family));
        }
        let (mut lungs, mut axial, mut multi_planar) = (Vec::new(), Vec::new(), Vec::new());
        for (i, entry) in manifest.networks.iter().enumerate() {
            let unsupported = || EnsembleError::UnsupportedNetwork(entry.name.clone());
            let region = if entry.family == Family::Lungs { Region::WholeVolume } else { Region::LungBox };
            if entry.input.region != region || entry.projections.is_empty() {
                return Err(unsupported());
            }
            for &projection in &entry.projections {
                match (entry.family, projection) {
                    (Family::Lungs, _) => lungs.push((projection, i)),
                    (_, Projection::Axial) => axial.push(i),
                    (Family::Dpn, _) => multi_planar.push((projection, i)),
                    _ => return Err(unsupported()),
                }
            }
        }
        lungs.sort();
        let networks = Self { manifest: manifest.clone(), lungs, axial, multi_planar };
        if networks.lungs.is_empty() {
            return Err(EnsembleError::NoNetwork("lungs"));
        }
        for group in [&networks.lungs, &networks.multi_planar] {
            let input = |&(_, i): &(Projection, usize)| &networks.entry(i).input;
            if let Some(&(_, other)) = group.iter().find(|one| input(one) != input(&group[0])) {
                return Err(EnsembleError::UnsupportedNetwork(networks.entry(other).name.clone()));
            }
        }
        if networks.axial_members(tier).is_empty() {
            return Err(EnsembleError::NoNetwork("lesion"));
        }
        Ok(networks)
    }

    /// All networks, in the manifest's order.
    pub fn entries(&self) -> &[NetworkEntry] {
        &self.manifest.networks
    }

    /// The manifest's entry of a network.
    pub fn entry(&self, network: usize) -> &NetworkEntry {
        &self.manifest.networks[network]
    }

    /// The manifest's thresholds.
    pub const fn vote(&self) -> corsai_manifest::Vote {
        self.manifest.vote
    }

    /// Axial lesion networks of a tier, by their index in [`Self::axial`].
    pub fn axial_members(&self, tier: Tier) -> Vec<usize> {
        (0..self.axial.len()).filter(|&m| self.entry(self.axial[m]).tier <= tier).collect()
    }

    /// The networks that vote in a tier; with `dpn_3d` also those on coronal and sagittal sections,
    /// where the tier has all DPNs. These weigh as much as the axial ones, so all must be there.
    pub fn voters(&self, tier: Tier, dpn_3d: bool) -> Voters {
        let axial = self.axial_members(tier);
        let axial_dpns = axial.iter().filter(|&&m| self.entry(self.axial[m]).family == Family::Dpn).count();
        let all_dpns = self.entries().iter().filter(|n| n.family == Family::Dpn).all(|n| n.tier <= tier);
        let of = |projection| self.multi_planar.iter().filter(move |(one, _)| *one == projection);
        let with_multi_planar =
            dpn_3d && all_dpns && axial_dpns > 0 && PROJECTIONS.iter().all(|p| of(*p).next().is_some());
        let axial_threshold = self.mean_threshold(axial.iter().map(|&m| self.axial[m]));
        let single_family_threshold = if with_multi_planar {
            let [coronal, sagittal] = PROJECTIONS.map(|p| self.mean_threshold(of(p).map(|(_, i)| *i)));
            (axial_threshold + coronal + sagittal) / 3.0
        } else {
            axial_threshold
        };
        Voters {
            axial,
            axial_dpns: u8::try_from(axial_dpns).expect("invariant: a family has 31 members at most"),
            multi_planar: if with_multi_planar { self.multi_planar.clone() } else { Vec::new() },
            single_family_threshold,
        }
    }

    /// The mean of the networks' own thresholds.
    fn mean_threshold(&self, networks: impl Iterator<Item = usize>) -> f64 {
        let thresholds: Vec<f64> = networks.map(|i| self.entry(i).threshold).collect();
        thresholds.iter().sum::<f64>() / thresholds.len() as f64
    }

    /// Whether a tier has axial lesion networks that a lower one lacks.
    pub fn has_more(&self, from: Tier, to: Tier) -> bool {
        self.axial.iter().map(|&i| self.entry(i).tier).any(|tier| tier > from && tier <= to)
    }
}
