//! Blocks of memory for feature maps and for what kernels need meanwhile.
//!
//! A network asks for the same buffers in the same order for every slice. The first slice's are written down, with the
//! time that each was needed for, and fewer blocks than buffers are planned for them, since a block can hold several, one
//! after the other; all later slices find these blocks, and nothing is allocated. Another network's, or a batch of another
//! size, has another plan in place of this one: what a thread keeps is what one slice of its last network needs.

use std::{
    cell::RefCell,
    cmp::Reverse,
    ops::{Deref, DerefMut},
};

/// Smaller buffers, of less than 4 KiB, are left to the allocator.
const SMALL: usize = 1024;

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store::new()) };
}

/// Values in a block, which goes back to the thread's store when this is dropped.
#[derive(Debug)]
pub struct Buffer {
    /// At least as long as the buffer.
    block: Vec<f32>,
    len: usize,
    /// The slice that it was taken for, and its number there; none where it isn't planned for.
    taken: Option<(u32, usize)>,
}

impl Buffer {
    /// Of so many values, whatever they were last: each is to be written before it is read.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let planned =
            if len < SMALL { None } else { STORE.try_with(|store| store.borrow_mut().take(len)).ok().flatten() };
        match planned {
            Some((block, taken)) => Self { block, len, taken: Some(taken) },
            None => Self { block: vec![0.0; len], len, taken: None },
        }
    }

    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let mut zeros = Self::new(len);
        zeros.fill(0.0);
        zeros
    }

    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let mut copy = Self::new(values.len());
        copy.copy_from_slice(values);
        copy
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::of(self)
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
        if let Some(taken) = self.taken {
            let block = std::mem::take(&mut self.block);
            // Without a store, at a thread's end, it is freed here.
            let _ = STORE.try_with(|store| store.borrow_mut().put_back(block, taken));
        }
    }
}

/// Does the work of one slice, or of a batch, in planned blocks. No buffer may outlive it: one that does has its block freed.
pub fn in_planned_blocks<T>(work: impl FnOnce() -> T) -> T {
    STORE.with_borrow_mut(Store::begin);
    let result = work();
    STORE.with_borrow_mut(Store::end);
    result
}

/// Frees the thread's blocks: another network needs the room.
pub fn free_blocks() {
    STORE.with_borrow_mut(Store::forget);
}

/// What a buffer of a slice was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    len: usize,
    /// Counted in buffers taken and given back.
    born: u32,
    died: u32,
}

impl Life {
    const fn meets(&self, other: &Self) -> bool {
        self.born < other.died && other.born < self.died
    }
}

/// A thread's blocks.
#[derive(Debug)]
struct Store {
    /// Between [`Self::begin`] and [`Self::end`].
    open: bool,
    slice: u32,
    clock: u32,
    /// Of this slice's buffers.
    lives: Vec<Life>,
    /// Length and block of each buffer of a slice; none before there is a plan.
    plan: Vec<(usize, usize)>,
    /// Those in use are empty.
    blocks: Vec<Vec<f32>>,
}

impl Store {
    const fn new() -> Self {
        Self { open: false, slice: 0, clock: 0, lives: Vec::new(), plan: Vec::new(), blocks: Vec::new() }
    }

    fn begin(&mut self) {
        self.slice = self.slice.wrapping_add(1);
        (self.open, self.clock) = (true, 0);
        self.lives.clear();
    }

    fn take(&mut self, len: usize) -> Option<(Vec<f32>, (u32, usize))> {
        if !self.open {
            return None;
        }
        let nth = self.lives.len();
        self.clock += 1;
        self.lives.push(Life { len, born: self.clock, died: u32::MAX });
        let planned = self.plan.get(nth).filter(|(planned, _)| *planned == len);
        let block = planned.and_then(|(_, block)| self.blocks.get_mut(*block)).map(std::mem::take);
        let block = block.filter(|block| block.len() >= len).unwrap_or_else(|| {
            // Another network: its plan comes when its first slice is through.
            self.forget();
            vec![0.0; len]
        });
        Some((block, (self.slice, nth)))
    }

    fn put_back(&mut self, block: Vec<f32>, (slice, nth): (u32, usize)) {
        if slice != self.slice {
            return;
        }
        self.clock += 1;
        self.lives[nth].died = self.clock;
        if let Some(home) = self.plan.get(nth).and_then(|(_, home)| self.blocks.get_mut(*home)) {
            *home = block;
        }
    }

    fn end(&mut self) {
        self.open = false;
        if self.plan.len() != self.lives.len() {
            self.forget();
            let (places, sizes) = planned(&self.lives);
            self.lives.shrink_to_fit();
            self.plan = self.lives.iter().map(|life| life.len).zip(places).collect();
            self.blocks = sizes.into_iter().map(|size| vec![0.0; size]).collect();
        }
    }

    fn forget(&mut self) {
        (self.plan, self.blocks) = (Vec::new(), Vec::new());
    }
}

/// A block for each buffer, and the blocks' sizes: the largest buffers first, each in the smallest block that is free all
/// its life.
fn planned(lives: &[Life]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<(usize, &Life)> = lives.iter().enumerate().collect();
    order.sort_by_key(|(_, life)| Reverse(life.len));
    let (mut places, mut sizes) = (vec![0; lives.len()], Vec::new());
    let mut inside: Vec<Vec<&Life>> = Vec::new();
    for (nth, life) in order {
        // Blocks come in order of their sizes.
        let free = inside.iter().rposition(|others| !others.iter().any(|other| other.meets(life)));
        let block = free.unwrap_or(inside.len());
        match inside.get_mut(block) {
            Some(others) => others.push(life),
            None => {
                inside.push(vec![life]);
                sizes.push(life.len);
            }
        }
        places[nth] = block;
    }
    (places, sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> usize {
        STORE.with_borrow(|store| store.blocks.iter().map(Vec::len).sum())
    }

    /// Two buffers at a time, of three; where each lies.
    fn slice(len: usize) -> [*const f32; 3] {
        in_planned_blocks(|| {
            let (first, small) = (Buffer::of(&vec![1.0; len]), Buffer::zeros(SMALL - 1));
            let second = Buffer::of(&vec![2.0; 2 * len]);
            let at = first.as_ptr();
            assert!(first.iter().all(|value| *value == 1.0) && small.len() == SMALL - 1);
            drop(first);
            let third = second.clone();
            assert!(third.len() == 2 * len && third.iter().all(|value| *value == 2.0));
            [at, second.as_ptr(), third.as_ptr()]
        })
    }

    #[test]
    fn later_slices_lie_in_the_planned_blocks_of_the_first() {
        slice(SMALL);
        assert_eq!(kept(), 4 * SMALL, "the first and the third share a block");
        let places = slice(SMALL);
        assert_eq!(places[0], places[2]);
        assert_eq!(slice(SMALL), places);
    }

    #[test]
    fn another_network_has_its_own_plan() {
        slice(8 * SMALL);
        slice(SMALL);
        assert_eq!(kept(), 4 * SMALL);
        // One that begins alike, and one that ends sooner.
        in_planned_blocks(|| drop([Buffer::new(SMALL), Buffer::new(3 * SMALL)]));
        assert_eq!(kept(), 4 * SMALL);
        in_planned_blocks(|| drop(Buffer::new(SMALL)));
        assert_eq!(kept(), SMALL);
        free_blocks();
        assert_eq!(kept(), 0);
        slice(SMALL);
        assert_eq!(slice(SMALL)[0], slice(SMALL)[2]);
    }

    #[test]
    fn a_buffer_that_outlives_its_slice_or_has_none_is_not_kept() {
        let outside = Buffer::zeros(SMALL);
        let inside: Vec<Buffer> = (0..3).map(|_| in_planned_blocks(|| Buffer::of(&[3.0; SMALL]))).collect();
        assert_eq!(kept(), SMALL);
        drop((outside, inside));
        assert_eq!(kept(), SMALL);
    }

    #[test]
    fn no_two_buffers_share_a_block_at_one_time() {
        let noise = |i: u32| i.wrapping_mul(2_654_435_761) >> 16;
        let life = |i| {
            let born = noise(i) % 90;
            Life { len: 1 + noise(i + 500) as usize % 50, born, died: born + 1 + noise(i + 900) % 20 }
        };
        let lives: Vec<Life> = (0..200).map(life).collect();
        let (places, sizes) = planned(&lives);
        for (i, a) in lives.iter().enumerate() {
            assert!(sizes[places[i]] >= a.len);
            for (j, b) in lives.iter().enumerate().take(i) {
                assert!(places[i] != places[j] || !a.meets(b), "{a:?} {b:?}");
            }
        }
        let at_once = |now: u32| lives.iter().filter(|l| l.born <= now && now < l.died).map(|l| l.len).sum::<usize>();
        let (most, all) = ((0..120).map(at_once).max().unwrap(), sizes.iter().sum::<usize>());
        assert!(all < most * 3 / 2, "{all} for {most}");
    }
}
