//! What stands beside the pictures: each card is one question answered.

pub mod dynamics;
pub mod issues;
pub mod progress;
pub mod series;
pub mod settings;
pub mod severity;
