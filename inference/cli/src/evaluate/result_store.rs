//! Stores the result of each study between runs, under a key of everything that decides it.

use std::{
    env,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use corsai_ensemble::Options;
use corsai_evaluation::{Failure, LungLabels, Scores};
use corsai_protocol::{DevicePreference, SeriesSummary};
use corsai_report::Report;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cohort::Entry;
use crate::{
    error::{CliError, read_error, write_error},
    reading::list_files,
};

/// Length of a key in a file's name.
const KEY_DIGITS: usize = 32;

/// The result of one study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum StudyResult {
    /// The study has numbers.
    Measured(Box<MeasuredStudy>),
    /// The study has no numbers, for these reasons.
    Failed { reasons: Vec<Failure> },
}

/// A study that has numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredStudy {
    /// Without the description, and without keys of identifiers.
    pub series: SeriesSummary,
    /// Digest of the voxels.
    pub voxels_key: u64,
    /// The numbers, with every issue.
    pub report: Report,
    /// The comparison with the reference masks; absent without any mask.
    pub scores: Option<Scores>,
}

/// The results of one evaluation's studies.
#[derive(Debug)]
pub struct ResultStore {
    folder: PathBuf,
    /// Digest of everything that all studies share.
    shared: [u8; 32],
}

impl ResultStore {
    /// Opens the store below `out`, which is made. `networks` is the manifest's text. The digest
    /// includes the program's own file: another build may measure otherwise.
    ///
    /// # Errors
    /// [`CliError::Read`] of the program's file, [`CliError::Write`].
    pub fn open(
        out: &Path,
        networks: &str,
        options: Options,
        device: DevicePreference,
        labels: LungLabels,
    ) -> Result<Self, CliError> {
        let folder = out.join("studies");
        fs::create_dir_all(&folder).map_err(write_error(&folder))?;
        let mut shared = Sha256::new();
        let program = env::current_exe().map_err(read_error("the program's own file"))?;
        add_file(&mut shared, &program).map_err(read_error(&program))?;
        shared.update(networks);
        shared.update(format!("{options:?} {device:?} {labels:?}"));
        Ok(Self { folder, shared: shared.finalize().into() })
    }

    /// Returns the key of a study: a digest of its files, its masks and what all studies share.
    ///
    /// # Errors
    /// That of a file that can't be read: such a study has no key, and is measured again each time.
    pub fn key(&self, entry: &Entry) -> io::Result<String> {
        let mut digest = Sha256::new_with_prefix(self.shared);
        for file in list_files(&entry.path) {
            let name = file.strip_prefix(&entry.path).unwrap_or(&file);
            digest.update(name.to_string_lossy().as_bytes());
            add_file(&mut digest, &file)?;
        }
        for mask in [&entry.lesion_mask, &entry.lung_mask] {
            digest.update([u8::from(mask.is_some())]);
            if let Some(mask) = mask {
                add_file(&mut digest, mask)?;
            }
        }
        Ok(hexadecimal(&digest.finalize()).chars().take(KEY_DIGITS).collect())
    }

    /// Returns the result under a key; `None` without one, or of a damaged file.
    pub fn load(&self, key: &str) -> Option<StudyResult> {
        serde_json::from_slice(&fs::read(self.file(key)).ok()?).ok()
    }

    /// Writes a result, and returns it as it will be read back: JSON may change a number's last
    /// bit, and an interrupted evaluation has to print the same figures as another.
    ///
    /// # Errors
    /// [`CliError::Json`], [`CliError::Write`].
    pub fn save(&self, key: &str, result: &StudyResult) -> Result<StudyResult, CliError> {
        let json = serde_json::to_vec_pretty(result)?;
        write_atomically(&self.file(key), &json)?;
        Ok(serde_json::from_slice(&json)?)
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }
}

/// Writes a file that is either complete or absent: under another name, which is then changed.
///
/// # Errors
/// [`CliError::Write`].
pub fn write_atomically(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let part = file.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, file)).map_err(write_error(file))
}

/// Returns a digest in hexadecimal digits.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a file's length and its bytes to a digest.
fn add_file(digest: &mut Sha256, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    digest.update(file.metadata()?.len().to_le_bytes());
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => digest.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &Path) -> Entry {
        Entry {
            name: "s".into(),
            path: folder.join("s"),
            lesion_mask: Some(folder.join("m.nii")),
            lung_mask: None,
            class: None,
            previous: None,
            verdict: None,
            evaluated: true,
        }
    }

    #[test]
    fn a_key_changes_with_whatever_decides_the_result() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        fs::create_dir(folder.join("s")).unwrap();
        fs::write(folder.join("s/1"), "one").unwrap();
        fs::write(folder.join("m.nii"), "mask").unwrap();
        let (options, labels) = (Options::default(), LungLabels::default());
        let store = |networks: &str, options, labels| {
            ResultStore::open(&folder.join("out"), networks, options, DevicePreference::Cpu, labels).unwrap()
        };
        let plain = store("networks", options, labels);
        let entry = entry(folder);
        let key = plain.key(&entry).unwrap();
        assert_eq!(plain.key(&entry).unwrap(), key);
        let others = [
            store("others", options, labels),
            store("networks", Options { full_run: true, ..options }, labels),
            store("networks", options, LungLabels { right: 2, left: 1 }),
        ];
        let mut keys: Vec<String> = others.iter().map(|store| store.key(&entry).unwrap()).collect();
        fs::write(folder.join("m.nii"), "mark").unwrap();
        keys.push(plain.key(&entry).unwrap());
        fs::write(folder.join("s/1"), "two").unwrap();
        keys.push(plain.key(&entry).unwrap());
        fs::write(folder.join("s/2"), "").unwrap();
        keys.push(plain.key(&entry).unwrap());
        keys.push(plain.key(&Entry { lesion_mask: None, ..entry.clone() }).unwrap());
        keys.push(key);
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), 8);
        assert!(plain.key(&Entry { lung_mask: Some(folder.join("gone")), ..entry }).is_err());
    }

    #[test]
    fn a_result_is_read_back_and_a_damaged_one_is_none() {
        let place = tempfile::tempdir().unwrap();
        let store =
            ResultStore::open(place.path(), "", Options::default(), DevicePreference::Cpu, LungLabels::default())
                .unwrap();
        let reasons = vec![Failure { code: "mask.grid".into(), message: "elsewhere".into() }];
        let result = StudyResult::Failed { reasons };
        assert_eq!(store.save("key", &result).unwrap(), result);
        assert_eq!(store.load("key"), Some(result));
        assert_eq!(store.load("other"), None);
        fs::write(place.path().join("studies/key.json"), "{").unwrap();
        assert_eq!(store.load("key"), None);
    }
}
