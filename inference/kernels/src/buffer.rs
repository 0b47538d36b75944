//! Memory planning for feature maps and for the scratch space of kernels.
//!
//! A network requests the same buffers in the same order for every slice. The planner records the
//! lifetimes of the first slice's buffers and assigns them to fewer blocks: buffers whose lifetimes
//! do not overlap share one. Later slices use these blocks, and nothing is allocated. Another
//! network, or a batch of another size, replaces the plan: a thread keeps the memory that one slice
//! of its last network needs.

use std::{
    cell::RefCell,
    cmp::Reverse,
    ops::{Deref, DerefMut},
};

/// Shorter buffers, below 4 KiB, come from the allocator.
const MIN_PLANNED_LEN: usize = 1024;

thread_local! {
    static PLANNER: RefCell<MemoryPlanner> = const { RefCell::new(MemoryPlanner::new()) };
}

/// f32 values in a block of the thread's memory planner. The block returns to the planner on drop.
#[derive(Debug)]
pub struct Buffer {
    /// At least as long as the buffer.
    block: Vec<f32>,
    len: usize,
    /// Slice and index of the request; `None` if the planner does not own the block.
    origin: Option<(u32, usize)>,
}

impl Buffer {
    /// Returns a buffer of `len` values with unspecified contents: write each before reading it.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let planned = if len < MIN_PLANNED_LEN {
            None
        } else {
            PLANNER.try_with(|planner| planner.borrow_mut().acquire(len)).ok().flatten()
        };
        match planned {
            Some((block, origin)) => Self { block, len, origin: Some(origin) },
            None => Self { block: vec![0.0; len], len, origin: None },
        }
    }

    /// Returns a buffer of `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let mut zeros = Self::new(len);
        zeros.fill(0.0);
        zeros
    }

    /// Returns a copy of `values`.
    #[must_use]
    pub fn from_slice(values: &[f32]) -> Self {
        let mut copy = Self::new(values.len());
        copy.copy_from_slice(values);
        copy
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::from_slice(self)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.block[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.block[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(origin) = self.origin {
            let block = std::mem::take(&mut self.block);
            // At a thread's end the planner may be gone; then the block is freed here.
            let _ = PLANNER.try_with(|planner| planner.borrow_mut().release(block, origin));
        }
    }
}

/// Runs `work`, the computation of one slice or batch, with planned memory. A buffer that outlives
/// `work` takes its block out of the plan: the block is freed with the buffer.
pub fn with_planned_memory<T>(work: impl FnOnce() -> T) -> T {
    PLANNER.with_borrow_mut(MemoryPlanner::begin);
    let result = work();
    PLANNER.with_borrow_mut(MemoryPlanner::end);
    result
}

/// Frees the thread's planned blocks, so that another network has room.
pub fn free_planned_memory() {
    PLANNER.with_borrow_mut(MemoryPlanner::clear);
}

/// Length and lifetime of one buffer of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifetime {
    len: usize,
    /// In requests and releases since the slice began.
    start: u32,
    end: u32,
}

impl Lifetime {
    const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The planned blocks of a thread.
#[derive(Debug)]
struct MemoryPlanner {
    /// Whether the call is between [`Self::begin`] and [`Self::end`].
    open: bool,
    slice: u32,
    clock: u32,
    /// Those of the current slice's buffers.
    lifetimes: Vec<Lifetime>,
    /// Length and block of each buffer of a slice; empty before there is a plan.
    plan: Vec<(usize, usize)>,
    /// The blocks; one that is in use is an empty vector.
    blocks: Vec<Vec<f32>>,
}

impl MemoryPlanner {
    const fn new() -> Self {
        Self { open: false, slice: 0, clock: 0, lifetimes: Vec::new(), plan: Vec::new(), blocks: Vec::new() }
    }

    fn begin(&mut self) {
        self.slice = self.slice.wrapping_add(1);
        (self.open, self.clock) = (true, 0);
        self.lifetimes.clear();
    }

    fn acquire(&mut self, len: usize) -> Option<(Vec<f32>, (u32, usize))> {
        if !self.open {
            return None;
        }
        let nth = self.lifetimes.len();
        self.clock += 1;
        self.lifetimes.push(Lifetime { len, start: self.clock, end: u32::MAX });
        let planned = self.plan.get(nth).filter(|(planned, _)| *planned == len);
        let block = planned.and_then(|(_, block)| self.blocks.get_mut(*block)).map(std::mem::take);
        let block = block.filter(|block| block.len() >= len).unwrap_or_else(|| {
            // Another network: it gets a plan at the end of its first slice.
            self.clear();
            vec![0.0; len]
        });
        Some((block, (self.slice, nth)))
    }

    fn release(&mut self, block: Vec<f32>, (slice, nth): (u32, usize)) {
        if slice != self.slice {
            return;
        }
        self.clock += 1;
        self.lifetimes[nth].end = self.clock;
        if let Some(slot) = self.plan.get(nth).and_then(|(_, slot)| self.blocks.get_mut(*slot)) {
            *slot = block;
        }
    }

    fn end(&mut self) {
        self.open = false;
        if self.plan.len() != self.lifetimes.len() {
            self.clear();
            let (assigned, sizes) = plan_blocks(&self.lifetimes);
            self.lifetimes.shrink_to_fit();
            self.plan = self.lifetimes.iter().map(|lifetime| lifetime.len).zip(assigned).collect();
            self.blocks = sizes.into_iter().map(|size| vec![0.0; size]).collect();
        }
    }

    fn clear(&mut self) {
        (self.plan, self.blocks) = (Vec::new(), Vec::new());
    }
}

/// Returns the block of each buffer and the sizes of the blocks. Greedy: the largest buffers first,
/// each into the smallest block that is free for its whole lifetime.
fn plan_blocks(lifetimes: &[Lifetime]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<(usize, &Lifetime)> = lifetimes.iter().enumerate().collect();
    order.sort_by_key(|(_, lifetime)| Reverse(lifetime.len));
    let (mut assigned, mut sizes) = (vec![0; lifetimes.len()], Vec::new());
    let mut members: Vec<Vec<&Lifetime>> = Vec::new();
    for (nth, lifetime) in order {
        // Blocks are in order of falling size.
        let free = members.iter().rposition(|others| !others.iter().any(|other| other.overlaps(lifetime)));
        let block = free.unwrap_or(members.len());
        if let Some(others) = members.get_mut(block) {
            others.push(lifetime);
        } else {
            members.push(vec![lifetime]);
            sizes.push(lifetime.len);
        }
        assigned[nth] = block;
    }
    (assigned, sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned_values() -> usize {
        PLANNER.with_borrow(|planner| planner.blocks.iter().map(Vec::len).sum())
    }

    /// Uses three buffers, at most two at a time, and returns their addresses.
    fn slice(len: usize) -> [*const f32; 3] {
        with_planned_memory(|| {
            let (first, small) = (Buffer::from_slice(&vec![1.0; len]), Buffer::zeros(MIN_PLANNED_LEN - 1));
            let second = Buffer::from_slice(&vec![2.0; 2 * len]);
            let at = first.as_ptr();
            assert!(first.iter().all(|value| *value == 1.0) && small.len() == MIN_PLANNED_LEN - 1);
            drop(first);
            let third = second.clone();
            assert!(third.len() == 2 * len && third.iter().all(|value| *value == 2.0));
            [at, second.as_ptr(), third.as_ptr()]
        })
    }

    #[test]
    fn later_slices_use_the_blocks_planned_for_the_first() {
        slice(MIN_PLANNED_LEN);
        assert_eq!(planned_values(), 4 * MIN_PLANNED_LEN, "the first and the third share a block");
        let places = slice(MIN_PLANNED_LEN);
        assert_eq!(places[0], places[2]);
        assert_eq!(slice(MIN_PLANNED_LEN), places);
    }

    #[test]
    fn another_network_has_its_own_plan() {
        slice(8 * MIN_PLANNED_LEN);
        slice(MIN_PLANNED_LEN);
        assert_eq!(planned_values(), 4 * MIN_PLANNED_LEN);
        // One that begins alike, and one that ends sooner.
        with_planned_memory(|| drop([Buffer::new(MIN_PLANNED_LEN), Buffer::new(3 * MIN_PLANNED_LEN)]));
        assert_eq!(planned_values(), 4 * MIN_PLANNED_LEN);
        with_planned_memory(|| drop(Buffer::new(MIN_PLANNED_LEN)));
        assert_eq!(planned_values(), MIN_PLANNED_LEN);
        free_planned_memory();
        assert_eq!(planned_values(), 0);
        slice(MIN_PLANNED_LEN);
        assert_eq!(slice(MIN_PLANNED_LEN)[0], slice(MIN_PLANNED_LEN)[2]);
    }

    #[test]
    fn a_buffer_that_outlives_its_slice_or_has_none_is_not_kept() {
        let outside = Buffer::zeros(MIN_PLANNED_LEN);
        let inside: Vec<Buffer> =
            (0..3).map(|_| with_planned_memory(|| Buffer::from_slice(&[3.0; MIN_PLANNED_LEN]))).collect();
        assert_eq!(planned_values(), MIN_PLANNED_LEN);
        drop((outside, inside));
        assert_eq!(planned_values(), MIN_PLANNED_LEN);
    }

    #[test]
    fn no_two_buffers_share_a_block_at_one_time() {
        let noise = |i: u32| i.wrapping_mul(2_654_435_761) >> 16;
        let lifetime = |i| {
            let start = noise(i) % 90;
            Lifetime { len: 1 + noise(i + 500) as usize % 50, start, end: start + 1 + noise(i + 900) % 20 }
        };
        let lifetimes: Vec<Lifetime> = (0..200).map(lifetime).collect();
        let (places, sizes) = plan_blocks(&lifetimes);
        for (i, a) in lifetimes.iter().enumerate() {
            assert!(sizes[places[i]] >= a.len);
            for (j, b) in lifetimes.iter().enumerate().take(i) {
                assert!(places[i] != places[j] || !a.overlaps(b), "{a:?} {b:?}");
            }
        }
        let at_once =
            |now: u32| lifetimes.iter().filter(|l| l.start <= now && now < l.end).map(|l| l.len).sum::<usize>();
        let (most, all) = ((0..120).map(at_once).max().unwrap(), sizes.iter().sum::<usize>());
        assert!(all < most * 3 / 2, "{all} for {most}");
    }
}
