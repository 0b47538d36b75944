//! One series: what the page lists, and the way to its volume.

use std::collections::BTreeMap;
use std::sync::Arc;

use corsai_protocol::{Issue, IssueCode, Preview, SeriesId, SeriesSummary, Severity};

use crate::image::{About, GroupKey, Image, Kind};
use crate::intake::megabytes;
use crate::preview_image as preview;
use crate::stack::{MAX_NAMES, Member, Sample, Stack, arrange, middle, sample};
use crate::volume::Grid;
use crate::volume_decoder::Decoding;

/// Words by which descriptions speak of a lung window or kernel; the paper prefers those series.
const LUNG: [&str; 5] = ["lung", "pulm", "poumon", "легк", "лёгк"];

/// What anonymising programs write for a Patient ID, letters and digits alone.
const NOBODY: [&str; 16] = [
    "anon",
    "anonym",
    "anonymous",
    "anonymized",
    "anonymised",
    "deidentified",
    "hidden",
    "id",
    "na",
    "nil",
    "noid",
    "none",
    "null",
    "removed",
    "undefined",
    "unknown",
];

/// What one series of the drop is.
#[derive(Debug)]
pub struct Series {
    summary: SeriesSummary,
    /// Of a usable series.
    stack: Option<Arc<Stack>>,
    sample: Option<Sample>,
    /// Those of the summary that the layout didn't bring.
    issues: Vec<Issue>,
}

impl Series {
    /// Makes a series of one group's images. Its id is given later, when all are known.
    pub(crate) fn new(group: &GroupKey, images: Vec<Image>, max_voxels: usize) -> Self {
        let mut issues = Vec::new();
        let first = images.iter().min_by_key(|image| (image.kind, &image.instance)).map(|image| image.about.clone());
        let (slices, others): (Vec<_>, Vec<_>) = images.into_iter().partition(|image| image.kind == Kind::Slice);
        let lossy = slices.iter().any(|image| image.about.lossy);
        let syntax_guessed = slices.iter().any(|image| image.about.syntax_guessed);
        let count = slices.len();
        let arranged = if slices.is_empty() {
            issues.push(Issue::new(what_else(&others), ""));
            Err(None)
        } else {
            if !others.is_empty() {
                let names = others.iter().take(MAX_NAMES).map(|image| image.name.clone()).collect();
                let found = others.len().to_string();
                issues.push(Issue::new(IssueCode::SeriesSetAside, &found).with_files(names));
            }
            stack(slices, max_voxels, &mut issues)
        };
        let shown = match &arranged {
            Ok(stack) => stack.members.get(stack.members.len() / 2),
            Err(Some(Sample::Slice(member))) => Some(member.as_ref()),
            Err(_) => None,
        };
        let about = shown.map(|member| member.about.clone()).or(first);
        if arranged.is_ok() && lossy {
            issues.push(Issue::new(IssueCode::PixelsLossy, ""));
        }
        if arranged.is_ok() && syntax_guessed {
            issues.push(Issue::new(IssueCode::FileNoSyntax, ""));
        }
        if arranged.is_ok() && about.as_ref().is_some_and(|about| about.supine == Some(false)) {
            issues.push(Issue::new(IssueCode::GeometryNotSupine, ""));
        }
        let summary = summary(group, about, &arranged, count + others.len(), &issues);
        match arranged {
            Ok(stack) => Self { summary, stack: Some(Arc::new(stack)), sample: None, issues },
            Err(sample) => Self { summary, stack: None, sample, issues },
        }
    }

    /// The line of the list from which a person picks.
    #[must_use]
    pub fn summary(&self) -> &SeriesSummary {
        &self.summary
    }

    /// The middle slice in a lung window, or a picture of a series that can only be looked at; one byte a pixel, row by row; absent where it can't be decoded.
    #[must_use]
    pub fn preview(&self) -> Option<(Preview, Vec<u8>)> {
        match (&self.stack, &self.sample) {
            (Some(stack), _) => preview::of(stack.members.get(stack.members.len() / 2)?, self.summary.id),
            (None, Some(sample)) => preview::of_sample(sample, self.summary.id),
            (None, None) => None,
        }
    }

    /// Begins to decode; the series can be begun again.
    ///
    /// # Errors
    /// Why there will be no volume: the summary's issues where the series is unusable, or too little memory.
    pub fn begin(&self) -> Result<Decoding, Vec<Issue>> {
        let stack = self.stack.as_ref().ok_or_else(|| self.summary.issues.clone())?;
        Decoding::new(Arc::clone(stack), self.issues.clone())
    }

    pub(crate) fn number(&mut self, id: SeriesId) {
        self.summary.id = id;
    }

    /// Sorts the list: usable ones first, then those of the lungs, then the longest; else as they are named.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let SeriesSummary { usable, description, date, slices, .. } = &self.summary;
        let lower = description.to_lowercase();
        let lung = LUNG.iter().any(|word| lower.contains(word));
        (!usable, !lung, u32::MAX - slices, date.clone(), lower)
    }
}

/// What a series without any CT slice is.
fn what_else(others: &[Image]) -> IssueCode {
    let has = |kind| others.iter().any(|image| image.kind == kind);
    if has(Kind::Aside) { IssueCode::SeriesNotAxialCt } else { IssueCode::SeriesNotCt }
}

/// # Errors
/// A slice to show, where there is one; `issues` then holds the reason.
fn stack(slices: Vec<Image>, max_voxels: usize, issues: &mut Vec<Issue>) -> Result<Stack, Option<Sample>> {
    let mut members = Vec::with_capacity(slices.len());
    let mut faults: BTreeMap<(IssueCode, String), Vec<String>> = BTreeMap::new();
    let mut viewable = Vec::new();
    for mut image in slices {
        viewable.extend(image.viewable());
        match Member::new(image) {
            Ok(member) => members.push(member),
            Err((fault, name)) => faults.entry((fault.code, fault.found)).or_default().push(name),
        }
    }
    // A fault that leaves other slices is a missing slice; one that leaves none is the study's.
    let severity = if members.is_empty() { Severity::Stop } else { Severity::Skip };
    issues.extend(fault_issues(faults, severity));
    if members.is_empty() {
        return Err(middle(viewable).map(Sample::EightBit));
    }
    let stack = arrange(members, issues)?;
    if stack.layout.grid.len() > max_voxels {
        let grid = &stack.layout.grid;
        let [needed, most] = [grid.len(), max_voxels].map(|voxels| megabytes(voxels as u64 * 2));
        let Grid { slices, rows, columns, .. } = grid;
        let found = format!("{slices} slices of {columns} × {rows}, {needed} as a volume, where {most} are the most");
        issues.push(Issue::new(IssueCode::InputTooLarge, &found));
        return Err(sample(stack.members));
    }
    Ok(stack)
}

/// One issue for each fault, with the number of files it met and some of their names.
pub(crate) fn fault_issues(
    faults: BTreeMap<(IssueCode, String), Vec<String>>,
    severity: Severity,
) -> impl Iterator<Item = Issue> {
    faults.into_iter().map(move |((code, found), mut names)| {
        let count = match names.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let found = if found.is_empty() { count } else { format!("{found}, {count}") };
        names.sort();
        names.truncate(MAX_NAMES);
        Issue::new(code, &found).with_severity(severity).with_files(names)
    })
}

fn summary(
    group: &GroupKey,
    about: Option<About>,
    arranged: &Result<Stack, Option<Sample>>,
    pictures: usize,
    issues: &[Issue],
) -> SeriesSummary {
    let count = |number: usize| u32::try_from(number).expect("invariant: sides and pictures are fewer than 2³²");
    let layout = arranged.as_ref().ok().map(|stack| &stack.layout);
    let (rows, columns) = about.as_ref().map_or((0, 0), |about| (about.rows, about.columns));
    let (rows, columns) = layout.map_or((rows, columns), |layout| (layout.grid.rows, layout.grid.columns));
    let placing = layout.map(|layout| layout.issues.as_slice()).unwrap_or_default();
    SeriesSummary {
        id: SeriesId(0),
        description: about.as_ref().map(|about| about.description.clone()).unwrap_or_default(),
        modality: about.as_ref().map(|about| about.modality.clone()).unwrap_or_default(),
        slices: count(layout.map_or(pictures, |layout| layout.grid.slices)),
        rows: count(rows),
        columns: count(columns),
        thickness_mm: about.as_ref().and_then(|about| about.thickness_mm),
        spacing_mm: layout.map(|layout| layout.grid.slice_mm()),
        date: about.and_then(|about| about.date),
        usable: arranged.is_ok(),
        patient_key: patient_key(&group.patient),
        instances_key: arranged.as_ref().ok().and_then(|stack| instances_key(&stack.members)),
        issues: issues.iter().chain(placing).cloned().collect(),
    }
}

/// Returns a digest of a Patient ID; `None` where it names nobody: empty, zeros, marks, or a word
/// that stands for none.
fn patient_key(identifier: &str) -> Option<u64> {
    let letters: String = identifier.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let names_nobody = letters.chars().all(|c| matches!(c, '0' | 'x')) || NOBODY.contains(&letters.as_str());
    (!names_nobody).then(|| digest(identifier.bytes()))
}

/// Returns a digest of the slices' SOP Instance UIDs in any order; `None` where a slice has none.
fn instances_key(members: &[Member]) -> Option<u64> {
    let mut instances: Vec<&str> = members.iter().map(Member::instance).collect();
    instances.sort_unstable();
    // No identifier holds the byte that ends each.
    let bytes = instances.iter().flat_map(|instance| instance.bytes().chain([0]));
    instances.iter().all(|instance| !instance.is_empty()).then(|| digest(bytes))
}

/// FNV-1a: tells identifiers apart without bearing them.
fn digest(identifier: impl Iterator<Item = u8>) -> u64 {
    identifier.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_place_of_a_patient_id_names_nobody() {
        for word in
            ["", "0", "000000", "-", "XXXX", "ANONYMOUS", "Anonymized", "anon", "N/A", "unknown", "No ID", "NULL"]
        {
            assert_eq!(patient_key(word), None, "{word:?}");
        }
        let keys: Vec<_> = ["ANON-0012", "ANON-0013", "10", "PHANTOM-1"].map(patient_key).into();
        assert!(keys.iter().all(Option::is_some));
        assert!((1..keys.len()).all(|i| !keys[..i].contains(&keys[i])));
    }
}
