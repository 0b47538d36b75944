//! The processor's registers, whatever their width, and a product with a sum behind it, in one step where the build may
//! (`simd_relaxed.rs` for wasm with relaxed SIMD).

use pulp::{Arch, Simd, WithSimd};

/// Does it in the widest registers there are.
#[inline]
pub(crate) fn in_registers<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}

/// a · b + c
#[inline(always)]
pub(crate) fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(a, b, c)
}

/// Adds factor · values to the sums.
#[inline(always)]
pub(crate) fn add_product<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}
