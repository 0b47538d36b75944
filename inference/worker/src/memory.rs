//! The memory of this instance.

/// Returns the size of this instance's memory in bytes; it never shrinks.
#[cfg(target_arch = "wasm32")]
pub fn memory_bytes() -> u64 {
    const PAGE: u64 = 65_536;
    core::arch::wasm32::memory_size(0) as u64 * PAGE
}

/// Natively, for the tests, the size isn't known.
#[cfg(not(target_arch = "wasm32"))]
pub const fn memory_bytes() -> u64 {
    0
}
