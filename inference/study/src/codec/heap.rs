//! What `openjp2` asks of memory where there is no C library, in the page: C's allocator over Rust's, each block with its
//! size before it, and of Rust's own that it bears what C's would.

#![allow(unsafe_code, reason = "an allocator hands out and takes back bare memory")]

use std::{
    alloc::{GlobalAlloc, Layout, System, alloc, alloc_zeroed, dealloc, realloc as reallocate},
    ptr::null_mut,
};

/// What the size takes, and what every block is aligned to.
const HEADER: usize = 16;

/// Rust's allocator, to which nothing may be given back, as to C's `free`: `openjp2` does so for every block of a picture
/// that holds no data, whose layout is as empty. Rust's own then reads before the memory's beginning, and the instance
/// ends.
struct Forgiving;

// SAFETY: what the system's allocator promises.
unsafe impl GlobalAlloc for Forgiving {
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
static HEAP: Forgiving = Forgiving;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// The block behind a header that holds `size`.
///
/// # Safety
/// `block` is null or has room for the header.
unsafe fn behind_header(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        return block;
    }
    // SAFETY: the header lies at the block's beginning, aligned to more than a `usize` asks.
    unsafe {
        block.cast::<usize>().write(size);
        block.add(HEADER)
    }
}

/// The whole block of what was handed out, and its layout.
///
/// # Safety
/// `pointer` came from here and was not given back.
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
/// As C's: `pointer` is null or came from here and was not given back.
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
/// As C's: `pointer` is null or came from here and was not given back.
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
