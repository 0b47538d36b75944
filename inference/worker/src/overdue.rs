//! Waiting for messages with a deadline: the one place where an overdue worker or GPU is noticed.

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use web_time::Instant;

use crate::{assignments::Assignments, timer::sleep};

/// Interval of the checks.
const CHECK_MS: u32 = 500;

/// Returns the next message, or the number of a worker that is overdue. The future may be dropped
/// while it waits: no message is lost.
pub async fn next_message<M>(messages: &mut UnboundedReceiver<M>, assignments: &mut Assignments) -> Result<M, u32> {
    loop {
        // A message that came while this worker was busy is delivered before the timer.
        match select(messages.next(), sleep(CHECK_MS)).await {
            Either::Left((message, _)) => {
                return Ok(message.expect("invariant: the receiver's owner keeps a sender"));
            }
            Either::Right(_) => {
                if let Some(worker) = assignments.overdue(Instant::now()) {
                    tracing::warn!(worker, "overdue");
                    return Err(worker);
                }
            }
        }
    }
}
