//! Long work in slices: the worker answers messages in between.

use web_time::{Duration, Instant};

/// Knows when messages have waited long enough.
#[derive(Debug)]
pub struct Yielder {
    last: Instant,
}

const LONGEST: Duration = Duration::from_millis(40);

impl Yielder {
    pub fn new() -> Self {
        Self { last: Instant::now() }
    }

    pub fn due(&self) -> bool {
        self.last.elapsed() >= LONGEST
    }

    /// Lets waiting messages in.
    pub async fn now(&mut self) {
        gloo_timers::future::TimeoutFuture::new(0).await;
        self.last = Instant::now();
    }

    pub async fn if_due(&mut self) {
        if self.due() {
            self.now().await;
        }
    }
}
