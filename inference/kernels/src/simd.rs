//! SIMD registers of whatever width the processor has, and multiply-add in one step where the build
//! allows it. (`simd_relaxed.rs` stands in for this file in wasm with relaxed SIMD.)

use pulp::{Arch, Simd, WithSimd};

/// Runs `work` with the widest registers of the processor.
#[inline]
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}

/// Returns a · b + c, rounded once or twice.
#[inline(always)]
pub(crate) fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(a, b, c)
}

/// Adds `factor` · `values` to `sums` (BLAS's axpy).
#[inline(always)]
pub(crate) fn axpy<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}
