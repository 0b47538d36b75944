//! The processor's registers, whatever their width; and a product with a sum behind it in one step where the build may.

use pulp::{Simd, WithSimd};

/// Does it in the widest registers there are.
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed")))]
#[inline]
pub(crate) fn in_registers<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// a · b + c
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed")))]
#[inline(always)]
pub(crate) fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(a, b, c)
}

/// Does it in wasm's registers.
#[cfg(all(target_arch = "wasm32", feature = "relaxed"))]
#[target_feature(enable = "simd128,relaxed-simd")]
pub(crate) fn in_registers<W: WithSimd>(work: W) -> W::Output {
    work.with_simd(pulp::wasm::Simd128 { simd128: pulp::core_arch::wasm::Simd128::new_unchecked() })
}

/// a · b + c, rounded once or twice, as the processor likes.
#[cfg(all(target_arch = "wasm32", feature = "relaxed"))]
#[inline(always)]
pub(crate) fn fused<S: Simd>(_: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    use pulp::bytemuck::cast;
    cast(core::arch::wasm32::f32x4_relaxed_madd(cast(a), cast(b), cast(c)))
}

/// sums + factor · values
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed")))]
#[inline(always)]
pub(crate) fn add_product<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

/// sums + factor · values, N a multiple of four
#[cfg(all(target_arch = "wasm32", feature = "relaxed"))]
#[inline(always)]
pub(crate) fn add_product<const N: usize>(sums: &mut [f32; N], factor: f32, values: &[f32; N]) {
    use core::arch::wasm32::{f32x4_relaxed_madd, f32x4_splat};
    use pulp::bytemuck::cast;
    for (sums, values) in sums.as_chunks_mut::<4>().0.iter_mut().zip(values.as_chunks::<4>().0) {
        *sums = cast(f32x4_relaxed_madd(f32x4_splat(factor), cast(*values), cast(*sums)));
    }
}
