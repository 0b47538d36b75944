//! Commands: messages from the page to the worker.

use corsai_report::Tier;
use serde::{Deserialize, Serialize};

use crate::{
    SeriesId,
    ids::{AnswerKey, RunId, StudySlot},
};

/// The device that a person wants to compute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DevicePreference {
    /// Chosen at start: the GPU if it is real, computes the known slice right and is faster; else
    /// the CPU.
    #[default]
    Auto,
    /// WebGPU, also where the adapter is a software one.
    Gpu,
    /// WebAssembly SIMD on several workers.
    Cpu,
}

/// How much to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisOptions {
    /// After the quick answer, go on to this tier.
    pub tier: Tier,
    /// Every network on every slice with lung, also where the vote is decided.
    pub full_run: bool,
    /// The paper's thresholds in place of those chosen for these networks.
    pub paper_vote: bool,
    /// The DPNs of all three projections in place of the axial ones alone, where the tier has all
    /// three.
    pub dpn_3d: bool,
}

impl Default for AnalysisOptions {
    fn default() -> Self {
        Self { tier: Tier::Standard, full_run: false, paper_vote: false, dpn_3d: false }
    }
}

/// Which state of the synthetic patient to make.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhantomRequest {
    /// `YYYYMMDD`, the acquisition date to write.
    pub yyyymmdd: u32,
    /// Lesion volume / lung volume of the left lung, 0..=0.9.
    pub share_left: f64,
    /// Lesion volume / lung volume of the right lung, 0..=0.9.
    pub share_right: f64,
}

/// A message from page to worker. Every command that starts work bears its run's id; events of
/// other runs are stale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the doc of a message describes its fields")]
pub enum Command {
    /// First message: which device to use, and the worker's share of the machine.
    Configure { device: DevicePreference, cores: u32, options: AnalysisOptions },
    /// One network's weights. Buffers: one a part, in the manifest's order.
    Weights { network: String },
    /// Weights could not be had; the worker answers a waiting run with the reason.
    WeightsFailed { network: String, detail: String },
    /// What networks answered before the last worker died. Buffers: one an answer, its f32.
    Answers { keys: Vec<AnswerKey> },
    /// Read these files. Beside it: `File` objects, as many as `names`, in this order.
    Open { run: RunId, slot: StudySlot, names: Vec<String> },
    /// Make a synthetic study (DICOM series in memory) and read it as if it had been dropped.
    OpenPhantom { run: RunId, slot: StudySlot, date: PhantomRequest },
    /// Analyse this series of what was opened.
    Choose { run: RunId, slot: StudySlot, series: SeriesId },
    /// The person confirms that the earlier study of this run and the study under examination are
    /// of one patient, though their identifiers differ. Answered by [`crate::Event::Compared`].
    ConfirmPatient { run: RunId },
    /// Go on from a study's finished answer to a higher tier.
    Refine { run: RunId, slot: StudySlot, tier: Tier },
    /// Send one slice's pixels and labels. Answered by [`crate::Event::Slice`].
    Slice { slot: StudySlot, index: u32 },
    /// Stop the run; what was finished stays.
    Cancel { run: RunId },
    /// Forget a study.
    Close { slot: StudySlot },
}
