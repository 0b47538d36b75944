//! The page's sentences.

pub mod classes;
pub mod diagnostics;
