//! Masks as NIfTI-1 files, which any viewer of medical images overlays on the CT.

use std::{
    fs::{self, File},
    path::Path,
};

use corsai_nifti::{Geometry, Voxel};
use corsai_volume::Grid;
use corsai_volume::label;

use crate::error::{CliError, write_error};

/// Writes `lungs.nii.gz` (1 right, 2 left) and `lesions.nii.gz` (1) into `folder`, which is made.
/// `labels` has one byte a voxel of `grid`, in the grid's order.
///
/// # Errors
/// [`CliError::Write`].
pub fn write(folder: &Path, grid: &Grid, labels: &[u8]) -> Result<(), CliError> {
    fs::create_dir_all(folder).map_err(write_error(folder))?;
    let lung = |voxel: u8| voxel & (label::RIGHT_LUNG | label::LEFT_LUNG);
    let lesion = |voxel: u8| u8::from(voxel & label::LESION != 0);
    let write_mask = |name: &str, value: &dyn Fn(u8) -> u8| {
        let voxels: Vec<u8> = labels.iter().map(|voxel| value(*voxel)).collect();
        write_image(&folder.join(name), &geometry(grid), 1.0, &voxels)
    };
    write_mask("lungs.nii.gz", &lung)?;
    write_mask("lesions.nii.gz", &lesion)
}

/// Writes a NIfTI file; a voxel's number is its stored one times `scale`.
///
/// # Errors
/// [`CliError::Write`].
pub fn write_image<T: Voxel>(file: &Path, geometry: &Geometry, scale: f32, voxels: &[T]) -> Result<(), CliError> {
    File::create(file).and_then(|out| corsai_nifti::write(out, geometry, scale, voxels)).map_err(write_error(file))
}

/// Returns a grid's size and position for a NIfTI file.
pub fn geometry(grid: &Grid) -> Geometry {
    Geometry { size: [grid.columns(), grid.rows(), grid.slices()], patient_from_voxel: grid.patient_from_voxel() }
}

#[cfg(test)]
mod tests {
    use nifti::{IntoNdArray, NiftiObject, ReaderOptions};

    use corsai_volume::GridGeometry;

    use super::*;

    #[test]
    fn a_voxel_lies_where_the_ct_has_it() {
        let grid = Grid::try_new(GridGeometry {
            rows: 3,
            columns: 4,
            row_mm: 0.5,
            column_mm: 0.75,
            positions_mm: vec![-10.0, -5.0],
            slab_mm: vec![5.0, 5.0],
            patient_from_voxel: [[0.75, 0.0, 0.0, -100.0], [0.0, 0.5, 0.1, -200.0], [0.0, 0.0, 5.0, -10.0]],
        })
        .unwrap();
        let mut labels = vec![0; grid.voxel_count()];
        labels[grid.voxel_count() - 1] = label::LEFT_LUNG | label::LESION;
        labels[1] = label::RIGHT_LUNG;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &grid, &labels).unwrap();
        let read = |name: &str| ReaderOptions::new().read_file(folder.path().join(name)).unwrap();
        let lungs = read("lungs.nii.gz");
        let header = lungs.header();
        assert_eq!(header.srow_x, [-0.75, 0.0, 0.0, 100.0]);
        assert_eq!(header.srow_y, [0.0, -0.5, -0.1, 200.0]);
        assert_eq!(header.srow_z, [0.0, 0.0, 5.0, -10.0]);
        assert_eq!((header.sform_code, header.qform_code, header.pixdim[1..3].to_vec()), (1, 0, vec![0.75, 0.5]));
        let lungs = lungs.into_volume().into_ndarray::<u8>().unwrap();
        assert_eq!(lungs.shape(), [4, 3, 2]);
        assert_eq!((lungs[[3, 2, 1]], lungs[[1, 0, 0]], lungs.iter().map(|v| u32::from(*v)).sum::<u32>()), (2, 1, 3));
        let lesions = read("lesions.nii.gz").into_volume().into_ndarray::<u8>().unwrap();
        assert_eq!((lesions[[3, 2, 1]], lesions.iter().map(|v| u32::from(*v)).sum::<u32>()), (1, 1));
    }
}
