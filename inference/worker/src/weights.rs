//! The networks' weights as the page delivers them, and those who wait for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use corsai_protocol::{Event, Issue, IssueCode};
use futures_channel::oneshot;

use crate::outbox;

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
        self.arrived.borrow_mut().insert(network, Err(Issue::new(IssueCode::WeightsUnavailable, detail)));
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

    /// Asks the page for what hasn't arrived and wasn't asked for.
    pub fn request<'a>(&self, names: impl Iterator<Item = &'a String>) {
        let (arrived, mut asked) = (self.arrived.borrow(), self.asked.borrow_mut());
        let networks: Vec<String> =
            names.filter(|n| !arrived.contains_key(*n) && asked.insert((*n).clone())).cloned().collect();
        if !networks.is_empty() {
            outbox::post(&Event::WeightsWanted { networks });
        }
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
