//! Errors of the program, and the issues that a report makes of them.

use std::{io, path::PathBuf};

use burn::tensor::wgpu::WgpuInitError;
use corsai_ensemble::EnsembleError;
use corsai_networks::NetworkError;
use corsai_phantom::PhantomError;
use corsai_report::{Found, Issue, IssueCode, Reason};
use thiserror::Error;

/// The reason why a command or an analysis fails.
#[derive(Debug, Error)]
pub enum CliError {
    /// Standard output can't be written.
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
    /// A file or folder can't be read.
    #[error("{path} can't be read: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file or folder can't be written.
    #[error("{path} can't be written: {source}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    /// Results can't be written as JSON.
    #[error("the results can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A cohort's table isn't CSV.
    #[error("the cohort {path} can't be read: {source}", path = path.display())]
    Csv { path: PathBuf, source: csv::Error },
    /// A cohort's table has no column of studies.
    #[error("the cohort's first line names no column \"study\"")]
    NoStudyColumn,
    /// A line of a cohort's table can't be understood.
    #[error("line {line} of the cohort: {problem}")]
    CohortLine { line: u64, problem: String },
    /// A cohort has no study.
    #[error("there is no study in the cohort {}", .0.display())]
    EmptyCohort(PathBuf),
    /// Ctrl-C can't be handled.
    #[error("Ctrl-C can't be handled: {0}")]
    Signal(#[from] ctrlc::Error),
    /// A phantom can't be made of the options.
    #[error(transparent)]
    Phantom(#[from] PhantomError),
    /// The weights of a network are missing in this build.
    #[error("this program was built without the weights of {0}")]
    NoWeights(String),
    /// The manifest can't be used, or a network can't be loaded or run.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// An analysis can't begin or go on.
    #[error("the analysis can't go on: {0}")]
    Ensemble(#[from] EnsembleError),
    /// The system has no usable graphics processor.
    #[error("no graphics processor can be used: {0}")]
    NoGpu(#[from] WgpuInitError),
    /// The only graphics processor is emulated on the CPU.
    #[error("{0} is not a real graphics processor")]
    SoftwareGpu(String),
    /// A graphics processor answered the known slice wrongly, or not at all.
    #[error("{adapter} failed on a known slice")]
    SelfTest { adapter: String, deviation: Option<f64> },
    /// The graphics processor was lost during an analysis.
    #[error("the graphics processor was lost")]
    DeviceLost,
    /// Shipped networks answered the known slice wrongly in a benchmark.
    #[error("wrong answers: {}", .0.join(", "))]
    WrongAnswers(Vec<String>),
}

impl CliError {
    /// Returns the issue for the report of a study that this error leaves without numbers.
    pub fn issue(&self) -> Issue {
        match self {
            Self::Network(NetworkError::Input { .. } | NetworkError::Device(_)) => {
                Issue::new(IssueCode::InternalFault, [Found::detail(format!("running a network, {self}"))])
            }
            Self::Network(error) => Issue::new(error.code(), []),
            Self::NoWeights(_) => Issue::new(IssueCode::WeightsCorrupt, []),
            Self::DeviceLost => Issue::new(IssueCode::DeviceLost, []),
            Self::SelfTest { deviation, .. } => {
                let found = deviation.map_or(Found::from(Reason::NoAnswer), |deviation| Found::Deviation { deviation });
                Issue::new(IssueCode::DeviceSelfTest, [found])
            }
            other => Issue::new(IssueCode::InternalFault, [Found::detail(other)]),
        }
    }
}

/// Returns the conversion of an I/O error into [`CliError::Read`] with a path.
pub fn read_error(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> CliError {
    |source| CliError::Read { path: path.into(), source }
}

/// Returns the conversion of an I/O error into [`CliError::Write`] with a path.
pub fn write_error(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> CliError {
    |source| CliError::Write { path: path.into(), source }
}
