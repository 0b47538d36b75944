//! The networks' weights as the page delivers them, and the runs that wait for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use futures_channel::oneshot;

use crate::error::WorkerError;

/// The parts of a network's weights, in the manifest's order.
pub type WeightParts = Rc<Vec<Vec<u8>>>;

/// The weights by the networks' names; a failure is the page's text.
#[derive(Debug, Default)]
pub struct WeightStore {
    arrived: RefCell<BTreeMap<String, Result<WeightParts, String>>>,
    requested: RefCell<BTreeSet<String>>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

impl WeightStore {
    /// Takes a network's weights.
    pub fn put(&self, network: String, parts: Vec<Vec<u8>>) {
        self.requested.borrow_mut().remove(&network);
        self.arrived.borrow_mut().insert(network, Ok(Rc::new(parts)));
        self.wake();
    }

    /// Notes that the page could not get a network's weights.
    pub fn fail(&self, network: String, detail: &str) {
        self.requested.borrow_mut().remove(&network);
        self.arrived.borrow_mut().insert(network, Err(detail.into()));
        self.wake();
    }

    /// Forgets failures, so that the page may try again.
    pub fn forget_failures(&self) {
        self.arrived.borrow_mut().retain(|_, r| r.is_ok());
    }

    /// Forgets all weights: the page delivered others than this binary was built with.
    pub fn forget(&self) {
        self.arrived.borrow_mut().clear();
    }

    /// Returns the networks of `names` that have neither arrived nor been requested, in this order;
    /// they count as requested from here on.
    pub fn to_request<'a>(&self, names: impl Iterator<Item = &'a String>) -> Vec<String> {
        let (arrived, mut requested) = (self.arrived.borrow(), self.requested.borrow_mut());
        names.filter(|n| !arrived.contains_key(*n) && requested.insert((*n).clone())).cloned().collect()
    }

    /// Whether a network's weights are here.
    pub fn has(&self, network: &str) -> bool {
        self.arrived.borrow().get(network).is_some_and(Result::is_ok)
    }

    fn wake(&self) {
        for waiting in self.waiting.borrow_mut().drain(..) {
            let _ = waiting.send(());
        }
    }

    /// Waits until the page has delivered a network's weights or given up.
    ///
    /// # Errors
    /// [`WorkerError::WeightsUnavailable`].
    pub async fn get(&self, network: &str) -> Result<WeightParts, WorkerError> {
        loop {
            if let Some(result) = self.arrived.borrow().get(network) {
                return result.clone().map_err(|detail| WorkerError::WeightsUnavailable { detail });
            }
            let (wake, woken) = oneshot::channel();
            self.waiting.borrow_mut().push(wake);
            let _ = woken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_asked_for_once_and_in_order() {
        let store = WeightStore::default();
        store.put("b".into(), vec![vec![1]]);
        assert_eq!(store.to_request(names(&["c", "b", "a"]).iter()), ["c", "a"]);
        assert_eq!(store.to_request(names(&["a", "c", "d"]).iter()), ["d"]);
        assert!(store.has("b") && !store.has("c"));
    }

    #[test]
    fn all_who_wait_hear_of_an_arrival_and_only_its_own_ends_the_wait() {
        let store = WeightStore::default();
        let (mut a, mut also_a) = (Box::pin(store.get("a")), Box::pin(store.get("a")));
        assert!((&mut a).now_or_never().is_none() && (&mut also_a).now_or_never().is_none());
        store.put("b".into(), vec![vec![2]]);
        assert!((&mut a).now_or_never().is_none());
        store.put("a".into(), vec![vec![1], vec![3]]);
        assert_eq!(*a.now_or_never().unwrap().unwrap(), [vec![1], vec![3]]);
        assert_eq!(*also_a.now_or_never().unwrap().unwrap(), [vec![1], vec![3]]);
        assert_eq!(*store.get("b").now_or_never().unwrap().unwrap(), [vec![2]], "in any order");
    }

    #[test]
    fn a_failure_ends_the_wait_and_may_be_asked_for_again() {
        let store = WeightStore::default();
        assert_eq!(store.to_request(names(&["a"]).iter()), ["a"]);
        let mut wait = Box::pin(store.get("a"));
        assert!((&mut wait).now_or_never().is_none());
        store.fail("a".into(), "404");
        assert_eq!(wait.now_or_never().unwrap().unwrap_err().code(), corsai_report::IssueCode::WeightsUnavailable);
        assert!(!store.has("a"));
        assert!(store.to_request(names(&["a"]).iter()).is_empty());
        store.forget_failures();
        assert_eq!(store.to_request(names(&["a"]).iter()), ["a"]);
    }

    #[test]
    fn what_was_not_right_is_asked_for_again() {
        let store = WeightStore::default();
        store.put("a".into(), vec![vec![1]]);
        store.forget();
        assert_eq!(store.to_request(names(&["a"]).iter()), ["a"]);
    }
}
