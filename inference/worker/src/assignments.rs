//! Which worker holds which jobs, and which worker is overdue. Pure: the caller owns the workers
//! and gives the time.

use std::collections::{BTreeMap, VecDeque};

use web_time::{Duration, Instant};

use crate::deadline::{AwakeClock, JobTimes, TimeLimit};

/// Jobs that a worker holds: the next one waits with it while it computes.
const DEPTH: usize = 2;

/// What a worker owes an answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    /// The job's number; `None` for a network's known slice.
    ticket: Option<u32>,
    /// Jobs of one kind take about the same time: the network's index, or 0 where there is one kind
    /// only.
    kind: usize,
}

#[derive(Debug)]
struct Worker {
    ready: bool,
    /// The oldest first.
    holds: VecDeque<Held>,
    /// When it began what it is at, by the clock of time awake.
    since: Duration,
}

/// What a worker held that was removed, the oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Its jobs' numbers.
    pub tickets: VecDeque<u32>,
    /// The networks whose known slices it owed.
    pub checks: Vec<usize>,
}

/// The workers by their numbers.
#[derive(Debug)]
pub struct Assignments {
    workers: BTreeMap<u32, Worker>,
    times: JobTimes,
    clock: AwakeClock,
}

impl Assignments {
    pub fn new(now: Instant, limit: TimeLimit) -> Self {
        Self { workers: BTreeMap::new(), times: JobTimes::new(limit), clock: AwakeClock::new(now) }
    }

    /// A worker is being started.
    pub fn add(&mut self, id: u32, now: Instant) {
        let since = self.clock.read(now);
        self.workers.insert(id, Worker { ready: false, holds: VecDeque::new(), since });
    }

    pub fn has(&self, id: u32) -> bool {
        self.workers.contains_key(&id)
    }

    /// A worker has started; nothing where it was removed meanwhile.
    pub fn set_ready(&mut self, id: u32, now: Instant) {
        let since = self.clock.read(now);
        if let Some(worker) = self.workers.get_mut(&id) {
            (worker.ready, worker.since) = (true, since);
        }
    }

    /// A worker that has started, if any has.
    pub fn any_ready(&self) -> Option<u32> {
        self.workers.iter().find(|(_, worker)| worker.ready).map(|(id, _)| *id)
    }

    /// The worker with the fewest jobs that has room for another.
    pub fn freest(&self) -> Option<u32> {
        let free = self.workers.iter().filter(|(_, h)| h.ready && h.holds.len() < DEPTH);
        free.min_by_key(|(_, h)| h.holds.len()).map(|(id, _)| *id)
    }

    /// Whether an answer, or a worker's start, is awaited.
    pub fn awaits(&self) -> bool {
        self.workers.values().any(|h| !h.ready || !h.holds.is_empty())
    }

    /// Whether a job is out.
    pub fn any_held(&self) -> bool {
        self.workers.values().any(|h| !h.holds.is_empty())
    }

    /// Gives a worker a job.
    pub fn give(&mut self, id: u32, ticket: u32, kind: usize, now: Instant) {
        self.hold(id, Held { ticket: Some(ticket), kind }, now);
    }

    /// Gives a worker a network's known slice.
    pub fn give_check(&mut self, id: u32, network: usize, now: Instant) {
        self.hold(id, Held { ticket: None, kind: network }, now);
    }

    fn hold(&mut self, id: u32, held: Held, now: Instant) {
        let since = self.clock.read(now);
        let worker = self.workers.get_mut(&id).expect("invariant: a job is given to a worker that is there");
        if worker.holds.is_empty() {
            worker.since = since;
        }
        worker.holds.push_back(held);
    }

    /// A worker has answered a job, or failed at it; nothing where the worker was removed
    /// meanwhile.
    pub fn returned(&mut self, id: u32, ticket: u32, now: Instant) {
        self.release(id, |held| held.ticket == Some(ticket), now);
    }

    /// A worker has computed a known slice, or failed at it.
    pub fn returned_check(&mut self, id: u32, now: Instant) {
        self.release(id, |held| held.ticket.is_none(), now);
    }

    fn release(&mut self, id: u32, of: impl Fn(&Held) -> bool, now: Instant) {
        let now = self.clock.read(now);
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if let Some(at) = worker.holds.iter().position(of) {
            let held = worker.holds.remove(at);
            // A known slice takes its network's loading with it: not a measure for others.
            if let Some(Held { ticket: Some(_), kind }) = held {
                self.times.add(kind, now.saturating_sub(worker.since));
            }
        }
        worker.since = now;
    }

    /// Removes a worker; `None` where it isn't there.
    pub fn remove(&mut self, id: u32) -> Option<Removed> {
        let mut removed = Removed::default();
        for held in self.workers.remove(&id)?.holds {
            match held.ticket {
                Some(ticket) => removed.tickets.push_back(ticket),
                None => removed.checks.push(held.kind),
            }
        }
        Some(removed)
    }

    /// A worker that has been at its oldest job, or at its start, for longer than it may.
    pub fn overdue(&mut self, now: Instant) -> Option<u32> {
        let now = self.clock.read(now);
        let limit = |worker: &Worker| match worker.holds.front() {
            _ if !worker.ready => JobTimes::start_limit(),
            Some(held) => self.times.limit(held.kind),
            None => Duration::MAX,
        };
        self.workers.iter().find(|(_, h)| now.saturating_sub(h.since) > limit(h)).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that goes on second by second, as the worker reads it.
    struct Clock(Instant);

    impl Clock {
        fn pass(&mut self, assignments: &mut Assignments, seconds: u64) -> Option<u32> {
            (0..seconds).find_map(|_| {
                self.0 += Duration::from_secs(1);
                assignments.overdue(self.0)
            })
        }
    }

    fn workers(count: u32) -> (Assignments, Clock) {
        let now = Instant::now();
        let mut assignments = Assignments::new(now, TimeLimit::Median);
        for id in 1..=count {
            assignments.add(id, now);
            assignments.set_ready(id, now);
        }
        (assignments, Clock(now))
    }

    #[test]
    fn jobs_go_to_the_worker_with_the_fewest_and_wait_where_all_are_full() {
        let (mut all, Clock(now)) = workers(2);
        all.add(3, now);
        let mut given = Vec::new();
        while let Some(id) = all.freest() {
            all.give(id, given.len() as u32, 0, now);
            given.push(id);
        }
        assert_eq!(given, [1, 2, 1, 2], "the third hasn't started");
        all.returned(2, 1, now);
        assert_eq!(all.freest(), Some(2));
        assert!(all.awaits() && all.any_held());
    }

    #[test]
    fn what_a_dead_worker_held_comes_back_once_the_oldest_first() {
        let (mut all, Clock(now)) = workers(1);
        all.give_check(1, 4, now);
        all.give(1, 10, 4, now);
        all.give(1, 11, 4, now);
        assert_eq!(all.remove(1), Some(Removed { tickets: VecDeque::from([10, 11]), checks: vec![4] }));
        assert_eq!(all.remove(1), None);
        assert!(!all.awaits());
        // What it still says is of no account.
        all.returned(1, 10, now);
        all.set_ready(1, now);
        assert!(!all.has(1));
    }

    #[test]
    fn a_worker_that_hangs_is_overdue_and_one_that_answers_is_not() {
        let (mut all, mut clock) = workers(2);
        for ticket in 0..4 {
            all.give(2, ticket, 0, clock.0);
            assert_eq!(clock.pass(&mut all, 2), None);
            all.returned(2, ticket, clock.0);
        }
        all.give(1, 100, 0, clock.0);
        for ticket in 101..130 {
            all.give(2, ticket, 0, clock.0);
            assert_eq!(clock.pass(&mut all, 2), None);
            all.returned(2, ticket, clock.0);
        }
        all.give(2, 130, 0, clock.0);
        assert_eq!(clock.pass(&mut all, 10), Some(1), "60 s are up");
    }

    #[test]
    fn the_next_jobs_time_begins_with_the_last_ones_answer() {
        let (mut all, mut clock) = workers(1);
        all.give(1, 1, 0, clock.0);
        all.give(1, 2, 0, clock.0);
        assert_eq!(clock.pass(&mut all, 290), None);
        all.returned(1, 1, clock.0);
        assert_eq!(clock.pass(&mut all, 1000), None, "ten times 290 s are not up");
        all.returned(1, 2, clock.0);
        assert_eq!(clock.pass(&mut all, 10_000), None, "it has nothing to do");
    }

    #[test]
    fn a_network_that_is_slower_than_the_others_has_its_own_limit() {
        let (mut all, mut clock) = workers(1);
        all.give(1, 1, 0, clock.0);
        clock.pass(&mut all, 1);
        all.returned(1, 1, clock.0);
        all.give(1, 2, 7, clock.0);
        assert_eq!(clock.pass(&mut all, 299), None);
        all.returned(1, 2, clock.0);
    }

    #[test]
    fn one_that_never_starts_and_one_that_never_checks_are_overdue() {
        let (mut all, mut clock) = workers(1);
        all.add(2, clock.0);
        assert_eq!(clock.pass(&mut all, 300), None);
        assert_eq!(clock.pass(&mut all, 1), Some(2));
        all.remove(2);
        all.give_check(1, 0, clock.0);
        assert_eq!(clock.pass(&mut all, 301), Some(1));
        all.returned_check(1, clock.0);
        assert_eq!(clock.pass(&mut all, 400), None);
    }
}
