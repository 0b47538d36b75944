//! Masks as NIfTI-1 files, which any viewer of medical images lays over the CT.

use std::{fs, io, path::Path};

use corsai_protocol::label;
use corsai_study::Grid;
use ndarray::{Array3, ShapeBuilder};
use nifti::{NiftiHeader, writer::WriterOptions};

/// Writes `lungs.nii.gz` (1 right, 2 left) and `lesions.nii.gz` (1) into `folder`, which is made. `labels` holds one
/// byte a voxel of `grid`, in its order.
///
/// # Errors
/// What the file system says.
pub fn write(folder: &Path, grid: &Grid, labels: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let header = header(grid);
    let lung = |voxel: u8| voxel & (label::RIGHT_LUNG | label::LEFT_LUNG);
    let lesion = |voxel: u8| u8::from(voxel & label::LESION != 0);
    one(&folder.join("lungs.nii.gz"), &header, grid, labels.iter().copied().map(lung).collect())?;
    one(&folder.join("lesions.nii.gz"), &header, grid, labels.iter().copied().map(lesion).collect())
}

fn one(file: &Path, header: &NiftiHeader, grid: &Grid, voxels: Vec<u8>) -> io::Result<()> {
    // Columns run fastest, in the volume and in the file.
    let shape = (grid.columns, grid.rows, grid.slices).f();
    let volume = Array3::from_shape_vec(shape, voxels).map_err(io::Error::other)?;
    WriterOptions::new(file).reference_header(header).write_nifti(&volume).map_err(io::Error::other)
}

/// NIfTI's axes point to the patient's right-to-left, back-to-front and feet-to-head (RAS), DICOM's to the left, back and
/// head (LPS): x and y change their signs.
fn header(grid: &Grid) -> NiftiHeader {
    let [left, back, head] = grid.patient_from_voxel.map(|row| row.map(|value| value as f32));
    let negative = |row: [f32; 4]| row.map(|value| 0.0 - value);
    let [x, y, z] = [grid.column_mm, grid.row_mm, grid.slice_mm()].map(|mm| mm as f32);
    NiftiHeader {
        pixdim: [1.0, x, y, z, 0.0, 0.0, 0.0, 0.0],
        // NIFTI_UNITS_MM
        xyzt_units: 2,
        // A quaternion can't hold a tilted gantry; readers take the matrix where there is no quaternion.
        qform_code: 0,
        // NIFTI_XFORM_SCANNER_ANAT
        sform_code: 1,
        srow_x: negative(left),
        srow_y: negative(back),
        srow_z: head,
        ..NiftiHeader::default()
    }
}

#[cfg(test)]
mod tests {
    use nifti::{IntoNdArray, NiftiObject, ReaderOptions};

    use super::*;

    #[test]
    fn a_voxel_lies_where_the_ct_has_it() {
        let grid = Grid {
            slices: 2,
            rows: 3,
            columns: 4,
            row_mm: 0.5,
            column_mm: 0.75,
            positions_mm: vec![-10.0, -5.0],
            slab_mm: vec![5.0, 5.0],
            patient_from_voxel: [[0.75, 0.0, 0.0, -100.0], [0.0, 0.5, 0.1, -200.0], [0.0, 0.0, 5.0, -10.0]],
        };
        let mut labels = vec![0; grid.len()];
        labels[grid.len() - 1] = label::LEFT_LUNG | label::LESION;
        labels[1] = label::RIGHT_LUNG;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &grid, &labels).unwrap();
        let read = |name: &str| ReaderOptions::new().read_file(folder.path().join(name)).unwrap();
        let lungs = read("lungs.nii.gz");
        let header = lungs.header();
        assert_eq!(header.srow_x, [-0.75, 0.0, 0.0, 100.0]);
        assert_eq!(header.srow_y, [0.0, -0.5, -0.1, 200.0]);
        assert_eq!(header.srow_z, [0.0, 0.0, 5.0, -10.0]);
        assert_eq!((header.sform_code, header.qform_code, header.pixdim[1..4].to_vec()), (1, 0, vec![0.75, 0.5, 5.0]));
        let lungs = lungs.into_volume().into_ndarray::<u8>().unwrap();
        assert_eq!(lungs.shape(), [4, 3, 2]);
        assert_eq!((lungs[[3, 2, 1]], lungs[[1, 0, 0]], lungs.iter().map(|v| u32::from(*v)).sum::<u32>()), (2, 1, 3));
        let lesions = read("lesions.nii.gz").into_volume().into_ndarray::<u8>().unwrap();
        assert_eq!((lesions[[3, 2, 1]], lesions.iter().map(|v| u32::from(*v)).sum::<u32>()), (1, 1));
    }
}
