//! The page's sentences.

pub mod classes;
