//! Yielding to the event loop in long work, so that the worker takes messages in between.

use web_time::{Duration, Instant};

use crate::timer::sleep;

/// Yields when messages have waited long enough.
#[derive(Debug)]
pub struct Yielder {
    last: Instant,
}

/// Longest time that messages wait.
const MAX_WAIT: Duration = Duration::from_millis(40);

impl Yielder {
    /// Messages were let in just now.
    pub fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// Whether messages have waited long enough.
    pub fn is_due(&self) -> bool {
        self.last.elapsed() >= MAX_WAIT
    }

    /// Lets waiting messages in.
    pub async fn yield_now(&mut self) {
        sleep(0).await;
        self.last = Instant::now();
    }

    /// Lets waiting messages in where they have waited long enough.
    pub async fn yield_if_due(&mut self) {
        if self.is_due() {
            self.yield_now().await;
        }
    }
}
