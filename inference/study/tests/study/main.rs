//! The crate from outside: synthetic series for every rule, real series for the whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checklist;
mod containers;
mod decoded_elsewhere;
mod encodings;
mod field_containers;
mod field_geometry;
mod field_grouping;
mod field_reading;
mod field_reports;
mod field_variants;
mod fuzz_bodies;
mod hostile;
mod identifiers;
mod invariance;
mod multi_frame;
mod pixels;
mod positions;
mod real;
mod synthetic;
mod warnings;
