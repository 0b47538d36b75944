//! What every state of an analysis uses.

use std::sync::Arc;

use corsai_manifest::Vote;
use corsai_report::{NetworkRuns, Tier};
use corsai_volume::HuVolume;

use super::networks::{Networks, Voters};
use crate::lung_probabilities::LungResampler;

/// How a study is analysed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Options {
    /// Tier of the first answer; [`crate::Analysis::refine`] goes on from there.
    pub tier: Tier,
    /// Every network runs on every slice with lung, also where the vote is decided. The masks are
    /// the same.
    pub full_run: bool,
    /// Thresholds in place of the manifest's.
    pub vote: Option<Vote>,
    /// The DPNs of all three projections vote in place of the axial ones alone, where the tier has
    /// all three.
    pub dpn_3d: bool,
    /// Keeps the lungs' probabilities for [`crate::Analysis::lung_probabilities`].
    pub keep_probabilities: bool,
}

/// Volume, networks and options of an analysis, and what was computed so far.
#[derive(Debug)]
pub(super) struct Context {
    pub volume: Arc<HuVolume>,
    pub networks: Networks,
    /// `tier` is that of the current vote.
    pub options: Options,
    /// From the lungs' cube to the study's grid.
    pub resampler: LungResampler,
    /// How often each network of the manifest has answered.
    pub runs: Vec<u32>,
    passes: u32,
}

impl Context {
    /// Before any pass.
    pub fn new(volume: Arc<HuVolume>, networks: Networks, options: Options) -> Self {
        let (_, first) = networks.lungs[0];
        let all = 0..=volume.grid().slices() - 1;
        Self {
            resampler: LungResampler::new(volume.grid(), all, networks.entry(first).input.size),
            runs: vec![0; networks.entries().len()],
            volume,
            networks,
            options,
            passes: 0,
        }
    }

    /// The number of a new pass, larger than that of every pass before.
    pub const fn begin_pass(&mut self) -> u32 {
        self.passes += 1;
        self.passes
    }

    /// The networks that vote in the current tier.
    pub fn voters(&self) -> Voters {
        self.networks.voters(self.options.tier, self.options.dpn_3d)
    }

    /// How often each network ran; networks that didn't are left out.
    pub fn network_runs(&self) -> Vec<NetworkRuns> {
        let ran = self.networks.entries().iter().zip(&self.runs).filter(|(_, runs)| **runs > 0);
        ran.map(|(entry, runs)| NetworkRuns {
            name: entry.name.clone(),
            slices: *runs,
            weights: entry.parts.first().map_or_else(String::new, |p| p.sha256.chars().take(8).collect()),
        })
        .collect()
    }
}
