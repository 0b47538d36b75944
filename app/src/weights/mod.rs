//! The networks' weights: the manifest, downloads with progress, retries and resumption, and the
//! browser's cache, where each part is stored under its content's hash.
//!
//! The manifest is compiled in, so that only bytes with this build's SHA-256 are used: every load
//! compares them, also those from the cache. The worker verifies them again, so a browser without
//! `crypto.subtle` (a page that is not served securely) only goes without the cache.

pub mod cache;
mod error;
mod fetch;
pub mod load;
pub mod manifest;
pub mod queue;
pub mod status;
