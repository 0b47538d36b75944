//! What was measured of each study, kept between runs under a key of all that decides it.

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
use crate::reading;

/// Digits of a key in a file's name.
const DIGITS: usize = 32;

/// What became of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum StudyResult {
    Measured(Box<MeasuredStudy>),
    Failed { reasons: Vec<Failure> },
}

/// A study that has numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredStudy {
    /// Without what a header says in words, and without keys of identifiers.
    pub series: SeriesSummary,
    pub voxels_key: u64,
    pub report: Report,
    pub scores: Option<Scores>,
}

/// Results of one evaluation's studies.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Digest of what all studies have in common.
    common: [u8; 32],
}

impl Store {
    /// Opens the store below `out`, which is made. `networks` is the manifest's text. The program's
    /// own file decides as well: another build may measure otherwise.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(
        out: &Path,
        networks: &str,
        options: Options,
        device: DevicePreference,
        labels: LungLabels,
    ) -> io::Result<Self> {
        let folder = out.join("studies");
        fs::create_dir_all(&folder)?;
        let mut common = Sha256::new();
        add_file(&mut common, &env::current_exe()?)?;
        common.update(networks);
        common.update(format!("{options:?} {device:?} {labels:?}"));
        Ok(Self { folder, common: common.finalize().into() })
    }

    /// Returns the key of a study: a digest of its files, its masks and what all studies share.
    ///
    /// # Errors
    /// Where a file can't be read: such a study has no key, and is tried again each time.
    pub fn key(&self, entry: &Entry) -> io::Result<String> {
        let mut digest = Sha256::new_with_prefix(self.common);
        for file in reading::files(&entry.path) {
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
        Ok(hexadecimal(&digest.finalize()).chars().take(DIGITS).collect())
    }

    /// Returns the result of a key; `None` where there is none that can be read.
    pub fn load(&self, key: &str) -> Option<StudyResult> {
        serde_json::from_slice(&fs::read(self.file(key)).ok()?).ok()
    }

    /// Writes a result, and returns it as it will be read back: JSON may change a number's last bit,
    /// and an evaluation with a break has to print the same figures as one without. A file is either
    /// whole or absent.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, key: &str, result: &StudyResult) -> io::Result<StudyResult> {
        let json = serde_json::to_vec_pretty(result).map_err(io::Error::other)?;
        write_whole(&self.file(key), &json)?;
        serde_json::from_slice(&json).map_err(io::Error::other)
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }
}

/// Writes a file under another name and gives it its own when it is whole.
///
/// # Errors
/// What the file system says.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = file.with_extension("part");
    fs::write(&part, bytes)?;
    fs::rename(part, file)
}

/// Returns the digits of a digest.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a file's length and its bytes.
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
            listed: true,
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
            Store::open(&folder.join("out"), networks, options, DevicePreference::Cpu, labels).unwrap()
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
            Store::open(place.path(), "", Options::default(), DevicePreference::Cpu, LungLabels::default()).unwrap();
        let reasons = vec![Failure { code: "mask.grid".into(), message: "elsewhere".into() }];
        let result = StudyResult::Failed { reasons };
        assert_eq!(store.save("key", &result).unwrap(), result);
        assert_eq!(store.load("key"), Some(result));
        assert_eq!(store.load("other"), None);
        fs::write(place.path().join("studies/key.json"), "{").unwrap();
        assert_eq!(store.load("key"), None);
    }
}
