//! The messages between page and worker: no logic, no browser, no tensors.
//!
//! The page sends [`Command`]s, the worker answers with a stream of [`Event`]s. Bulk data (files,
//! pixels, weights) travels beside a message as transferable buffers; the doc of a message tells
//! its buffers in order.

mod command;
mod event;
mod ids;
mod series;

pub use command::{AnalysisOptions, Command, DevicePreference, PhantomRequest};
pub use event::{BackendKind, DeviceReason, DeviceReport, Event, Preview, Progress, ReportStage, Stage};
pub use ids::{AnswerKey, RunId, StudySlot};
pub use series::{PersonKeys, SeriesId, SeriesSummary, SliceAreas, VolumeSummary};
