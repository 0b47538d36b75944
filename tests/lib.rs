//! Shared parts of the tests: the folders of the workspace and of the real data. The tests beside
//! this file check the project as a whole, across crates.
//!
//! `UPDATE_EXPECT=1 ./dev test rust` renews every reference file that a test can make (`CODES.md`,
//! the report's schema, the table of conformance, the fuzz corpus), as the crate `expect-test` has
//! it.

mod data_folder;

use std::path::PathBuf;

/// Ignores a test without a file or folder of the real data: `#[needs_data("dicom/normal-001")]`.
/// The runner reports it as ignored, never as passed. With `CORSAI_DATA=required` it runs, and
/// fails.
///
/// The data are looked for when the test is compiled: touch the test after adding data.
pub use corsai_needs_data::needs_data;
pub use data_folder::root;

/// Returns the path of a file or folder of the real data, for a test with [`needs_data`].
///
/// # Panics
/// If it doesn't exist.
#[must_use]
pub fn data(name: &str) -> PathBuf {
    let path = data_folder::data_folder().join(name);
    assert!(path.exists(), "the real data have no {name} in {} (CORSAI_DATA names another place)", path.display());
    path
}
