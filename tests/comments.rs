//! Comment lines end at column 100, which rustfmt doesn't hold and other languages' formatters hold
//! for code alone.

#![allow(clippy::unwrap_used)]

use std::{fs, process::Command};

use corsai_tests::root;

/// Most characters of a comment line.
const WIDTH: usize = 100;

/// The marks that begin a comment line in a file of this name; none of a file that isn't looked at.
fn marks(name: &str) -> &'static [&'static str] {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("rs" | "wgsl" | "js" | "mjs") => &["//"],
        Some("py" | "toml" | "sh" | "ftl") => &["#"],
        _ => &[],
    }
}

#[test]
fn comment_lines_end_at_column_100() {
    let listed = Command::new("git").current_dir(root()).args(["ls-files", "-z"]).output().unwrap();
    assert!(listed.status.success());
    let names = String::from_utf8(listed.stdout).unwrap();
    let names: Vec<&str> = names.split_terminator('\0').filter(|name| !marks(name).is_empty()).collect();
    assert!(names.len() > 300, "{} files", names.len());
    let mut long = Vec::new();
    for name in names {
        // A file that was deleted and not yet committed.
        let Ok(text) = fs::read_to_string(root().join(name)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let is_comment = marks(name).iter().any(|mark| line.trim_start().starts_with(mark));
            if is_comment && line.chars().count() > WIDTH {
                long.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert!(long.is_empty(), "longer than {WIDTH} characters:\n{}", long.join("\n"));
}
