//! A chosen device and its jobs. A run submits jobs and takes events; a cancelled job's answer is
//! dropped here, whichever backend computed it.

use corsai_ensemble::{Job, JobId};
use corsai_protocol::DeviceReport;
use corsai_report::Issue;

use crate::{
    backend::{Backend, BackendEvent, NetworkWeights},
    error::WorkerError,
    memory,
    tickets::Tickets,
};

/// What became of a job, or of the device.
#[derive(Debug)]
pub enum EngineEvent {
    /// A job's probabilities.
    Answer {
        /// The job.
        job: JobId,
        /// `[classes, size, size]`, 0..=1.
        values: Vec<f32>,
    },
    /// These jobs get no answer, and the device goes on. Without jobs: there may be capacity now.
    Lost {
        /// The jobs.
        jobs: Vec<JobId>,
    },
    /// The device is gone with all its jobs.
    Dead,
    /// A job can't be done at all.
    Failed(WorkerError),
}

/// A device, the networks that it was given and the jobs that it computes.
#[derive(Debug)]
pub struct Engine {
    /// What computes.
    pub backend: Box<dyn Backend>,
    jobs: Tickets<JobId>,
    /// How the device was chosen.
    pub report: DeviceReport,
    /// Issues that every result of this device bears.
    pub issues: Vec<Issue>,
}

impl Engine {
    /// Returns an engine without jobs.
    pub fn new(backend: Box<dyn Backend>, report: DeviceReport, issues: Vec<Issue>) -> Self {
        Self { backend, jobs: Tickets::default(), report, issues }
    }

    /// Takes a job. The network has been loaded and there is capacity.
    pub fn submit(&mut self, job: Job) {
        let ticket = self.jobs.issue(job.id);
        self.backend.submit(ticket, job.network, job.input);
    }

    /// Waits for the next event. The future may be dropped while it waits: no event is lost.
    pub async fn next_event(&mut self) -> EngineEvent {
        match self.backend.next_event().await {
            BackendEvent::Answer { ticket, values } => match self.jobs.take(ticket) {
                Some(job) => EngineEvent::Answer { job, values },
                None => EngineEvent::Lost { jobs: Vec::new() },
            },
            BackendEvent::Lost { tickets } => {
                EngineEvent::Lost { jobs: tickets.into_iter().filter_map(|ticket| self.jobs.take(ticket)).collect() }
            }
            BackendEvent::Dead => {
                self.cancel_jobs();
                EngineEvent::Dead
            }
            BackendEvent::Failed { ticket, error } => {
                if ticket.is_some_and(|ticket| self.jobs.take(ticket).is_none()) {
                    return EngineEvent::Lost { jobs: Vec::new() };
                }
                EngineEvent::Failed(error)
            }
        }
    }

    /// Takes a network's weights.
    ///
    /// # Errors
    /// Any of [`Backend::load`].
    pub async fn load(&mut self, weights: NetworkWeights) -> Result<(), WorkerError> {
        self.backend.load(weights).await
    }

    /// Forgets all jobs: what the backend still answers is dropped.
    pub fn cancel_jobs(&mut self) {
        self.jobs.give_up();
    }

    /// Returns the largest memory that this worker and its compute workers have had, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        memory::memory_bytes() + self.backend.memory_bytes()
    }

    /// Returns the device's name for a report.
    pub fn name(&self) -> String {
        format!("{}: {}", self.report.backend.as_str(), self.report.name)
    }
}
