//! Face-connected components of a mask in three dimensions, found slice by slice from runs of
//! voxels. The mask isn't held as a whole: memory is that of its runs.

use std::ops::Range;

/// Neighbouring voxels of one row that are in the mask.
#[derive(Debug, Clone)]
struct Run {
    /// Their indices in the slice.
    voxels: Range<usize>,
    /// Index of its entry in [`ComponentRuns::parents`].
    node: u32,
}

/// What is known of a component.
#[derive(Debug, Clone, Copy)]
struct Component {
    volume: u64,
    convincing: bool,
}

/// The components of a mask: a union-find over its runs.
#[derive(Debug)]
pub(crate) struct ComponentRuns {
    columns: usize,
    /// All runs; `slices` has those of each slice.
    runs: Vec<Run>,
    slices: Vec<(usize, Range<usize>)>,
    /// One node a run: its parent in the union-find forest. Roots have their component's facts.
    parents: Vec<u32>,
    components: Vec<Component>,
}

impl ComponentRuns {
    /// An empty mask on slices of `columns` columns.
    pub const fn new(columns: usize) -> Self {
        Self { columns, runs: Vec::new(), slices: Vec::new(), parents: Vec::new(), components: Vec::new() }
    }

    /// Adds slice `z`; slices come in rising order. The mask has those voxels of `rows` whose flags
    /// have the bit `mask`; with the bit `convincing` they make their component a convincing one.
    /// `flags` has one byte a voxel of the slice.
    pub fn add_slice(
        &mut self,
        z: usize,
        voxel_volume: u64,
        flags: &[u8],
        rows: Range<usize>,
        [mask, convincing]: [u8; 2],
    ) {
        let first = self.runs.len();
        let below = self.slices.last().filter(|(last, _)| last + 1 == z).map(|(_, runs)| runs.clone());
        let mut below = below.unwrap_or(first..first);
        let mut before = first..first;
        for row in rows {
            let start_of_row = row * self.columns;
            let line = &flags[start_of_row..start_of_row + self.columns];
            let mut column = 0;
            while let Some(skipped) = line[column..].iter().position(|flags| flags & mask != 0) {
                let start = column + skipped;
                let length = line[start..].iter().take_while(|flags| **flags & mask != 0).count();
                column = start + length;
                let node = self.parents.len() as u32;
                self.parents.push(node);
                self.components.push(Component {
                    volume: voxel_volume * length as u64,
                    convincing: line[start..column].iter().any(|flags| flags & convincing != 0),
                });
                let voxels = start_of_row + start..start_of_row + column;
                self.join_overlapping(node, &voxels, &mut below, 0);
                before.end = self.runs.len();
                self.join_overlapping(node, &voxels, &mut before, self.columns);
                self.runs.push(Run { voxels, node });
                if column == self.columns {
                    break;
                }
            }
        }
        self.slices.push((z, first..self.runs.len()));
    }

    /// Joins a run with those of `others`, moved on by `shift` voxels, that share a voxel's place
    /// with it. Those that no later run can meet are taken from `others`.
    fn join_overlapping(&mut self, node: u32, voxels: &Range<usize>, others: &mut Range<usize>, shift: usize) {
        while others.start < others.end && self.runs[others.start].voxels.end + shift <= voxels.start {
            others.start += 1;
        }
        for other in others.clone() {
            if self.runs[other].voxels.start + shift >= voxels.end {
                break;
            }
            self.join(node, self.runs[other].node);
        }
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let (kept, joined) = (one.min(other), one.max(other));
            self.parents[joined as usize] = kept;
            let Component { volume, convincing } = self.components[joined as usize];
            let component = &mut self.components[kept as usize];
            component.volume += volume;
            component.convincing |= convincing;
        }
    }

    /// Returns a node's root, and shortens the way to it.
    fn root(&mut self, mut node: u32) -> u32 {
        while self.parents[node as usize] != node {
            let parent = self.parents[node as usize];
            self.parents[node as usize] = self.parents[parent as usize];
            node = parent;
        }
        node
    }

    /// Returns the volume of the largest component; 0 of an empty mask.
    pub fn largest_volume(&self) -> u64 {
        // A root has the whole component's volume, every other node a part of it.
        self.components.iter().map(|component| component.volume).max().unwrap_or(0)
    }

    /// Returns, slice by slice, every run and whether its component is convincing and has at least
    /// this volume.
    pub fn into_accepted(mut self, least_volume: u64) -> Vec<SliceRuns> {
        let slices = std::mem::take(&mut self.slices);
        let accepted = slices.into_iter().map(|(z, runs)| {
            let runs = runs.map(|run| {
                let Run { voxels, node } = self.runs[run].clone();
                let root = self.root(node);
                let Component { volume, convincing } = self.components[root as usize];
                AcceptedRun { voxels, accepted: convincing && volume >= least_volume }
            });
            SliceRuns { z, runs: runs.collect() }
        });
        accepted.collect()
    }
}

/// Voxels of one row of a slice, and whether their component is accepted.
#[derive(Debug, Clone)]
pub(crate) struct AcceptedRun {
    /// Indices in the slice.
    pub voxels: Range<usize>,
    pub accepted: bool,
}

/// The runs of a slice.
#[derive(Debug)]
pub(crate) struct SliceRuns {
    /// Index of the slice.
    pub z: usize,
    pub runs: Vec<AcceptedRun>,
}

impl SliceRuns {
    /// Returns the voxels of accepted components.
    pub fn accepted(&self) -> impl Iterator<Item = Range<usize>> {
        self.runs.iter().filter(|run| run.accepted).map(|run| run.voxels.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MASK: u8 = 1;
    const CONVINCING: u8 = 2;
    const SLICES: usize = 3;
    const ROWS: usize = 4;
    const COLUMNS: usize = 5;

    /// The accepted voxels by flooding each component.
    fn flooded(flags: &[u8], least: u64) -> Vec<bool> {
        let mut accepted = vec![false; flags.len()];
        let mut seen = vec![false; flags.len()];
        for seed in 0..flags.len() {
            if flags[seed] & MASK == 0 || seen[seed] {
                continue;
            }
            let (mut members, mut stack) = (Vec::new(), vec![seed]);
            seen[seed] = true;
            while let Some(at) = stack.pop() {
                members.push(at);
                let (column, row, slice) = (at % COLUMNS, at / COLUMNS % ROWS, at / COLUMNS / ROWS);
                let neighbours = [
                    (column > 0).then(|| at - 1),
                    (column + 1 < COLUMNS).then(|| at + 1),
                    (row > 0).then(|| at - COLUMNS),
                    (row + 1 < ROWS).then(|| at + COLUMNS),
                    (slice > 0).then(|| at - ROWS * COLUMNS),
                    (slice + 1 < SLICES).then(|| at + ROWS * COLUMNS),
                ];
                for next in neighbours.into_iter().flatten() {
                    if flags[next] & MASK != 0 && !seen[next] {
                        seen[next] = true;
                        stack.push(next);
                    }
                }
            }
            // A voxel of slice z has the volume z + 1.
            let volume: u64 = members.iter().map(|at| (at / COLUMNS / ROWS) as u64 + 1).sum();
            let keep = volume >= least && members.iter().any(|at| flags[*at] & CONVINCING != 0);
            for at in members {
                accepted[at] = keep;
            }
        }
        accepted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn runs_make_the_components_that_flooding_makes(
            flags in proptest::collection::vec(0_u8..4, SLICES * ROWS * COLUMNS), least in 0_u64..12,
        ) {
            let mut runs = ComponentRuns::new(COLUMNS);
            for (z, slice) in flags.chunks(ROWS * COLUMNS).enumerate() {
                runs.add_slice(z, z as u64 + 1, slice, 0..ROWS, [MASK, CONVINCING]);
            }
            let mut accepted = vec![false; flags.len()];
            for SliceRuns { z, runs } in runs.into_accepted(least) {
                for run in runs {
                    accepted[z * ROWS * COLUMNS..][run.voxels].fill(run.accepted);
                }
            }
            prop_assert_eq!(accepted, flooded(&flags, least));
        }
    }

    #[test]
    fn a_slice_between_that_is_left_out_parts_a_component() {
        let mut runs = ComponentRuns::new(1);
        runs.add_slice(0, 1, &[MASK | CONVINCING], 0..1, [MASK, CONVINCING]);
        runs.add_slice(2, 1, &[MASK], 0..1, [MASK, CONVINCING]);
        let accepted: Vec<bool> = runs.into_accepted(0).iter().map(|slice| slice.runs[0].accepted).collect();
        assert_eq!(accepted, [true, false]);
    }
}
