//! `CHECKLIST.md` is whole: every item is in it once, and names tests that there are.

use std::{collections::BTreeSet, fs, path::Path};

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &fs::read_to_string(path).unwrap();
        }
    }
}

#[test]
fn the_checklist_names_every_item_and_tests_that_exist() {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&folder);
    let mut text = String::new();
    for folder in
        ["src", "tests", "../findings/src", "../nifti/tests", "../volume/src", "../ensemble/src", "../../tests"]
    {
        sources(&root.join(folder), &mut text);
    }
    let page = fs::read_to_string(root.join("CHECKLIST.md")).unwrap();
    let codes: BTreeSet<&str> = corsai_report::IssueCode::ALL.iter().map(|code| code.as_str()).collect();
    let items: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<&str> = items.iter().map(|item| item[0]).collect();
    let expected = [('A', 20), ('B', 16), ('C', 25), ('D', 5)];
    let expected = expected.iter().flat_map(|(part, last)| (1..=*last).map(move |number| format!("{part}{number}")));
    let (field, others): (Vec<&str>, Vec<&str>) = numbers.iter().partition(|number| number.starts_with('E'));
    assert_eq!(others, expected.collect::<Vec<_>>());
    // Kinds from the field keep the numbers of their reports.
    let field: Vec<u32> = field.iter().map(|number| number[1..].parse().unwrap()).collect();
    assert!(field.is_sorted_by(|a, b| a < b), "{field:?}");
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    for item in items {
        let [number, _, outcome, tests] = item[..] else { panic!("{item:?}") };
        for code in quoted(outcome).iter().filter(|code| code.as_str() != "dynamics.…") {
            assert!(codes.contains(code.as_str()), "{number}: no code {code}");
        }
        let tests = quoted(tests);
        assert!(!tests.is_empty() || number == "A20", "{number}: no test");
        for test in tests {
            assert!(text.contains(&format!("fn {test}(")), "{number}: no test {test}");
        }
    }
}
