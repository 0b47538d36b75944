//! How far the first answer's networks are loaded.

/// Bytes of the first answer's networks, for the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightsStatus {
    /// Bytes that have been loaded.
    pub bytes: u64,
    /// Bytes of all.
    pub total: u64,
    /// The last attempt failed.
    pub failed: bool,
    /// The browser has stored them for the next visit.
    pub cached: bool,
}

impl WeightsStatus {
    /// Whether all are loaded.
    pub const fn is_complete(self) -> bool {
        self.bytes >= self.total
    }
}
