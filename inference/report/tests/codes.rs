//! `CODES.md` is the table of issues as a page. `UPDATE_EXPECT=1` writes it anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use corsai_report::IssueCode;
use expect_test::expect_file;

#[test]
fn the_page_of_codes_is_up_to_date() {
    let mut page =
        "# Codes of issues\n\nWritten from the table in `src/issue.rs` by `UPDATE_EXPECT=1 cargo test -p corsai-report`. \
                    A message adds what was found: sizes and counts, never a header's values.\n\n\
                    | Code | Severity | What was met | What to do |\n|---|---|---|---|\n"
            .to_owned();
    for code in IssueCode::ALL {
        let severity = serde_json::to_value(code.severity()).unwrap();
        let columns = [severity.as_str().unwrap(), code.what(), code.what_to_do()].join(" | ");
        writeln!(page, "| `{}` | {columns} |", code.as_str()).unwrap();
    }
    expect_file!["../CODES.md"].assert_eq(&page);
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
