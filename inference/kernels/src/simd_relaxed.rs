//! `simd.rs` for wasm with relaxed SIMD: the processor decides whether multiply-add rounds once or
//! twice, so that results differ between machines in their last bits.
//!
//! Callers have to be compiled for relaxed SIMD too, or these functions are not inlined into them:
//! see [`dispatch`], and `target_feature` in `direct_conv.rs` and `depthwise_conv.rs`.

use core::arch::wasm32::{f32x4_relaxed_madd, f32x4_splat};

use pulp::{Simd, WithSimd, bytemuck::cast, core_arch, wasm::Simd128};

/// Runs `work` with wasm's registers of 128 bits.
#[target_feature(enable = "simd128,relaxed-simd")]
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    work.with_simd(Simd128 { simd128: core_arch::wasm::Simd128::new_unchecked() })
}

/// Returns a · b + c, rounded once or twice.
#[inline(always)]
pub(crate) fn mul_add<S: Simd>(_: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    cast(f32x4_relaxed_madd(cast(a), cast(b), cast(c)))
}

/// Adds `factor` · `values` to `sums` (BLAS's axpy); their length is a multiple of four.
#[inline(always)]
pub(crate) fn axpy<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    const { assert!(N.is_multiple_of(4)) };
    for (sums, values) in sums.as_chunks_mut::<4>().0.iter_mut().zip(values.as_chunks::<4>().0) {
        *sums = cast(f32x4_relaxed_madd(f32x4_splat(factor), cast(*values), cast(*sums)));
    }
}
