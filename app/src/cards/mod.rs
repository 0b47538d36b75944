//! The cards beside the pictures.

pub mod comparison;
pub mod issues;
pub mod progress;
pub mod refinement;
pub mod series;
pub mod settings;
pub mod severity;
