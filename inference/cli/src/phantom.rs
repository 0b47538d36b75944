//! `corsai phantom`: writes a synthetic study as a folder of DICOM files.

use std::{fs, path::Path};

use corsai_language::{Argument, message};
use corsai_phantom::{LungTruth, Phantom, PhantomOptions};

use crate::{
    console::message,
    error::{CliError, write_error},
    locale::language,
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
        message(message!(
            language(),
            "phantom-lung",
            side = side,
            volume = Argument::decimal(volume_ml, 0),
            lesions = Argument::decimal(lesion_ml, 0),
            share = Argument::decimal(share, 4)
        ));
    }
    Ok(())
}
