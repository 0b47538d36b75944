//! `CODES.md` is the table of issues as a page: whoever changes the table writes the page anew with `BLESS=1`.

#![allow(clippy::unwrap_used)]

use std::{fmt::Write, fs, path::Path};

use corsai_report::IssueCode;

#[test]
fn the_page_of_codes_is_up_to_date() {
    let mut page =
        "# Codes of issues\n\nWritten from the table in `src/issue.rs` by `BLESS=1 cargo test -p corsai-report`. \
                    A message adds what was found: sizes and counts, never a header's values.\n\n\
                    | Code | Severity | What was met | What to do |\n|---|---|---|---|\n"
            .to_owned();
    for code in IssueCode::ALL {
        let severity = serde_json::to_value(code.severity()).unwrap();
        let columns = [severity.as_str().unwrap(), code.what(), code.what_to_do()].join(" | ");
        writeln!(page, "| `{}` | {columns} |", code.as_str()).unwrap();
    }
    let path = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("CODES.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "run again with BLESS=1");
}

#[test]
fn codes_and_sentences_keep_their_form() {
    for code in IssueCode::ALL {
        let (area, rest) = code.as_str().split_once('.').unwrap();
        for part in [area, rest] {
            assert!(part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", code.as_str());
        }
        for sentence in [code.what(), code.what_to_do()] {
            assert!(sentence.starts_with(char::is_uppercase) && sentence.ends_with('.'), "{sentence}");
        }
    }
}
