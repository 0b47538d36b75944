//! The folder of the real data, for the tests and for the attribute that ignores them without data.

use std::path::{Path, PathBuf};

/// Value of `CORSAI_DATA` with which no test that needs data is ignored.
pub const REQUIRED: &str = "required";

/// Returns the workspace's root: the folder with a `Cargo.lock` above the crate that cargo tests or
/// compiles. It isn't a constant because checkouts may share their build output.
///
/// # Panics
/// Outside cargo, and outside a workspace.
pub fn root() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let found = Path::new(&folder).ancestors().find(|folder| folder.join("Cargo.lock").exists());
    found.expect("a workspace has a Cargo.lock").to_path_buf()
}

/// Returns the folder of the real data: the value of `CORSAI_DATA`, else one beside the checkout.
pub fn data_folder() -> PathBuf {
    let named = std::env::var_os("CORSAI_DATA").filter(|value| value != REQUIRED);
    named.map_or_else(|| root().join("../shared/data"), PathBuf::from)
}
