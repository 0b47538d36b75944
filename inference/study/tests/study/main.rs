//! The crate from outside: made-up series for every rule, real series for the whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checklist;
mod containers;
mod doubts;
mod elsewhere;
mod encodings;
mod field_containers;
mod field_geometry;
mod field_grouping;
mod field_reading;
mod field_reports;
mod field_variants;
mod fuzzed;
mod hostile;
mod invariance;
mod made;
mod multi;
mod pixels;
mod places;
mod real;
mod words;
