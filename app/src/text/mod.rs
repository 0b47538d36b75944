//! The page's texts, one module per part of the page. They name texts of the tables
//! (`corsai_language`), in the language that was chosen last; no component, no event of the worker
//! and no error holds one. A change of language renders the page again.

pub mod announcer;
pub mod classes;
pub mod common;
pub mod comparison;
pub mod device;
pub mod diagnostics;
pub mod drop_layer;
pub mod issues;
pub mod keys;
pub mod layout;
pub mod named;
pub mod notices;
pub mod privacy;
pub mod progress;
pub mod refinement;
pub mod series;
pub mod settings;
pub mod severity;
pub mod start;
pub mod summary;
pub mod viewer;

pub use named::{Text, language, set_language};
