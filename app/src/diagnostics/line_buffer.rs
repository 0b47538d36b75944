//! A ring buffer of lines.

use std::collections::VecDeque;

/// The most lines; the oldest go first.
const LINES_MAX: usize = 400;
/// The most characters of a line.
const CHARS_MAX: usize = 300;

/// The last lines, oldest first.
#[derive(Debug, Default)]
pub struct LineBuffer {
    lines: VecDeque<String>,
    /// Count of the lines that were dropped.
    dropped: usize,
}

impl LineBuffer {
    /// Returns an empty buffer.
    pub const fn new() -> Self {
        Self { lines: VecDeque::new(), dropped: 0 }
    }

    /// Adds a line, shortened to one line of at most 300 characters.
    pub fn push(&mut self, line: &str) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
            self.dropped += 1;
        }
        let one_line = line.chars().map(|c| if c.is_control() { ' ' } else { c });
        self.lines.push_back(one_line.take(CHARS_MAX).collect());
    }

    /// Returns the lines as one text. Its first line counts those that were dropped.
    pub fn text(&self) -> String {
        let dropped = (self.dropped > 0).then(|| format!("({} earlier lines dropped)", self.dropped));
        dropped.iter().chain(&self.lines).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first_and_are_counted() {
        let mut buffer = LineBuffer::new();
        assert_eq!(buffer.text(), "");
        (0..LINES_MAX).for_each(|n| buffer.push(&format!("line {n}")));
        assert!(buffer.text().starts_with("line 0\nline 1\n") && buffer.text().ends_with("\nline 399"));
        (0..3).for_each(|n| buffer.push(&format!("late {n}")));
        let text = buffer.text();
        assert!(text.starts_with("(3 earlier lines dropped)\nline 3\n"), "{}", &text[..60]);
        assert!(text.ends_with("\nlate 0\nlate 1\nlate 2"));
        assert_eq!(text.lines().count(), LINES_MAX + 1);
    }

    #[test]
    fn a_line_stays_one_short_line() {
        let mut buffer = LineBuffer::new();
        buffer.push(&format!("a\nb\tc{}", "ü".repeat(1000)));
        let text = buffer.text();
        assert!(text.starts_with("a b cü") && text.lines().count() == 1);
        assert_eq!(text.chars().count(), CHARS_MAX);
    }
}
