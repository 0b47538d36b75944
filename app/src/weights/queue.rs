//! Which networks are loaded, which the worker has requested, and which to load next. Pure but for
//! the buffers.

use std::collections::{BTreeMap, BTreeSet};

/// The queue of networks; `B` is the buffer of a part.
#[derive(Debug)]
pub struct WeightsQueue<B = js_sys::ArrayBuffer> {
    /// Loaded and not sent.
    loaded: BTreeMap<String, Vec<B>>,
    /// What the worker waits for, in its order.
    requested: Vec<String>,
    sent: BTreeSet<String>,
    failed: BTreeSet<String>,
    /// Bytes of every network that was ever loaded.
    loaded_bytes: BTreeMap<String, u64>,
    running: bool,
}

impl<B> Default for WeightsQueue<B> {
    fn default() -> Self {
        Self {
            loaded: BTreeMap::new(),
            requested: Vec::new(),
            sent: BTreeSet::new(),
            failed: BTreeSet::new(),
            loaded_bytes: BTreeMap::new(),
            running: false,
        }
    }
}

impl<B> WeightsQueue<B> {
    /// Whether a loading task has to be started. It counts as running until [`Self::next`] has
    /// nothing to load.
    pub fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.running, true)
    }

    /// Adds the networks that the worker waits for, in its order. Failed ones are tried again.
    pub fn request(&mut self, networks: Vec<String>) {
        for name in networks {
            self.failed.remove(&name);
            self.sent.remove(&name);
            if !self.requested.contains(&name) {
                self.requested.push(name);
            }
        }
    }

    /// Returns the network to load next: the requested ones first, then the others of `all`, so
    /// that they are there in time.
    pub fn next(&mut self, all: &[String]) -> Option<String> {
        let open = |name: &&String| !self.loaded.contains_key(*name) && !self.failed.contains(*name);
        let next =
            self.requested.iter().find(open).or_else(|| all.iter().filter(|n| !self.sent.contains(*n)).find(open));
        self.running = next.is_some();
        next.cloned()
    }

    /// Takes in a network's parts and their bytes.
    pub fn add_loaded(&mut self, name: String, parts: Vec<B>, bytes: u64) {
        self.loaded_bytes.insert(name.clone(), bytes);
        self.loaded.insert(name, parts);
    }

    /// Takes in that a network could not be loaded. Returns whether the worker waits for it.
    pub fn fail(&mut self, name: &str) -> bool {
        self.failed.insert(name.into());
        let before = self.requested.len();
        self.requested.retain(|n| n != name);
        self.requested.len() < before
    }

    /// Takes out the loaded networks that the worker waits for.
    pub fn take_requested(&mut self) -> Vec<(String, Vec<B>)> {
        let mut out = Vec::new();
        let loaded = &mut self.loaded;
        let sent = &mut self.sent;
        self.requested.retain(|name| match loaded.remove(name) {
            Some(parts) => {
                sent.insert(name.clone());
                out.push((name.clone(), parts));
                false
            }
            None => true,
        });
        out
    }

    /// Whether the worker waits for this network.
    pub fn is_requested(&self, name: &str) -> bool {
        self.requested.iter().any(|n| n == name)
    }

    /// Whether a network has been loaded before.
    pub fn was_loaded(&self, name: &str) -> bool {
        self.loaded_bytes.contains_key(name)
    }

    /// Takes in that a new worker was started, which has no network and has requested none.
    pub fn on_new_worker(&mut self) {
        self.requested.clear();
        self.sent.clear();
        self.failed.clear();
    }

    /// Drops everything that was loaded, since some of it is corrupt.
    pub fn discard_loaded(&mut self) {
        self.loaded.clear();
        self.sent.clear();
        self.loaded_bytes.clear();
    }

    /// Returns the bytes of those of `networks` that have been loaded.
    pub fn bytes_of(&self, networks: &[String]) -> u64 {
        networks.iter().filter_map(|name| self.loaded_bytes.get(name)).sum()
    }
}

/// The download of a network that the worker waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DownloadProgress {
    /// Bytes that have arrived.
    pub bytes: u64,
    /// Bytes of the network.
    pub total: u64,
    /// Bytes and time of the first update.
    first: (u64, f64),
    now_ms: f64,
}

impl DownloadProgress {
    /// Returns a download that begins with `bytes` of `total`.
    pub const fn new(bytes: u64, total: u64, now_ms: f64) -> Self {
        Self { bytes, total, first: (bytes, now_ms), now_ms }
    }

    /// Takes in how many bytes have arrived by now.
    pub const fn update(&mut self, bytes: u64, now_ms: f64) {
        self.bytes = bytes;
        self.now_ms = now_ms;
    }

    /// Returns the time left, estimated from the mean rate; `None` in the first second.
    pub fn seconds_left(&self) -> Option<f64> {
        let (bytes, since) = self.first;
        let (arrived, seconds) = (self.bytes.checked_sub(bytes)?, (self.now_ms - since) / 1000.0);
        let left = self.total.checked_sub(self.bytes)?;
        (arrived > 0 && seconds >= 1.0).then(|| left as f64 * seconds / arrived as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn requested_networks_come_before_those_that_may_be_needed() {
        let all = names(&["a", "b", "c"]);
        let mut queue = WeightsQueue::<u8>::default();
        assert!(queue.begin() && !queue.begin());
        assert_eq!(queue.next(&all).as_deref(), Some("a"));
        queue.add_loaded("a".into(), vec![1], 10);
        queue.request(names(&["c", "a"]));
        assert!(queue.is_requested("a") && !queue.is_requested("b"));
        assert_eq!(queue.take_requested(), vec![("a".to_string(), vec![1])]);
        assert!(!queue.is_requested("a"));
        assert_eq!(queue.next(&all).as_deref(), Some("c"));
        queue.add_loaded("c".into(), vec![3], 5);
        assert_eq!(queue.take_requested(), vec![("c".to_string(), vec![3])]);
        assert_eq!(queue.next(&all).as_deref(), Some("b"));
        queue.add_loaded("b".into(), vec![2], 1);
        assert_eq!(queue.next(&all), None);
        assert_eq!(queue.bytes_of(&all), 16);
        assert_eq!(queue.bytes_of(&names(&["a", "c"])), 15, "only those asked about");
        assert!(queue.begin(), "the task has ended and may begin again");
    }

    #[test]
    fn a_failure_concerns_the_worker_only_where_it_waits_and_is_retried_on_request() {
        let all = names(&["a", "b"]);
        let mut queue = WeightsQueue::<u8>::default();
        assert!(!queue.fail("a"));
        assert_eq!(queue.next(&all).as_deref(), Some("b"));
        queue.request(names(&["a"]));
        assert_eq!(queue.next(&all).as_deref(), Some("a"));
        assert!(queue.fail("a"));
        assert!(queue.take_requested().is_empty());
    }

    #[test]
    fn the_time_left_follows_the_rate_since_the_first_update() {
        let mut download = DownloadProgress::new(2_000_000, 10_000_000, 500.0);
        assert_eq!(download.seconds_left(), None);
        download.update(2_500_000, 900.0);
        assert_eq!(download.seconds_left(), None, "too early to say");
        download.update(4_000_000, 2_500.0);
        assert_eq!(download.seconds_left(), Some(6.0));
        download.update(1_000_000, 3_000.0);
        assert_eq!(download.seconds_left(), None, "the download had to start again");
    }

    #[test]
    fn a_new_worker_gets_everything_again() {
        let all = names(&["a"]);
        let mut queue = WeightsQueue::<u8>::default();
        queue.add_loaded("a".into(), vec![1], 10);
        queue.request(names(&["a"]));
        queue.take_requested();
        assert_eq!(queue.next(&all), None);
        queue.on_new_worker();
        assert_eq!(queue.next(&all).as_deref(), Some("a"));
    }
}
