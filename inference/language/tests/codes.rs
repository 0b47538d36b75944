//! `CODES.md` is the table of issues as a page. `UPDATE_EXPECT=1` writes it anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use corsai_language::Language;
use corsai_report::IssueCode;
use expect_test::expect_file;

#[test]
fn the_page_of_codes_is_up_to_date() {
    let mut page =
        "# Codes of issues\n\nWritten from the tables of `corsai-language` by `UPDATE_EXPECT=1 cargo test -p corsai-language`. \
                    A message adds what was found: sizes and counts, never a header's values.\n\n\
                    | Code | Severity | What happened | What to do |\n|---|---|---|---|\n"
            .to_owned();
    let english = Language::english();
    for code in IssueCode::ALL {
        let severity = serde_json::to_value(code.severity()).unwrap();
        let columns = [severity.as_str().unwrap(), &english.issue_what(*code), &english.issue_to_do(*code)].join(" | ");
        writeln!(page, "| `{}` | {columns} |", code.as_str()).unwrap();
    }
    expect_file!["../../report/CODES.md"].assert_eq(&page);
}

#[test]
fn codes_and_sentences_keep_their_form() {
    for code in IssueCode::ALL {
        let (area, rest) = code.as_str().split_once('.').unwrap();
        for part in [area, rest] {
            assert!(part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", code.as_str());
        }
        for language in Language::all() {
            for sentence in [language.issue_what(*code), language.issue_to_do(*code)] {
                assert!(sentence.starts_with(char::is_uppercase) && sentence.ends_with('.'), "{sentence}");
            }
        }
    }
}
