//! From a stack to its volume, slice by slice, so that a worker can show and answer in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use corsai_protocol::{Issue, IssueCode, Severity};

use crate::image::Fault;
use crate::plausible;
use crate::series::fault_issues;
use crate::stack::{Layout, Stack, lay_out};
use crate::transfer::Table;
use crate::volume::{Grid, HuVolume};

/// The picture of a slice is damaged; it counts as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slice is damaged")]
pub struct Damaged;

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Waiting,
    Decoded,
    Damaged(Fault),
}

/// A volume in the making. Slices are numbered as in [`Decoding::grid`].
pub struct Decoding {
    stack: Arc<Stack>,
    /// What was said of the series apart from its layout.
    issues: Vec<Issue>,
    voxels: Vec<i16>,
    states: Vec<State>,
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
        voxels.resize(count, 0);
        let states = vec![State::Waiting; stack.members.len()];
        Ok(Self { stack, issues, voxels, states, table: None })
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
            let hu = self.voxels.get_mut(z * area..(z + 1) * area).unwrap_or_default();
            *state = match member.decode(&mut self.table, hu) {
                Ok(()) => State::Decoded,
                Err(fault) => State::Damaged(fault),
            };
        }
        if *state == State::Decoded { Ok(()) } else { Err(Damaged) }
    }

    /// One slice's `rows · columns` Hounsfield units, once it is decoded.
    #[must_use]
    pub fn slice(&self, z: usize) -> Option<&[i16]> {
        let area = self.grid().rows * self.grid().columns;
        let decoded = self.states.get(z) == Some(&State::Decoded);
        decoded.then(|| self.voxels.get(z * area..(z + 1) * area)).flatten()
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
        let Layout { grid, issues: placing } = if faults.is_empty() {
            self.stack.layout.clone()
        } else {
            let whole: Vec<bool> = self.states.iter().map(|state| *state == State::Decoded).collect();
            let severity = if whole.contains(&true) { Severity::Skip } else { Severity::Stop };
            issues.extend(fault_issues(faults, severity));
            let kept = self.stack.members.iter().zip(&whole).filter(|(_, whole)| **whole);
            match lay_out(&kept.map(|(member, _)| member).collect::<Vec<_>>()) {
                Ok(layout) => {
                    close_up(&mut self.voxels, &whole, layout.grid.rows * layout.grid.columns);
                    layout
                }
                Err(trouble) => {
                    issues.push(trouble.issue());
                    return Err(issues);
                }
            }
        };
        issues.extend(placing);
        if let Some(issue) = plausible::doubt(&self.voxels) {
            issues.push(issue);
            return Err(issues);
        }
        match HuVolume::new(grid, self.voxels) {
            Some(volume) => Ok(Decoded { volume, issues }),
            None => Err(vec![Issue::new(IssueCode::ResultWithheld, "")]),
        }
    }
}

/// Moves the slices that are kept next to one another.
fn close_up(voxels: &mut Vec<i16>, kept: &[bool], area: usize) {
    let mut to = 0;
    for from in (0..kept.len()).filter(|z| kept.get(*z) == Some(&true)) {
        voxels.copy_within(from * area..(from + 1) * area, to * area);
        to += 1;
    }
    voxels.truncate(to * area);
}
