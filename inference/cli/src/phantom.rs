//! `corsai phantom`: writes a synthetic study as a folder of DICOM files.

use std::{fs, path::Path};

use corsai_phantom::{LungTruth, Phantom, PhantomOptions};

use crate::{
    console::message,
    error::{CliError, write_error},
};

/// Writes the study into `folder`, which is made, and tells its true volumes and shares.
///
/// # Errors
/// [`CliError::Phantom`] and [`CliError::Write`].
pub fn run(folder: &Path, options: PhantomOptions) -> Result<(), CliError> {
    let phantom = Phantom::generate(options)?;
    fs::create_dir_all(folder).map_err(write_error(folder))?;
    for (name, bytes) in phantom.dicom_files() {
        let file = folder.join(name);
        fs::write(&file, bytes).map_err(write_error(file))?;
    }
    let truth = phantom.truth();
    for (side, LungTruth { volume_ml, lesion_ml, share }) in [("left", truth.left), ("right", truth.right)] {
        message(format_args!("{side} lung: {volume_ml:.0} mL, lesions {lesion_ml:.0} mL, share {share:.4}"));
    }
    Ok(())
}
