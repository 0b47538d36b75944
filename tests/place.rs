//! Where the real data lie: one answer for the tests and for the attribute that skips them.

use std::path::{Path, PathBuf};

/// What `CORSAI_DATA` may say in place of a folder: no test that needs data is skipped.
pub const REQUIRED: &str = "required";

/// The workspace's root, looked for upwards from the crate that cargo tests or compiles: checkouts
/// may share their build output.
///
/// # Panics
/// Outside cargo, and outside a workspace.
pub fn root() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let found = Path::new(&folder).ancestors().find(|folder| folder.join("Cargo.lock").exists());
    found.expect("a workspace has a Cargo.lock").to_path_buf()
}

/// The real data's folder: what `CORSAI_DATA` names, else beside the checkout.
pub fn place() -> PathBuf {
    let named = std::env::var_os("CORSAI_DATA").filter(|value| value != REQUIRED);
    named.map_or_else(|| root().join("../shared/data"), PathBuf::from)
}
