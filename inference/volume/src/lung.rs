//! What segmenting and measuring lungs have in common.

/// A value for the patient's right lung and one for the left lung.
pub type RightLeft<T> = [T; 2];

/// Below these Hounsfield units there is air among the tissue: normal lung is at about −850 HU,
/// ground-glass opacity is mostly above −700 HU, muscle and organs are above 0 HU
/// (`docs/method.md`, "Lung mask").
pub const AERATED_HU: i16 = -300;
