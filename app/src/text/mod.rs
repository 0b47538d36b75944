//! The page's sentences, one module per part of the page. No component, no event of the worker and
//! no error holds one; an issue is a code with typed arguments, whose English is in
//! `corsai_report`. A further language is a further set of these modules.

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
