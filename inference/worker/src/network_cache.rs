//! The networks that a compute worker has loaded, and what it has to be told so that it can run
//! another.

use std::collections::VecDeque;

use crate::messages::WorkerRequest;

/// What a compute worker may keep of weights that it doesn't need at the moment: the networks of
/// the first two answers, which a second study needs again. Those of the full tier run once in a
/// study.
const KEPT_BYTES: usize = 128 << 20;

/// Networks by their index in the manifest, the one used last at the end.
#[derive(Debug, Default)]
pub struct NetworkCache(VecDeque<usize>);

impl NetworkCache {
    /// Notes the use of a network, and returns the messages that load it where it isn't loaded: in
    /// place of those used longest ago that there is no room for. `bytes` is how much memory a
    /// network takes.
    pub fn requests(&mut self, network: usize, bytes: impl Fn(usize) -> usize) -> Vec<WorkerRequest> {
        let mut messages = Vec::new();
        if let Some(at) = self.0.iter().position(|n| *n == network) {
            self.0.remove(at);
        } else {
            let mut kept: usize = self.0.iter().map(|n| bytes(*n)).sum();
            while kept + bytes(network) > KEPT_BYTES
                && let Some(oldest) = self.0.pop_front()
            {
                kept -= bytes(oldest);
                messages.push(WorkerRequest::Unload { network: oldest });
            }
            messages.push(WorkerRequest::Load { network });
        }
        self.0.push_back(network);
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(messages: &[WorkerRequest]) -> Vec<String> {
        let name = |message: &WorkerRequest| match message {
            WorkerRequest::Load { network } => format!("load {network}"),
            WorkerRequest::Unload { network } => format!("unload {network}"),
            other => format!("{other:?}"),
        };
        messages.iter().map(name).collect()
    }

    #[test]
    fn a_network_is_loaded_once() {
        let mut loaded = NetworkCache::default();
        assert_eq!(names(&loaded.requests(3, |_| 1)), ["load 3"]);
        assert!(loaded.requests(3, |_| 1).is_empty());
    }

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let mut loaded = NetworkCache::default();
        let bytes = |_| KEPT_BYTES / 2;
        loaded.requests(0, bytes);
        loaded.requests(1, bytes);
        loaded.requests(0, bytes);
        assert_eq!(names(&loaded.requests(2, bytes)), ["unload 1", "load 2"]);
        assert_eq!(
            names(&loaded.requests(9, |_| 2 * KEPT_BYTES)),
            ["unload 0", "unload 2", "load 9"],
            "alone, if need be"
        );
    }
}
