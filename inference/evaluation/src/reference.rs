//! Reference masks of a study: lungs and lesions on its grid, checked before they count.

use corsai_volume::Grid;
use corsai_volume::label::{LEFT_LUNG, LESION, RIGHT_LUNG};
use thiserror::Error;

/// The numbers of the two lungs in a lung mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LungLabels {
    /// That of the patient's right lung.
    pub right: u8,
    /// That of the patient's left lung.
    pub left: u8,
}

impl Default for LungLabels {
    /// Returns the numbers that `corsai analyse --masks` writes.
    fn default() -> Self {
        Self { right: 1, left: 2 }
    }
}

/// The reason why a reference mask can't be used; its text is for people.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum MaskError {
    /// The file can't be read as a mask.
    #[error("The {mask} mask can't be read: {why}. Write it as a three-dimensional NIfTI-1 file of whole numbers.")]
    Unreadable {
        /// Lung or lesion.
        mask: &'static str,
        /// The file's error in words.
        why: String,
    },
    /// The mask has another size than the study, or its voxels are elsewhere.
    #[error(
        "The {mask} mask is not on the CT's grid: {found}. Resample it to the CT by nearest neighbour, and save it with the CT's orientation."
    )]
    Grid {
        /// Lung or lesion.
        mask: &'static str,
        /// The difference in words.
        found: String,
    },
    /// The lung mask holds other numbers than the two labels.
    #[error(
        "The lung mask holds {found}. It needs {} for the right lung and {} for the left, or one number for both. Name other numbers with --lung-labels.",
        labels.right, labels.left
    )]
    Labels {
        /// The mask's numbers.
        found: String,
        /// The labels that were expected.
        labels: LungLabels,
    },
    /// The right lung's label is on the patient's left.
    #[error(
        "The lung mask has right and left swapped: the right lung's number is on the patient's left. Name the numbers with --lung-labels, or correct the mask's orientation."
    )]
    Swapped,
    /// The lung mask holds no lung.
    #[error("The lung mask is empty. Leave it out if nobody has outlined the lungs.")]
    Empty,
}

impl MaskError {
    /// Returns the stable name, as `mask.grid`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "mask.unreadable",
            Self::Grid { .. } => "mask.grid",
            Self::Labels { .. } => "mask.labels",
            Self::Swapped => "mask.sides-swapped",
            Self::Empty => "mask.empty",
        }
    }
}

/// Reference masks of one study, as label bytes on its grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferenceMasks {
    /// One byte a voxel; both bits in a mask that doesn't tell the sides.
    pub(crate) lungs: Option<Vec<u8>>,
    /// Whether the lung mask tells right from left.
    pub(crate) has_sides: bool,
    /// [`LESION`] or 0.
    pub(crate) lesions: Option<Vec<u8>>,
}

impl ReferenceMasks {
    /// Returns the reference of two masks, one number a voxel of `grid` each. In the lesion mask
    /// every number but 0 is lesion.
    ///
    /// # Errors
    /// [`MaskError::Labels`], [`MaskError::Swapped`] and [`MaskError::Empty`] of a lung mask.
    ///
    /// # Panics
    /// Where a mask doesn't have a number for each voxel.
    pub fn new(
        grid: &Grid,
        lungs: Option<Vec<u8>>,
        lesions: Option<Vec<u8>>,
        labels: LungLabels,
    ) -> Result<Self, MaskError> {
        for mask in [&lungs, &lesions].into_iter().flatten() {
            assert_eq!(mask.len(), grid.voxel_count(), "invariant: a mask has a number for each voxel");
        }
        let lesions = lesions.map(|mask| mask.into_iter().map(|value| if value == 0 { 0 } else { LESION }).collect());
        let Some(mut mask) = lungs else { return Ok(Self { lungs: None, has_sides: false, lesions }) };
        let mut counts = [0_u64; 256];
        for value in &mask {
            counts[usize::from(*value)] += 1;
        }
        let numbers: Vec<u8> = (1..=u8::MAX).filter(|value| counts[usize::from(*value)] > 0).collect();
        let both = RIGHT_LUNG | LEFT_LUNG;
        let sides = numbers.contains(&labels.right) && numbers.contains(&labels.left) && numbers.len() == 2;
        let byte = |value: u8| match value {
            0 => 0,
            value if sides && value == labels.right => RIGHT_LUNG,
            _ if sides => LEFT_LUNG,
            _ => both,
        };
        match numbers.len() {
            0 => return Err(MaskError::Empty),
            1 => {}
            _ if sides => {}
            _ => {
                let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
                return Err(MaskError::Labels { found: words.join(", "), labels });
            }
        }
        for value in &mut mask {
            *value = byte(*value);
        }
        // Columns run from the patient's right to the left.
        let middle = |side: u8| {
            let columns =
                mask.iter().enumerate().filter(|(_, value)| **value == side).map(|(at, _)| at % grid.columns());
            let (count, sum) = columns.fold((0.0, 0.0), |(count, sum), column| (count + 1.0, sum + column as f64));
            sum / count
        };
        if sides && middle(RIGHT_LUNG) >= middle(LEFT_LUNG) {
            return Err(MaskError::Swapped);
        }
        Ok(Self { lungs: Some(mask), has_sides: sides, lesions })
    }

    /// Returns whether there is any mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lungs.is_none() && self.lesions.is_none()
    }
}

#[cfg(test)]
pub(crate) mod tests {

    use super::*;

    /// One slice of one row, 10 × 10 × 10 mm a voxel: 1 mL.
    pub(crate) fn row(columns: usize) -> Grid {
        Grid::evenly_spaced([1, 1, columns], [10.0; 3]).unwrap()
    }

    fn lungs(mask: &[u8], labels: LungLabels) -> Result<ReferenceMasks, MaskError> {
        ReferenceMasks::new(&row(mask.len()), Some(mask.to_vec()), None, labels)
    }

    #[test]
    fn two_labels_are_right_and_left_and_one_is_both() {
        let plain = LungLabels::default();
        let found = lungs(&[0, 1, 1, 0, 2, 0], plain).unwrap();
        assert_eq!((found.lungs.unwrap(), found.has_sides), (vec![0, 1, 1, 0, 2, 0], true));
        for number in [1, 2, 255] {
            let found = lungs(&[0, number, 0, number], plain).unwrap();
            assert_eq!((found.lungs.unwrap(), found.has_sides), (vec![0, 3, 0, 3], false));
        }
        let other = LungLabels { right: 2, left: 1 };
        assert_eq!(lungs(&[2, 1], other).unwrap().lungs.unwrap(), [1, 2]);
    }

    #[test]
    fn labels_that_can_not_be_right_are_refused() {
        let plain = LungLabels::default();
        assert_eq!(lungs(&[2, 2, 0, 1], plain), Err(MaskError::Swapped));
        assert_eq!(lungs(&[0, 0], plain), Err(MaskError::Empty));
        let error = lungs(&[1, 2, 3], plain).unwrap_err();
        assert_eq!(error.code(), "mask.labels");
        assert!(error.to_string().starts_with("The lung mask holds 1, 2, 3. It needs 1 for the right lung and 2"));
        assert!(lungs(&[3, 4], plain).is_err());
    }

    #[test]
    fn every_number_but_none_is_lesion() {
        let truth = ReferenceMasks::new(&row(4), None, Some(vec![0, 1, 3, 255]), LungLabels::default()).unwrap();
        assert_eq!(truth.lesions.as_deref(), Some(&[0, 4, 4, 4][..]));
        assert!(!truth.is_empty() && ReferenceMasks::default().is_empty());
    }
}
