//! The jobs of one pass, and which of them are handed out and answered.

use std::collections::VecDeque;

use tracing::Span;

/// Names a job for as long as its analysis lasts. A job that is handed out again keeps its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId {
    /// Number of the job's pass: an answer of an earlier pass is no answer of this one.
    pass: u32,
    /// Index among the tasks of the pass.
    index: usize,
}

/// One network on one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Names the job when its answer comes.
    pub id: JobId,
    /// The network's index in the manifest.
    pub network: usize,
    /// `[channels, size, size]`.
    pub input: Vec<f32>,
}

/// One network of a pass on one slice or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    /// Index among the networks that the pass's stage has.
    pub member: usize,
    /// Slice of the study, or section of the cube.
    pub slice: usize,
}

/// The tasks of one pass: all that can be computed before the analysis decides what follows.
#[derive(Debug)]
pub(super) struct JobQueue {
    pass: u32,
    tasks: Vec<Task>,
    answered: Vec<bool>,
    open: usize,
    /// Jobs that have no answer and aren't being computed.
    waiting: VecDeque<JobId>,
    /// Open from the pass's begin to its end.
    span: Span,
}

impl JobQueue {
    /// `pass` is larger than that of every pass before; `name` is for diagnostics.
    pub fn new(pass: u32, name: &str, tasks: Vec<Task>) -> Self {
        let span = tracing::info_span!("network_pass", pass, name, jobs = tasks.len());
        tracing::info!(parent: &span, "begins");
        let (answered, open) = (vec![false; tasks.len()], tasks.len());
        let mut queue = Self { pass, answered, open, tasks, waiting: VecDeque::new(), span };
        queue.put_all_back();
        queue
    }

    /// Number of tasks, answered or not.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Number of tasks without an answer.
    pub const fn open(&self) -> usize {
        self.open
    }

    /// Takes the next job to compute.
    pub fn next(&mut self) -> Option<(JobId, Task)> {
        let id = self.waiting.pop_front()?;
        let task = self.open_task(id).expect("invariant: a waiting job is one of this pass that has no answer");
        Some((id, task))
    }

    /// The task of a job without an answer; `None` for every other name.
    pub fn open_task(&self, id: JobId) -> Option<Task> {
        let task = self.tasks.get(id.index).filter(|_| id.pass == self.pass)?;
        (!self.answered[id.index]).then_some(*task)
    }

    /// Makes an open job the next one to compute.
    pub fn put_back(&mut self, id: JobId) {
        if self.open_task(id).is_some() && !self.waiting.contains(&id) {
            self.waiting.push_front(id);
        }
    }

    /// Makes every open job wait again.
    pub fn put_all_back(&mut self) {
        let open = self.answered.iter().enumerate().filter(|(_, answered)| !**answered);
        self.waiting = open.map(|(index, _)| JobId { pass: self.pass, index }).collect();
    }

    /// Marks an open job as answered.
    pub fn close(&mut self, id: JobId) {
        assert!(self.open_task(id).is_some(), "invariant: only an open job is closed");
        self.answered[id.index] = true;
        self.open -= 1;
        // The job may have been put back while its answer was on the way.
        self.waiting.retain(|waiting| *waiting != id);
        if self.open == 0 {
            tracing::info!(parent: &self.span, "is complete");
        }
    }
}
