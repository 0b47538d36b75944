//! Zip archives in place of folders, unpacked within bounds.
//!
//! Entries are unpacked in memory one by one. Their names are labels, never paths. Declared sizes
//! are not believed: unpacked bytes are counted.

use std::io::{Cursor, Read};

use zip::ZipArchive;

/// Largest unpacked size as a multiple of the archive's; CT images shrink to a third, synthetic
/// ones to a tenth.
const MAX_RATIO: u64 = 200;
/// Bytes that every archive may unpack to.
const FREE_BYTES: u64 = 1 << 24;
/// Depth of nested archives that is read: an archive in an archive.
const MAX_DEPTH: usize = 2;

/// What archives may still unpack to, over one intake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub bytes: u64,
    pub files: usize,
}

/// Why an archive was not or not wholly unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("not a readable archive")]
    Bad,
    #[error("unpacks to too much")]
    TooLarge,
    #[error("holds too many files")]
    TooMany,
}

/// An unpacked entry of an archive.
pub(crate) enum Unpacked {
    File(Vec<u8>),
    /// An entry that can't be read: encrypted, damaged, packed in another way.
    Unreadable,
    /// An archive in the archive that can't be opened.
    BadArchive,
}

/// Returns whether bytes are an archive, by their first bytes, not by name. A DICOM preamble may
/// begin as an archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    (bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")) && bytes.get(128..132) != Some(b"DICM")
}

/// Unpacks an archive and calls `each` with every entry and its name for the screen.
///
/// # Errors
/// Why unpacking stopped; entries before that are whole.
pub(crate) fn unpack(
    name: &str,
    bytes: &[u8],
    budget: &mut Budget,
    each: &mut impl FnMut(&str, Unpacked),
) -> Result<(), ArchiveError> {
    let most = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let mut own = Budget { bytes: budget.bytes.min(most), files: budget.files };
    let before = own;
    let result = level(name, bytes, 1, &mut own, each);
    budget.bytes = budget.bytes.saturating_sub(before.bytes - own.bytes);
    budget.files = own.files;
    result
}

fn level(
    name: &str,
    bytes: &[u8],
    depth: usize,
    budget: &mut Budget,
    each: &mut impl FnMut(&str, Unpacked),
) -> Result<(), ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        tracing::debug!(%error, "archive not opened");
        ArchiveError::Bad
    })?;
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index(index) else {
            count_file(budget)?;
            each(name, Unpacked::Unreadable);
            continue;
        };
        if entry.is_dir() {
            continue;
        }
        count_file(budget)?;
        let shown = format!("{name}/{}", entry.name());
        let mut content = Vec::new();
        let read = entry.take(budget.bytes.saturating_add(1)).read_to_end(&mut content);
        budget.bytes = budget.bytes.checked_sub(content.len() as u64).ok_or(ArchiveError::TooLarge)?;
        if read.is_err() {
            each(&shown, Unpacked::Unreadable);
        } else if !is_archive(&content) {
            each(&shown, Unpacked::File(content));
        } else if depth >= MAX_DEPTH {
            each(&shown, Unpacked::BadArchive);
        } else {
            match level(&shown, &content, depth + 1, budget, each) {
                Err(ArchiveError::Bad) => each(&shown, Unpacked::BadArchive),
                result => result?,
            }
        }
    }
    Ok(())
}

fn count_file(budget: &mut Budget) -> Result<(), ArchiveError> {
    budget.files = budget.files.checked_sub(1).ok_or(ArchiveError::TooMany)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn contents(bytes: &[u8], mut budget: Budget) -> (Vec<String>, Result<(), ArchiveError>) {
        let mut seen = Vec::new();
        let result = unpack("z", bytes, &mut budget, &mut |name, unpacked| {
            seen.push(match unpacked {
                Unpacked::File(content) => format!("{name}:{}", content.len()),
                Unpacked::Unreadable => format!("{name} unreadable"),
                Unpacked::BadArchive => format!("{name} bad"),
            });
        });
        (seen, result)
    }

    const PLENTY: Budget = Budget { bytes: 1 << 30, files: 100 };

    #[test]
    fn archives_open_one_level_deep() {
        let innermost = zip(&[("c", b"ccc")]);
        let inner = zip(&[("b", b"bb"), ("deeper.zip", &innermost)]);
        let outer = zip(&[("../a", b"a"), ("inner.zip", &inner), ("broken", b"PK\x03\x04 and no more")]);
        assert!(is_archive(&outer));
        let (seen, result) = contents(&outer, PLENTY);
        assert_eq!(result, Ok(()));
        assert_eq!(seen, ["z/../a:1", "z/inner.zip/b:2", "z/inner.zip/deeper.zip bad", "z/broken bad"]);
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let zeros = vec![0; 20 << 20];
        let bomb = zip(&[("zeros", &zeros)]);
        assert_eq!(contents(&bomb, PLENTY), (vec![], Err(ArchiveError::TooLarge)));
        let two = zip(&[("a", &[1; 600]), ("b", &[2; 600])]);
        assert_eq!(contents(&two, Budget { bytes: 1000, ..PLENTY }).1, Err(ArchiveError::TooLarge));
        assert_eq!(contents(&two, Budget { files: 1, ..PLENTY }).1, Err(ArchiveError::TooMany));
        assert_eq!(contents(&two, PLENTY), (vec!["z/a:600".into(), "z/b:600".into()], Ok(())));
    }

    #[test]
    fn damage_is_noticed() {
        let mut archive = zip(&[("a", &[7; 100]), ("b", b"fine")]);
        // The first entry's packed bytes follow its 30-byte header and its name.
        archive[33] ^= 0xFF;
        let (seen, result) = contents(&archive, PLENTY);
        assert_eq!((seen, result), (vec!["z/a unreadable".into(), "z/b:4".into()], Ok(())));
        assert_eq!(contents(b"PK\x03\x04", PLENTY).1, Err(ArchiveError::Bad));
        assert!(!is_archive(b"PK"));
    }
}
