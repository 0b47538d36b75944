//! Which images are one series: those whose identifiers agree, and those that show that they belong
//! together though an identifier doesn't say so.
//!
//! Archives and anonymising programs write identifiers anew, at times each slice its own. Such
//! slices still fit together: they have one size and direction, one way of acquisition, and no two
//! of them are at one place. Two people's slices, and two acquisitions, lie at the same places.

use std::collections::{BTreeMap, BTreeSet};

use corsai_report::Identifier;

use crate::geometry::orientation::SlicePlane;
use crate::geometry::slice_spacing::{MIN_SLICES, SAME_PLACE_MM, assess};
use crate::geometry::vector::Vector;
use crate::image::description::{ImageKind, SeriesKey};
use crate::image::file_image::FileImage;
use crate::image::person::{Persons, patient_key};

/// Sets of identifiers that may be wrong, the likeliest first. Series whose patients differ are
/// looked at after those of one patient.
const WRONG: [&[Identifier]; 11] = [
    &[Identifier::FrameOfReference],
    &[Identifier::Study],
    &[Identifier::Series],
    &[Identifier::Study, Identifier::FrameOfReference],
    &[Identifier::Series, Identifier::FrameOfReference],
    &[Identifier::Study, Identifier::Series],
    &[Identifier::Study, Identifier::Series, Identifier::FrameOfReference],
    &[Identifier::Patient],
    &[Identifier::Patient, Identifier::FrameOfReference],
    &[Identifier::Patient, Identifier::Study],
    &[Identifier::Patient, Identifier::Study, Identifier::FrameOfReference],
];

/// The images of one series.
#[derive(Debug)]
pub(crate) struct SeriesGroup {
    key: SeriesKey,
    pub images: Vec<FileImage>,
    /// Identifiers in which the images differ.
    pub differing: BTreeSet<Identifier>,
    /// Number of the images of which these are one date's.
    pub all_images: usize,
    /// The images bear the identifiers of several people, and nothing says that these are one.
    pub several_people: bool,
}

impl SeriesGroup {
    /// Returns the patient's identifier; `None` where the images have several.
    pub(crate) fn patient(&self) -> Option<&str> {
        (!self.differing.contains(&Identifier::Patient)).then_some(&self.key.patient)
    }

    /// Returns the planes of the slices that can be read.
    fn planes(&self) -> impl Iterator<Item = (&FileImage, SlicePlane)> {
        self.images.iter().filter_map(|image| Some((image, image.slice.as_ref().ok()?.plane())))
    }

    /// Returns the number of images that show slices, readable or not.
    fn slices(&self) -> usize {
        self.images.iter().filter(|image| image.kind.is_slice()).count()
    }

    fn is_small(&self) -> bool {
        self.slices() < MIN_SLICES
    }
}

/// Sorts images with equal identifiers into series. Of the same images in any order, the series are
/// the same ones in the same order.
pub(crate) fn group(named: BTreeMap<SeriesKey, Vec<FileImage>>) -> Vec<SeriesGroup> {
    let group = |(key, images): (SeriesKey, Vec<FileImage>)| {
        let all_images = images.len();
        SeriesGroup { key, images, differing: BTreeSet::new(), all_images, several_people: false }
    };
    let mut groups: Vec<SeriesGroup> = named.into_iter().map(group).collect();
    for small in [false, true] {
        for wrong in WRONG {
            if groups.len() > 1 {
                groups = merged(groups, wrong, small);
            }
        }
    }
    groups.into_iter().flat_map(by_date).collect()
}

/// What the images of one series have in common, beside their identifiers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Looks {
    kind: ImageKind,
    rows: usize,
    columns: usize,
    kernel: String,
    kvp: String,
    date: Option<String>,
    modality: String,
    /// Number, description and acquisition, where the series' identifiers don't agree.
    series: Option<[String; 3]>,
}

impl Looks {
    /// The looks of a group by its first slice, else its first image. `series` is whether the
    /// series' number and description count.
    fn of(group: &SeriesGroup, series: bool) -> Option<Self> {
        let first = group.images.iter().min_by_key(|image| (!image.kind.is_slice(), image.kind, &image.instance))?;
        let key = &first.reconstruction;
        Some(Self {
            kind: first.kind,
            rows: first.description.rows,
            columns: first.description.columns,
            kernel: key.kernel.clone(),
            kvp: key.kvp.clone(),
            date: first.description.date.clone(),
            modality: first.description.modality.clone(),
            series: series.then(|| [key.series_number.clone(), key.description.clone(), key.acquisition.clone()]),
        })
    }
}

/// Merges groups that agree in all identifiers but the `wrong` ones and fit together. `small` is
/// whether to merge groups that are each too small to be measured, whatever the series' number and
/// description.
fn merged(groups: Vec<SeriesGroup>, wrong: &[Identifier], small: bool) -> Vec<SeriesGroup> {
    let other_series = wrong.contains(&Identifier::Series);
    let other_patient = wrong.contains(&Identifier::Patient);
    let mut alike: BTreeMap<(SeriesKey, Option<Looks>), Vec<SeriesGroup>> = BTreeMap::new();
    let mut result = Vec::new();
    for group in groups {
        // Without the series' identifier, nothing holds the slices of two people together.
        let open =
            !(other_patient && group.key.series.is_empty() || small && !group.is_small() || group.several_people);
        if open {
            let looks = Looks::of(&group, other_series && !small);
            alike.entry((group.key.without(wrong), looks)).or_default().push(group);
        } else {
            result.push(group);
        }
    }
    for groups in alike.into_values() {
        match decide(&groups, other_series, other_patient, small) {
            Decision::Apart => result.extend(groups),
            Decision::Together => result.extend(join(groups, wrong, false)),
            Decision::SeveralPeople => result.extend(join(groups, wrong, true)),
        }
    }
    result.sort_by(|a, b| a.key.cmp(&b.key));
    result
}

/// What becomes of groups that agree but for some identifiers.
enum Decision {
    Apart,
    Together,
    /// One series by its places, and several people by its identifiers.
    SeveralPeople,
}

fn decide(groups: &[SeriesGroup], other_series: bool, other_patient: bool, small: bool) -> Decision {
    if groups.len() < 2 || small && groups.len() < MIN_SLICES {
        return Decision::Apart;
    }
    if groups.iter().all(|group| group.planes().next().is_none()) {
        return if small { Decision::Together } else { Decision::Apart };
    }
    let Some(fit) = Fit::of(groups) else { return Decision::Apart };
    if !small && !fit.is_stack() {
        return Decision::Apart;
    }
    let whole_within_one_another = !small && fit.has_whole_series_within_one_another();
    if other_patient {
        let images = groups.iter().flat_map(|group| &group.images);
        let one_person = Persons::of(images.map(|image| &image.description.person)).is_one();
        // A missing identifier contradicts none.
        let named: BTreeSet<&str> = groups.iter().map(|group| group.key.patient.as_str()).collect();
        let only_missing = named.iter().filter(|name| !name.is_empty()).count() <= 1;
        return if one_person && (only_missing || !whole_within_one_another) {
            Decision::Together
        } else {
            Decision::SeveralPeople
        };
    }
    if other_series && !small {
        // Large parts under several names need an identifier that holds them together.
        let named = |identifier: fn(&SeriesKey) -> &str| {
            let mut names = groups.iter().map(|group| identifier(&group.key));
            let first = names.next().unwrap_or_default();
            !first.is_empty() && names.all(|name| name == first)
        };
        let held = named(|key| &key.study) || named(|key| &key.frame_of_reference);
        let person = groups.iter().all(|group| patient_key(&group.key.patient).is_some());
        if whole_within_one_another || !held || !(person || named(|key| &key.study)) {
            return Decision::Apart;
        }
    }
    Decision::Together
}

/// The places of groups that fit together: slices of one size and direction, no two at one place.
struct Fit {
    /// Positions of each group's slices along the common normal, mm, rising.
    positions_mm: Vec<Vec<f64>>,
}

impl Fit {
    fn of(groups: &[SeriesGroup]) -> Option<Self> {
        let (_, first) = groups.iter().find_map(|group| group.planes().next())?;
        let normal = first.normal();
        let mut corners: Vec<(f64, Vector)> = Vec::new();
        let mut positions_mm = Vec::with_capacity(groups.len());
        for group in groups {
            let mut own = Vec::new();
            let mut seen = BTreeSet::new();
            for (image, plane) in group.planes() {
                if !plane.has_size_of(&first) || !plane.is_parallel_to(&first) {
                    return None;
                }
                // A copy counts once.
                if image.instance.is_empty() || seen.insert(&image.instance) {
                    own.push(plane.corner_mm.dot(normal));
                    corners.push((plane.corner_mm.dot(normal), plane.corner_mm));
                }
            }
            own.sort_by(f64::total_cmp);
            positions_mm.push(own);
        }
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let apart = corners.windows(2).all(|pair| pair[1].0 - pair[0].0 >= SAME_PLACE_MM);
        apart.then_some(Self { positions_mm })
    }

    /// Returns whether all slices together make a stack that can be measured.
    fn is_stack(&self) -> bool {
        let mut all: Vec<f64> = self.positions_mm.iter().flatten().copied().collect();
        all.sort_by(f64::total_cmp);
        assess(&all).is_ok()
    }

    /// Returns whether two groups, each of which makes a stack by itself, share a range of places.
    fn has_whole_series_within_one_another(&self) -> bool {
        let whole: Vec<&Vec<f64>> = self.positions_mm.iter().filter(|own| assess(own).is_ok()).collect();
        let shares = |one: &[f64], two: &[f64]| {
            let (Some(lowest), Some(highest)) = (two.first(), two.last()) else { return false };
            one.iter().any(|at| (lowest..=highest).contains(&at))
        };
        let pairs =
            whole.iter().enumerate().flat_map(|(index, one)| whole[index + 1..].iter().map(move |two| (one, two)));
        pairs.into_iter().any(|(one, two)| shares(one, two) && shares(two, one))
    }
}

/// Joins groups into one; nothing of none.
fn join(groups: Vec<SeriesGroup>, wrong: &[Identifier], several_people: bool) -> Option<SeriesGroup> {
    groups.into_iter().reduce(|mut all, mut group| {
        let differs = |identifier: &Identifier| all.key.identifier(*identifier) != group.key.identifier(*identifier);
        let differing: Vec<Identifier> = wrong.iter().copied().filter(differs).collect();
        all.differing.extend(differing);
        all.differing.append(&mut group.differing);
        all.images.append(&mut group.images);
        all.all_images = all.images.len();
        all.several_people |= several_people;
        all
    })
}

/// Divides a group where its slices bear several dates and lie at the same places: each date is a
/// study of its own.
fn by_date(group: SeriesGroup) -> Vec<SeriesGroup> {
    let mut places: BTreeMap<&Option<String>, Vec<f64>> = BTreeMap::new();
    let Some(normal) = group.planes().next().map(|(_, plane)| plane.normal()) else { return vec![group] };
    for (image, plane) in group.planes() {
        places.entry(&image.description.date).or_default().push(plane.corner_mm.dot(normal));
    }
    let stacks: Vec<(&Option<String>, Vec<f64>)> =
        places.into_iter().filter(|(_, own)| own.len() >= MIN_SLICES).collect();
    let range =
        |own: &[f64]| own.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), at| (a.min(*at), b.max(*at)));
    let shared = stacks.windows(2).any(|pair| {
        let [one, two] = [range(&pair[0].1), range(&pair[1].1)];
        one.0 <= two.1 && two.0 <= one.1
    });
    if stacks.len() < 2 || !shared {
        return vec![group];
    }
    let SeriesGroup { key, images, differing, all_images, several_people } = group;
    let mut dates: BTreeMap<Option<String>, Vec<FileImage>> = BTreeMap::new();
    for image in images {
        dates.entry(image.description.date.clone()).or_default().push(image);
    }
    let part = |images| {
        let (key, differing) = (key.clone(), differing.clone());
        SeriesGroup { key, images, differing, all_images, several_people }
    };
    dates.into_values().map(part).collect()
}
