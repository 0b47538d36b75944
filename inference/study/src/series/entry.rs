//! One series: its line in the list, and the way to its volume.

use std::collections::BTreeMap;
use std::sync::Arc;

use corsai_protocol::{PersonKeys, Preview, SeriesId, SeriesSummary};
use corsai_report::{Counted, Found, Identifier, Issue, IssueCode, Severity};
use corsai_volume::Grid;

use crate::error::SliceError;
use crate::geometry::slice_spacing::MIN_SLICES;
use crate::image::description::{DESCRIPTION_CHARACTERS, ImageDescription, ImageKind, ImageSource};
use crate::image::file_image::FileImage;
use crate::image::person::{Persons, patient_key};
use crate::issues::{RefusedFiles, ToIssue, counted, reduced, volume_too_large};
use crate::series::grouping::SeriesGroup;
use crate::series::identity::instances_key;
use crate::series::part_label::part_labels;
use crate::series::preview_image::{PreviewSource, preview_of_hu, preview_of_slice, preview_of_source};
use crate::series::released::read_again;
use crate::series::slice::SeriesSlice;
use crate::series::stack::SliceStack;
use crate::series::volume_decoder::VolumeDecoder;

/// Words for a lung window or kernel in descriptions; the paper prefers those series.
const LUNG_WORDS: [&str; 5] = ["lung", "pulm", "poumon", "легк", "лёгк"];

/// One series of the files that were added.
#[derive(Debug)]
pub struct Series {
    summary: SeriesSummary,
    /// The stack of a series that can be measured, else the image for the preview.
    content: Result<Arc<SliceStack>, Option<PreviewSource>>,
    /// The summary's issues without those of the geometry.
    issues: Vec<Issue>,
    /// The series is what another one left out of the images that it shares with this one.
    is_left_out: bool,
}

impl Series {
    /// Makes the series of the images of one group: the one that is used, then those of what it
    /// left out. Their ids are set later, when all series are known.
    pub(crate) fn of_group(group: SeriesGroup, max_voxels: usize) -> Vec<Self> {
        let (about, images) = AboutGroup::of(group);
        let mut issues = Vec::new();
        let (slices, others) = slices_and_others(images);
        if slices.is_empty() {
            issues.push(Issue::new(code_without_slices(&others), []));
            return vec![Self::new(&about, Err(None), issues)];
        }
        if !others.is_empty() {
            let names = others.iter().map(|image| image.name.clone()).collect();
            issues.push(counted(IssueCode::SeriesSetAside, others.len(), Counted::Images, names));
        }
        let derived = slices.iter().any(|image| image.kind == ImageKind::DerivedSlice);
        let about = AboutGroup { derived, ..about };
        let (stack, left_out) = match build_stack(slices, &mut issues) {
            Ok(built) => built,
            Err(preview) => return vec![Self::new(&about, Err(preview), issues)],
        };
        let total = stack.slices.len() + left_out.len();
        let further = SliceStack::further(left_out);
        let labels = part_labels(&[&stack].into_iter().chain(&further).collect::<Vec<_>>());
        let stacks = [(stack, issues)].into_iter().chain(further.into_iter().map(|stack| (stack, Vec::new())));
        let mut series = Vec::new();
        for ((stack, mut issues), label) in stacks.zip(labels) {
            if stack.slices.len() < total {
                issues.push(split(stack.slices.len(), total));
            }
            let content = about.measurable(stack, max_voxels, &mut issues);
            let mut one = Self::new(&about, content, issues);
            one.label(&label);
            one.is_left_out = !series.is_empty();
            // Where the first can't be used, nobody asks for the rest of it.
            let ends = !one.summary.usable && !one.is_left_out;
            series.push(one);
            if ends {
                break;
            }
        }
        series
    }

    fn new(about: &AboutGroup, content: Result<SliceStack, Option<PreviewSource>>, mut issues: Vec<Issue>) -> Self {
        let shown = match &content {
            Ok(stack) => stack.middle(),
            Err(Some(PreviewSource::Slice(slice))) => Some(slice.as_ref()),
            Err(_) => None,
        };
        let description = shown.map(|slice| slice.description.clone()).or_else(|| about.first.clone());
        if let Ok(stack) = &content {
            let not_supine = description.as_ref().is_some_and(|description| description.supine == Some(false));
            issues.extend(warnings(stack, not_supine, about.derived));
            if !about.differing.is_empty() {
                let identifiers = about.differing.clone();
                issues.push(Issue::new(IssueCode::SeriesIdentifiers, [Found::Identifiers { identifiers }]));
            }
            if about.all_images > about.images {
                issues.push(split(about.images, about.all_images));
            }
        }
        let summary = summary(about, description, content.as_ref().ok(), &issues);
        Self { summary, content: content.map(Arc::new), issues, is_left_out: false }
    }

    /// Adds to the description what distinguishes the series from those that it shares images with.
    fn label(&mut self, label: &str) {
        if label.is_empty() {
            return;
        }
        let description = &mut self.summary.description;
        let own = label.chars().count() + 3;
        *description = description.chars().take(DESCRIPTION_CHARACTERS.saturating_sub(own)).collect();
        *description = if description.is_empty() { label.into() } else { format!("{description} ({label})") };
    }

    /// Returns whether the series is what another one left out of the images that it shares with
    /// this one: it is taken only where a person chooses it.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.is_left_out
    }

    /// Returns the series' line in the list from which a person picks.
    #[must_use]
    pub fn summary(&self) -> &SeriesSummary {
        &self.summary
    }

    /// Returns the middle slice in a lung window, or an image of a series that can only be looked
    /// at: one byte for each pixel, row by row. `None` where it can't be decoded.
    #[must_use]
    pub fn preview(&self) -> Option<(Preview, Vec<u8>)> {
        let preview = match &self.content {
            Ok(stack) => preview_of_slice(stack.middle()?, self.summary.id),
            Err(source) => preview_of_source(source.as_ref()?, self.summary.id),
        };
        preview.inspect_err(|error: &SliceError| tracing::debug!(%error, "no preview")).ok()
    }

    /// Returns the file to be read again for [`Self::preview_from`]; `None` where [`Self::preview`]
    /// needs none.
    #[must_use]
    pub fn preview_file(&self) -> Option<usize> {
        let middle = self.content.as_ref().ok()?.middle()?;
        middle.is_released().then_some(middle.origin.file)
    }

    /// Returns the preview from the bytes of [`Self::preview_file`].
    #[must_use]
    pub fn preview_from(&self, bytes: Vec<u8>) -> Option<(Preview, Vec<u8>)> {
        let middle = self.content.as_ref().ok()?.middle()?;
        let mut preview = None;
        read_again(middle.origin.file, bytes, &BTreeMap::from([(middle.origin, 0)]), |_, image| {
            let hu = middle.decode_again(image).inspect_err(|error| tracing::debug!(%error, "no preview"));
            preview = hu.ok().map(|hu| preview_of_hu(&hu, middle, self.summary.id));
        });
        preview
    }

    /// Returns a decoder of the series' volume. Each call starts anew.
    ///
    /// # Errors
    /// Why there will be no volume: the summary's issues where the series can't be measured, or too
    /// little memory.
    pub fn decoder(&self) -> Result<VolumeDecoder, Vec<Issue>> {
        let stack = self.content.as_ref().map_err(|_| self.summary.issues.clone())?;
        VolumeDecoder::new(Arc::clone(stack), self.issues.clone())
    }

    pub(crate) fn set_id(&mut self, id: SeriesId) {
        self.summary.id = id;
    }

    /// Returns the sort key of the list: series that can be measured first, those that others left
    /// out behind the others, then those of the lungs, then those that name their modality, then
    /// the longest, then by date and name.
    pub(crate) fn sort_key(&self) -> impl Ord + use<> {
        let SeriesSummary { usable, description, modality, date, slices, .. } = &self.summary;
        let lower = description.to_lowercase();
        let lung = LUNG_WORDS.iter().any(|word| lower.contains(word));
        (!usable, self.is_left_out, !lung, modality.is_empty(), u32::MAX - slices, date.clone(), lower)
    }
}

/// What all series of one group have in common.
#[derive(Debug)]
struct AboutGroup {
    patient_key: Option<u64>,
    person: PersonKeys,
    /// Identifiers in which the images differ.
    differing: Vec<Identifier>,
    several_people: bool,
    /// The slices are derived ones.
    derived: bool,
    /// Number of the group's images.
    images: usize,
    /// Number of the images of which these are one date's.
    all_images: usize,
    /// The first image's description.
    first: Option<ImageDescription>,
}

impl AboutGroup {
    fn of(group: SeriesGroup) -> (Self, Vec<FileImage>) {
        let patient_key = group.patient().and_then(patient_key);
        let SeriesGroup { images, mut differing, several_people, all_images, .. } = group;
        let first = images.iter().min_by_key(|image| (image.kind, &image.instance));
        let persons = Persons::of(images.iter().map(|image| &image.description.person));
        if !persons.is_one() {
            differing.insert(Identifier::Person);
        }
        let about = Self {
            patient_key,
            person: persons.agreed(),
            differing: differing.into_iter().collect(),
            several_people,
            derived: false,
            images: images.len(),
            all_images,
            first: first.map(|image| image.description.clone()),
        };
        (about, images)
    }

    /// Returns the stack where it can be measured, reduced to `max_voxels`. Why it can't, or how it
    /// was reduced, is added to `issues`.
    ///
    /// # Errors
    /// The image to show in the stack's place.
    fn measurable(
        &self,
        stack: SliceStack,
        max_voxels: usize,
        issues: &mut Vec<Issue>,
    ) -> Result<SliceStack, Option<PreviewSource>> {
        let refusal = if self.several_people {
            Some(IssueCode::SeriesSeveralPeople)
        } else {
            (self.derived && stack.is_of_slabs()).then_some(IssueCode::SeriesNotAxialCt)
        };
        if let Some(code) = refusal {
            issues.push(Issue::new(code, []));
            return Err(PreviewSource::middle_slice(stack.slices));
        }
        let whole = stack.geometry.grid.clone();
        if whole.voxel_count() <= max_voxels {
            return Ok(stack);
        }
        match stack.reduced(max_voxels) {
            Ok(stack) => {
                issues.push(reduced(&whole, &stack.geometry.grid));
                Ok(stack)
            }
            Err(slices) => {
                issues.push(volume_too_large(&whole, max_voxels));
                Err(PreviewSource::middle_slice(slices))
            }
        }
    }
}

/// Returns the issue of a series of `count` of `total` images.
fn split(count: usize, total: usize) -> Issue {
    Issue::new(IssueCode::SeriesSplit, [Found::Used { count: count as u64, total: total as u64 }])
}

/// Returns what is to be kept in mind about the slices that are used.
fn warnings(stack: &SliceStack, not_supine: bool, derived: bool) -> impl Iterator<Item = Issue> {
    let any = |is: fn(&ImageDescription) -> bool| stack.slices.iter().any(|slice| is(&slice.description));
    let warnings = [
        (any(|about| about.lossy), IssueCode::PixelsLossy),
        (any(|about| about.syntax_guessed), IssueCode::FileNoSyntax),
        (any(|about| about.source != ImageSource::Dicom), IssueCode::NiftiAnonymous),
        (any(|about| about.source == ImageSource::NiftiWithoutOrientation), IssueCode::GeometryOrientationAssumed),
        (not_supine, IssueCode::GeometryNotSupine),
        (derived, IssueCode::SeriesDerived),
    ];
    let warnings = warnings.into_iter().filter(|(applies, _)| *applies).map(|(_, code)| Issue::new(code, []));
    warnings.chain(stack.unlike_slices())
}

/// Divides images into those that may be slices of a volume and the others. Derived slices are used
/// where there are too few original ones.
fn slices_and_others(images: Vec<FileImage>) -> (Vec<FileImage>, Vec<FileImage>) {
    let count = |kind| images.iter().filter(|image| image.kind == kind).count();
    let (originals, derived) = (count(ImageKind::Slice), count(ImageKind::DerivedSlice));
    let kind = if originals < MIN_SLICES && derived > originals { ImageKind::DerivedSlice } else { ImageKind::Slice };
    images.into_iter().partition(|image| image.kind == kind)
}

/// Returns why images without any CT slice can't be measured.
fn code_without_slices(images: &[FileImage]) -> IssueCode {
    let has = |kind| images.iter().any(|image| image.kind == kind);
    if has(ImageKind::NotOriginal) { IssueCode::SeriesNotAxialCt } else { IssueCode::SeriesNotCt }
}

/// Builds the stack of a series, and returns it with the slices that it leaves out. The reason why
/// there is none is added to `issues`.
///
/// # Errors
/// The image to show in the stack's place, where there is one.
fn build_stack(
    images: Vec<FileImage>,
    issues: &mut Vec<Issue>,
) -> Result<(SliceStack, Vec<SeriesSlice>), Option<PreviewSource>> {
    let mut slices = Vec::with_capacity(images.len());
    let mut refused = RefusedFiles::new();
    let mut eight_bit = Vec::new();
    for mut image in images {
        eight_bit.extend(image.take_eight_bit());
        match SeriesSlice::new(image) {
            Ok(slice) => slices.push(slice),
            Err((error, name)) => refused.add(error, name),
        }
    }
    // Beside other slices, a slice that can't be used is a missing one. Without any, nothing can be
    // measured.
    let severity = if slices.is_empty() { Severity::Stop } else { Severity::Skip };
    issues.extend(refused.into_issues(Some(severity)));
    if slices.is_empty() {
        return Err(PreviewSource::middle_eight_bit(eight_bit));
    }
    SliceStack::build(slices, issues).map_err(PreviewSource::middle_slice)
}

fn summary(
    about: &AboutGroup,
    description: Option<ImageDescription>,
    stack: Option<&SliceStack>,
    issues: &[Issue],
) -> SeriesSummary {
    let count = |number: usize| u32::try_from(number).expect("invariant: sides and images are fewer than 2³²");
    let geometry = stack.map(|stack| &stack.geometry);
    let grid = geometry.map(|geometry| &geometry.grid);
    let size = description.as_ref().map_or((0, 0), |description| (description.rows, description.columns));
    let (rows, columns) = grid.map_or(size, |grid| (grid.rows(), grid.columns()));
    let warnings = geometry.iter().flat_map(|geometry| &geometry.warnings).map(ToIssue::to_issue);
    SeriesSummary {
        id: SeriesId(0),
        description: description.as_ref().map(|about| about.description.clone()).unwrap_or_default(),
        modality: description.as_ref().map(|about| about.modality.clone()).unwrap_or_default(),
        slices: count(grid.map_or(about.images, Grid::slices)),
        rows: count(rows),
        columns: count(columns),
        thickness_mm: description.as_ref().and_then(|about| about.thickness_mm),
        spacing_mm: grid.map(Grid::slice_mm),
        kernel_key: description.as_ref().and_then(|about| about.kernel_key),
        tube_voltage_kv: description.as_ref().and_then(|about| about.tube_voltage_kv),
        contrast: description.as_ref().map(|about| about.contrast),
        date: description.and_then(|about| about.date),
        usable: stack.is_some(),
        patient_key: about.patient_key,
        person: about.person,
        instances_key: stack.and_then(|stack| instances_key(&stack.slices)),
        issues: issues.iter().cloned().chain(warnings).collect(),
    }
}
