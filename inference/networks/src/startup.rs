//! Set-up that every program with networks needs: static constructors, and the size of GPU
//! commands.

/// Most kernels in one command buffer of a GPU, for `WgpuOptions::tasks_max`.
pub const MAX_TASKS: usize = 64;

/// Runs the static constructors, by which cubecl's compiler fills its registries. A program in wasm
/// calls this once, before anything else: otherwise the linker calls them at every call from
/// JavaScript, which takes a fifth of the worker's time.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the linker makes this function; there is no safe name for it")]
pub fn run_static_constructors() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the function takes and returns nothing, and is called once, before anything else.
    unsafe { __wasm_call_ctors() }
}

/// Does nothing: natively the loader runs the static constructors.
#[cfg(not(target_arch = "wasm32"))]
pub const fn run_static_constructors() {}
