//! Events: messages from the worker to the page.

use corsai_report::{Dynamics, Issue, Report, ShareBounds};
use serde::{Deserialize, Serialize};

use crate::{
    SeriesId, SeriesSummary, SliceAreas, VolumeSummary,
    ids::{AnswerKey, RunId, StudySlot},
};

/// What a run is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Files are read and their headers parsed.
    Reading,
    /// Slices are decoded to Hounsfield units.
    Decoding,
    /// The networks' weights are awaited.
    Weights,
    /// The device is chosen with a known slice.
    Device,
    /// The lung networks run.
    Lungs,
    /// The lesion networks run.
    Lesions,
    /// There is an answer; further networks make it a better one.
    Refining,
}

/// How far a stage has come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What the run is busy with.
    pub stage: Stage,
    /// Steps that are done.
    pub done: u32,
    /// Steps in all.
    pub total: u32,
    /// Estimated from this stage's pace; absent until there is one.
    pub seconds_left: Option<f64>,
}

/// A kind of device that computes networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// The graphics processor, by WebGPU.
    Webgpu,
    /// The processor, by WebAssembly in several workers.
    Cpu,
}

impl BackendKind {
    /// Returns the name in reports: `webgpu` or `cpu`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webgpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }
}

/// Why a device was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum DeviceReason {
    /// The settings ask for this kind of device.
    Settings,
    /// CPU: the browser offers no WebGPU adapter.
    NoAdapter,
    /// CPU: the page isn't served over https, and browsers offer no WebGPU there.
    InsecureContext,
    /// CPU: this worker was built without WebGPU.
    BuiltWithoutGpu,
    /// CPU: the adapter emulates a GPU in software.
    SoftwareAdapter {
        /// What the adapter calls itself.
        adapter: String,
    },
    /// CPU: the GPU has no timestamp queries, which the runtime needs.
    NoTimestamps,
    /// CPU: the browser gave no device for its adapter.
    NoDevice,
    /// CPU: the runtime can't use the GPU.
    UnsuitableDevice,
    /// CPU: the GPU computed a known slice wrongly.
    SelfTestFailed,
    /// CPU: the GPU was lost during a run.
    DeviceLost,
    /// CPU: it is faster than the GPU.
    CpuFaster {
        /// Time of the GPU for a slice.
        gpu_slice_ms: f64,
    },
    /// GPU: it is faster than the CPU.
    GpuFaster {
        /// Estimated time of the CPU for a slice.
        cpu_slice_ms: f64,
    },
    /// GPU: opened again after it was lost during a run.
    ReopenedAfterLoss,
    /// GPU: opened again without f16, with which it computed a known slice wrongly.
    ReopenedWithoutHalf,
}

/// The device in use, and how it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Which kind of device computes.
    pub backend: BackendKind,
    /// What the adapter calls itself, or how many workers compute on the CPU.
    pub name: String,
    /// Milliseconds that the known slice took, warm.
    pub slice_ms: f64,
    /// Largest difference to the known slice's stored answer, relative to its largest magnitude.
    pub deviation: f64,
    /// Why this device.
    pub reason: DeviceReason,
    /// f16 is not used: the GPU computed a known slice wrongly with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub half_failed: bool,
}

/// A small picture of a series' middle slice, lung window, 8 bits a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The series.
    pub series: SeriesId,
    /// Width, pixels.
    pub columns: u32,
    /// Height, pixels.
    pub rows: u32,
}

/// What a run's report covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportStage {
    /// The lungs' volumes alone.
    Lungs,
    /// A tier's answer; the run goes on to the next tier.
    Interim,
    /// The answer of the last tier that the run was asked for.
    Final,
}

/// A message from worker to page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the doc of a message describes its fields")]
pub enum Event {
    /// The worker runs and listens.
    Ready { version: String },
    /// The device was chosen.
    Device { device: DeviceReport },
    /// The worker waits for these networks' weights, in this order.
    WeightsRequested { networks: Vec<String> },
    /// The run has come further: sent only when `done` or `stage` has changed since the last time.
    Progress { run: RunId, slot: StudySlot, progress: Progress },
    /// The series that were found. `chosen` is set if exactly one clean chest CT is there and its
    /// analysis has begun; else the page asks. `issues` concern the drop as a whole and the files
    /// that are in no series. Buffers: one a preview, `rows · columns` bytes.
    Series {
        run: RunId,
        slot: StudySlot,
        series: Vec<SeriesSummary>,
        previews: Vec<Preview>,
        chosen: Option<SeriesId>,
        issues: Vec<Issue>,
    },
    /// The chosen series' grid is known; slices can be asked for as they are decoded.
    Volume { run: RunId, slot: StudySlot, volume: VolumeSummary },
    /// One slice, as the run left it. Buffers: `rows · columns` i16 little-endian HU; then as many
    /// label bytes. `lungs` and `lesions` tell whether they are in. With `agreement`, a third
    /// buffer holds for every voxel the share of the networks that marked it as lesion, in per
    /// cent.
    Slice { run: RunId, slot: StudySlot, index: u32, lungs: bool, lesions: bool, agreement: bool },
    /// These slices are newly decoded or have new labels: ask again for those on screen. `areas`
    /// holds as many entries as `indices`, in the same order; none before the lungs are in.
    Changed { run: RunId, slot: StudySlot, indices: Vec<u32>, areas: Vec<SliceAreas> },
    /// A network's answer on the way to the first numbers, for the case that this worker dies.
    /// Buffer: its f32.
    Answer { run: RunId, key: AnswerKey },
    /// What the vote that goes on can still come to.
    ShareBounds { run: RunId, slot: StudySlot, bounds: ShareBounds },
    /// Numbers of a run. `stage` tells what they cover.
    Report { run: RunId, slot: StudySlot, report: Box<Report>, stage: ReportStage },
    /// The study under examination compared with the earlier one, whose run this is.
    Compared { run: RunId, dynamics: Box<Dynamics> },
    /// The run ended without numbers: these issues say why.
    Refused { run: RunId, slot: StudySlot, issues: Vec<Issue> },
    /// The run ended by itself: it changes nothing further.
    Finished { run: RunId, slot: StudySlot },
    /// The run was cancelled.
    Cancelled { run: RunId, slot: StudySlot },
    /// What was done, a line a step: sizes, counts, times and codes, never a header's value or a
    /// file's name. Sent in batches, before the event that follows, so that a worker that dies
    /// leaves its lines with the page.
    Diagnostics { lines: Vec<String> },
    /// The worker can't go on (a trap, memory, a lost device): the page starts a new one.
    Fatal { issue: Issue },
}
