//! Lesions on axial slices: one square box around the lungs, every member's probability, their mean, cut by the lungs.

use corsai_protocol::{Input, label};
use corsai_study::HuVolume;

use crate::{
    EnsembleError,
    prepare::Square,
    resize::{Filter, plane},
};

/// The lesions' stage of an analysis.
#[derive(Debug)]
pub(crate) struct LesionStage {
    input: Input,
    square: Square,
    threshold: f32,
    /// From the input's size to the box's pixels.
    back: Filter,
    /// Slices that show lung, the largest lung area first.
    pub slices: Vec<usize>,
    /// Answers of each member a slice, until all are there.
    answers: Vec<Vec<Option<Vec<f32>>>>,
}

impl LesionStage {
    /// `labels` holds the lungs' label bytes of the whole volume. `None` when no voxel is lung.
    pub fn new(volume: &HuVolume, labels: &[u8], input: &Input, threshold: f64, members: usize) -> Option<Self> {
        let grid = volume.grid();
        let [mut top, mut bottom, mut left, mut right] = [usize::MAX, 0, usize::MAX, 0];
        let mut areas = Vec::new();
        for (z, slice) in labels.chunks_exact(grid.rows * grid.columns).enumerate() {
            let mut area = 0usize;
            for (row, line) in slice.chunks_exact(grid.columns).enumerate() {
                for (column, _) in line.iter().enumerate().filter(|(_, l)| **l != 0) {
                    area += 1;
                    top = top.min(row);
                    bottom = bottom.max(row);
                    left = left.min(column);
                    right = right.max(column);
                }
            }
            if area > 0 {
                areas.push((area, z));
            }
        }
        if areas.is_empty() {
            return None;
        }
        areas.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let square = Square::around((top, bottom), (left, right), input.box_margin);
        Some(Self {
            input: input.clone(),
            square,
            threshold: threshold as f32,
            back: Filter::new(input.size, square.side),
            answers: vec![vec![None; members]; grid.slices],
            slices: areas.into_iter().map(|(_, z)| z).collect(),
        })
    }

    pub fn network_input(&self, volume: &HuVolume, z: usize) -> Vec<f32> {
        self.square.cut(volume, z, &self.input)
    }

    /// Takes one member's probabilities `[size, size]` of slice `z`; once all members answered, marks the lesions in
    /// the slice's `labels` and returns true.
    pub fn accept(
        &mut self,
        (member, z): (usize, usize),
        answer: Vec<f32>,
        columns: usize,
        labels: &mut [u8],
    ) -> Result<bool, EnsembleError> {
        let expected = self.input.size * self.input.size;
        if answer.len() != expected {
            return Err(EnsembleError::Answer { found: answer.len(), expected });
        }
        let slice = self.answers.get_mut(z).ok_or(EnsembleError::UnknownJob)?;
        *slice.get_mut(member).ok_or(EnsembleError::UnknownJob)? = Some(answer);
        if slice.iter().any(Option::is_none) {
            return Ok(false);
        }
        // Summed in the members' order, whatever the order of arrival.
        let members = slice.len() as f32;
        let mut mean = vec![0.0f32; expected];
        for answer in slice.iter_mut().filter_map(Option::take) {
            for (sum, p) in mean.iter_mut().zip(answer) {
                *sum += p / members;
            }
        }
        let probability = plane(&mean, self.input.size, &self.back, &self.back);
        let side = self.square.side;
        for (row, line) in labels.chunks_exact_mut(columns).enumerate() {
            let Some(i) = row.checked_sub_signed(self.square.row).filter(|i| *i < side) else { continue };
            for (column, voxel) in line.iter_mut().enumerate().filter(|(_, v)| **v != 0) {
                let Some(j) = column.checked_sub_signed(self.square.column).filter(|j| *j < side) else { continue };
                if probability[i * side + j] > self.threshold {
                    *voxel |= label::LESION;
                }
            }
        }
        Ok(true)
    }
}
