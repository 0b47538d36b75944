//! The words that the page and the worker exchange, and nothing else: no logic, no browser, no tensors.
//!
//! The page sends [`Command`]s, the worker answers with a stream of [`Event`]s. Bulk data (files, pixels, weights)
//! travels beside a message as transferable buffers; a message's doc says which buffers it brings, in order.

mod command;
mod event;
mod series;

pub use command::{AnalysisOptions, AnswerKey, Command, DevicePreference, PhantomRequest, StudySlot};
pub use event::{BackendKind, DeviceReason, DeviceReport, Event, Preview, Progress, ReportStage, RunId, Stage};
pub use series::{SeriesId, SeriesSummary, SliceAreas, VolumeSummary};
