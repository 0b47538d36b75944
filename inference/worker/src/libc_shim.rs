//! The C library's allocator for `openjp2`, which the page's wasm target lacks, and a global
//! allocator that accepts null.
//!
//! `openjp2` 0.6.1 is translated from C. It declares `malloc`, `calloc`, `realloc`, `free` and
//! `strcpy` as C symbols: without this module they would be imports of the wasm module, and no
//! browser could start it. Each block that is handed out here has its size before it.
//!
//! The global allocator hides a fault of `openjp2`. `opj_tcd_code_block_dec_deallocate` (`tcd.rs`)
//! calls `std::alloc::dealloc(decoded_data, decoded_data_layout)` for every code-block of a
//! precinct, and `opj_tcd_code_block_dec_allocate` does for every block that it resets. In a block
//! without decoded data, the pointer is null and the layout all zeros, because `calloc` made the
//! block: undefined behaviour. Native allocators pass null on to C's `free`, which ignores it.
//! The wasm allocator reads in front of address 0, and the instance ends. The module can go once
//! `openjp2` checks for null there.

#![allow(unsafe_code, reason = "an allocator hands out and takes back bare memory")]

use std::{
    alloc::{GlobalAlloc, Layout, System, alloc, alloc_zeroed, dealloc, realloc as reallocate},
    ptr::null_mut,
};

/// Bytes of a block's header, which holds its size, and the alignment of every block.
const HEADER: usize = 16;

/// The system's allocator, whose `dealloc` ignores null as C's `free` does.
struct NullTolerantAlloc;

// SAFETY: the system's allocator does the work; null is never passed on to it.
unsafe impl GlobalAlloc for NullTolerantAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, here and below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !block.is_null() {
            unsafe { System.dealloc(block, layout) }
        }
    }
}

#[global_allocator]
static ALLOCATOR: NullTolerantAlloc = NullTolerantAlloc;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// Writes `size` into the header and returns the address behind it; null stays null.
///
/// # Safety
/// `block` is null or has room for the header.
#[allow(clippy::cast_ptr_alignment, reason = "a block has the alignment of its header")]
unsafe fn behind_header(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        return block;
    }
    // SAFETY: the header is at the block's beginning, with a larger alignment than a `usize` needs.
    unsafe {
        block.cast::<usize>().write(size);
        block.add(HEADER)
    }
}

/// Returns the whole block of an address that was handed out, and its layout.
///
/// # Safety
/// `pointer` was handed out here and not freed.
#[allow(clippy::cast_ptr_alignment, reason = "a block has the alignment of its header")]
unsafe fn whole(pointer: *mut u8) -> Option<(*mut u8, Layout)> {
    // SAFETY: every block that was handed out has its header before it.
    unsafe {
        let block = pointer.sub(HEADER);
        Some((block, layout(block.cast::<usize>().read())?))
    }
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    let Some(layout) = layout(size) else { return null_mut() };
    // SAFETY: the layout is not empty: it holds the header.
    unsafe { behind_header(alloc(layout), size) }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    let Some((size, layout)) = count.checked_mul(size).and_then(|size| Some((size, layout(size)?))) else {
        return null_mut();
    };
    // SAFETY: as in `malloc`.
    unsafe { behind_header(alloc_zeroed(layout), size) }
}

/// # Safety
/// As C's: `pointer` is null, or was handed out here and not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        return malloc(size);
    }
    // SAFETY: the caller's promise; the new layout has the old one's alignment.
    unsafe {
        match (whole(pointer), layout(size)) {
            (Some((block, old)), Some(new)) => behind_header(reallocate(block, old, new.size()), size),
            _ => null_mut(),
        }
    }
}

/// # Safety
/// As C's: `pointer` is null, or was handed out here and not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(pointer: *mut u8) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if let Some((block, layout)) = whole(pointer) {
            dealloc(block, layout);
        }
    }
}

/// # Safety
/// As C's: `from` ends in a zero, and `to` has room for it all.
#[unsafe(no_mangle)]
unsafe extern "C" fn strcpy(to: *mut u8, from: *const u8) -> *mut u8 {
    let mut at = 0;
    loop {
        // SAFETY: the caller's promise, up to and with the zero.
        let byte = unsafe { from.add(at).read() };
        unsafe { to.add(at).write(byte) };
        if byte == 0 {
            return to;
        }
        at += 1;
    }
}
