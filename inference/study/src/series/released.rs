//! Files whose bytes were let go once their headers were read, read again.

use std::collections::BTreeMap;

use crate::archive::{Budget, each_file};
use crate::image::file_image::{FileImage, Origin};
use crate::image::file_reader::read_images;

/// Reads a file again and calls `each` with those of its images that are wanted, and their numbers.
/// What can't be read any more is passed over.
pub(crate) fn read_again(
    file: usize,
    bytes: Vec<u8>,
    wanted: &BTreeMap<Origin, usize>,
    mut each: impl FnMut(usize, &FileImage),
) {
    let mut origin = Origin { file, ..Origin::default() };
    // What unpacked within bounds before does so again; an archive that has changed meanwhile is
    // bounded by its own size.
    let mut budget = Budget { bytes: u64::MAX, file_bytes: u64::MAX, files: usize::MAX };
    let read = each_file("", bytes, &mut budget, &mut |_, unpacked| {
        let images = Origin { image: 0, ..origin }..=Origin { image: usize::MAX, ..origin };
        if wanted.range(images).next().is_some()
            && let Ok(bytes) = unpacked
            && let Ok(images) = read_images("", bytes, origin, usize::MAX)
        {
            for image in images {
                if let Some(number) = wanted.get(&image.origin) {
                    each(*number, &image);
                }
            }
        }
        origin.entry += 1;
    });
    if let Err(error) = read {
        tracing::debug!(%error, "an archive was not unpacked again");
    }
}
