//! A small cache of slices, the requests for them, and each slice's areas of lung and lesion.

use std::collections::{BTreeMap, BTreeSet};

use corsai_protocol::{SliceAreas, StudySlot, VolumeSummary};
use corsai_volume::label;

use crate::imaging::contour;

/// The most slices; 24 of 512² take 18 MB.
const CAPACITY: usize = 24;

/// One slice: pixels, labels and their outlines.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceImage {
    /// Pixels per row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// `rows · columns` Hounsfield units.
    pub hu: Vec<i16>,
    /// `rows · columns` label bytes, see [`corsai_volume::label`].
    pub labels: Vec<u8>,
    /// Share of the networks that marked the pixel as lesion, per cent; absent with fewer than two.
    pub agreement: Option<Vec<u8>>,
    /// Whether the labels hold lungs.
    pub lungs: bool,
    /// Whether the labels hold lesions.
    pub lesions: bool,
    /// The masks' outlines.
    pub outlines: Outlines,
}

/// SVG path data of each mask's outline, empty where the mask is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlines {
    /// The right lung's.
    pub right: String,
    /// The left lung's.
    pub left: String,
    /// The lesions'.
    pub lesions: String,
}

impl SliceImage {
    /// Returns an image of these buffers; `None` where they don't fit the volume: the worker
    /// answered about an earlier study.
    pub fn new(
        volume: &VolumeSummary,
        hu: Vec<i16>,
        labels: Vec<u8>,
        agreement: Option<Vec<u8>>,
        (lungs, lesions): (bool, bool),
    ) -> Option<Self> {
        let (columns, rows) = (volume.columns as usize, volume.rows as usize);
        let count = columns.checked_mul(rows)?;
        if hu.len() != count || labels.len() != count || agreement.as_ref().is_some_and(|a| a.len() != count) {
            return None;
        }
        let of = |bit: u8| {
            let there = labels.iter().any(|l| l & bit != 0);
            let at = |x: usize, y: usize| labels.get(y * columns + x).is_some_and(|l| l & bit != 0);
            if there { contour::path_data(&contour::outlines(columns, rows, at)) } else { String::new() }
        };
        let outlines =
            Outlines { right: of(label::RIGHT_LUNG), left: of(label::LEFT_LUNG), lesions: of(label::LESION) };
        Some(Self { columns, rows, hu, labels, agreement, lungs, lesions, outlines })
    }

    /// Returns Hounsfield units and label of one pixel; `None` outside the image.
    pub fn at(&self, column: u32, row: u32) -> Option<(i16, u8)> {
        let index = (row as usize).checked_mul(self.columns)?.checked_add(column as usize)?;
        if column as usize >= self.columns {
            return None;
        }
        Some((*self.hu.get(index)?, *self.labels.get(index)?))
    }
}

#[derive(Debug)]
struct Entry {
    image: SliceImage,
    used: u64,
    outdated: bool,
}

/// The cache of both studies' slices.
#[derive(Debug, Default)]
pub struct SliceCache {
    entries: BTreeMap<(StudySlot, u32), Entry>,
    requested: BTreeSet<(StudySlot, u32)>,
    areas: BTreeMap<(StudySlot, u32), SliceAreas>,
    clock: u64,
}

impl SliceCache {
    /// Drops all of a study.
    pub fn clear(&mut self, slot: StudySlot) {
        self.entries.retain(|key, _| key.0 != slot);
        self.requested.retain(|key| key.0 != slot);
        self.areas.retain(|key, _| key.0 != slot);
    }

    /// Adds a slice, and drops the least recently requested one beyond the capacity.
    pub fn insert(&mut self, slot: StudySlot, index: u32, image: SliceImage) {
        self.requested.remove(&(slot, index));
        self.clock += 1;
        self.entries.insert((slot, index), Entry { image, used: self.clock, outdated: false });
        while self.entries.len() > CAPACITY {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(key, _)| *key) else { break };
            self.entries.remove(&oldest);
        }
    }

    /// Returns a slice, also while a newer state of it is requested.
    pub fn get(&self, slot: StudySlot, index: u32) -> Option<&SliceImage> {
        Some(&self.entries.get(&(slot, index))?.image)
    }

    /// Takes in that these slices have a newer state, and each one's areas, where there are any
    /// yet.
    pub fn mark_changed(&mut self, slot: StudySlot, indices: &[u32], areas: &[SliceAreas]) {
        self.areas.extend(indices.iter().zip(areas).map(|(index, areas)| ((slot, *index), *areas)));
        for index in indices {
            self.requested.remove(&(slot, *index));
            if let Some(entry) = self.entries.get_mut(&(slot, *index)) {
                entry.outdated = true;
            }
        }
    }

    /// Returns those of `wanted` to request now, and counts them as requested. All of `wanted`
    /// count as used.
    pub fn request(&mut self, slot: StudySlot, wanted: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.clock += 1;
        let wanted: Vec<u32> = wanted.into_iter().collect();
        for index in &wanted {
            if let Some(entry) = self.entries.get_mut(&(slot, *index)) {
                entry.used = self.clock;
            }
        }
        let (entries, requested) = (&self.entries, &mut self.requested);
        wanted
            .into_iter()
            .filter(|i| entries.get(&(slot, *i)).is_none_or(|e| e.outdated))
            .filter(|i| requested.insert((slot, *i)))
            .collect()
    }

    /// Forgets the requests, since their worker has ended.
    pub fn forget_requests(&mut self) {
        self.requested.clear();
    }

    /// Whether there is any slice of a study.
    pub fn has_any(&self, slot: StudySlot) -> bool {
        self.entries.keys().any(|key| key.0 == slot)
    }

    /// Returns the slice with the largest lesion area, the one nearest the feet of several.
    pub fn most_lesions(&self, slot: StudySlot) -> Option<u32> {
        let lesions = self.areas.iter().filter(|(key, _)| key.0 == slot).filter_map(|(key, areas)| {
            let lesion = areas.lesion.filter(|lesion| *lesion > 0)?;
            Some((lesion, key.1))
        });
        lesions.max_by_key(|(lesion, index)| (*lesion, std::cmp::Reverse(*index))).map(|(_, index)| index)
    }

    /// Returns a slice's areas of lung and lesion, once its lungs are known.
    pub fn areas(&self, slot: StudySlot, index: u32) -> Option<SliceAreas> {
        self.areas.get(&(slot, index)).copied()
    }
}

/// Returns a slice and its neighbours up to `reach`, nearest first.
pub fn neighbours(index: u32, count: u32, reach: u32) -> Vec<u32> {
    let mut wanted = vec![index];
    for step in 1..=reach {
        wanted.extend(index.checked_add(step).filter(|i| *i < count));
        wanted.extend(index.checked_sub(step));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume() -> VolumeSummary {
        VolumeSummary {
            slices: 100,
            rows: 2,
            columns: 3,
            row_mm: 1.0,
            column_mm: 1.0,
            slice_mm: 1.0,
            positions_mm: (0..100).map(f64::from).collect(),
        }
    }

    fn slice(labels: [u8; 6]) -> SliceImage {
        SliceImage::new(&volume(), vec![-1000, 0, 1, 2, 3, 4], labels.to_vec(), None, (true, true)).unwrap()
    }

    #[test]
    fn buffers_of_another_volume_are_refused() {
        assert!(SliceImage::new(&volume(), vec![0; 5], vec![0; 6], None, (true, true)).is_none());
        assert!(SliceImage::new(&volume(), vec![0; 6], vec![0; 6], Some(vec![0; 5]), (true, true)).is_none());
        assert!(SliceImage::new(&volume(), vec![0; 6], vec![0; 7], None, (true, true)).is_none());
    }

    #[test]
    fn a_pixel_is_found_and_beside_there_is_none() {
        let slice = slice([0, 1, 0, 0, 5, 0]);
        assert_eq!(slice.at(1, 0), Some((0, 1)));
        assert_eq!(slice.at(1, 1), Some((3, 5)));
        assert_eq!(slice.at(3, 0), None);
        assert_eq!(slice.at(0, 2), None);
    }

    #[test]
    fn the_least_recently_requested_slice_goes_first() {
        let mut cache = SliceCache::default();
        for index in 0..24 {
            cache.insert(StudySlot::Current, index, slice([0; 6]));
        }
        assert!(cache.request(StudySlot::Current, [0]).is_empty());
        cache.insert(StudySlot::Current, 24, slice([0; 6]));
        assert!(cache.get(StudySlot::Current, 0).is_some());
        assert!(cache.get(StudySlot::Current, 1).is_none());
    }

    #[test]
    fn a_slice_is_requested_once_until_it_changes() {
        let mut cache = SliceCache::default();
        assert_eq!(cache.request(StudySlot::Current, [4, 5]), vec![4, 5]);
        assert_eq!(cache.request(StudySlot::Current, [4, 5, 6]), vec![6]);
        cache.insert(StudySlot::Current, 4, slice([0; 6]));
        assert!(cache.request(StudySlot::Current, [4]).is_empty());
        cache.mark_changed(StudySlot::Current, &[4, 5], &[]);
        assert_eq!(cache.request(StudySlot::Current, [4, 5]), vec![4, 5]);
        assert!(cache.get(StudySlot::Current, 4).is_some(), "the older state stays on screen meanwhile");
    }

    const fn areas(lung: u32, lesion: Option<u32>) -> SliceAreas {
        SliceAreas { lung, lesion }
    }

    #[test]
    fn areas_are_the_last_that_were_sent_and_end_with_the_study() {
        let mut cache = SliceCache::default();
        cache.mark_changed(StudySlot::Current, &[6, 7], &[areas(9, None), areas(4, Some(2))]);
        cache.mark_changed(StudySlot::Previous, &[7], &[areas(5, Some(1))]);
        assert_eq!(cache.areas(StudySlot::Current, 6), Some(areas(9, None)));
        assert_eq!(cache.areas(StudySlot::Current, 7), Some(areas(4, Some(2))));
        assert_eq!(cache.areas(StudySlot::Previous, 7), Some(areas(5, Some(1))));
        // As after a refinement that was stopped.
        cache.mark_changed(StudySlot::Current, &[7], &[areas(4, Some(1))]);
        assert_eq!(cache.areas(StudySlot::Current, 7), Some(areas(4, Some(1))));
        cache.clear(StudySlot::Current);
        assert_eq!((cache.areas(StudySlot::Current, 6), cache.areas(StudySlot::Current, 7)), (None, None));
        assert_eq!(cache.areas(StudySlot::Previous, 7), Some(areas(5, Some(1))));
    }

    #[test]
    fn the_slice_with_most_lesion_is_the_one_nearest_the_feet_of_several() {
        let mut cache = SliceCache::default();
        assert_eq!(cache.most_lesions(StudySlot::Current), None);
        cache.mark_changed(StudySlot::Current, &[1, 2], &[areas(900, None), areas(900, Some(0))]);
        assert_eq!(cache.most_lesions(StudySlot::Current), None);
        cache.mark_changed(StudySlot::Current, &[9, 4, 5], &[areas(1, Some(7)), areas(1, Some(7)), areas(1, Some(6))]);
        assert_eq!(cache.most_lesions(StudySlot::Current), Some(4));
        assert_eq!(cache.most_lesions(StudySlot::Previous), None);
    }

    #[test]
    fn neighbours_come_nearest_first() {
        assert_eq!(neighbours(0, 3, 2), vec![0, 1, 2]);
        assert_eq!(neighbours(5, 100, 2), vec![5, 6, 4, 7, 3]);
    }
}
