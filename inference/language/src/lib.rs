//! Texts for people: one folder of Fluent tables for each language (`languages/TAG/*.ftl`), read by
//! page and command line alike.
//!
//! [`Language::text`] and [`message!`] return a text of the table; [`Language::percent`] and its
//! siblings write quantities with the symbols of the table; [`Language::issue`] makes the sentences
//! of an issue. Every text is in every table, which the tests of this crate hold: there is no
//! fallback.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod issue;
mod language;
mod quantity;
mod report;

pub use language::{Argument, Language};
