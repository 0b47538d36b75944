//! Sleeping: the browser's timers, and a stand-in for native tests.

use futures_util::future::LocalBoxFuture;

/// Waits for this many milliseconds; with 0, lets the event loop take waiting messages.
#[cfg(target_arch = "wasm32")]
pub fn sleep(milliseconds: u32) -> LocalBoxFuture<'static, ()> {
    Box::pin(gloo_timers::future::TimeoutFuture::new(milliseconds))
}

/// Native tests have no timers: 0 is over at once, and everything else never.
#[cfg(not(target_arch = "wasm32"))]
pub fn sleep(milliseconds: u32) -> LocalBoxFuture<'static, ()> {
    use futures_util::future::{pending, ready};
    if milliseconds == 0 { Box::pin(ready(())) } else { Box::pin(pending()) }
}
