//! Whose turn it is with the engine: a run that has an answer already waits until none is without.

use std::cell::{Cell, RefCell};

use futures_channel::oneshot;
use futures_util::lock::{Mutex, MutexGuard};

/// A lock with two kinds of those who wait for it.
#[derive(Debug)]
pub struct EngineLock<T> {
    inner: Mutex<T>,
    /// How many of the impatient wait.
    waiting: Cell<u32>,
    /// Wakes the patient once none of the others waits.
    patient: RefCell<Vec<oneshot::Sender<()>>>,
}

impl<T> EngineLock<T> {
    pub fn new(value: T) -> Self {
        Self { inner: Mutex::new(value), waiting: Cell::new(0), patient: RefCell::default() }
    }

    /// Waits for the lock; with `patient` also until nobody waits for it who isn't.
    pub async fn lock(&self, patient: bool) -> MutexGuard<'_, T> {
        if !patient {
            let _waiting = Waiting::count(self);
            return self.inner.lock().await;
        }
        loop {
            while self.is_waited_for() {
                let (wake, woken) = oneshot::channel();
                self.patient.borrow_mut().push(wake);
                let _ = woken.await;
            }
            let guard = self.inner.lock().await;
            if !self.is_waited_for() {
                return guard;
            }
        }
    }

    /// Whether somebody waits for it who isn't patient.
    pub fn is_waited_for(&self) -> bool {
        self.waiting.get() > 0
    }
}

/// One who waits and isn't patient, for as long as this lives.
struct Waiting<'a, T>(&'a EngineLock<T>);

impl<'a, T> Waiting<'a, T> {
    fn count(lock: &'a EngineLock<T>) -> Self {
        lock.waiting.set(lock.waiting.get() + 1);
        Self(lock)
    }
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get() - 1);
        if !self.0.is_waited_for() {
            for wake in self.0.patient.borrow_mut().drain(..) {
                let _ = wake.send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn who_is_patient_lets_the_other_go_first_even_where_it_asks_first() {
        let lock = EngineLock::new(());
        let held = lock.lock(true).now_or_never().unwrap();
        let mut impatient = Box::pin(lock.lock(false));
        assert!((&mut impatient).now_or_never().is_none());
        assert!(lock.is_waited_for());
        drop(held);
        // The lock is free, and the other has not had the time to take it.
        let mut patient = Box::pin(lock.lock(true));
        assert!((&mut patient).now_or_never().is_none());
        let taken = impatient.now_or_never().unwrap();
        assert!(!lock.is_waited_for());
        assert!((&mut patient).now_or_never().is_none());
        drop(taken);
        assert!(patient.now_or_never().is_some());
    }

    #[test]
    fn one_that_is_cancelled_waits_no_more() {
        let lock = EngineLock::new(());
        let held = lock.lock(false).now_or_never().unwrap();
        let mut impatient = Box::pin(lock.lock(false));
        assert!((&mut impatient).now_or_never().is_none());
        let mut patient = Box::pin(lock.lock(true));
        assert!((&mut patient).now_or_never().is_none());
        drop(impatient);
        drop(held);
        assert!(patient.now_or_never().is_some());
    }
}
