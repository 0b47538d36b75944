//! The studies of a cohort with their masks and readings, from a CSV file or a folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use corsai_report::Verdict;

use crate::{
    console::message,
    error::{CliError, read_error},
    reading::is_nifti,
};

/// Names of the masks in a folder.
const LUNGS: &str = "lungs";
const LESIONS: &str = "lesions";
/// Endings of archives that hold a study, the longer ones first.
const ARCHIVES: [&str; 4] = [".tar.gz", ".tgz", ".tar", ".zip"];

/// One study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name in the cohort.
    pub name: String,
    /// Its folder, zip or NIfTI file.
    pub path: PathBuf,
    /// A NIfTI file with lesions.
    pub lesion_mask: Option<PathBuf>,
    /// A NIfTI file with lungs.
    pub lung_mask: Option<PathBuf>,
    /// A reader's CT-class, 0..=4.
    pub class: Option<u8>,
    /// Index of an earlier study of the same patient.
    pub previous: Option<usize>,
    /// A reader's verdict on the change since the earlier study.
    pub verdict: Option<Verdict>,
    /// Whether the study itself is evaluated; one that is only an earlier study isn't.
    pub evaluated: bool,
}

impl Entry {
    /// Returns an evaluated study without masks and readings.
    const fn new(name: String, path: PathBuf) -> Self {
        Self {
            name,
            path,
            lesion_mask: None,
            lung_mask: None,
            class: None,
            previous: None,
            verdict: None,
            evaluated: true,
        }
    }
}

/// Reads a cohort. Earlier studies without a line of their own come last. Whether the studies'
/// files exist isn't checked here.
///
/// # Errors
/// [`CliError::Read`], [`CliError::Csv`], [`CliError::NoStudyColumn`], [`CliError::CohortLine`],
/// [`CliError::EmptyCohort`].
pub fn read_cohort(path: &Path) -> Result<Vec<Entry>, CliError> {
    let entries = if path.is_dir() { read_folder(path)? } else { read_table(path)? };
    if entries.is_empty() { Err(CliError::EmptyCohort(path.into())) } else { Ok(entries) }
}

fn read_folder(path: &Path) -> Result<Vec<Entry>, CliError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(read_error(path))? {
        let entry = entry.map_err(read_error(path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push((name, entry.path()));
        }
    }
    names.sort();
    let stem = |name: &str| {
        let lower = name.to_lowercase();
        let end = [".nii.gz", ".nii"].into_iter().chain(ARCHIVES).find(|end| lower.ends_with(end));
        end.map(|end| name[..name.len() - end.len()].to_owned())
    };
    let kind = |name: &str| stem(name).and_then(|stem| Some(stem.rsplit_once('.')?.1.to_lowercase()));
    let is_mask =
        |name: &str, path: &Path| is_nifti(path) && kind(name).is_some_and(|kind| kind == LUNGS || kind == LESIONS);
    let beside = |study: &str, mask: &str| {
        let files = [".nii.gz", ".nii"].map(|end| path.join(format!("{study}.{mask}{end}")));
        files.into_iter().find(|file| file.exists())
    };
    let studies = names.iter().filter(|(name, path)| {
        let is_archive = ARCHIVES.iter().any(|end| name.to_lowercase().ends_with(end));
        !is_mask(name, path) && (path.is_dir() || is_nifti(path) || is_archive)
    });
    let entries = studies.map(|(name, path)| {
        let own = if path.is_dir() { name.clone() } else { stem(name).unwrap_or_else(|| name.clone()) };
        let (lesion_mask, lung_mask) = (beside(&own, LESIONS), beside(&own, LUNGS));
        Entry { lesion_mask, lung_mask, ..Entry::new(own, path.clone()) }
    });
    Ok(entries.collect())
}

fn read_table(path: &Path) -> Result<Vec<Entry>, CliError> {
    let text = fs::read_to_string(path).map_err(read_error(path))?;
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    // Spreadsheets in many countries separate fields by semicolons.
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let failed = |source| CliError::Csv { path: path.into(), source };
    let headers = reader.headers().map_err(failed)?.clone();
    let column = |name: &str| headers.iter().position(|found| found.eq_ignore_ascii_case(name));
    let columns = ["study", "lesion_mask", "lung_mask", "class", "previous", "dynamics"];
    let [study, lesion_mask, lung_mask, class, previous, dynamics] = columns.map(column);
    let study = study.ok_or(CliError::NoStudyColumn)?;
    let others: Vec<&str> = headers.iter().filter(|name| !columns.contains(&name.to_lowercase().as_str())).collect();
    if !others.is_empty() {
        message(format_args!("These columns of the cohort are not used: {}.", others.join(", ")));
    }
    let base = path.parent().unwrap_or(Path::new(""));
    let mut entries: Vec<Entry> = Vec::new();
    // Index of each study, and the earlier studies: index of the later one, name.
    let mut indices: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut earlier: Vec<(usize, String)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: Option<usize>| at.and_then(|at| record.get(at)).filter(|text| !text.is_empty());
        let wrong = |problem: String| CliError::CohortLine { line, problem };
        let file = |at| field(at).map(|text| base.join(text));
        let Some(name) = field(Some(study)) else {
            if record.iter().all(str::is_empty) {
                continue;
            }
            return Err(wrong("it names no study".into()));
        };
        let at = base.join(name);
        if indices.insert(canonical(&at), entries.len()).is_some() {
            return Err(wrong(format!("the study {name} has another line already")));
        }
        earlier.extend(field(previous).map(|text| (entries.len(), text.to_owned())));
        entries.push(Entry {
            lesion_mask: file(lesion_mask),
            lung_mask: file(lung_mask),
            class: field(class).map(ct_class).transpose().map_err(wrong)?,
            verdict: field(dynamics).map(verdict).transpose().map_err(wrong)?,
            ..Entry::new(name.to_owned(), at)
        });
    }
    for (later, name) in earlier {
        let path = base.join(&name);
        let index = *indices.entry(canonical(&path)).or_insert_with(|| {
            entries.push(Entry { evaluated: false, ..Entry::new(name, path) });
            entries.len() - 1
        });
        entries[later].previous = Some(index);
    }
    Ok(entries)
}

/// Returns the canonical form of a path, so that each study has one; the path itself if there is no
/// such file.
fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

fn ct_class(text: &str) -> Result<u8, String> {
    let digits = text.to_lowercase();
    let digits = digits.strip_prefix("ct-").unwrap_or(&digits);
    let class = digits.parse().ok().filter(|class| *class <= 4);
    class.ok_or_else(|| format!("{text:?} is no CT-class; one is 0 to 4"))
}

fn verdict(text: &str) -> Result<Verdict, String> {
    let found = Verdict::ALL.into_iter().find(|verdict| text.eq_ignore_ascii_case(verdict.as_str()));
    found.ok_or_else(|| format!("{text:?} is no verdict; one is progression, stable or positive-response"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_csv(text: &str) -> Result<Vec<Entry>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cohort.csv");
        fs::write(&file, text).unwrap();
        let strip = |path: PathBuf| path.strip_prefix(folder.path()).map_or(path.clone(), Path::to_path_buf);
        let entries = read_cohort(&file).map_err(|error| error.to_string())?;
        let local = |entry: Entry| Entry {
            path: strip(entry.path),
            lesion_mask: entry.lesion_mask.map(strip),
            lung_mask: entry.lung_mask.map(strip),
            ..entry
        };
        Ok(entries.into_iter().map(local).collect())
    }

    #[test]
    fn a_table_names_studies_masks_and_readings() {
        let text = "\u{feff}Study,class,lesion_mask,previous,dynamics,reader\n\
                    a.nii.gz,CT-2,masks/a.nii.gz,b,Progression,X\n\
                    b,,,,,\n\n/c.zip,0,,old,stable,\n";
        let entries = of_csv(text).unwrap();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a.nii.gz", "b", "/c.zip", "old"]);
        assert_eq!(entries[0].lesion_mask.as_deref(), Some(Path::new("masks/a.nii.gz")));
        assert_eq!((entries[0].class, entries[0].previous), (Some(2), Some(1)));
        assert_eq!((entries[0].verdict, entries[0].lung_mask.as_ref()), (Some(Verdict::Progression), None));
        assert_eq!((entries[2].path.as_path(), entries[2].previous), (Path::new("/c.zip"), Some(3)));
        assert_eq!(entries.iter().map(|entry| entry.evaluated).collect::<Vec<_>>(), [true, true, true, false]);
        let semicolons = of_csv("study;lung_mask\na;l.nii\n").unwrap();
        assert_eq!(semicolons[0].lung_mask.as_deref(), Some(Path::new("l.nii")));
    }

    #[test]
    fn a_table_that_leaves_something_open_is_refused_with_the_line() {
        for (text, expected) in [
            ("path\na\n", "names no column \"study\""),
            ("study\n", "there is no study"),
            ("study,class\na,5\n", "line 2 of the cohort: \"5\" is no CT-class"),
            ("study,dynamics\na,better\n", "\"better\" is no verdict"),
            ("study,class\n,2\n", "line 2 of the cohort: it names no study"),
            ("study\na\na\n", "line 3 of the cohort: the study a has another line already"),
            ("study,class\na\n", "can't be read"),
        ] {
            let error = of_csv(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(matches!(read_cohort(Path::new("not-there.csv")), Err(CliError::Read { .. })));
    }

    #[test]
    fn a_folder_has_masks_beside_its_studies() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("p2")).unwrap();
        for name in
            ["p1.nii.gz", "p1.lungs.nii.gz", "p1.lesions.nii", "p2.lesions.nii.gz", "p3.zip", "notes.txt", ".x.nii"]
        {
            fs::write(at(name), "").unwrap();
        }
        let entries = read_cohort(folder.path()).unwrap();
        let found: Vec<_> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.lung_mask.clone(), entry.lesion_mask.clone()))
            .collect();
        let expected = [
            ("p1", Some(at("p1.lungs.nii.gz")), Some(at("p1.lesions.nii"))),
            ("p2", None, Some(at("p2.lesions.nii.gz"))),
            ("p3", None, None),
        ];
        assert_eq!(found, expected);
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(read_cohort(empty.path()), Err(CliError::EmptyCohort(_))));
    }
}
