//! What stands beside the pictures: each card is one question answered.

pub mod dynamics;
pub mod issues;
pub mod progress;
pub mod refining;
pub mod series;
pub mod settings;
pub mod severity;
