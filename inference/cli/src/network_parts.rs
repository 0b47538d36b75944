//! What CPU and GPU share of a network: its weights' form, and the issue of a failure.

use corsai_networks::NetworkError;
use corsai_report::{Found, Issue, IssueCode};

/// One network's parts, as the manifest lists them.
pub type Parts = Vec<Vec<u8>>;

/// Returns the issue of a network's failure on a study.
pub fn issue_of(error: &NetworkError) -> Issue {
    match error {
        NetworkError::Input { .. } | NetworkError::Device(_) => {
            Issue::new(IssueCode::InternalFault, [Found::detail(format!("running a network, {error}"))])
        }
        _ => Issue::new(error.code(), []),
    }
}
