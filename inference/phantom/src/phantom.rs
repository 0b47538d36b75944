//! The phantom as a whole: options, voxels, labels, and the truth counted from the labels.

use corsai_protocol::PhantomRequest;
use corsai_volume::label;

use dicom_core::value::deserialize::parse_date;

use crate::anatomy::Anatomy;
use crate::branching_trees::BranchingTrees;
use crate::lesions::DiseaseExtent;
use crate::noise::{RandomSequence, hash};
use crate::render::{Patient, VoxelGrid, add_noise};

/// Patient, date, extent of disease, and grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomOptions {
    /// Acquisition date as the digits `YYYYMMDD`.
    pub yyyymmdd: u32,
    /// Lesion volume / lung volume of the patient's left lung, 0..=0.9.
    pub share_left: f64,
    /// Lesion volume / lung volume of the patient's right lung, 0..=0.9.
    pub share_right: f64,
    /// Seed of the patient: anatomy and the order in which places fall ill.
    pub seed: u64,
    /// Columns and rows of a slice, 64..=512; the field of view is 360 mm.
    pub columns: usize,
    /// Slices, 31..=620; together they are 310 mm high.
    pub slices: usize,
}

impl Default for PhantomOptions {
    fn default() -> Self {
        Self { yyyymmdd: 20_200_420, share_left: 0.12, share_right: 0.24, seed: 1, columns: 256, slices: 62 }
    }
}

impl From<PhantomRequest> for PhantomOptions {
    fn from(date: PhantomRequest) -> Self {
        let PhantomRequest { yyyymmdd, share_left, share_right } = date;
        Self { yyyymmdd, share_left, share_right, ..Self::default() }
    }
}

/// Options that no phantom can be made of.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PhantomError {
    /// A share outside 0..=0.9.
    #[error("a lung's lesion share has to be from 0 to 0.9, not {0}")]
    Share(f64),
    /// Not a day of the calendar.
    #[error("{0} is no date of the form YYYYMMDD")]
    Date(u32),
    /// Too few or too many voxels.
    #[error("a slice has 64 to 512 columns and a phantom 31 to 620 slices, not {columns} and {slices}")]
    Grid {
        /// Columns and rows of a slice.
        columns: usize,
        /// Number of slices.
        slices: usize,
    },
}

/// Volumes of one lung, counted from the labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LungTruth {
    /// The lung with its lesions, mL.
    pub volume_ml: f64,
    /// Lesions, mL.
    pub lesion_ml: f64,
    /// Lesion volume / lung volume, 0..=1.
    pub share: f64,
}

/// Volumes of both lungs; left and right are the patient's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// The patient's left lung.
    pub left: LungTruth,
    /// The patient's right lung.
    pub right: LungTruth,
}

/// A synthetic chest CT: slice 0 nearest the feet, rows from anterior to posterior, columns from
/// the patient's right to the patient's left.
pub struct Phantom {
    options: PhantomOptions,
    view: VoxelGrid,
    hu: Vec<i16>,
    labels: Vec<u8>,
}

impl Phantom {
    /// Makes the phantom; about a second at the default size.
    ///
    /// # Errors
    /// Where the options are out of range.
    pub fn generate(options: PhantomOptions) -> Result<Self, PhantomError> {
        check(&options)?;
        let PhantomOptions { seed, columns, slices, .. } = options;
        let mut draw = RandomSequence::new(hash(seed, [1, 0, 0]));
        let stature = [0.03, 0.03, 0.02].map(|spread| 1.0 + spread * draw.signed());
        let anatomy = Anatomy::new();
        let trees = BranchingTrees::grow(&anatomy, hash(seed, [2, 0, 0]));
        let patient = Patient { anatomy, trees, seed: hash(seed, [3, 0, 0]), stature };
        let view = VoxelGrid::new(columns, slices, patient.stature);

        let lungs: Vec<_> = (0..slices).map(|slice| patient.lungs(&view, slice)).collect();
        let mut labels = Vec::with_capacity(slices * columns * columns);
        for slice in &lungs {
            let side = |i: usize| if i % columns * 2 < columns { label::RIGHT_LUNG } else { label::LEFT_LUNG };
            labels.extend(slice.cover.iter().enumerate().map(|(i, cover)| if *cover >= 128 { side(i) } else { 0 }));
        }

        let fields = || lungs.iter().flat_map(|slice| &slice.field);
        let spread = |lung: u8, share: f64| {
            let mut values: Vec<f32> =
                fields().zip(&labels).filter(|(_, label)| **label == lung).map(|(value, _)| *value).collect();
            DiseaseExtent::of_share(&mut values, share)
        };
        let right = spread(label::RIGHT_LUNG, options.share_right);
        let left = spread(label::LEFT_LUNG, options.share_left);
        for (voxel, field) in labels.iter_mut().zip(fields()) {
            let spread = if *voxel == label::LEFT_LUNG { &left } else { &right };
            if *voxel != 0 && *field >= spread.lesion {
                *voxel |= label::LESION;
            }
        }

        // Each visit has its own noise, or the difference of two would show the lesions alone.
        let noise = hash(seed, [4, i64::from(options.yyyymmdd), 0]);
        let mut hu = Vec::with_capacity(labels.len());
        for (index, lungs) in lungs.iter().enumerate() {
            let image = patient.slice(&view, index, lungs, [right, left]);
            hu.extend(add_noise(&image, columns, noise, index));
        }
        Ok(Self { options, view, hu, labels })
    }

    /// Returns the options of the phantom.
    #[must_use]
    pub fn options(&self) -> &PhantomOptions {
        &self.options
    }

    /// Returns the number of columns of a slice, which is also that of its rows.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.view.columns
    }

    /// Returns the number of slices.
    #[must_use]
    pub fn slices(&self) -> usize {
        self.view.slices
    }

    /// Returns the distance of neighbouring columns and of neighbouring rows, mm.
    #[must_use]
    pub fn pixel_mm(&self) -> f64 {
        self.view.pixel_mm()
    }

    /// Returns the distance and thickness of slices, mm.
    #[must_use]
    pub fn slice_mm(&self) -> f64 {
        self.view.slice_mm()
    }

    /// Returns the patient coordinates (LPS) of a slice's first voxel, mm.
    #[must_use]
    pub fn position_mm(&self, slice: usize) -> [f64; 3] {
        self.view.position_mm(slice)
    }

    /// Returns `slices · columns · columns` Hounsfield units.
    #[must_use]
    pub fn hu(&self) -> &[i16] {
        &self.hu
    }

    /// Returns one label byte for each voxel ([`corsai_volume::label`]), in the same order. Lung is
    /// the space within the pleura with lesions and thin vessels, without the thick vessels of the
    /// hilum and their bronchi.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns volumes and shares, counted from the labels.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let voxel_ml = self.pixel_mm() * self.pixel_mm() * self.slice_mm() / 1000.0;
        let count = |wanted: u8| self.labels.iter().filter(|label| **label & wanted == wanted).count() as f64;
        let lung = |side: u8| {
            let (all, ill) = (count(side), count(side | label::LESION));
            LungTruth { volume_ml: all * voxel_ml, lesion_ml: ill * voxel_ml, share: ill / all.max(1.0) }
        };
        Truth { left: lung(label::LEFT_LUNG), right: lung(label::RIGHT_LUNG) }
    }
}

fn check(options: &PhantomOptions) -> Result<(), PhantomError> {
    let PhantomOptions { yyyymmdd, columns, slices, .. } = *options;
    for share in [options.share_left, options.share_right] {
        if !(0.0..=0.9).contains(&share) {
            return Err(PhantomError::Share(share));
        }
    }
    let year = yyyymmdd / 10_000;
    if !(1900..=9999).contains(&year) || parse_date(yyyymmdd.to_string().as_bytes()).is_err() {
        return Err(PhantomError::Date(yyyymmdd));
    }
    if !(64..=512).contains(&columns) || !(31..=620).contains(&slices) {
        return Err(PhantomError::Grid { columns, slices });
    }
    Ok(())
}
