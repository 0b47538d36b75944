//! Identifiers that commands and events share.

use serde::{Deserialize, Serialize};

/// Numbers the runs of a page, rising; an event of an older run is stale and is dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub u32);

/// Which of the two studies on the page a message speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StudySlot {
    /// The study under examination.
    Current,
    /// The study it is compared with ("Add an earlier study").
    Previous,
}

/// A network and a hash of its input: the key of an answer in the cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AnswerKey {
    /// The network's name in the manifest.
    pub network: String,
    /// Hash of the network's input.
    pub input: u64,
}
