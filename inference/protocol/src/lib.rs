//! The words that the page and the worker exchange, and nothing else: no logic, no browser, no tensors.
//!
//! The page sends [`Command`]s, the worker answers with a stream of [`Event`]s. Bulk data (files, pixels, weights)
//! travels beside a message as transferable buffers; a message's doc says which buffers it brings, in order.
//! [`Report`] is also what the command line writes as JSON, and [`issue`] holds the one table from code to sentence.

mod command;
mod event;
pub mod issue;
mod manifest;
mod report;
mod series;

pub use command::{AnalysisOptions, AnswerKey, Command, DevicePreference, PhantomRequest, StudySlot};
pub use event::{DeviceReport, Event, Preview, Progress, ReportStage, RunId, Stage};
pub use issue::{Issue, IssueCode, Severity};
pub use manifest::{
    Architecture, Band, Family, Golden, Input, Manifest, NetworkEntry, Normalisation, Part, Projection, Region, Tier,
    Vote,
};
pub use report::{
    Basis, DISCLAIMER, Dynamics, LungFinding, Lungs, Members, NetworkRuns, NoVerdict, Report, Runs, Scale, ShareBounds,
    ShareChange, StudyRecord, Verdict,
};
pub use series::{SeriesId, SeriesSummary, SliceAreas, VolumeSummary};

/// Bits of a label byte; one byte a voxel, in the order of [`VolumeSummary`]'s voxels.
pub mod label {
    /// The voxel belongs to the patient's right lung.
    pub const RIGHT_LUNG: u8 = 1;
    /// The voxel belongs to the patient's left lung.
    pub const LEFT_LUNG: u8 = 2;
    /// The voxel is lesion; always inside a lung.
    pub const LESION: u8 = 4;
}
