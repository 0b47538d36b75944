//! From a stack of slices to its volume, slice by slice, so that a worker can show slices and
//! answer messages in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use corsai_report::{Issue, IssueCode, Severity};
use corsai_volume::{Grid, HuVolume};

use crate::error::{CodecError, SliceError};
use crate::image::file_image::Origin;
use crate::image::frame_decoder::{DecodeJob, Prefetched};
use crate::image::modality_lut::ModalityLut;
use crate::issues::{RefusedFiles, ToIssue};
use crate::series::decoded_volume::{DecodedVolume, blank_slices, is_blank};
use crate::series::hu_check;
use crate::series::released::read_again;
use crate::series::stack::SliceStack;
use crate::series::stack_geometry::StackGeometry;

#[derive(Debug, Clone, PartialEq, Eq)]
enum SliceState {
    Waiting,
    /// Index among the decoded slices.
    Decoded(usize),
    Failed(SliceError),
}

/// Decodes the slices of one series. Slices are numbered as in [`VolumeDecoder::grid`].
pub struct VolumeDecoder {
    stack: Arc<SliceStack>,
    /// Issues of the series without those of its geometry.
    issues: Vec<Issue>,
    /// Whole slices in the order in which they were decoded: memory is touched slice by slice, so
    /// that the first slice doesn't wait for all of it.
    voxels: Vec<i16>,
    states: Vec<SliceState>,
    /// Slices by the numbers of their images.
    slices: BTreeMap<u32, usize>,
    /// Number of slices that show nothing.
    blank: usize,
    lut: Option<ModalityLut>,
}

impl std::fmt::Debug for VolumeDecoder {
    /// Leaves out the millions of voxels.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VolumeDecoder")
            .field("stack", &self.stack)
            .field("states", &self.states)
            .finish_non_exhaustive()
    }
}

impl VolumeDecoder {
    /// # Errors
    /// [`IssueCode::InputTooLarge`] where there is no memory for the volume.
    pub(crate) fn new(stack: Arc<SliceStack>, issues: Vec<Issue>) -> Result<Self, Vec<Issue>> {
        let mut voxels = Vec::new();
        if voxels.try_reserve_exact(stack.geometry.grid.voxel_count()).is_err() {
            return Err(vec![Issue::new(IssueCode::InputTooLarge, [])]);
        }
        let states = vec![SliceState::Waiting; stack.slices.len()];
        let slices = stack.slices.iter().enumerate().map(|(z, slice)| (slice.number, z)).collect();
        Ok(Self { stack, issues, voxels, states, slices, blank: 0, lut: None })
    }

    /// Returns the grid as it is known before decoding: slices that can't be decoded are in it.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.stack.geometry.grid
    }

    /// Returns the slices still to decode, the middle one first, then those around it.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let middle = self.states.len() / 2;
        let mut order: Vec<usize> =
            (0..self.states.len()).filter(|z| self.states.get(*z) == Some(&SliceState::Waiting)).collect();
        order.sort_by_key(|z| z.abs_diff(middle));
        order
    }

    /// Decodes one slice, unless that was tried before.
    ///
    /// # Errors
    /// Why the slice can't be decoded; [`SliceError::NoSuchSlice`] beyond the last slice.
    pub fn decode(&mut self, z: usize) -> Result<(), SliceError> {
        let area = self.grid().area();
        let slice = self.stack.slices.get(z).ok_or(SliceError::NoSuchSlice)?;
        if self.states.get(z) == Some(&SliceState::Waiting) {
            let start = self.voxels.len();
            self.voxels.resize(start + area, 0);
            let result = slice.decode(&mut self.lut, &mut self.voxels[start..]);
            if result.is_err() {
                self.voxels.truncate(start);
            }
            self.finish_slice(z, result);
        }
        self.outcome(z)
    }

    /// Returns the files to be read again before their slices can be decoded, by the order in which
    /// they were added, from 0: [`crate::Intake`] released their bytes.
    #[must_use]
    pub fn released_files(&self) -> Vec<usize> {
        let waiting = self.stack.slices.iter().zip(&self.states).filter(|(_, state)| **state == SliceState::Waiting);
        let files = waiting.filter(|(slice, _)| slice.is_released()).map(|(slice, _)| slice.origin.file);
        files.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    /// Decodes the waiting slices of one of [`Self::released_files`] from its bytes. Returns those
    /// that are decoded.
    pub fn decode_file(&mut self, file: usize, bytes: Vec<u8>) -> Vec<usize> {
        let stack = Arc::clone(&self.stack);
        let waiting = stack.slices.iter().enumerate().filter(|(z, slice)| {
            slice.origin.file == file && slice.is_released() && self.states.get(*z) == Some(&SliceState::Waiting)
        });
        let wanted: BTreeMap<Origin, usize> = waiting.map(|(z, slice)| (slice.origin, z)).collect();
        let mut decoded = Vec::new();
        read_again(file, bytes, &wanted, |z, image| {
            let result = stack.slices.get(z).ok_or(SliceError::NoSuchSlice).and_then(|slice| slice.decode_again(image));
            decoded.extend(self.accept(z, result).is_ok().then_some(z));
        });
        decoded
    }

    /// Returns one slice as a job for another worker; `None` where its pixel data are native, or it
    /// isn't waiting.
    #[must_use]
    pub fn job(&self, z: usize) -> Option<DecodeJob<'_>> {
        let waiting = self.states.get(z) == Some(&SliceState::Waiting);
        self.stack.slices.get(z).filter(|_| waiting)?.job()
    }

    /// Takes slices that were decoded before their series was known. Returns those of this series
    /// that are decoded.
    pub fn accept_prefetched(&mut self, prefetched: Prefetched) -> Vec<usize> {
        let mut decoded = Vec::new();
        for (image, result) in prefetched {
            let Some(z) = self.slice_of_image(image) else { continue };
            // A slice of a series that is read in part was decoded whole.
            if result.as_ref().is_ok_and(|hu| hu.len() != self.grid().area()) {
                continue;
            }
            decoded.extend(self.accept(z, result).is_ok().then_some(z));
        }
        decoded
    }

    /// Returns the slice of an image, by its number in [`DecodeJob::image`]; `None` for one of
    /// another series.
    #[must_use]
    pub fn slice_of_image(&self, image: u32) -> Option<usize> {
        self.slices.get(&image).copied()
    }

    /// Takes what another worker decoded of a slice, unless the slice is decoded already.
    ///
    /// # Errors
    /// Why the slice can't be decoded; [`SliceError::NoSuchSlice`] beyond the last slice.
    pub fn accept(&mut self, z: usize, decoded: Result<Vec<i16>, SliceError>) -> Result<(), SliceError> {
        if self.states.get(z) == Some(&SliceState::Waiting) {
            let result = match decoded {
                Ok(hu) if hu.len() == self.grid().area() => {
                    self.voxels.extend_from_slice(&hu);
                    Ok(())
                }
                Ok(_) => Err(CodecError::Damaged.into()),
                Err(error) => Err(error),
            };
            self.finish_slice(z, result);
        }
        self.outcome(z)
    }

    /// Notes the result of a slice; a decoded one is the last in `voxels`.
    fn finish_slice(&mut self, z: usize, result: Result<(), SliceError>) {
        let area = self.grid().area();
        self.states[z] = match result {
            Ok(()) => {
                let start = self.voxels.len() - area;
                self.blank += usize::from(is_blank(&self.voxels[start..]));
                SliceState::Decoded(start / area)
            }
            Err(error) => {
                tracing::debug!(slice = z, %error, "slice not decoded");
                SliceState::Failed(error)
            }
        };
    }

    fn outcome(&self, z: usize) -> Result<(), SliceError> {
        match self.states.get(z) {
            Some(SliceState::Failed(error)) => Err(error.clone()),
            Some(_) => Ok(()),
            None => Err(SliceError::NoSuchSlice),
        }
    }

    /// Returns one slice's `rows · columns` Hounsfield units, once it is decoded.
    #[must_use]
    pub fn slice(&self, z: usize) -> Option<&[i16]> {
        let area = self.grid().area();
        let Some(SliceState::Decoded(at)) = self.states.get(z) else { return None };
        self.voxels.get(at * area..(at + 1) * area)
    }

    /// Decodes what still waits and returns the volume. Slices that can't be decoded are left out
    /// as if their files were missing, so that the slices above them have other numbers.
    ///
    /// # Errors
    /// All issues, at least one of them of severity [`Severity::Stop`].
    pub fn finish(mut self) -> Result<DecodedVolume, Vec<Issue>> {
        for z in self.order() {
            // The slice's state keeps the error.
            let _ = self.decode(z);
        }
        let Self { stack, mut issues, mut voxels, states, blank, .. } = self;
        let mut failed = RefusedFiles::new();
        let (mut decoded, mut places) = (Vec::new(), Vec::new());
        for (slice, state) in stack.slices.iter().zip(states) {
            match state {
                SliceState::Decoded(at) => {
                    decoded.push(slice);
                    places.push(at);
                }
                SliceState::Failed(error) => failed.add(error, slice.name.clone()),
                SliceState::Waiting => unreachable!("invariant: every slice was tried"),
            }
        }
        tracing::info!(
            slices = stack.slices.len(),
            decoded = decoded.len(),
            blank,
            voxels = voxels.len(),
            "series decoded"
        );
        let StackGeometry { grid, warnings, .. } = if failed.is_empty() {
            stack.geometry.clone()
        } else {
            let severity = if decoded.is_empty() { Severity::Stop } else { Severity::Skip };
            issues.extend(failed.into_issues(Some(severity)));
            match StackGeometry::of(&decoded) {
                Ok(geometry) => geometry,
                Err(error) => {
                    issues.push(error.to_issue());
                    return Err(issues);
                }
            }
        };
        sort_slices(&mut voxels, places, grid.area());
        issues.extend(warnings.iter().map(ToIssue::to_issue));
        issues.extend(blank_slices(blank, grid.slices()));
        let unsure = [IssueCode::SeriesDerived, IssueCode::NiftiAnonymous];
        let check = if issues.iter().any(|issue| unsure.contains(&issue.code)) {
            hu_check::check_derived
        } else {
            hu_check::check
        };
        if let Some(issue) = check(&voxels) {
            issues.push(issue);
            return Err(issues);
        }
        let volume = HuVolume::try_new(grid, voxels).expect("invariant: the decoded slices fill their grid");
        Ok(DecodedVolume { volume, issues })
    }
}

/// Sorts slices of `area` voxels: the one at `places[z]` becomes slice `z`.
fn sort_slices(voxels: &mut [i16], mut places: Vec<usize>, area: usize) {
    for z in 0..places.len() {
        let from = places[z];
        if from == z {
            continue;
        }
        let (before, rest) = voxels.split_at_mut(from * area);
        let here = before.get_mut(z * area..(z + 1) * area).expect("invariant: slices before this one are in order");
        here.swap_with_slice(&mut rest[..area]);
        // The slice that was here is there now.
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
            sort_slices(&mut voxels, order, 2);
            prop_assert_eq!(voxels, (0..9).flat_map(|z| [z, -z]).collect::<Vec<i16>>());
        }
    }
}
