//! Numbers for jobs that are out, no two alike: an answer that comes when its job has been given up
//! finds none.

use std::collections::BTreeMap;

/// The jobs that are out, by their tickets.
#[derive(Debug)]
pub struct Tickets<J> {
    open: BTreeMap<u32, J>,
    last: u32,
}

impl<J> Default for Tickets<J> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), last: 0 }
    }
}

impl<J> Tickets<J> {
    /// A ticket for a job, which no other job ever had.
    pub fn issue(&mut self, job: J) -> u32 {
        self.last += 1;
        self.open.insert(self.last, job);
        self.last
    }

    /// The ticket's job; `None` where it was taken before or given up.
    pub fn take(&mut self, ticket: u32) -> Option<J> {
        self.open.remove(&ticket)
    }

    /// Gives all jobs up.
    pub fn give_up(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_finds_no_job_and_least_of_all_another_ones() {
        let mut tickets = Tickets::default();
        let first = tickets.issue("slice 0, pass 1");
        let second = tickets.issue("slice 1, pass 1");
        assert_eq!(tickets.take(first), Some("slice 0, pass 1"));
        assert_eq!(tickets.take(first), None);
        tickets.give_up();
        let next = tickets.issue("slice 0, pass 2");
        assert_eq!((tickets.take(second), tickets.take(next)), (None, Some("slice 0, pass 2")));
    }
}
