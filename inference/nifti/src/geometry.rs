//! The places of voxels: from the header's quaternion or matrix to canonical axes.
//!
//! NIfTI's coordinates rise to the patient's right, front and head (RAS), DICOM's and those of this
//! project to the left, back and head (LPS).

use crate::error::NiftiError;

/// From (first, second, third index, 1) to millimetres.
type Affine = [[f64; 4]; 3];
/// Quaternion's b, c and d, the offset, and `qfac`.
type Qform = ([f64; 3], [f64; 3], f64);

/// Distances of voxels that a CT or its mask may have, mm.
const PLAUSIBLE_MM: std::ops::RangeInclusive<f64> = 0.01..=100.0;
/// By what share the header's two statements of a distance may differ.
const SAME_SPACING: f64 = 0.01;
/// Least volume that three unit axes span: three axes nearly in a plane are no grid.
const INDEPENDENT: f64 = 0.5;
/// What b² + c² + d² of a unit quaternion may exceed 1 by: f32's rounding.
const UNIT: f64 = 1e-3;
/// Squares of a below this are rounding of a half turn, whose a is 0.
const HALF_TURN: f64 = 1e-7;
/// Two grids are the same where no corner is farther apart than this part of the smallest distance
/// of voxels: rounding of positions, and no shift by half a voxel.
const SAME_PLACE: f64 = 0.25;

/// A grid in canonical order: columns run to the patient's left, rows to the back, slices to the
/// head; the first index, the column, runs fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// Columns, rows, slices.
    pub size: [usize; 3],
    /// From (column, row, slice, 1) to the patient's coordinates (LPS), mm.
    pub patient_from_voxel: [[f64; 4]; 3],
}

impl Geometry {
    /// Returns the number of voxels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// Returns whether there is no voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether both grids have the same voxels at the same places.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let tolerance = SAME_PLACE * self.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
        let near = |corner: [f64; 3]| {
            let [one, two] = [self, other].map(|grid| grid.patient_mm(corner));
            one.iter().zip(two).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() <= tolerance
        };
        let last = self.size.map(|side| (side.max(1) - 1) as f64);
        let corner = |which: usize| std::array::from_fn(|axis| if which >> axis & 1 == 1 { last[axis] } else { 0.0 });
        self.size == other.size && (0..8).all(|which| near(corner(which)))
    }

    fn patient_mm(&self, voxel: [f64; 3]) -> [f64; 3] {
        self.patient_from_voxel.map(|[a, b, c, d]| a * voxel[0] + b * voxel[1] + c * voxel[2] + d)
    }

    /// Returns the length of the step along each axis, mm.
    #[must_use]
    pub fn spacing_mm(&self) -> [f64; 3] {
        steps(&self.patient_from_voxel).map(length)
    }

    /// Returns the matrix as NIfTI has it (RAS).
    pub(crate) fn nifti_from_voxel(&self) -> Affine {
        ras_from_lps(self.patient_from_voxel)
    }
}

/// How a file's voxels come into canonical order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    pub geometry: Geometry,
    /// Canonical index of the file's first voxel.
    pub start: usize,
    /// What one step along each of the file's axes adds to the canonical index.
    pub strides: [isize; 3],
    /// Whether the header has an orientation.
    pub orientation_known: bool,
}

impl Placement {
    /// `size` and `pixdim` are along the file's axes; the matrix counts where there are both.
    ///
    /// # Errors
    /// [`NiftiError::Spacing`] and [`NiftiError::Orientation`].
    pub fn new(
        size: [usize; 3],
        pixdim: [f64; 3],
        sform: Option<Affine>,
        qform: Option<Qform>,
    ) -> Result<Self, NiftiError> {
        let orientation_known = sform.is_some() || qform.is_some();
        let turned = qform.map(|qform| from_quaternion(qform, pixdim)).transpose()?;
        let affine = match (sform, turned) {
            (Some(matrix), turned) => {
                check_spacing(&matrix, pixdim)?;
                if turned.is_some_and(|turned| axes(&turned) != axes(&matrix)) {
                    return Err(NiftiError::Orientation("matrix and quaternion differ"));
                }
                matrix
            }
            (None, Some(turned)) => turned,
            // As nibabel has it: columns run to the left, rows to the front, slices to the head,
            // and the middle voxel is at the origin.
            (None, None) => {
                let [x, y, z] = [-pixdim[0], pixdim[1], pixdim[2]];
                let middle = |mm: f64, side: usize| -mm * (side as f64 - 1.0) / 2.0;
                [
                    [x, 0.0, 0.0, middle(x, size[0])],
                    [0.0, y, 0.0, middle(y, size[1])],
                    [0.0, 0.0, z, middle(z, size[2])],
                ]
            }
        };
        let spacing = steps(&affine).map(length);
        if affine.iter().flatten().any(|value| !value.is_finite())
            || spacing.iter().any(|mm| !PLAUSIBLE_MM.contains(mm))
        {
            return Err(NiftiError::Spacing(spacing_text(spacing)));
        }
        let affine = ras_from_lps(affine);
        let [a, b, c] = steps(&affine).map(|step| step.map(|value| value / length(step)));
        let spanned = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        if spanned.abs() < INDEPENDENT {
            return Err(NiftiError::Orientation("its axes lie nearly in one plane"));
        }
        Ok(Self::canonical(size, &affine, orientation_known))
    }

    fn canonical(size: [usize; 3], affine: &Affine, orientation_known: bool) -> Self {
        let axes = axes(affine);
        // The file's axis that becomes the canonical column, row and slice.
        let source = [0, 1, 2].map(|canonical| {
            let found = axes.iter().position(|(axis, _)| *axis == canonical);
            found.expect("invariant: a permutation has every axis")
        });
        let canonical_size = source.map(|axis| size[axis]);
        let canonical_strides = [1, canonical_size[0], canonical_size[0] * canonical_size[1]];
        let file_steps = steps(affine);
        let mut corner = affine.map(|row| row[3]);
        let (mut start, mut strides) = (0, [0; 3]);
        let mut columns = [[0.0; 3]; 3];
        for (axis, (canonical, rises)) in axes.into_iter().enumerate() {
            let stride = canonical_strides[canonical];
            let last = size[axis] - 1;
            let sign = if rises { 1.0 } else { -1.0 };
            columns[canonical] = file_steps[axis].map(|value| sign * value);
            strides[axis] = if rises { stride.cast_signed() } else { -stride.cast_signed() };
            if !rises {
                start += last * stride;
                for (to, step) in corner.iter_mut().zip(file_steps[axis]) {
                    *to += step * last as f64;
                }
            }
        }
        let [a, b, c] = columns;
        let patient_from_voxel = std::array::from_fn(|row| [a[row], b[row], c[row], corner[row]]);
        Self { geometry: Geometry { size: canonical_size, patient_from_voxel }, start, strides, orientation_known }
    }
}

/// Returns for each of three axes the coordinate along which it runs most, no two the same, and
/// whether it rises there.
fn axes(affine: &Affine) -> [(usize, bool); 3] {
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let directions = steps(affine).map(|step| step.map(|value| value / length(step)));
    let along = |order: &[usize; 3]| (0..3).map(|axis| directions[axis][order[axis]].abs()).sum::<f64>();
    let best = ORDERS.iter().rev().max_by(|a, b| along(a).total_cmp(&along(b)));
    let best = best.expect("invariant: there are six orders of three axes");
    [0, 1, 2].map(|axis| (best[axis], directions[axis][best[axis]] > 0.0))
}

/// Checks the steps of a matrix against the header's distances.
fn check_spacing(matrix: &Affine, pixdim: [f64; 3]) -> Result<(), NiftiError> {
    let [a, b, c] = steps(matrix);
    // The distance of slices of a tilted gantry is written along the step or along the normal.
    let normal = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let along = (normal[0] * c[0] + normal[1] * c[1] + normal[2] * c[2]).abs() / length(normal);
    let near = |mm: f64, stated: f64| (mm - stated).abs() <= SAME_SPACING * mm;
    let same = near(length(a), pixdim[0]) && near(length(b), pixdim[1]);
    if same && (near(length(c), pixdim[2]) || near(along, pixdim[2])) {
        return Ok(());
    }
    Err(NiftiError::Spacing(format!(
        "{} by the matrix, {}",
        spacing_text(steps(matrix).map(length)),
        spacing_text(pixdim)
    )))
}

fn from_quaternion(([b, c, d], offset, qfac): Qform, pixdim: [f64; 3]) -> Result<Affine, NiftiError> {
    let sum = b * b + c * c + d * d;
    if !(0.0..=1.0 + UNIT).contains(&sum) {
        return Err(NiftiError::Orientation("its quaternion is no rotation"));
    }
    if pixdim.iter().any(|mm| !PLAUSIBLE_MM.contains(mm)) {
        return Err(NiftiError::Spacing(spacing_text(pixdim)));
    }
    // As nifti1_io has it: of a half turn, rounding would leave a small other one.
    let (a, length) = if 1.0 - sum < HALF_TURN { (0.0, sum.sqrt()) } else { ((1.0 - sum).sqrt(), 1.0) };
    let [b, c, d] = [b, c, d].map(|value| value / length);
    let rotation = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ];
    let [x, y, z] = pixdim;
    let z = if qfac < 0.0 { -z } else { z };
    Ok(std::array::from_fn(|row| {
        let [i, j, k] = rotation[row];
        [i * x, j * y, k * z, offset[row]]
    }))
}

/// Returns a matrix from RAS in LPS, and back.
fn ras_from_lps([x, y, z]: Affine) -> Affine {
    // No zero becomes −0.
    let negative = |row: [f64; 4]| row.map(|value| 0.0 - value);
    [negative(x), negative(y), z]
}

/// The three columns of a matrix: what one step along each axis moves.
fn steps(affine: &Affine) -> [[f64; 3]; 3] {
    std::array::from_fn(|axis| std::array::from_fn(|row| affine[row][axis]))
}

fn length([x, y, z]: [f64; 3]) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

fn spacing_text(mm: [f64; 3]) -> String {
    let [x, y, z] = mm;
    format!("{x:.3} × {y:.3} × {z:.3} mm")
}
