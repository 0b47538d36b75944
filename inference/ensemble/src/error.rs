//! What can go wrong in an analysis.

use corsai_manifest::Family;
use thiserror::Error;

/// Why an analysis can't begin or go on.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EnsembleError {
    /// The tier has no network for the lungs, or none for the lesions.
    #[error("the manifest lists no {0} network for this tier")]
    NoNetwork(&'static str),
    /// A network's entry contradicts its family, or the other networks of its family.
    #[error("network {0} expects a region, projection or input that its family doesn't have")]
    UnsupportedNetwork(String),
    /// A family has more members than the vote can count.
    #[error("the vote has more members of the family {0:?} than it can count")]
    TooManyMembers(Family),
    /// An answer has the wrong length.
    #[error("an answer of {found} values was given and one of {expected} expected")]
    AnswerLength {
        /// Number of values given.
        found: usize,
        /// `classes · size · size` of the job's network.
        expected: usize,
    },
    /// The job isn't open.
    #[error("a job was answered that isn't open: never handed out, answered already, or of an earlier pass")]
    UnknownJob,
}

/// Checks the length of a network's answer.
pub(crate) fn check_length(answer: &[f32], expected: usize) -> Result<(), EnsembleError> {
    if answer.len() == expected { Ok(()) } else { Err(EnsembleError::AnswerLength { found: answer.len(), expected }) }
}
