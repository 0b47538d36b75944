//! From a network's second slice on, the CPU allocates nothing large but the output; and what stays
//! allocated is what one slice of the last network needs.

#![allow(clippy::unwrap_used, unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    fs,
    path::Path,
};

use burn::tensor::Device;
use corsai_manifest::NetworkEntry;
use corsai_networks::{Network, golden, read_manifest};

/// Bytes from which a block is large.
const LARGE: usize = 4096;

/// An allocator that counts the large blocks of each thread.
struct Counting;

thread_local! {
    /// Number of large blocks so far, and their bytes.
    static LARGE_BLOCKS: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
    /// Bytes of large blocks that are not freed.
    static KEPT: Cell<isize> = const { Cell::new(0) };
}

fn note(size: usize, sign: isize) {
    if size < LARGE {
        return;
    }
    // At a thread's end the counters may be gone.
    let _ = KEPT.try_with(|kept| kept.set(kept.get() + sign * size.cast_signed()));
    if sign > 0 {
        let _ = LARGE_BLOCKS.try_with(|all| all.set([all.get()[0] + 1, all.get()[1] + size]));
    }
}

// SAFETY: the system's allocator does the work. (`realloc` is the trait's: a new block and a copy.)
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(layout.size(), -1);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns every architecture for pictures of 64².
fn networks() -> Vec<Network> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/random-weights");
    let manifest = read_manifest(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.networks.len(), 5);
    manifest
        .networks
        .iter()
        .map(|entry: &NetworkEntry| Network::with_random_weights(entry, &Device::flex()).unwrap())
        .collect()
}

fn answer(network: &Network, inputs: &[f32]) -> Vec<f32> {
    pollster::block_on(network.probabilities(inputs.to_vec())).unwrap()
}

/// Returns the large blocks that one more slice allocates, without its inputs and its output.
fn allocated(network: &Network, inputs: &[f32]) -> usize {
    let (inputs, [before, bytes]) = (inputs.to_vec(), LARGE_BLOCKS.get());
    let answer = pollster::block_on(network.probabilities(inputs)).unwrap();
    let [after, more] = LARGE_BLOCKS.get();
    assert!(after > before && more - bytes >= 4 * answer.len(), "not even the answer was counted");
    after - before - 1
}

#[test]
fn a_second_slice_allocates_nothing_large_but_its_answer() {
    let networks = networks();
    for batch in [1, 3] {
        for network in &networks {
            let inputs = golden::known_input(network.shape()).repeat(batch);
            assert!(allocated(network, &inputs) > 10, "{:?}: its first slice has to make its blocks", network.shape());
            let first = answer(network, &inputs);
            for _ in 0..2 {
                assert_eq!(allocated(network, &inputs), 0, "{:?}, a batch of {batch}", network.shape());
            }
            assert_eq!(answer(network, &inputs), first, "what lay in the blocks shows");
        }
    }
}

#[test]
fn what_is_kept_is_what_the_last_network_needs() {
    let networks = networks();
    let before = KEPT.get();
    let kept = |network: &Network, batch: usize| {
        drop(answer(network, &golden::known_input(network.shape()).repeat(batch)));
        KEPT.get() - before
    };
    let alone: Vec<isize> = networks.iter().map(|network| kept(network, 1)).collect();
    assert!(alone.iter().all(|bytes| *bytes > 0));
    assert!(networks.iter().zip(&alone).all(|(network, bytes)| kept(network, 4) > *bytes));
    for _ in 0..2 {
        assert_eq!(networks.iter().map(|network| kept(network, 1)).collect::<Vec<_>>(), alone);
    }
}

#[test]
fn a_batch_answers_as_its_pictures_do() {
    for network in networks() {
        let first = golden::known_input(network.shape());
        let second: Vec<f32> = first.iter().rev().map(|value| value * 0.5).collect();
        let [one, two] = [&first, &second].map(|input| answer(&network, input));
        assert_ne!(one, two);
        assert_eq!(answer(&network, &[first, second].concat()), [one, two].concat(), "{:?}", network.shape());
    }
}
