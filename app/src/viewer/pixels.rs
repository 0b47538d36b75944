//! The slices that are at hand: a small cache of pixels and labels, what was asked for, and how
//! much lung and lesion each slice holds.

use std::collections::{BTreeMap, BTreeSet};

use corsai_protocol::{SliceAreas, Slot, VolumeSummary};
use corsai_volume::label;

use super::contour;

/// Slices kept; 24 of 512² take 18 MB.
const KEPT: usize = 24;

/// One slice as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    pub columns: usize,
    pub rows: usize,
    /// `rows · columns` Hounsfield units.
    pub hu: Vec<i16>,
    /// `rows · columns` label bytes, see [`corsai_volume::label`].
    pub labels: Vec<u8>,
    /// What share of the networks marked the pixel as lesion, per cent; absent before there are two.
    pub agreement: Option<Vec<u8>>,
    /// Whether the labels hold lungs, and lesions.
    pub lungs: bool,
    pub lesions: bool,
    /// Outlines as path data; empty where there is nothing.
    pub outlines: Outlines,
}

/// Path data of each mask's outline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlines {
    pub right: String,
    pub left: String,
    pub lesions: String,
}

impl Slice {
    /// `None` where the buffers don't fit the volume: an answer about a study that is gone.
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

    /// Hounsfield units and label of one pixel.
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
    slice: Slice,
    used: u64,
    outdated: bool,
}

/// The cache of both studies' slices.
#[derive(Debug, Default)]
pub struct PixelStore {
    entries: BTreeMap<(Slot, u32), Entry>,
    asked: BTreeSet<(Slot, u32)>,
    areas: BTreeMap<(Slot, u32), SliceAreas>,
    clock: u64,
}

impl PixelStore {
    /// Forgets a study.
    pub fn clear(&mut self, slot: Slot) {
        self.entries.retain(|key, _| key.0 != slot);
        self.asked.retain(|key| key.0 != slot);
        self.areas.retain(|key, _| key.0 != slot);
    }

    /// Takes an answer in and drops the slice unused for longest.
    pub fn put(&mut self, slot: Slot, index: u32, slice: Slice) {
        self.asked.remove(&(slot, index));
        self.clock += 1;
        self.entries.insert((slot, index), Entry { slice, used: self.clock, outdated: false });
        while self.entries.len() > KEPT {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(key, _)| *key) else { break };
            self.entries.remove(&oldest);
        }
    }

    /// The slice if it is at hand, also while a newer state of it is on its way.
    pub fn get(&mut self, slot: Slot, index: u32) -> Option<&Slice> {
        self.clock += 1;
        let entry = self.entries.get_mut(&(slot, index))?;
        entry.used = self.clock;
        Some(&entry.slice)
    }

    /// These slices have a newer state, and these areas each, where there are any yet.
    pub fn changed(&mut self, slot: Slot, indices: &[u32], areas: &[SliceAreas]) {
        self.areas.extend(indices.iter().zip(areas).map(|(index, areas)| ((slot, *index), *areas)));
        for index in indices {
            self.asked.remove(&(slot, *index));
            if let Some(entry) = self.entries.get_mut(&(slot, *index)) {
                entry.outdated = true;
            }
        }
    }

    /// Which of `wanted` are to be asked for now; they count as asked from here on.
    pub fn ask(&mut self, slot: Slot, wanted: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let (entries, asked) = (&self.entries, &mut self.asked);
        wanted
            .into_iter()
            .filter(|i| entries.get(&(slot, *i)).is_none_or(|e| e.outdated))
            .filter(|i| asked.insert((slot, *i)))
            .collect()
    }

    /// A worker that is gone answers nothing any more.
    pub fn forget_asked(&mut self) {
        self.asked.clear();
    }

    /// Whether any slice of the study is at hand.
    pub fn has_any(&self, slot: Slot) -> bool {
        self.entries.keys().any(|key| key.0 == slot)
    }

    /// The slice with the largest lesion area, the one nearest the feet of several.
    pub fn most_lesions(&self, slot: Slot) -> Option<u32> {
        let lesions = self.areas.iter().filter(|(key, _)| key.0 == slot).filter_map(|(key, areas)| {
            let lesion = areas.lesion.filter(|lesion| *lesion > 0)?;
            Some((lesion, key.1))
        });
        lesions.max_by_key(|(lesion, index)| (*lesion, std::cmp::Reverse(*index))).map(|(_, index)| index)
    }

    /// How much lung and lesion a slice holds, once its lungs are in.
    pub fn areas(&self, slot: Slot, index: u32) -> Option<SliceAreas> {
        self.areas.get(&(slot, index)).copied()
    }
}

/// The slice on screen and those around it, nearest first.
pub fn around(index: u32, count: u32, reach: u32) -> Vec<u32> {
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

    fn slice(labels: [u8; 6]) -> Slice {
        Slice::new(&volume(), vec![-1000, 0, 1, 2, 3, 4], labels.to_vec(), None, (true, true)).unwrap()
    }

    #[test]
    fn buffers_of_another_volume_are_refused() {
        assert!(Slice::new(&volume(), vec![0; 5], vec![0; 6], None, (true, true)).is_none());
        assert!(Slice::new(&volume(), vec![0; 6], vec![0; 6], Some(vec![0; 5]), (true, true)).is_none());
        assert!(Slice::new(&volume(), vec![0; 6], vec![0; 7], None, (true, true)).is_none());
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
    fn the_slice_unused_for_longest_goes_first() {
        let mut store = PixelStore::default();
        for index in 0..24 {
            store.put(Slot::Current, index, slice([0; 6]));
        }
        assert!(store.get(Slot::Current, 0).is_some());
        store.put(Slot::Current, 24, slice([0; 6]));
        assert!(store.get(Slot::Current, 0).is_some());
        assert!(store.get(Slot::Current, 1).is_none());
    }

    #[test]
    fn a_slice_is_asked_for_once_until_it_changes() {
        let mut store = PixelStore::default();
        assert_eq!(store.ask(Slot::Current, [4, 5]), vec![4, 5]);
        assert_eq!(store.ask(Slot::Current, [4, 5, 6]), vec![6]);
        store.put(Slot::Current, 4, slice([0; 6]));
        assert!(store.ask(Slot::Current, [4]).is_empty());
        store.changed(Slot::Current, &[4, 5], &[]);
        assert_eq!(store.ask(Slot::Current, [4, 5]), vec![4, 5]);
        assert!(store.get(Slot::Current, 4).is_some(), "the older state stays on screen meanwhile");
    }

    const fn areas(lung: u32, lesion: Option<u32>) -> SliceAreas {
        SliceAreas { lung, lesion }
    }

    #[test]
    fn areas_are_the_last_that_were_told_and_end_with_the_study() {
        let mut store = PixelStore::default();
        store.changed(Slot::Current, &[6, 7], &[areas(9, None), areas(4, Some(2))]);
        store.changed(Slot::Previous, &[7], &[areas(5, Some(1))]);
        assert_eq!(store.areas(Slot::Current, 6), Some(areas(9, None)));
        assert_eq!(store.areas(Slot::Current, 7), Some(areas(4, Some(2))));
        assert_eq!(store.areas(Slot::Previous, 7), Some(areas(5, Some(1))));
        // Set back, as after a refinement that was stopped.
        store.changed(Slot::Current, &[7], &[areas(4, Some(1))]);
        assert_eq!(store.areas(Slot::Current, 7), Some(areas(4, Some(1))));
        store.clear(Slot::Current);
        assert_eq!((store.areas(Slot::Current, 6), store.areas(Slot::Current, 7)), (None, None));
        assert_eq!(store.areas(Slot::Previous, 7), Some(areas(5, Some(1))));
    }

    #[test]
    fn the_slice_with_most_lesion_is_the_one_nearest_the_feet_of_several() {
        let mut store = PixelStore::default();
        assert_eq!(store.most_lesions(Slot::Current), None);
        store.changed(Slot::Current, &[1, 2], &[areas(900, None), areas(900, Some(0))]);
        assert_eq!(store.most_lesions(Slot::Current), None);
        store.changed(Slot::Current, &[9, 4, 5], &[areas(1, Some(7)), areas(1, Some(7)), areas(1, Some(6))]);
        assert_eq!(store.most_lesions(Slot::Current), Some(4));
        assert_eq!(store.most_lesions(Slot::Previous), None);
    }

    #[test]
    fn neighbours_come_nearest_first() {
        assert_eq!(around(0, 3, 2), vec![0, 1, 2]);
        assert_eq!(around(5, 100, 2), vec![5, 6, 4, 7, 3]);
    }
}
