//! Rules that no compiler checks: which crate may depend on which, and on Burn or a browser; that
//! no dependency can use a network; that views keep the strict content security policy.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::Path, path::PathBuf, process::Command};

use corsai_tests::root;

/// Every crate of the workspace with the crates of the workspace that it may depend on.
const ARROWS: [(&str, &[&str]); 17] = [
    ("volume", &[]),
    ("report", &[]),
    ("manifest", &["report"]),
    ("protocol", &["report"]),
    ("kernels", &[]),
    ("channel", &[]),
    ("nifti", &[]),
    ("study", &["nifti", "protocol", "report", "volume"]),
    ("phantom", &["protocol", "volume"]),
    ("findings", &["manifest", "protocol", "report", "volume"]),
    ("evaluation", &["findings", "report", "volume"]),
    ("networks", &["kernels", "manifest", "report"]),
    ("ensemble", &["manifest", "protocol", "report", "volume"]),
    ("app", &["manifest", "channel", "protocol", "report", "volume"]),
    (
        "worker",
        &[
            "ensemble", "findings", "manifest", "networks", "phantom", "channel", "protocol", "report", "study",
            "volume",
        ],
    ),
    (
        "cli",
        &[
            "ensemble",
            "evaluation",
            "findings",
            "manifest",
            "networks",
            "nifti",
            "phantom",
            "protocol",
            "report",
            "study",
            "volume",
        ],
    ),
    ("bench", &["ensemble", "manifest", "networks"]),
];

/// Returns the names of the packages that `cargo tree` prints.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(String::from).collect()
}

/// Returns the packages in a crate's manifest, without those of tests and build scripts.
fn direct(package: &str) -> BTreeSet<String> {
    let mut found = tree(&["-p", package, "--depth", "1", "--edges", "normal", "--target", "all"]);
    found.remove(package);
    found
}

/// Returns all packages that a crate is built with, for a browser and natively.
fn everything(package: &str) -> BTreeSet<String> {
    tree(&["-p", package, "--edges", "normal", "--target", "all"])
}

#[test]
fn crates_know_each_other_in_one_direction_only() {
    for (name, allowed) in ARROWS {
        let package = format!("corsai-{name}");
        let known = direct(&package).into_iter().filter_map(|d| d.strip_prefix("corsai-").map(String::from));
        let known: BTreeSet<String> = known.collect();
        let allowed: BTreeSet<String> = allowed.iter().map(ToString::to_string).collect();
        let new: Vec<&String> = known.difference(&allowed).collect();
        assert!(new.is_empty(), "{package} must not know {new:?}");
    }
}

#[test]
fn every_crate_of_ours_has_its_arrows() {
    let members = tree(&["--workspace", "--depth", "0"]);
    let mut listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| format!("corsai-{name}")).collect();
    listed.extend(["corsai-tests", "corsai-needs-data"].map(String::from));
    assert_eq!(members, listed);
}

#[test]
fn leaf_crates_know_no_library_but_serialisation_errors_and_logging() {
    let allowed = ["serde", "schemars", "thiserror", "tracing"];
    for name in ["volume", "report", "protocol", "manifest"] {
        let found = direct(&format!("corsai-{name}"));
        let others = found.iter().filter(|package| !package.starts_with("corsai-"));
        let others: Vec<&String> = others.filter(|package| !allowed.contains(&package.as_str())).collect();
        assert!(others.is_empty(), "corsai-{name} names {others:?}");
    }
}

#[test]
fn numbers_are_made_without_a_dicom_reader() {
    for name in ["volume", "report", "protocol", "manifest", "findings", "ensemble", "evaluation", "phantom"] {
        assert!(!everything(&format!("corsai-{name}")).contains("corsai-study"), "corsai-{name} knows study");
    }
}

#[test]
fn only_networks_kernels_and_programs_know_burn() {
    // The programs choose the device.
    let may = ["networks", "kernels", "worker", "cli", "bench"];
    assert!(everything("corsai-networks").contains("burn"));
    for (name, _) in ARROWS.iter().filter(|(name, _)| !may.contains(name)) {
        let found = everything(&format!("corsai-{name}"));
        let tensors: Vec<&String> = found
            .iter()
            .filter(|p| p.starts_with("burn") || p.starts_with("cubecl") || p.starts_with("wgpu"))
            .collect();
        assert!(tensors.is_empty(), "corsai-{name} is built with {tensors:?}");
    }
}

#[test]
fn only_page_worker_and_bench_know_a_browser() {
    let may = ["app", "worker", "channel", "bench"];
    for (name, _) in ARROWS.iter().filter(|(name, _)| !may.contains(name)) {
        for browser in ["web-sys", "js-sys", "wasm-bindgen", "leptos"] {
            assert!(!direct(&format!("corsai-{name}")).contains(browser), "corsai-{name} names {browser}");
        }
    }
    for name in ["volume", "report", "manifest", "protocol", "study", "findings", "evaluation", "nifti"] {
        let found = everything(&format!("corsai-{name}"));
        assert!(!found.contains("web-sys"), "corsai-{name} is built with web-sys");
    }
}

/// Returns the quoted texts after each `mark` in a list of `deny.toml`, cargo-deny's configuration.
fn deny_list(list: &str, mark: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, rest) = text.split_once(&format!("\n{list} = [\n")).unwrap();
    let (inside, _) = rest.split_once("\n]").unwrap();
    let quoted = inside.lines().filter_map(|line| line.trim().strip_prefix(mark)?.split('"').next());
    quoted.map(String::from).collect()
}

#[test]
fn nothing_in_the_tree_can_talk_to_a_network() {
    let found = tree(&["--workspace", "--edges", "normal,build", "--target", "all"]);
    let clients = deny_list("deny", "{ name = \"");
    assert!(clients.len() > 20);
    for client in clients.iter().filter(|client| found.contains(*client)) {
        // Leptos always brings its server functions. The page uses none, so their client isn't
        // linked.
        let users = tree(&["--workspace", "--target", "all", "--invert", client, "--depth", "1"]);
        let users: Vec<&String> = users.iter().filter(|u| *u != client && *u != "server_fn").collect();
        assert!(users.is_empty() && client == "gloo-net", "{client} is in the tree through {users:?}");
    }
    for file in sources(&["app", "inference"], "rs") {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["#[server", "server_fn", "std::net", "XmlHttpRequest", "WebSocket", "EventSource", "send_beacon"] {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}

#[test]
fn every_library_has_a_licence_that_is_allowed() {
    let allowed = deny_list("allow", "\"");
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--workspace", "--edges", "normal,build", "--target", "all", "--prefix", "none"])
        .args(["--format", "{p}|{l}"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let listed: BTreeSet<(&str, &str)> =
        text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|')).collect();
    assert!(listed.len() > 100);
    for (package, licence) in listed {
        // One alternative is enough; all of its parts have to be allowed.
        let plain = licence.replace(['(', ')'], "").replace(" / ", " OR ").replace('/', " OR ");
        let fits = plain.split(" OR ").any(|one| one.split(" AND ").all(|part| allowed.contains(part.trim())));
        assert!(fits, "{package} is under {licence}");
    }
}

#[test]
fn only_the_page_fetches() {
    for file in sources(&["inference"], "rs") {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["fetch_with", "web_sys::Request", "web_sys::Response", "local_storage", "indexed_db"] {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
    let manifest = fs::read_to_string(root().join("inference/worker/Cargo.toml")).unwrap();
    for feature in
        ["\"Request\"", "\"Response\"", "\"RequestInit\"", "\"Storage\"", "\"Cache\"", "\"RtcPeerConnection\""]
    {
        assert!(!manifest.contains(feature), "the worker asks for the browser's {feature}");
    }
}

#[test]
fn views_hold_no_inline_style_and_no_raw_html() {
    let views = sources(&["app/src"], "rs");
    assert!(!views.is_empty());
    for file in views {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["style=\"", "style=move", "style=format", "inner_html", "innerHTML"] {
            assert!(!text.contains(word), "{} holds {word}: the policy blocks it", file.display());
        }
    }
}

#[test]
fn every_source_begins_with_its_purpose() {
    for (folder, ending, mark) in [
        ("app/src", "rs", "//!"),
        ("inference", "rs", "//!"),
        ("tests", "rs", "//!"),
        ("e2e", "mjs", "//"),
        ("host", "mjs", "//"),
        ("public", "js", "//"),
    ] {
        for file in sources(&[folder], ending) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with(mark), "{} doesn't begin with its purpose", file.display());
        }
    }
}

/// Returns all files with an ending below folders of the workspace, sorted.
fn sources(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            let skipped = ["node_modules", "target", "out"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !skipped {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == ending) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn sources_are_found() {
    let found = sources(&["tests"], "rs");
    assert!(found.iter().any(|file| file.file_name() == Path::new(file!()).file_name()));
}
