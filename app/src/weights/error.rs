//! Why weights could not be loaded.

/// Why a part could not be loaded. Says nothing of a study.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// There was no connection, or it broke.
    #[error("the host could not be reached")]
    Unreachable,
    /// The host sent nothing for too long.
    #[error("the host stopped answering")]
    Silent,
    /// The host answered with this status.
    #[error("the host answered {0}")]
    Status(u16),
    /// The host answered with HTML, as for an address that it doesn't know.
    #[error("the host answered with a web page in place of the weights")]
    Page,
    /// The answer has another length than the manifest gives.
    #[error("{found} bytes arrived instead of {expected}")]
    Size {
        /// Bytes that arrived.
        found: u64,
        /// Bytes by the manifest.
        expected: u64,
    },
    /// The bytes have another hash than the manifest gives.
    #[error("the bytes are not those that this page was built with")]
    Content,
}
