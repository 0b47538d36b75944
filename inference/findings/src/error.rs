//! What can go wrong in a comparison.

use corsai_report::{Issue, IssueCode};
use thiserror::Error;

/// Why two studies can't be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FindingsError {
    /// Both studies are made of the same SOP instances, or of the same voxels.
    #[error("both studies are the same one")]
    SameStudy,
}

impl From<FindingsError> for Issue {
    fn from(error: FindingsError) -> Self {
        match error {
            FindingsError::SameStudy => Self::new(IssueCode::DynamicsSameStudy, []),
        }
    }
}
