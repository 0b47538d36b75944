//! What computes networks: the GPU, or helpers on the CPU. A run hands in jobs and takes outcomes, and need not know
//! which of the two it has.

use corsai_ensemble::{Job, JobId};
use corsai_manifest::NetworkEntry;
use corsai_networks::{NetworkError, Precision};
use corsai_protocol::DeviceReport;
use corsai_report::{Found, Issue, IssueCode};

use crate::{compute_worker, cpu_backend::CpuBackend, gpu_backend::GpuBackend, weight_store::Parts};

/// What came of a job, or of the engine.
#[derive(Debug)]
pub enum Outcome {
    /// The probabilities.
    Answer { job: JobId, values: Vec<f32> },
    /// Nobody will answer these; the engine goes on. Where there are none, it may merely have room again.
    Lost { jobs: Vec<JobId> },
    /// The engine is gone, and with it the jobs in flight.
    Dead,
    /// A job can't be done at all: the reason for a refusal.
    Failed { issue: Issue },
}

#[derive(Debug)]
#[cfg_attr(not(feature = "gpu"), allow(clippy::large_enum_variant, reason = "there is only the large one"))]
pub enum Kind {
    Gpu(GpuBackend),
    Cpu(CpuBackend),
}

/// A device, and the networks it was given.
#[derive(Debug)]
pub struct Engine {
    pub kind: Kind,
    /// How it was chosen.
    pub report: DeviceReport,
    /// What is to be said beside every number it computes.
    pub issues: Vec<Issue>,
}

impl Engine {
    /// How it stores maps and weights.
    pub const fn precision(&self) -> Precision {
        match &self.kind {
            Kind::Gpu(gpu) => gpu.precision(),
            Kind::Cpu(_) => Precision::Single,
        }
    }

    /// Whether another job may be handed in now.
    pub fn has_room(&self) -> bool {
        match &self.kind {
            Kind::Gpu(gpu) => gpu.has_room(),
            Kind::Cpu(pool) => pool.has_room(),
        }
    }

    /// Whether an outcome can be awaited.
    pub fn busy(&self) -> bool {
        match &self.kind {
            Kind::Gpu(gpu) => gpu.busy(),
            Kind::Cpu(pool) => pool.busy(),
        }
    }

    pub fn start(&mut self, job: Job) {
        match &mut self.kind {
            Kind::Gpu(gpu) => gpu.start(job),
            Kind::Cpu(pool) => pool.start(job),
        }
    }

    /// The next outcome. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Outcome {
        match &mut self.kind {
            Kind::Gpu(gpu) => gpu.next().await,
            Kind::Cpu(pool) => pool.next().await,
        }
    }

    /// Whether it can run a network without being given its weights.
    pub fn has(&self, network: usize) -> bool {
        match &self.kind {
            Kind::Gpu(gpu) => gpu.has(network),
            Kind::Cpu(pool) => pool.has(network),
        }
    }

    /// Takes a network's weights.
    ///
    /// # Errors
    /// Why this device can't be used for it; the CPU tells later, by [`Outcome::Failed`].
    pub async fn give(&mut self, network: usize, entry: &NetworkEntry, parts: Parts) -> Result<(), Issue> {
        match &mut self.kind {
            Kind::Gpu(gpu) => gpu.give(network, entry, &parts).await,
            Kind::Cpu(pool) => {
                pool.give(network, parts);
                Ok(())
            }
        }
    }

    /// The most memory that the instances of this binary have had.
    pub fn memory_bytes(&self) -> u64 {
        let helpers = if let Kind::Cpu(pool) = &self.kind { pool.memory_bytes() } else { 0 };
        compute_worker::memory_bytes() + helpers
    }

    /// Forgets all jobs in flight: their run is over.
    pub fn abandon(&mut self) {
        match &mut self.kind {
            Kind::Gpu(gpu) => gpu.abandon(),
            Kind::Cpu(pool) => pool.abandon(),
        }
    }

    /// As a report names it.
    pub fn name(&self) -> String {
        format!("{}: {}", self.report.backend, self.report.name)
    }
}

/// Why a network could not be loaded or run, as a refusal says it.
pub fn issue_of(error: &NetworkError) -> Issue {
    match error.code() {
        IssueCode::InternalFault => fault(&error.to_string()),
        code => Issue::new(code, []),
    }
}

/// A step of ours failed that no study and no device should make fail; `step` names it.
pub fn fault(step: &str) -> Issue {
    Issue::new(IssueCode::InternalFault, [Found::detail(step)])
}
