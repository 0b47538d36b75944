//! Collects `tracing` events in a buffer: the page's own, and the worker's lines.

use std::{
    fmt::{Debug, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{browser, diagnostics::line_buffer::LineBuffer};

/// The start of the targets of this project's crates.
const OWN_TARGETS: &str = "corsai";

static LINES: Mutex<LineBuffer> = Mutex::new(LineBuffer::new());

fn lines() -> MutexGuard<'static, LineBuffer> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the page's own events collected from here on.
pub fn install() {
    tracing::subscriber::set_global_default(PageSubscriber).expect("invariant: the subscriber is installed once");
}

/// Adds lines of the worker.
pub fn add_worker_lines(new_lines: &[String]) {
    let mut buffer = lines();
    for line in new_lines {
        buffer.push(&format!("worker  {line}"));
    }
}

/// Returns the collected lines as one text.
pub fn text() -> String {
    lines().text()
}

/// Collects the events of this project's crates. Spans are ignored.
struct PageSubscriber;

impl Subscriber for PageSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO && metadata.target().starts_with(OWN_TARGETS)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let line = format(event);
        lines().push(&format!("page    {:.1} s {line}", browser::now_ms() / 1000.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Returns an event as `message field=value …`; warnings and errors begin with their level.
fn format(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let level = *event.metadata().level();
    let level = if level <= Level::WARN { format!("{level} ") } else { String::new() };
    format!("{level}{}{}", fields.message, fields.others)
}

/// The message and the other fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.others, " {}={value:?}", field.name())
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the form of each event's line.
    struct Expect(&'static str);

    impl Subscriber for Expect {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            assert_eq!(format(event), self.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn a_line_holds_the_message_and_its_fields() {
        tracing::subscriber::with_default(Expect("slices decoded count=148 code=geometry.gap"), || {
            tracing::info!(count = 148, code = "geometry.gap", "slices decoded");
        });
        tracing::subscriber::with_default(Expect("WARN worker crashed on_cpu=true"), || {
            tracing::warn!(on_cpu = true, "worker crashed");
        });
    }
}
