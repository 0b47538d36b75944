//! The networks' weights as the page delivers them, and those who wait for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use corsai_report::{Found, Issue, IssueCode};
use futures_channel::oneshot;

/// One network's parts.
pub type Parts = Rc<Vec<Vec<u8>>>;

#[derive(Debug, Default)]
pub struct WeightStore {
    arrived: RefCell<BTreeMap<String, Result<Parts, Issue>>>,
    asked: RefCell<BTreeSet<String>>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

impl WeightStore {
    pub fn put(&self, network: String, parts: Vec<Vec<u8>>) {
        self.asked.borrow_mut().remove(&network);
        self.arrived.borrow_mut().insert(network, Ok(Rc::new(parts)));
        self.wake();
    }

    pub fn fail(&self, network: String, detail: &str) {
        self.asked.borrow_mut().remove(&network);
        self.arrived
            .borrow_mut()
            .insert(network, Err(Issue::new(IssueCode::WeightsUnavailable, [Found::detail(detail)])));
        self.wake();
    }

    /// Forgets failures, so that the page may try again.
    pub fn forget_failures(&self) {
        self.arrived.borrow_mut().retain(|_, r| r.is_ok());
    }

    /// Forgets all: what the page delivered was not what this binary was built with.
    pub fn forget(&self) {
        self.arrived.borrow_mut().clear();
    }

    /// Those that haven't arrived and weren't asked for, in this order; they count as asked for
    /// from here on.
    pub fn to_ask_for<'a>(&self, names: impl Iterator<Item = &'a String>) -> Vec<String> {
        let (arrived, mut asked) = (self.arrived.borrow(), self.asked.borrow_mut());
        names.filter(|n| !arrived.contains_key(*n) && asked.insert((*n).clone())).cloned().collect()
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

    /// Waits until the page has delivered them or given up.
    ///
    /// # Errors
    /// `weights.unavailable`.
    pub async fn get(&self, network: &str) -> Result<Parts, Issue> {
        loop {
            if let Some(result) = self.arrived.borrow().get(network) {
                return result.clone();
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
        assert_eq!(store.to_ask_for(names(&["c", "b", "a"]).iter()), ["c", "a"]);
        assert_eq!(store.to_ask_for(names(&["a", "c", "d"]).iter()), ["d"]);
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
        assert_eq!(store.to_ask_for(names(&["a"]).iter()), ["a"]);
        let mut wait = Box::pin(store.get("a"));
        assert!((&mut wait).now_or_never().is_none());
        store.fail("a".into(), "404");
        assert_eq!(wait.now_or_never().unwrap().unwrap_err().code, IssueCode::WeightsUnavailable);
        assert!(!store.has("a"));
        assert!(store.to_ask_for(names(&["a"]).iter()).is_empty());
        store.forget_failures();
        assert_eq!(store.to_ask_for(names(&["a"]).iter()), ["a"]);
    }

    #[test]
    fn what_was_not_right_is_asked_for_again() {
        let store = WeightStore::default();
        store.put("a".into(), vec![vec![1]]);
        store.forget();
        assert_eq!(store.to_ask_for(names(&["a"]).iter()), ["a"]);
    }
}
