//! Archives in place of folders, unpacked within bounds: zip, tar, and gzip of a tar or of one
//! file.
//!
//! Entries are unpacked in memory one by one. Their names are labels, never paths. Declared sizes
//! are not believed: unpacked bytes are counted.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use tar::Archive;
use zip::{CompressionMethod, ZipArchive};

use crate::error::FileError;
use crate::file_format::{ArchiveFormat, FileFormat};

/// Largest unpacked size as a multiple of the archive's; CT images shrink to a third, synthetic
/// ones to a tenth.
const MAX_RATIO: u64 = 200;
/// Bytes that every archive may unpack to.
const FREE_BYTES: u64 = 1 << 24;
/// Depth of nested archives that is read: gzip counts, and a gzipped tar in a zip has three.
const MAX_DEPTH: usize = 4;

/// What archives may still unpack to, over one intake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Of all files together.
    pub bytes: u64,
    /// Most bytes of one file.
    pub file_bytes: u64,
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

/// An entry of an archive, or why it isn't unpacked.
pub(crate) type Unpacked = Result<Vec<u8>, FileError>;

/// Calls `each` with every file of an archive, or with the file itself where it is none.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn each_file(
    name: &str,
    bytes: Vec<u8>,
    budget: &mut Budget,
    each: &mut impl FnMut(&str, Unpacked),
) -> Result<(), ArchiveError> {
    if is_archive(&bytes) {
        return unpack(name, &bytes, budget, each);
    }
    each(name, Ok(bytes));
    Ok(())
}

/// Returns whether bytes are an archive that is unpacked, by their content, not by name.
fn is_archive(bytes: &[u8]) -> bool {
    matches!(FileFormat::of(bytes), Some(FileFormat::Zip | FileFormat::Gzip | FileFormat::Tar))
}

/// Unpacks an archive and calls `each` with every entry and its name for the screen.
///
/// # Errors
/// Why unpacking stopped; entries before that are whole.
fn unpack(
    name: &str,
    bytes: &[u8],
    budget: &mut Budget,
    each: &mut impl FnMut(&str, Unpacked),
) -> Result<(), ArchiveError> {
    let most = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let own = Budget { bytes: budget.bytes.min(most), ..*budget };
    let mut unpacker = Unpacker { budget: own, each };
    let result = unpacker.level(name, bytes, 1);
    budget.bytes = budget.bytes.saturating_sub(own.bytes - unpacker.budget.bytes);
    budget.files = unpacker.budget.files;
    result
}

struct Unpacker<'a, F> {
    budget: Budget,
    each: &'a mut F,
}

impl<F: FnMut(&str, Unpacked)> Unpacker<'_, F> {
    /// Unpacks an archive at a depth, counted from 1.
    fn level(&mut self, name: &str, bytes: &[u8], depth: usize) -> Result<(), ArchiveError> {
        match FileFormat::of(bytes) {
            Some(FileFormat::Gzip) => self.gzip(name, bytes, depth),
            Some(FileFormat::Tar) => self.tar(name, bytes, depth),
            _ => self.zip(name, bytes, depth),
        }
    }

    fn zip(&mut self, name: &str, bytes: &[u8], depth: usize) -> Result<(), ArchiveError> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            tracing::debug!(%error, "archive not opened");
            ArchiveError::Bad
        })?;
        for index in 0..archive.len() {
            let Ok(entry) = archive.by_index_raw(index) else {
                self.refuse(name, FileError::BadArchive)?;
                continue;
            };
            if entry.is_dir() {
                continue;
            }
            let shown = format!("{name}/{}", entry.name());
            let refused = if entry.encrypted() {
                Some(FileError::Encrypted)
            } else {
                unsupported_method(entry.compression()).map(FileError::UnsupportedArchive)
            };
            drop(entry);
            match (refused, archive.by_index(index)) {
                (Some(error), _) => self.refuse(&shown, error)?,
                (None, Ok(entry)) => self.entry(&shown, entry, depth)?,
                (None, Err(_)) => self.refuse(&shown, FileError::BadArchive)?,
            }
        }
        Ok(())
    }

    fn gzip(&mut self, name: &str, bytes: &[u8], depth: usize) -> Result<(), ArchiveError> {
        self.entry(name, MultiGzDecoder::new(bytes), depth)
    }

    fn tar(&mut self, name: &str, bytes: &[u8], depth: usize) -> Result<(), ArchiveError> {
        let mut archive = Archive::new(bytes);
        for entry in archive.entries().map_err(|_| ArchiveError::Bad)? {
            let Ok(entry) = entry else {
                // Without a header nothing tells where the next entry begins.
                return self.refuse(name, FileError::BadArchive);
            };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let shown = format!("{name}/{}", String::from_utf8_lossy(&entry.path_bytes()));
            let left = (bytes.len() as u64).saturating_sub(entry.raw_file_position());
            if entry.size() > left {
                return self.refuse(&shown, FileError::BadArchive);
            }
            self.entry(&shown, entry, depth)?;
        }
        Ok(())
    }

    /// Unpacks one entry.
    fn entry(&mut self, name: &str, entry: impl Read, depth: usize) -> Result<(), ArchiveError> {
        self.count()?;
        let mut content = Vec::new();
        let most = self.budget.bytes.min(self.budget.file_bytes);
        let read = entry.take(most.saturating_add(1)).read_to_end(&mut content);
        if content.len() as u64 > most {
            return Err(ArchiveError::TooLarge);
        }
        self.budget.bytes -= content.len() as u64;
        if read.is_err() {
            (self.each)(name, Err(FileError::BadArchive));
        } else if !is_archive(&content) {
            (self.each)(name, Ok(content));
        } else if depth >= MAX_DEPTH {
            (self.each)(name, Err(FileError::NestedArchive));
        } else {
            match self.level(name, &content, depth + 1) {
                Err(ArchiveError::Bad) => (self.each)(name, Err(FileError::BadArchive)),
                result => result?,
            }
        }
        Ok(())
    }

    fn refuse(&mut self, name: &str, error: FileError) -> Result<(), ArchiveError> {
        self.count()?;
        (self.each)(name, Err(error));
        Ok(())
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.budget.files = self.budget.files.checked_sub(1).ok_or(ArchiveError::TooMany)?;
        Ok(())
    }
}

/// Returns the archive's format where a file in a zip is packed by a method that isn't unpacked.
fn unsupported_method(method: CompressionMethod) -> Option<ArchiveFormat> {
    match method {
        CompressionMethod::STORE | CompressionMethod::DEFLATE | CompressionMethod::DEFLATE64 => None,
        CompressionMethod::BZIP2 => Some(ArchiveFormat::ZipBzip2),
        CompressionMethod::LZMA | CompressionMethod::XZ => Some(ArchiveFormat::ZipLzma),
        CompressionMethod::ZSTD | CompressionMethod::ZSTD_DEPRECATED => Some(ArchiveFormat::ZipZstandard),
        CompressionMethod::PPMD => Some(ArchiveFormat::ZipPpmd),
        _ => Some(ArchiveFormat::ZipOther),
    }
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

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, name, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn contents(bytes: &[u8], mut budget: Budget) -> (Vec<String>, Result<(), ArchiveError>) {
        let mut seen = Vec::new();
        let result = unpack("z", bytes, &mut budget, &mut |name, unpacked| {
            seen.push(match unpacked {
                Ok(content) => format!("{name}:{}", content.len()),
                Err(error) => format!("{name} {error:?}"),
            });
        });
        (seen, result)
    }

    const PLENTY: Budget = Budget { bytes: 1 << 30, file_bytes: 1 << 30, files: 100 };

    #[test]
    fn archives_open_within_one_another_up_to_a_depth() {
        let fifth = zip(&[("e", b"e")]);
        let fourth = zip(&[("d", b"dddd"), ("deeper.zip", &fifth)]);
        let third = zip(&[("c", b"ccc"), ("fourth.zip", &fourth)]);
        let second = zip(&[("b", b"bb"), ("third.zip", &third)]);
        let outer = zip(&[("../a", b"a"), ("second.zip", &second), ("broken", b"PK\x03\x04 and no more")]);
        assert!(is_archive(&outer));
        let (seen, result) = contents(&outer, PLENTY);
        assert_eq!(result, Ok(()));
        let expected = [
            "z/../a:1",
            "z/second.zip/b:2",
            "z/second.zip/third.zip/c:3",
            "z/second.zip/third.zip/fourth.zip/d:4",
            "z/second.zip/third.zip/fourth.zip/deeper.zip NestedArchive",
            "z/broken BadArchive",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn tar_and_gzip_are_unpacked_too() {
        let folder = tar(&[("s/a", b"a"), ("s/b.gz", &gzip(b"bb"))]);
        assert_eq!(contents(&folder, PLENTY), (vec!["z/s/a:1".into(), "z/s/b.gz:2".into()], Ok(())));
        assert_eq!(contents(&gzip(&folder), PLENTY).0, ["z/s/a:1", "z/s/b.gz:2"]);
        let in_zip = zip(&[("t.tgz", &gzip(&folder))]);
        assert_eq!(contents(&in_zip, PLENTY).0, ["z/t.tgz/s/a:1", "z/t.tgz/s/b.gz:2"]);
        // Members of one stream follow one another.
        assert_eq!(contents(&[gzip(b"one"), gzip(b"two")].concat(), PLENTY).0, ["z:6"]);
        let long = format!("{}/a", "folder".repeat(40));
        assert_eq!(contents(&tar(&[(&long, b"a")]), PLENTY).0, [format!("z/{long}:1")]);
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let zeros = vec![0; 20 << 20];
        for bomb in [zip(&[("zeros", &zeros)]), gzip(&zeros), gzip(&gzip(&zeros)), gzip(&tar(&[("zeros", &zeros)]))] {
            assert_eq!(contents(&bomb, PLENTY), (vec![], Err(ArchiveError::TooLarge)));
        }
        let two = zip(&[("a", &[1; 600]), ("b", &[2; 600])]);
        assert_eq!(contents(&two, Budget { bytes: 1000, ..PLENTY }).1, Err(ArchiveError::TooLarge));
        assert_eq!(contents(&two, Budget { file_bytes: 599, ..PLENTY }).1, Err(ArchiveError::TooLarge));
        assert_eq!(contents(&two, Budget { files: 1, ..PLENTY }).1, Err(ArchiveError::TooMany));
        assert_eq!(contents(&two, PLENTY), (vec!["z/a:600".into(), "z/b:600".into()], Ok(())));
    }

    #[test]
    fn damage_is_noticed() {
        let mut archive = zip(&[("a", &[7; 100]), ("b", b"fine")]);
        // The first entry's packed bytes follow its 30-byte header and its name.
        archive[33] ^= 0xFF;
        let (seen, result) = contents(&archive, PLENTY);
        assert_eq!((seen, result), (vec!["z/a BadArchive".into(), "z/b:4".into()], Ok(())));
        assert_eq!(contents(b"PK\x03\x04", PLENTY).1, Err(ArchiveError::Bad));
        assert!(!is_archive(b"PK"));
        let packed = gzip(&[7; 100]);
        assert_eq!(contents(&packed[..packed.len() - 9], PLENTY).0, ["z BadArchive"]);
        let folder = tar(&[("a", b"a"), ("b", &[1; 600])]);
        assert_eq!(contents(&folder[..2000], PLENTY).0, ["z/a:1", "z/b BadArchive"]);
    }

    #[test]
    fn a_method_or_a_password_is_named() {
        let plain = zip(&[("a", b"abc")]);
        // The method and the flags, in the local header and in the central directory.
        let central = plain.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        let with = |at: [usize; 2], byte: u8| {
            let mut changed = plain.clone();
            for at in at {
                changed[at] = byte;
            }
            contents(&changed, PLENTY).0
        };
        assert_eq!(with([8, central + 10], 12), ["z/a UnsupportedArchive(ZipBzip2)"]);
        assert_eq!(with([8, central + 10], 14), ["z/a UnsupportedArchive(ZipLzma)"]);
        assert_eq!(with([8, central + 10], 93), ["z/a UnsupportedArchive(ZipZstandard)"]);
        assert_eq!(with([8, central + 10], 98), ["z/a UnsupportedArchive(ZipPpmd)"]);
        assert_eq!(with([8, central + 10], 6), ["z/a UnsupportedArchive(ZipOther)"]);
        assert_eq!(with([6, central + 8], 1), ["z/a Encrypted"]);
    }
}
