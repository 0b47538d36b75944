//! What tests share: where the workspace and the real data lie. The tests are the files beside this
//! one; each is a claim about the project as a whole that no crate can make alone.
//!
//! `UPDATE_EXPECT=1 cargo nextest run` renews every reference file that a test can make (`CODES.md`,
//! the table of conformance, the fuzz corpus), as the crate `expect-test` has it.

mod place;

use std::path::PathBuf;

/// Skips a test where the real data lack a file or folder: `#[needs_data("dicom/normal-001")]`. The
/// runner reports it as ignored, never as passed. With `CORSAI_DATA=required` it runs all the same,
/// and fails.
///
/// Looked for when the test is compiled: where data are put beside a checkout later, touch the
/// test.
pub use corsai_needs_data::needs_data;
pub use place::root;

/// A file or folder of the real data, for a test that bears [`needs_data`].
///
/// # Panics
/// Where it isn't there.
#[must_use]
pub fn data(name: &str) -> PathBuf {
    let path = place::place().join(name);
    assert!(path.exists(), "the real data have no {name} in {} (CORSAI_DATA names another place)", path.display());
    path
}
