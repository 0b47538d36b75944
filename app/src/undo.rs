//! Undo for a study that a person closed or replaced: for a while it can be opened again from where
//! it came. Only handles of its files are kept, nothing of what it held; it is measured anew.

use corsai_protocol::{SeriesId, StudySlot};
use leptos::prelude::*;

use crate::reopen::Source;

/// How long a closed study can be brought back.
const OFFERED_MS: u64 = 120_000;

/// Where a study comes from, and the series that was measured.
#[derive(Debug, Clone)]
struct Origin {
    source: Source,
    synthetic: bool,
    series: Option<SeriesId>,
}

/// What one step closed.
#[derive(Debug, Default)]
struct Closed {
    current: Option<Origin>,
    previous: Option<Origin>,
}

/// The origins of open studies, of those closed last, and of those being brought back.
#[derive(Debug, Default)]
struct History {
    current: Option<Origin>,
    previous: Option<Origin>,
    closed: Option<Closed>,
    /// The series to measure in a study that is opened again.
    series: Option<(StudySlot, SeriesId)>,
    /// The earlier study that follows once the current one is measured.
    following: Option<Origin>,
}

impl History {
    fn opened(&mut self, slot: StudySlot, source: Source, synthetic: bool) {
        let origin = Some(Origin { source, synthetic, series: None });
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

    /// A study is being closed, the current one together with the earlier one. Returns whether
    /// anything was open.
    fn closing(&mut self, slot: StudySlot, series: [Option<SeriesId>; 2]) -> bool {
        let taken = |origin: Option<Origin>, series| origin.map(|o| Origin { series, ..o });
        let previous = taken(self.previous.take(), series[1]).or_else(|| self.following.take());
        let current = if slot == StudySlot::Current { taken(self.current.take(), series[0]) } else { None };
        let any = current.is_some() || previous.is_some();
        if any {
            self.closed = Some(Closed { current, previous });
        }
        any
    }

    /// Takes the study to open again first.
    fn bring_back(&mut self) -> Option<(StudySlot, Origin, Option<Origin>)> {
        let Closed { current, previous } = self.closed.take()?;
        match (current, previous) {
            (Some(current), previous) => Some((StudySlot::Current, current, previous)),
            (None, Some(previous)) => Some((StudySlot::Previous, previous, None)),
            (None, None) => None,
        }
    }
}

/// The notice's state and what is behind it.
#[derive(Clone, Copy)]
pub struct Undo {
    /// What was closed, while it can be brought back.
    pub offered: RwSignal<Option<StudySlot>>,
    history: StoredValue<History, LocalStorage>,
    /// Rises with each offer, so that an old one's end doesn't end a newer one.
    offer: StoredValue<u32>,
}

impl Undo {
    pub fn new() -> Self {
        Self {
            offered: RwSignal::new(None),
            history: StoredValue::new_local(History::default()),
            offer: StoredValue::new(0),
        }
    }

    /// A study was opened.
    pub fn opened(self, slot: StudySlot, source: Source, synthetic: bool) {
        self.history.update_value(|h| h.opened(slot, source, synthetic));
        if self.history.with_value(|h| h.closed.is_none()) {
            self.offered.set(None);
        }
    }

    /// A person closes or replaces a study. `series` are those measured, of the current and of the
    /// earlier one.
    pub fn closing(self, slot: StudySlot, series: [Option<SeriesId>; 2]) {
        if self.history.try_update_value(|h| h.closing(slot, series)) != Some(true) {
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
            std::time::Duration::from_millis(OFFERED_MS),
        );
    }

    /// Lets go of what was closed.
    pub fn dismiss(self) {
        self.history.update_value(|h| h.closed = None);
        self.offered.set(None);
    }

    /// Opens again, by `open`, what was closed last.
    pub fn bring_back(self, open: impl FnOnce(StudySlot, Source, bool)) {
        self.offered.set(None);
        let Some(Some((slot, origin, following))) = self.history.try_update_value(History::bring_back) else { return };
        open(slot, origin.source, origin.synthetic);
        self.history.update_value(|h| {
            h.series = origin.series.map(|series| (slot, series));
            h.following = following;
        });
    }

    /// The series to choose now in a study that was brought back, where its files hold several.
    pub fn take_series(self, choosing: impl Fn(StudySlot) -> bool) -> Option<(StudySlot, SeriesId)> {
        self.history.try_update_value(|h| h.series.take_if(|(slot, _)| choosing(*slot))).flatten()
    }

    /// Opens the earlier study that was closed together with the one that is measured again now.
    pub fn go_on(self, open: impl FnOnce(StudySlot, Source, bool)) {
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

    fn from(yyyymmdd: u32) -> Source {
        Source::Phantom(PhantomRequest { yyyymmdd, share_left: 0.1, share_right: 0.2 })
    }

    fn day(origin: &Origin) -> u32 {
        match origin.source {
            Source::Phantom(date) => date.yyyymmdd,
            Source::Files { .. } => 0,
        }
    }

    const NONE: [Option<SeriesId>; 2] = [None; 2];

    #[test]
    fn both_studies_come_back_with_the_series_that_were_measured() {
        let mut history = History::default();
        history.opened(StudySlot::Current, from(2), true);
        history.opened(StudySlot::Previous, from(1), true);
        assert!(history.closing(StudySlot::Current, [Some(SeriesId(4)), Some(SeriesId(7))]));
        let (slot, current, previous) = history.bring_back().unwrap();
        assert_eq!((slot, day(&current), current.series), (StudySlot::Current, 2, Some(SeriesId(4))));
        let previous = previous.unwrap();
        assert_eq!((day(&previous), previous.series), (1, Some(SeriesId(7))));
        assert!(history.bring_back().is_none(), "once");
    }

    #[test]
    fn a_study_that_was_replaced_comes_back_in_place_of_the_other() {
        let mut history = History::default();
        history.opened(StudySlot::Current, from(1), true);
        assert!(history.closing(StudySlot::Current, NONE));
        history.opened(StudySlot::Current, from(2), true);
        assert_eq!(history.bring_back().map(|(_, origin, _)| day(&origin)), Some(1));
        assert!(history.closing(StudySlot::Current, NONE), "and the other can be brought back in turn");
        assert_eq!(history.bring_back().map(|(_, origin, _)| day(&origin)), Some(2));
    }

    #[test]
    fn an_earlier_study_is_not_brought_back_to_another_patients() {
        let mut history = History::default();
        history.opened(StudySlot::Current, from(2), true);
        history.opened(StudySlot::Previous, from(1), true);
        assert!(history.closing(StudySlot::Previous, NONE));
        history.opened(StudySlot::Current, from(3), true);
        assert!(history.bring_back().is_none());
    }

    #[test]
    fn what_was_still_to_follow_is_not_lost_when_it_is_closed_again() {
        let mut history = History::default();
        history.opened(StudySlot::Current, from(2), true);
        history.opened(StudySlot::Previous, from(1), true);
        history.closing(StudySlot::Current, NONE);
        let (_, current, previous) = history.bring_back().unwrap();
        history.opened(StudySlot::Current, current.source, true);
        history.following = previous;
        history.closing(StudySlot::Current, NONE);
        assert_eq!(history.bring_back().and_then(|(.., previous)| previous).map(|p| day(&p)), Some(1));
    }

    #[test]
    fn nothing_is_offered_where_nothing_was_open() {
        assert!(!History::default().closing(StudySlot::Current, NONE));
    }
}
