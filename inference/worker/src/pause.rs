//! Long work in slices: the worker answers messages in between.

use web_time::{Duration, Instant};

/// Lets waiting messages in once enough time has passed since it last did.
#[derive(Debug)]
pub struct Pause {
    last: Instant,
}

const LONGEST: Duration = Duration::from_millis(40);

impl Pause {
    pub fn new() -> Self {
        Self { last: Instant::now() }
    }

    pub async fn if_due(&mut self) {
        if self.last.elapsed() >= LONGEST {
            gloo_timers::future::TimeoutFuture::new(0).await;
            self.last = Instant::now();
        }
    }
}
