//! `corsai phantom`: a synthetic study, written as a folder of DICOM files.

use std::{fs, io, path::Path};

use corsai_phantom::{LungTruth, Phantom, PhantomOptions};

/// Writes the study and tells its truth.
///
/// # Errors
/// Options no phantom can be made of, and what the file system says.
pub fn write(folder: &Path, options: PhantomOptions) -> io::Result<()> {
    let phantom = Phantom::make(options).map_err(io::Error::other)?;
    fs::create_dir_all(folder)?;
    for (name, bytes) in phantom.dicom_files() {
        fs::write(folder.join(name), bytes)?;
    }
    let truth = phantom.truth();
    for (side, LungTruth { volume_ml, lesion_ml, share }) in [("left", truth.left), ("right", truth.right)] {
        eprintln!("{side} lung: {volume_ml:.0} mL, lesions {lesion_ml:.0} mL, share {share:.4}");
    }
    Ok(())
}
