//! The settings.

pub const NOT_CHOSEN: &str = "The device is chosen with a test slice when the first study is opened.";
pub const DPN_3D_HINT: &str = "The DPNs of three projections in place of the axial ones alone.";
pub const FULL_RUN_HINT: &str = "Also where the vote is already decided. The masks are the same and take longer.";
pub const STANDARD_HINT: &str = "The quick answer first, then several networks vote.";
pub const AUTOMATIC_HINT: &str = "The faster device that computes a test slice correctly.";
pub const PAPER_VOTE_HINT: &str = "In place of the thresholds that were chosen for these networks.";
pub const OPTIONS: &str = "How much to compute, from the next study on";
pub const DEVICE_LATER: &str = "A change applies from the next study on.";
pub const GRAPHICS_PROCESSOR_HINT: &str = "WebGPU, even where it is emulated.";
pub const PROCESSOR_HINT: &str = "WebAssembly on several cores.";
pub const FULL_RUN: &str = "Every network on every slice";
pub const FULL_HINT: &str = "All networks.";
pub const PAPER_VOTE: &str = "The paper's thresholds";
pub const QUICK_HINT: &str = "One lesion network.";
pub const DEVICE: &str = "Where to compute";
pub const KEYS: &str = "Keys and mouse";
pub const QUICK: &str = "Quick answer";
pub const TEST_SLICE: &str = "Test slice";
pub const AUTOMATIC: &str = "Automatic";
pub const STANDARD: &str = "Standard";
pub const DPN_3D: &str = "DPN-3D";
pub const IN_USE: &str = "In use";
pub const FULL: &str = "Full";
pub const WHY: &str = "Why";

/// Returns time and deviation of the test slice.
pub fn test_slice(slice_ms: f64, deviation: f64) -> String {
    format!("{slice_ms:.0} ms, largest relative deviation {deviation:.1e}")
}
