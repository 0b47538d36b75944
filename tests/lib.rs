//! What the tests that cross crates share: where the workspace and the real data lie. The tests are the files beside
//! this one; each is a claim about the project as a whole that no crate can make alone.

use std::path::{Path, PathBuf};

/// The workspace's root: where cargo runs the test, not where it was built; checkouts may share their build output.
#[must_use]
pub fn root() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&folder).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A file or folder of the real data: under `CORSAI_DATA`, else beside the checkout. Where it is absent the caller is
/// skipped, and says so here.
#[must_use]
pub fn data(name: &str) -> Option<PathBuf> {
    let place = std::env::var_os("CORSAI_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = place.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: the real data have no {name} here (CORSAI_DATA names another place)");
    None
}
