//! The page's sentences.

pub mod classes;
pub mod device;
pub mod diagnostics;
