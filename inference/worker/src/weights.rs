//! The networks' weights as the page delivers them, and those who wait for them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use corsai_protocol::{Issue, IssueCode};
use futures_channel::oneshot;

/// One network's parts.
pub type Parts = Rc<Vec<Vec<u8>>>;

#[derive(Debug, Default)]
pub struct WeightStore {
    arrived: RefCell<BTreeMap<String, Result<Parts, Issue>>>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

impl WeightStore {
    pub fn put(&self, network: String, parts: Vec<Vec<u8>>) {
        self.arrived.borrow_mut().insert(network, Ok(Rc::new(parts)));
        self.wake();
    }

    pub fn fail(&self, network: String, detail: &str) {
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

    pub fn missing<'a>(&self, names: impl Iterator<Item = &'a String>) -> Vec<String> {
        let arrived = self.arrived.borrow();
        names.filter(|n| !arrived.contains_key(*n)).cloned().collect()
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
