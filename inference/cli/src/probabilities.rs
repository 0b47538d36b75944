//! `--probabilities`: every network's answers on the study's grid, as NIfTI files.

use std::{fs, path::PathBuf};

use corsai_ensemble::{Analysis, JobId, LesionProbabilities};
use corsai_manifest::Manifest;
use corsai_nifti::Geometry;

use crate::{
    error::{CliError, write_error},
    masks::write_image,
};

/// Records the answers of lesion networks, and writes each network's file when the next network
/// begins: one volume is in memory at a time.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// Names of the manifest's networks.
    names: Vec<String>,
    /// The network that runs, and its quantized probabilities on the grid.
    current: Option<(usize, Vec<u16>)>,
    geometry: Geometry,
    /// The first file that could not be written.
    error: Option<CliError>,
}

impl Recorder {
    /// Returns a recorder that writes into `folder`, which is made.
    ///
    /// # Errors
    /// [`CliError::Write`].
    pub fn new(folder: PathBuf, manifest: &Manifest, geometry: Geometry) -> Result<Self, CliError> {
        fs::create_dir_all(&folder).map_err(write_error(&folder))?;
        let names = manifest.networks.iter().map(|network| network.name.clone()).collect();
        Ok(Self { folder, names, current: None, geometry, error: None })
    }

    /// Records an answer that the analysis hasn't accepted yet. [`Self::finish`] returns its
    /// errors.
    pub fn record(&mut self, analysis: &Analysis, id: JobId, answer: &[f32]) {
        // The analysis reports an answer that doesn't fit.
        let Ok(Some(LesionProbabilities { network, slice, quantized })) = analysis.lesion_probabilities(id, answer)
        else {
            return;
        };
        if self.current.as_ref().is_some_and(|(current, _)| *current != network)
            && let Err(error) = self.flush()
        {
            self.error.get_or_insert(error);
        }
        let len = self.geometry.len();
        let (_, volume) = self.current.get_or_insert_with(|| (network, vec![0; len]));
        let area = quantized.len();
        volume[slice * area..(slice + 1) * area].copy_from_slice(&quantized);
    }

    fn flush(&mut self) -> Result<(), CliError> {
        let Some((network, volume)) = self.current.take() else { return Ok(()) };
        let file = self.folder.join(format!("{}.nii.gz", self.names[network]));
        write_image(&file, &self.geometry, 1.0 / f32::from(LesionProbabilities::ONE), &volume)
    }

    /// Writes the last network's file and those of the lungs.
    ///
    /// # Errors
    /// [`CliError::Write`] of any file.
    pub fn finish(mut self, analysis: &Analysis) -> Result<(), CliError> {
        self.flush()?;
        if let Some(error) = self.error {
            return Err(error);
        }
        for (side, name) in ["lungs-right", "lungs-left"].into_iter().enumerate() {
            let mut volume = Vec::with_capacity(self.geometry.len());
            for z in 0..analysis.volume().grid().slices() {
                let both = analysis.lung_probabilities(z);
                volume.extend_from_slice(&both.expect("invariant: an analysis that keeps its lungs has them")[side]);
            }
            write_image(&self.folder.join(format!("{name}.nii.gz")), &self.geometry, 1.0, &volume)?;
        }
        Ok(())
    }
}
