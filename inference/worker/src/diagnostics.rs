//! Diagnostics: what was done, a line a step, for the page to show.
//!
//! A subscriber of `tracing` turns this workspace's events and closed spans into lines: sizes,
//! counts, times and codes. Other crates' events are left out, since they may quote a file.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use web_time::Instant;

/// The most detailed level that is kept.
const LEVEL: LevelFilter = LevelFilter::INFO;
/// Lines that wait for the next event to the page; older ones are dropped.
const MAX_LINES: usize = 300;

static LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Takes the lines that have gathered. Empty where a panic happens while a line is written.
pub fn take_lines() -> Vec<String> {
    LINES.try_lock().map(|mut lines| lines.drain(..).collect()).unwrap_or_default()
}

/// Collects the lines of this instance from here on.
pub fn start() {
    // A second subscriber is refused, and the first one stays.
    let _ = tracing::subscriber::set_global_default(Diagnostics::new(|line| {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }));
}

/// A span that isn't closed.
struct OpenSpan {
    name: &'static str,
    level: Level,
    fields: String,
    begun: Instant,
    /// Handles of the span.
    handles: usize,
}

#[derive(Default)]
struct Spans {
    open: BTreeMap<u64, OpenSpan>,
    last: u64,
}

/// Formats events and closed spans as lines.
struct Diagnostics<W> {
    begun: Instant,
    spans: Arc<Mutex<Spans>>,
    write: W,
}

impl<W: Fn(String)> Diagnostics<W> {
    fn new(write: W) -> Self {
        Self { begun: Instant::now(), spans: Arc::default(), write }
    }

    fn spans(&self) -> std::sync::MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, level: Level, text: &str) {
        (self.write)(format!("{:9.3} {level:5} {text}", self.begun.elapsed().as_secs_f64()));
    }
}

/// Writes fields as `name=value`, and a message without its name.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let written = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{name}={value:?}"),
        };
        written.expect("invariant: a text can be written to");
    }
}

impl<W: Fn(String) + 'static> Subscriber for Diagnostics<W>
where
    W: Send + Sync,
{
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= LEVEL && metadata.target().starts_with("corsai")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LEVEL)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = String::new();
        span.record(&mut Fields(&mut fields));
        let mut spans = self.spans();
        spans.last += 1;
        let metadata = span.metadata();
        let open =
            OpenSpan { name: metadata.name(), level: *metadata.level(), fields, begun: Instant::now(), handles: 1 };
        let id = spans.last;
        spans.open.insert(id, open);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if let Some(open) = self.spans().open.get_mut(&span.into_u64()) {
            values.record(&mut Fields(&mut open.fields));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Fields(&mut text));
        self.line(*event.metadata().level(), &text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(open) = self.spans().open.get_mut(&id.into_u64()) {
            open.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let closed = {
            let mut spans = self.spans();
            let Some(open) = spans.open.get_mut(&id.into_u64()) else { return false };
            open.handles -= 1;
            if open.handles > 0 {
                return false;
            }
            spans.open.remove(&id.into_u64())
        };
        if let Some(OpenSpan { name, level, fields, begun, .. }) = closed {
            let space = if fields.is_empty() { "" } else { " " };
            self.line(level, &format!("{name}{space}{fields} took {:.0} ms", begun.elapsed().as_secs_f64() * 1000.0));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    fn collected(work: impl FnOnce()) -> Receiver<String> {
        let (sender, lines) = channel();
        let sender = Mutex::new(sender);
        let subscriber = Diagnostics::new(move |line: String| sender.lock().unwrap().send(line).unwrap());
        tracing::subscriber::with_default(subscriber, work);
        lines
    }

    #[test]
    fn a_closed_span_is_one_line_with_its_fields_and_its_time() {
        let lines = collected(|| {
            let span = tracing::info_span!("decoding", slices = 148, damaged = tracing::field::Empty);
            let clone = span.clone();
            span.record("damaged", 2);
            drop(span);
            tracing::warn!(code = "device.lost", "failed");
            drop(clone);
        });
        let lines: Vec<String> = lines.try_iter().collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("WARN  failed code=\"device.lost\""), "{lines:?}");
        assert!(lines[1].contains("INFO  decoding slices=148 damaged=2 took 0 ms"), "{lines:?}");
    }

    #[test]
    fn details_and_other_crates_leave_no_line() {
        let lines = collected(|| {
            tracing::debug!("a detail");
            tracing::info!(target: "jxl_oxide", "a file's content");
        });
        assert_eq!(lines.try_iter().count(), 0);
    }
}
