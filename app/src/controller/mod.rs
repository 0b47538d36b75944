//! The page's controller: what components call, and what the worker's events and a person's
//! commands set off. One handle, [`Controller`], reaches components through Leptos's context; each
//! file adds the methods of one task to it.

mod commands;
mod context;
mod events;
mod file_drop;
mod lifecycle;
mod models;
mod recovery;
mod slice_source;
mod slices;
mod tabs;
mod watchdog;
mod weights_loader;
mod worker_host;

pub use context::{Controller, use_controller};
