//! `simd.rs` for wasm with relaxed SIMD: a product and a sum behind it are rounded once or twice, as the processor likes.
//!
//! What calls these has to be compiled for it too, or nothing is inlined: [`in_registers`] is, and see `depthwise.rs`.

use core::arch::wasm32::{f32x4_relaxed_madd, f32x4_splat};

use pulp::{Simd, WithSimd, bytemuck::cast, core_arch, wasm::Simd128};

/// Does it in wasm's registers.
#[target_feature(enable = "simd128,relaxed-simd")]
pub(crate) fn in_registers<W: WithSimd>(work: W) -> W::Output {
    work.with_simd(Simd128 { simd128: core_arch::wasm::Simd128::new_unchecked() })
}

/// a · b + c
#[inline(always)]
pub(crate) fn fused<S: Simd>(_: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    cast(f32x4_relaxed_madd(cast(a), cast(b), cast(c)))
}

/// Adds factor · values to the sums, of which there are a multiple of four.
#[inline(always)]
pub(crate) fn add_product<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    const { assert!(N.is_multiple_of(4)) };
    for (sums, values) in sums.as_chunks_mut::<4>().0.iter_mut().zip(values.as_chunks::<4>().0) {
        *sums = cast(f32x4_relaxed_madd(f32x4_splat(factor), cast(*values), cast(*sums)));
    }
}
