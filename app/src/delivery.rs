//! Which networks' weights are at hand, which the worker waits for, and what to load next. Pure but for the handles.

use std::collections::{BTreeMap, BTreeSet};

/// The book of weights; `B` is a part's buffer.
#[derive(Debug)]
pub struct Delivery<B = js_sys::ArrayBuffer> {
    held: BTreeMap<String, Vec<B>>,
    wanted: Vec<String>,
    delivered: BTreeSet<String>,
    failed: BTreeSet<String>,
    once_loaded: BTreeMap<String, u64>,
    running: bool,
}

impl<B> Default for Delivery<B> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            wanted: Vec::new(),
            delivered: BTreeSet::new(),
            failed: BTreeSet::new(),
            once_loaded: BTreeMap::new(),
            running: false,
        }
    }
}

impl<B> Delivery<B> {
    /// Whether a loading task has to be started; it counts as running from here on, until [`Self::next`] ends it.
    pub fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.running, true)
    }

    /// The worker waits for these, in this order. What failed before is tried again.
    pub fn want(&mut self, networks: Vec<String>) {
        for name in networks {
            self.failed.remove(&name);
            self.delivered.remove(&name);
            if !self.wanted.contains(&name) {
                self.wanted.push(name);
            }
        }
    }

    /// The next network to load: first those waited for, then the others of `all`, so that they are there in time.
    pub fn next(&mut self, all: &[String]) -> Option<String> {
        let open = |name: &&String| !self.held.contains_key(*name) && !self.failed.contains(*name);
        let next =
            self.wanted.iter().find(open).or_else(|| all.iter().filter(|n| !self.delivered.contains(*n)).find(open));
        self.running = next.is_some();
        next.cloned()
    }

    pub fn loaded(&mut self, name: String, parts: Vec<B>, bytes: u64) {
        self.once_loaded.insert(name.clone(), bytes);
        self.held.insert(name, parts);
    }

    /// Whether the worker waits for the one that failed, and has to be told.
    pub fn failed(&mut self, name: &str) -> bool {
        self.failed.insert(name.into());
        let before = self.wanted.len();
        self.wanted.retain(|n| n != name);
        self.wanted.len() < before
    }

    /// What is at hand of what the worker waits for; it is moved out.
    pub fn hand_over(&mut self) -> Vec<(String, Vec<B>)> {
        let mut out = Vec::new();
        let held = &mut self.held;
        let delivered = &mut self.delivered;
        self.wanted.retain(|name| match held.remove(name) {
            Some(parts) => {
                delivered.insert(name.clone());
                out.push((name.clone(), parts));
                false
            }
            None => true,
        });
        out
    }

    /// Whether the worker waits for this network.
    pub fn waits_for(&self, name: &str) -> bool {
        self.wanted.iter().any(|n| n == name)
    }

    /// Whether it has been loaded before.
    pub fn was_loaded(&self, name: &str) -> bool {
        self.once_loaded.contains_key(name)
    }

    /// A new worker has none, and has not asked yet.
    pub fn new_worker(&mut self) {
        self.wanted.clear();
        self.delivered.clear();
        self.failed.clear();
    }

    /// What is at hand is not to be trusted.
    pub fn forget(&mut self) {
        self.held.clear();
        self.delivered.clear();
        self.once_loaded.clear();
    }

    /// Bytes of those of `networks` that have been loaded.
    pub fn bytes_of(&self, networks: &[String]) -> u64 {
        networks.iter().filter_map(|name| self.once_loaded.get(name)).sum()
    }
}

/// How much of a network has come that the worker waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Awaited {
    pub bytes: u64,
    pub of: u64,
    /// What was there at first, and when that was.
    first: (u64, f64),
    now_ms: f64,
}

impl Awaited {
    pub const fn begin(bytes: u64, of: u64, now_ms: f64) -> Self {
        Self { bytes, of, first: (bytes, now_ms), now_ms }
    }

    pub const fn reached(&mut self, bytes: u64, now_ms: f64) {
        self.bytes = bytes;
        self.now_ms = now_ms;
    }

    /// Estimated from the pace so far; `None` in the first second.
    pub fn seconds_left(&self) -> Option<f64> {
        let (bytes, since) = self.first;
        let (come, seconds) = (self.bytes.checked_sub(bytes)?, (self.now_ms - since) / 1000.0);
        let left = self.of.checked_sub(self.bytes)?;
        (come > 0 && seconds >= 1.0).then(|| left as f64 * seconds / come as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_waited_for_comes_before_what_may_be_needed() {
        let all = names(&["a", "b", "c"]);
        let mut book = Delivery::<u8>::default();
        assert!(book.begin() && !book.begin());
        assert_eq!(book.next(&all).as_deref(), Some("a"));
        book.loaded("a".into(), vec![1], 10);
        book.want(names(&["c", "a"]));
        assert!(book.waits_for("a") && !book.waits_for("b"));
        assert_eq!(book.hand_over(), vec![("a".to_string(), vec![1])]);
        assert!(!book.waits_for("a"));
        assert_eq!(book.next(&all).as_deref(), Some("c"));
        book.loaded("c".into(), vec![3], 5);
        assert_eq!(book.hand_over(), vec![("c".to_string(), vec![3])]);
        assert_eq!(book.next(&all).as_deref(), Some("b"));
        book.loaded("b".into(), vec![2], 1);
        assert_eq!(book.next(&all), None);
        assert_eq!(book.bytes_of(&all), 16);
        assert_eq!(book.bytes_of(&names(&["a", "c"])), 15, "only those asked about");
        assert!(book.begin(), "the task has ended and may begin again");
    }

    #[test]
    fn a_failure_is_told_only_where_it_is_waited_for_and_tried_again_on_demand() {
        let all = names(&["a", "b"]);
        let mut book = Delivery::<u8>::default();
        assert!(!book.failed("a"));
        assert_eq!(book.next(&all).as_deref(), Some("b"));
        book.want(names(&["a"]));
        assert_eq!(book.next(&all).as_deref(), Some("a"));
        assert!(book.failed("a"));
        assert!(book.hand_over().is_empty());
    }

    #[test]
    fn the_time_left_goes_by_what_has_come_since_one_waits() {
        let mut awaited = Awaited::begin(2_000_000, 10_000_000, 500.0);
        assert_eq!(awaited.seconds_left(), None);
        awaited.reached(2_500_000, 900.0);
        assert_eq!(awaited.seconds_left(), None, "too early to say");
        awaited.reached(4_000_000, 2_500.0);
        assert_eq!(awaited.seconds_left(), Some(6.0));
        awaited.reached(1_000_000, 3_000.0);
        assert_eq!(awaited.seconds_left(), None, "it had to begin again");
    }

    #[test]
    fn a_new_worker_gets_everything_again() {
        let all = names(&["a"]);
        let mut book = Delivery::<u8>::default();
        book.loaded("a".into(), vec![1], 10);
        book.want(names(&["a"]));
        book.hand_over();
        assert_eq!(book.next(&all), None);
        book.new_worker();
        assert_eq!(book.next(&all).as_deref(), Some("a"));
    }
}
