//! `--probabilities`: every network's answers on the study's grid, as NIfTI files.

use std::{fs, io, path::PathBuf};

use corsai_ensemble::{Analysis, JobId, LesionProbabilities};
use corsai_manifest::Manifest;
use corsai_nifti::Geometry;

use crate::masks;

/// Takes lesion networks' answers as they come, and writes each network's file when the next one
/// begins: one volume is in memory at a time.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// Names of the manifest's networks.
    names: Vec<String>,
    /// The network that is running, and its steps on the grid.
    current: Option<(usize, Vec<u16>)>,
    geometry: Geometry,
    trouble: Option<io::Error>,
}

impl Recorder {
    /// # Errors
    /// Where the folder can't be made.
    pub fn new(folder: PathBuf, manifest: &Manifest, geometry: Geometry) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let names = manifest.networks.iter().map(|network| network.name.clone()).collect();
        Ok(Self { folder, names, current: None, geometry, trouble: None })
    }

    /// Takes an answer that the analysis has not taken yet. What can't be written is said in the
    /// end.
    pub fn answered(&mut self, analysis: &Analysis, id: JobId, answer: &[f32]) {
        // An answer that doesn't fit is the analysis' to refuse.
        let Ok(Some(LesionProbabilities { network, slice, quantized })) = analysis.lesion_probabilities(id, answer)
        else {
            return;
        };
        if self.current.as_ref().is_some_and(|(current, _)| *current != network)
            && let Err(error) = self.flush()
        {
            self.trouble.get_or_insert(error);
        }
        let len = self.geometry.len();
        let (_, volume) = self.current.get_or_insert_with(|| (network, vec![0; len]));
        let area = quantized.len();
        volume[slice * area..(slice + 1) * area].copy_from_slice(&quantized);
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some((network, volume)) = self.current.take() else { return Ok(()) };
        let file = self.folder.join(format!("{}.nii.gz", self.names[network]));
        let step = 1.0 / f32::from(LesionProbabilities::ONE);
        corsai_nifti::write(fs::File::create(file)?, &self.geometry, step, &volume)
    }

    /// Writes the last network's file, and the lungs'.
    ///
    /// # Errors
    /// What the file system says, now or before.
    pub fn finish(mut self, analysis: &Analysis) -> io::Result<()> {
        self.flush()?;
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        for (side, name) in ["lungs-right", "lungs-left"].into_iter().enumerate() {
            let mut volume = Vec::with_capacity(self.geometry.len());
            for z in 0..analysis.volume().grid().slices() {
                let both = analysis.lung_probabilities(z);
                volume.extend_from_slice(&both.expect("invariant: an analysis that keeps its lungs has them")[side]);
            }
            let file = fs::File::create(self.folder.join(format!("{name}.nii.gz")))?;
            corsai_nifti::write(file, &self.geometry, 1.0, &volume)?;
        }
        Ok(())
    }
}

/// Returns the recorder that was asked for.
///
/// # Errors
/// Where its folder can't be made.
pub fn recorder(
    folder: Option<&PathBuf>,
    manifest: &Manifest,
    grid: &corsai_volume::Grid,
) -> io::Result<Option<Recorder>> {
    folder.map(|folder| Recorder::new(folder.clone(), manifest, masks::geometry(grid))).transpose()
}
