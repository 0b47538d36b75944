//! Undo for a study that a person closed or replaced: for two minutes it can be opened again from
//! its source. Only its file handles are kept, nothing of its content; it is measured again.

use corsai_protocol::{SeriesId, StudySlot};
use leptos::prelude::*;

use crate::crash_recovery::StudySource;

/// Time in which a closed study can be brought back.
const OFFER_MS: u64 = 120_000;

/// The source of a study, and the series that was measured.
#[derive(Debug, Clone)]
struct StudyOrigin {
    source: StudySource,
    synthetic: bool,
    series: Option<SeriesId>,
}

/// The studies that one step closed.
#[derive(Debug, Default)]
struct ClosedStudies {
    current: Option<StudyOrigin>,
    previous: Option<StudyOrigin>,
}

/// The sources of open studies, of those closed last, and of those being brought back.
#[derive(Debug, Default)]
struct UndoHistory {
    current: Option<StudyOrigin>,
    previous: Option<StudyOrigin>,
    closed: Option<ClosedStudies>,
    /// The series to measure in a study that is opened again.
    series: Option<(StudySlot, SeriesId)>,
    /// The earlier study that follows once the current one is measured.
    following: Option<StudyOrigin>,
}

impl UndoHistory {
    fn on_opened(&mut self, slot: StudySlot, source: StudySource, synthetic: bool) {
        let origin = Some(StudyOrigin { source, synthetic, series: None });
        self.series = None;
        match slot {
            StudySlot::Current => {
                self.current = origin;
                self.following = None;
                // An earlier study belongs to the one that it was compared with.
                if self.closed.as_ref().is_some_and(|c| c.current.is_none()) {
                    self.closed = None;
                }
            }
            StudySlot::Previous => self.previous = origin,
        }
    }

    /// Takes in that a study is being closed, the current one together with the earlier one.
    /// Returns whether anything was open.
    fn on_closing(&mut self, slot: StudySlot, series: [Option<SeriesId>; 2]) -> bool {
        let taken = |origin: Option<StudyOrigin>, series| origin.map(|o| StudyOrigin { series, ..o });
        let previous = taken(self.previous.take(), series[1]).or_else(|| self.following.take());
        let current = if slot == StudySlot::Current { taken(self.current.take(), series[0]) } else { None };
        let any = current.is_some() || previous.is_some();
        if any {
            self.closed = Some(ClosedStudies { current, previous });
        }
        any
    }

    /// Takes out the study to open again first, and the earlier study that follows it.
    fn bring_back(&mut self) -> Option<(StudySlot, StudyOrigin, Option<StudyOrigin>)> {
        let ClosedStudies { current, previous } = self.closed.take()?;
        match (current, previous) {
            (Some(current), previous) => Some((StudySlot::Current, current, previous)),
            (None, Some(previous)) => Some((StudySlot::Previous, previous, None)),
            (None, None) => None,
        }
    }
}

/// The offer to bring a study back.
#[derive(Clone, Copy)]
pub struct Undo {
    /// The slot that was closed, while it can be brought back.
    pub offered: RwSignal<Option<StudySlot>>,
    history: StoredValue<UndoHistory, LocalStorage>,
    /// Rises with each offer, so that an old offer's timer doesn't end a newer one.
    offer: StoredValue<u32>,
}

impl Undo {
    /// Returns the state without an offer.
    pub fn new() -> Self {
        Self {
            offered: RwSignal::new(None),
            history: StoredValue::new_local(UndoHistory::default()),
            offer: StoredValue::new(0),
        }
    }

    /// Takes in that a study was opened.
    pub fn on_opened(self, slot: StudySlot, source: StudySource, synthetic: bool) {
        self.history.update_value(|h| h.on_opened(slot, source, synthetic));
        if self.history.with_value(|h| h.closed.is_none()) {
            self.offered.set(None);
        }
    }

    /// Offers to bring back the study that is being closed. `series` are the measured ones of the
    /// current and of the earlier study.
    pub fn on_closing(self, slot: StudySlot, series: [Option<SeriesId>; 2]) {
        if self.history.try_update_value(|h| h.on_closing(slot, series)) != Some(true) {
            return;
        }
        self.offered.set(Some(slot));
        let offer = self.offer.try_update_value(|o| {
            *o += 1;
            *o
        });
        set_timeout(
            move || {
                if offer == Some(self.offer.get_value()) {
                    self.dismiss();
                }
            },
            std::time::Duration::from_millis(OFFER_MS),
        );
    }

    /// Withdraws the offer.
    pub fn dismiss(self) {
        self.history.update_value(|h| h.closed = None);
        self.offered.set(None);
    }

    /// Opens the study that was closed last, by `open`.
    pub fn bring_back(self, open: impl FnOnce(StudySlot, StudySource, bool)) {
        self.offered.set(None);
        let Some(Some((slot, origin, following))) = self.history.try_update_value(UndoHistory::bring_back) else {
            return;
        };
        open(slot, origin.source, origin.synthetic);
        self.history.update_value(|h| {
            h.series = origin.series.map(|series| (slot, series));
            h.following = following;
        });
    }

    /// Returns the series to choose in a study that was brought back, where its files hold several.
    pub fn take_series(self, choosing: impl Fn(StudySlot) -> bool) -> Option<(StudySlot, SeriesId)> {
        self.history.try_update_value(|h| h.series.take_if(|(slot, _)| choosing(*slot))).flatten()
    }

    /// Opens the earlier study that was closed together with the current one, by `open`, now that
    /// the current one is measured again.
    pub fn reopen_previous(self, open: impl FnOnce(StudySlot, StudySource, bool)) {
        if let Some(Some(origin)) = self.history.try_update_value(|h| h.following.take()) {
            open(StudySlot::Previous, origin.source, origin.synthetic);
            self.history.update_value(|h| h.series = origin.series.map(|series| (StudySlot::Previous, series)));
        }
    }
}

#[cfg(test)]
mod tests {
    use corsai_protocol::PhantomRequest;

    use super::*;

    fn from(yyyymmdd: u32) -> StudySource {
        StudySource::Phantom(PhantomRequest { yyyymmdd, share_left: 0.1, share_right: 0.2 })
    }

    fn day(origin: &StudyOrigin) -> u32 {
        match origin.source {
            StudySource::Phantom(date) => date.yyyymmdd,
            StudySource::Files { .. } => 0,
        }
    }

    const NONE: [Option<SeriesId>; 2] = [None; 2];

    #[test]
    fn both_studies_come_back_with_the_series_that_were_measured() {
        let mut history = UndoHistory::default();
        history.on_opened(StudySlot::Current, from(2), true);
        history.on_opened(StudySlot::Previous, from(1), true);
        assert!(history.on_closing(StudySlot::Current, [Some(SeriesId(4)), Some(SeriesId(7))]));
        let (slot, current, previous) = history.bring_back().unwrap();
        assert_eq!((slot, day(&current), current.series), (StudySlot::Current, 2, Some(SeriesId(4))));
        let previous = previous.unwrap();
        assert_eq!((day(&previous), previous.series), (1, Some(SeriesId(7))));
        assert!(history.bring_back().is_none(), "once");
    }

    #[test]
    fn a_study_that_was_replaced_comes_back_in_place_of_the_other() {
        let mut history = UndoHistory::default();
        history.on_opened(StudySlot::Current, from(1), true);
        assert!(history.on_closing(StudySlot::Current, NONE));
        history.on_opened(StudySlot::Current, from(2), true);
        assert_eq!(history.bring_back().map(|(_, origin, _)| day(&origin)), Some(1));
        assert!(history.on_closing(StudySlot::Current, NONE), "and the other can be brought back in turn");
        assert_eq!(history.bring_back().map(|(_, origin, _)| day(&origin)), Some(2));
    }

    #[test]
    fn an_earlier_study_is_not_brought_back_to_another_patients() {
        let mut history = UndoHistory::default();
        history.on_opened(StudySlot::Current, from(2), true);
        history.on_opened(StudySlot::Previous, from(1), true);
        assert!(history.on_closing(StudySlot::Previous, NONE));
        history.on_opened(StudySlot::Current, from(3), true);
        assert!(history.bring_back().is_none());
    }

    #[test]
    fn an_earlier_study_that_has_yet_to_follow_is_not_lost_when_the_current_one_closes_again() {
        let mut history = UndoHistory::default();
        history.on_opened(StudySlot::Current, from(2), true);
        history.on_opened(StudySlot::Previous, from(1), true);
        history.on_closing(StudySlot::Current, NONE);
        let (_, current, previous) = history.bring_back().unwrap();
        history.on_opened(StudySlot::Current, current.source, true);
        history.following = previous;
        history.on_closing(StudySlot::Current, NONE);
        assert_eq!(history.bring_back().and_then(|(.., previous)| previous).map(|p| day(&p)), Some(1));
    }

    #[test]
    fn nothing_is_offered_where_nothing_was_open() {
        assert!(!UndoHistory::default().on_closing(StudySlot::Current, NONE));
    }
}
