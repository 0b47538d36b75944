//! From a stack to its volume, slice by slice, so that a worker can show and answer in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use corsai_protocol::{Issue, IssueCode, Severity};

use crate::frame_decoder::{Ahead, Task};
use crate::hu_check as plausible;
use crate::image::Fault;
use crate::modality_lut::Table;
use crate::series::fault_issues;
use crate::stack::{Layout, Stack, lay_out};
use crate::volume::{Grid, HuVolume};

/// The picture of a slice is damaged; it counts as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slice is damaged")]
pub struct Damaged;

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Waiting,
    /// Its index among the decoded slices in memory.
    Decoded(usize),
    Damaged(Fault),
}

/// A volume in the making. Slices are numbered as in [`Decoding::grid`].
pub struct Decoding {
    stack: Arc<Stack>,
    /// What was said of the series apart from its layout.
    issues: Vec<Issue>,
    /// Whole slices in the order in which they were decoded: memory is touched slice by slice, so that the first one
    /// doesn't wait for all of it.
    voxels: Vec<i16>,
    states: Vec<State>,
    /// Slices by picture.
    places: BTreeMap<u32, usize>,
    /// Slices that show nothing.
    blank: usize,
    table: Option<Table>,
}

/// A volume and all that is to be said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    pub volume: HuVolume,
    /// Those of the series' summary and what decoding added: the whole list.
    pub issues: Vec<Issue>,
}

impl std::fmt::Debug for Decoding {
    /// Without the voxels, of which there are millions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoding").field("stack", &self.stack).field("states", &self.states).finish_non_exhaustive()
    }
}

impl Decoding {
    /// # Errors
    /// [`IssueCode::InputTooLarge`] where there is no memory for the volume.
    pub(crate) fn new(stack: Arc<Stack>, issues: Vec<Issue>) -> Result<Self, Vec<Issue>> {
        let count = stack.layout.grid.len();
        let mut voxels = Vec::new();
        if voxels.try_reserve_exact(count).is_err() {
            return Err(vec![Issue::new(IssueCode::InputTooLarge, "")]);
        }
        let states = vec![State::Waiting; stack.members.len()];
        let places = stack.members.iter().enumerate().map(|(z, member)| (member.picture, z)).collect();
        Ok(Self { stack, issues, voxels, states, places, blank: 0, table: None })
    }

    /// The grid as far as it is known before decoding: damaged slices are still in it.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.stack.layout.grid
    }

    /// Slices still to decode, the middle one first, then those around it.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let middle = self.states.len() / 2;
        let mut order: Vec<usize> =
            (0..self.states.len()).filter(|z| self.states.get(*z) == Some(&State::Waiting)).collect();
        order.sort_by_key(|z| z.abs_diff(middle));
        order
    }

    /// Decodes one slice; nothing where that was done before.
    ///
    /// # Errors
    /// [`Damaged`] for a slice whose picture can't be decoded, and beyond the last slice.
    pub fn decode(&mut self, z: usize) -> Result<(), Damaged> {
        let area = self.grid().rows * self.grid().columns;
        let (Some(member), Some(state)) = (self.stack.members.get(z), self.states.get_mut(z)) else {
            return Err(Damaged);
        };
        if *state == State::Waiting {
            let start = self.voxels.len();
            self.voxels.resize(start + area, 0);
            let hu = &mut self.voxels[start..];
            *state = match member.decode(&mut self.table, hu) {
                Ok(()) => {
                    self.blank += usize::from(is_blank(hu));
                    State::Decoded(start / area.max(1))
                }
                Err(fault) => {
                    self.voxels.truncate(start);
                    State::Damaged(fault)
                }
            };
        }
        if matches!(state, State::Decoded(_)) { Ok(()) } else { Err(Damaged) }
    }

    /// One slice as work for another instance; `None` where it is better decoded here, or isn't waiting.
    #[must_use]
    pub fn task(&self, z: usize) -> Option<Task<'_>> {
        let waiting = self.states.get(z) == Some(&State::Waiting);
        self.stack.members.get(z).filter(|_| waiting)?.task()
    }

    /// Takes what was decoded before it was known what belongs to it. Gives the slices that are there now.
    pub fn adopt(&mut self, ahead: Ahead) -> Vec<usize> {
        let known = ahead.into_iter().filter_map(|(picture, decoded)| Some((self.place_of(picture)?, decoded)));
        let known: Vec<_> = known.collect();
        known.into_iter().filter_map(|(z, decoded)| self.accept(z, decoded).is_ok().then_some(z)).collect()
    }

    /// Which slice a task's picture is; `None` for one of another series.
    #[must_use]
    pub fn place_of(&self, picture: u32) -> Option<usize> {
        self.places.get(&picture).copied()
    }

    /// Takes what another instance made of a slice; nothing where it is there already.
    ///
    /// # Errors
    /// [`Damaged`] where it could not be decoded, and beyond the last slice.
    pub fn accept(&mut self, z: usize, decoded: Result<Vec<i16>, Fault>) -> Result<(), Damaged> {
        let area = self.grid().rows * self.grid().columns;
        let state = self.states.get_mut(z).ok_or(Damaged)?;
        if *state == State::Waiting {
            *state = match decoded {
                Ok(hu) if hu.len() == area => {
                    self.blank += usize::from(is_blank(&hu));
                    self.voxels.extend_from_slice(&hu);
                    State::Decoded(self.voxels.len() / area.max(1) - 1)
                }
                Ok(_) => State::Damaged(Fault::new(IssueCode::CodecFailed, "")),
                Err(fault) => State::Damaged(fault),
            };
        }
        if matches!(state, State::Decoded(_)) { Ok(()) } else { Err(Damaged) }
    }

    /// One slice's `rows · columns` Hounsfield units, once it is decoded.
    #[must_use]
    pub fn slice(&self, z: usize) -> Option<&[i16]> {
        let area = self.grid().rows * self.grid().columns;
        let Some(State::Decoded(at)) = self.states.get(z) else { return None };
        self.voxels.get(at * area..(at + 1) * area)
    }

    /// The volume, after decoding what still waits. Damaged slices are left out of it as if their files were missing,
    /// which moves the numbers of the slices above them.
    ///
    /// # Errors
    /// Everything that is to be said, at least one of it of severity [`Severity::Stop`].
    pub fn finish(mut self) -> Result<Decoded, Vec<Issue>> {
        for z in self.order() {
            // A damaged slice is noted in its state.
            let _ = self.decode(z);
        }
        let mut faults: BTreeMap<(IssueCode, String), Vec<String>> = BTreeMap::new();
        for (member, state) in self.stack.members.iter().zip(&self.states) {
            if let State::Damaged(fault) = state {
                faults.entry((fault.code, fault.found.clone())).or_default().push(member.name.clone());
            }
        }
        let mut issues = self.issues;
        let area = self.stack.layout.grid.rows * self.stack.layout.grid.columns;
        let (kept, places): (Vec<_>, Vec<usize>) = self
            .stack
            .members
            .iter()
            .zip(&self.states)
            .filter_map(|(member, state)| if let State::Decoded(at) = state { Some((member, *at)) } else { None })
            .unzip();
        let Layout { grid, issues: placing } = if faults.is_empty() {
            self.stack.layout.clone()
        } else {
            let severity = if kept.is_empty() { Severity::Stop } else { Severity::Skip };
            issues.extend(fault_issues(faults, severity));
            match lay_out(&kept) {
                Ok(layout) => layout,
                Err(trouble) => {
                    issues.push(trouble.issue());
                    return Err(issues);
                }
            }
        };
        sort(&mut self.voxels, places, area);
        issues.extend(placing);
        if self.blank > 0 {
            issues.push(Issue::new(IssueCode::PixelsBlank, &format!("{} of {}", self.blank, grid.slices)));
        }
        if let Some(issue) = plausible::doubt(&self.voxels) {
            issues.push(issue);
            return Err(issues);
        }
        let volume = HuVolume::new(grid, self.voxels).expect("invariant: the decoded slices fill their grid");
        Ok(Decoded { volume, issues })
    }
}

/// Returns whether all of a slice has one value: there is no picture on it.
pub(crate) fn is_blank(hu: &[i16]) -> bool {
    hu.iter().all(|value| Some(value) == hu.first())
}

/// Brings slices of `area` voxels into order: the one at `places[z]` becomes the `z`th.
fn sort(voxels: &mut [i16], mut places: Vec<usize>, area: usize) {
    for z in 0..places.len() {
        let from = places[z];
        if from == z {
            continue;
        }
        let (before, rest) = voxels.split_at_mut(from * area);
        let here = before.get_mut(z * area..(z + 1) * area).expect("invariant: slices before this one are in order");
        here.swap_with_slice(&mut rest[..area]);
        // What lay here lies there now.
        let moved = places[z + 1..].iter_mut().find(|place| **place == z);
        *moved.expect("invariant: every decoded slice has one place") = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slices_are_sorted_from_any_order(order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle()) {
            let mut voxels = vec![0; 18];
            for (z, at) in order.iter().enumerate() {
                voxels[at * 2..at * 2 + 2].copy_from_slice(&[z as i16, -(z as i16)]);
            }
            sort(&mut voxels, order, 2);
            prop_assert_eq!(voxels, (0..9).flat_map(|z| [z, -z]).collect::<Vec<i16>>());
        }
    }
}
