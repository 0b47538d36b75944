//! Why a run ends without numbers. An issue for people is made of an error where the worker tells
//! the page; no error holds a header's value or a file's name.

use corsai_ensemble::EnsembleError;
use corsai_networks::NetworkError;
use corsai_phantom::PhantomError;
use corsai_report::{Found, Issue, IssueCode, Reason};

/// Why a step of a run failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The page could not get a network's weights.
    #[error("the weights could not be loaded: {detail}")]
    WeightsUnavailable {
        /// What the page met.
        detail: String,
    },
    /// A network can't be built or run.
    #[error("a network failed: {0}")]
    Network(#[from] NetworkError),
    /// A compute worker failed at a job or at loading a network.
    #[error("a compute worker failed: {cause}")]
    ComputeWorker {
        /// The issue's code.
        code: IssueCode,
        /// The error as the compute worker displays it.
        cause: String,
    },
    /// The analysis refused an answer, or could not begin.
    #[error("{step}: {source}")]
    Analysis {
        /// What was done.
        step: String,
        /// The analysis' error.
        source: EnsembleError,
    },
    /// The synthetic study can't be made.
    #[error("the synthetic study: {0}")]
    Phantom(#[from] PhantomError),
    /// The GPU's answer to a known slice is wrong, or there is none.
    #[error("the graphics processor computed a known slice wrongly (deviation {deviation:?})")]
    GpuSelfTest {
        /// Largest relative difference to the stored answer; `None` without an answer.
        deviation: Option<f64>,
    },
    /// The CPU's answer to a known slice is wrong: it can't be trusted with a study.
    #[error("the processor computed a known slice wrongly (deviation {deviation:?})")]
    CpuSelfTest {
        /// Largest relative difference to the stored answer; `None` without an answer.
        deviation: Option<f64>,
    },
    /// The GPU stopped answering.
    #[error("the graphics processor was lost")]
    DeviceLost,
    /// Too many compute workers died.
    #[error("the compute workers died")]
    WorkersDied,
    /// The page named a series that isn't open.
    #[error("the choice of a series: none of this number is open")]
    UnknownSeries,
    /// The page asked for further networks where no analysis is.
    #[error("the choice of further networks: there is no analysis")]
    NothingToRefine,
    /// The analysis waits for answers, and no backend computes them.
    #[error("the networks' jobs: no backend computes them")]
    Stalled,
    /// The earlier study is the current one.
    #[error("both studies are the same one")]
    SameStudy,
}

impl WorkerError {
    /// Returns the code of the issue.
    pub const fn code(&self) -> IssueCode {
        match self {
            Self::WeightsUnavailable { .. } => IssueCode::WeightsUnavailable,
            Self::Network(NetworkError::Input { .. } | NetworkError::Device(_)) => IssueCode::InternalFault,
            Self::Network(error) => error.code(),
            Self::ComputeWorker { code, .. } => *code,
            Self::GpuSelfTest { .. } => IssueCode::DeviceSelfTest,
            Self::DeviceLost => IssueCode::DeviceLost,
            Self::WorkersDied => IssueCode::WorkerDied,
            Self::SameStudy => IssueCode::DynamicsSameStudy,
            Self::Analysis { .. }
            | Self::Phantom(_)
            | Self::CpuSelfTest { .. }
            | Self::UnknownSeries
            | Self::NothingToRefine
            | Self::Stalled => IssueCode::InternalFault,
        }
    }

    /// Returns the issue for people, and leaves the error with the diagnostics.
    pub fn issue(&self) -> Issue {
        let code = self.code();
        tracing::warn!(code = code.as_str(), cause = %self, "failed");
        let found: Option<Found> = match self {
            Self::WeightsUnavailable { detail } => Some(Found::detail(detail)),
            Self::GpuSelfTest { deviation: Some(deviation) } => Some(Found::Deviation { deviation: *deviation }),
            Self::GpuSelfTest { deviation: None } => Some(Reason::NoAnswer.into()),
            _ => (code == IssueCode::InternalFault).then(|| Found::detail(self)),
        };
        Issue::new(code, found)
    }
}

impl From<WorkerError> for Vec<Issue> {
    fn from(error: WorkerError) -> Self {
        vec![error.issue()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_ours_are_internal_faults() {
        let errors = [
            WorkerError::Analysis { step: "an answer".into(), source: EnsembleError::UnknownJob },
            WorkerError::CpuSelfTest { deviation: Some(1.0) },
            WorkerError::UnknownSeries,
            WorkerError::NothingToRefine,
            WorkerError::Stalled,
            WorkerError::Network(NetworkError::Device("gone".into())),
            WorkerError::Network(NetworkError::Input { found: 1, expected: 2 }),
        ];
        for error in errors {
            assert_eq!(error.code(), IssueCode::InternalFault, "{error}");
        }
        assert_eq!(WorkerError::Network(NetworkError::NonFinite).code(), IssueCode::ModelNonFinite);
        assert_eq!(WorkerError::WorkersDied.code(), IssueCode::WorkerDied);
    }
}
