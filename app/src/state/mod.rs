//! The page's state: plain data with pure transitions, in one reactive store with a trigger per
//! field.
//!
//! A transition changes a copy of [`PageState`], whose large values are shared; the store then
//! takes the fields that differ and notifies their readers alone ([`derived::apply_transition`]).
//! What depends on several fields is derived in one place, which tracks exactly those
//! ([`derived`]).

pub mod derived;
mod page_state;
mod shared;
mod study;
#[cfg(test)]
mod tests;

pub use page_state::{PageState, PageStateStoreFields, SideEffect, WorkerStatus};
pub use shared::Shared;
#[cfg(test)]
pub use study::Work;
pub use study::{Phase, StudyStoreFields, Thumbnail};
