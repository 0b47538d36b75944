//! The interface of what computes networks: the GPU, or compute workers on the CPU.
//!
//! A backend takes jobs under numbers that are never used twice ("tickets") and returns events.
//! Cancelling is the engine's business: it forgets a ticket, and the answer finds no job.

use corsai_manifest::NetworkEntry;
use corsai_networks::Precision;
use corsai_protocol::BackendKind;
use futures_util::future::LocalBoxFuture;

use crate::{error::WorkerError, self_test::SelfTest, weight_store::WeightParts};

/// A network with its weights.
#[derive(Debug, Clone)]
pub struct NetworkWeights {
    /// Index in the manifest.
    pub network: usize,
    /// The manifest's entry.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "compute workers read it themselves"))]
    pub entry: NetworkEntry,
    /// The weights' parts, in the manifest's order.
    pub parts: WeightParts,
}

/// What became of a job, or of the backend.
#[derive(Debug)]
pub enum BackendEvent {
    /// A job's probabilities.
    Answer {
        /// Number of the job.
        ticket: u32,
        /// `[classes, size, size]`, 0..=1.
        values: Vec<f32>,
    },
    /// These jobs get no answer, and the backend goes on. Without tickets: there may be capacity
    /// now.
    Lost {
        /// Numbers of the jobs.
        tickets: Vec<u32>,
    },
    /// The backend is gone with all its jobs.
    Dead,
    /// A job, or all of a network's jobs, can't be done.
    Failed {
        /// Number of the job; `None` for a network.
        ticket: Option<u32>,
        /// Why.
        error: WorkerError,
    },
}

/// Something that computes networks.
pub trait Backend: std::fmt::Debug {
    /// Returns which kind of device computes.
    fn kind(&self) -> BackendKind;

    /// Returns how feature maps and weights are stored.
    fn precision(&self) -> Precision;

    /// Whether another job can be submitted now.
    fn has_capacity(&self) -> bool;

    /// Whether an event is to be expected.
    fn is_busy(&self) -> bool;

    /// Takes a job. The network has been loaded and there is capacity.
    fn submit(&mut self, ticket: u32, network: usize, input: Vec<f32>);

    /// Waits for the next event. The future may be dropped while it waits: no event is lost.
    fn next_event(&mut self) -> LocalBoxFuture<'_, BackendEvent>;

    /// Whether jobs of this network can be submitted.
    fn has_network(&self, network: usize) -> bool;

    /// Takes a network's weights.
    ///
    /// # Errors
    /// Damaged weights, or [`WorkerError::GpuSelfTest`]. The CPU reports both later, by
    /// [`BackendEvent::Failed`].
    fn load(&mut self, weights: NetworkWeights) -> LocalBoxFuture<'_, Result<(), WorkerError>>;

    /// Loads these networks and computes their known slices, up to the first one that is wrong.
    ///
    /// # Errors
    /// Damaged weights, or why nothing could be computed.
    fn self_test(&mut self, networks: Vec<NetworkWeights>) -> LocalBoxFuture<'_, Result<Vec<SelfTest>, WorkerError>>;

    /// Starts compute workers until there are `count`. The GPU needs none.
    fn grow(&mut self, _count: usize) {}

    /// Returns how many compute workers there are; 0 for the GPU.
    fn workers(&self) -> usize {
        0
    }

    /// Returns the largest memory that the compute workers have had, in bytes.
    fn memory_bytes(&self) -> u64 {
        0
    }
}
