//! Formats of files that are meant as a CT and aren't DICOM, told by their first bytes.

/// An archive of a kind that isn't opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArchiveFormat {
    /// 7-Zip.
    SevenZip,
    /// RAR.
    Rar,
    /// A disc image (ISO 9660).
    Iso,
    /// Microsoft Cabinet.
    Cabinet,
    /// One stream packed by bzip2.
    Bzip2,
    /// One stream packed by xz.
    Xz,
    /// One stream packed by Zstandard.
    Zstandard,
    /// A part of a zip that was split into several files.
    SplitZip,
    /// A zip whose files are packed by bzip2.
    ZipBzip2,
    /// A zip whose files are packed by LZMA or xz.
    ZipLzma,
    /// A zip whose files are packed by Zstandard.
    ZipZstandard,
    /// A zip whose files are packed by `PPMd`.
    ZipPpmd,
    /// A zip whose files are packed by a method of its own time.
    ZipOther,
}

impl ArchiveFormat {
    /// Returns the name for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenZip => "7-Zip",
            Self::Rar => "RAR",
            Self::Iso => "a disc image",
            Self::Cabinet => "Cabinet",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstandard => "Zstandard",
            Self::SplitZip => "one part of a zip that was split",
            Self::ZipBzip2 => "zip with bzip2",
            Self::ZipLzma => "zip with LZMA",
            Self::ZipZstandard => "zip with Zstandard",
            Self::ZipPpmd => "zip with PPMd",
            Self::ZipOther => "zip with an old method",
        }
    }
}

/// Images in a format that isn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageFormat {
    /// NRRD.
    Nrrd,
    /// `MetaImage`.
    MetaImage,
    /// HDF5, among it MINC 2 and newer MATLAB files.
    Hdf5,
    /// MATLAB 5.
    Matlab,
    /// An array of `NumPy`.
    NumPy,
    /// Analyze 7.5, or a NIfTI header whose voxels are in a second file.
    Analyze,
    /// Interfile.
    Interfile,
}

impl ImageFormat {
    /// Returns the name for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nrrd => "NRRD",
            Self::MetaImage => "MetaImage",
            Self::Hdf5 => "HDF5 or MINC",
            Self::Matlab => "MATLAB",
            Self::NumPy => "NumPy",
            Self::Analyze => "Analyze, or NIfTI in two files (.hdr and .img)",
            Self::Interfile => "Interfile",
        }
    }
}

/// A format that is known by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFormat {
    Zip,
    Gzip,
    Tar,
    Nifti,
    OtherArchive(ArchiveFormat),
    OtherImage(ImageFormat),
}

/// Where a disc image has its mark (ECMA-119, 8.4.1).
const ISO_MARK: usize = 0x8001;
/// Bytes of a NIfTI-1 header, which its first field says in either byte order.
const NIFTI_HEADER: [[u8; 4]; 2] = [[0x5C, 1, 0, 0], [0, 0, 1, 0x5C]];
/// The same of NIfTI-2.
const NIFTI_2_HEADER: [[u8; 4]; 2] = [[0x1C, 2, 0, 0], [0, 0, 2, 0x1C]];

/// First bytes of a file, and its format.
const STARTS: &[(&[u8], FileFormat)] = &[
    (b"PK\x03\x04", FileFormat::Zip),
    (b"PK\x05\x06", FileFormat::Zip),
    (b"PK\x07\x08", FileFormat::OtherArchive(ArchiveFormat::SplitZip)),
    (b"\x1F\x8B\x08", FileFormat::Gzip),
    (b"7z\xBC\xAF\x27\x1C", FileFormat::OtherArchive(ArchiveFormat::SevenZip)),
    (b"Rar!\x1A\x07", FileFormat::OtherArchive(ArchiveFormat::Rar)),
    (b"MSCF\0\0\0\0", FileFormat::OtherArchive(ArchiveFormat::Cabinet)),
    (b"BZh", FileFormat::OtherArchive(ArchiveFormat::Bzip2)),
    (b"\xFD7zXZ\0", FileFormat::OtherArchive(ArchiveFormat::Xz)),
    (b"\x28\xB5\x2F\xFD", FileFormat::OtherArchive(ArchiveFormat::Zstandard)),
    (b"NRRD000", FileFormat::OtherImage(ImageFormat::Nrrd)),
    (b"ObjectType", FileFormat::OtherImage(ImageFormat::MetaImage)),
    (b"\x89HDF\r\n\x1A\n", FileFormat::OtherImage(ImageFormat::Hdf5)),
    (b"MATLAB 5.0", FileFormat::OtherImage(ImageFormat::Matlab)),
    (b"\x93NUMPY", FileFormat::OtherImage(ImageFormat::NumPy)),
    (b"!INTERFILE", FileFormat::OtherImage(ImageFormat::Interfile)),
];

impl FileFormat {
    /// Returns the format of a file; `None` for DICOM and for all others. A DICOM preamble may
    /// begin as another format does.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.get(128..132) == Some(b"DICM") {
            return None;
        }
        let start = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, format)| *format);
        start.or_else(|| Self::by_later_mark(bytes))
    }

    fn by_later_mark(bytes: &[u8]) -> Option<Self> {
        if bytes.get(257..262) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        if bytes.get(ISO_MARK..ISO_MARK + 5) == Some(b"CD001") {
            return Some(Self::OtherArchive(ArchiveFormat::Iso));
        }
        let size = bytes.first_chunk::<4>()?;
        if NIFTI_2_HEADER.contains(size) && matches!(bytes.get(4..7), Some(b"n+2" | b"ni2")) {
            return Some(Self::Nifti);
        }
        if !NIFTI_HEADER.contains(size) {
            return None;
        }
        match bytes.get(344..347) {
            Some(b"n+1") => Some(Self::Nifti),
            // Analyze has no mark; its header is the whole file.
            _ if bytes.len() == 348 => Some(Self::OtherImage(ImageFormat::Analyze)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_bytes_and_dicom_is_never_another() {
        let at = |place: usize, mark: &[u8]| [&vec![0; place][..], mark, &[0; 600]].concat();
        assert_eq!(FileFormat::of(&at(257, b"ustar")), Some(FileFormat::Tar));
        assert_eq!(FileFormat::of(&at(ISO_MARK, b"CD001")), Some(FileFormat::OtherArchive(ArchiveFormat::Iso)));
        assert_eq!(FileFormat::of(b"Rar!\x1A\x07\x01\0"), Some(FileFormat::OtherArchive(ArchiveFormat::Rar)));
        let mut nifti = vec![0; 400];
        nifti[..4].copy_from_slice(&348_i32.to_be_bytes());
        assert_eq!(FileFormat::of(&nifti), None);
        nifti[344..348].copy_from_slice(b"n+1\0");
        assert_eq!(FileFormat::of(&nifti), Some(FileFormat::Nifti));
        nifti[344..348].copy_from_slice(b"ni1\0");
        assert_eq!(FileFormat::of(&nifti[..348]), Some(FileFormat::OtherImage(ImageFormat::Analyze)));
        // A preamble of any kind.
        let mut dicom = at(257, b"ustar");
        dicom[..4].copy_from_slice(b"PK\x03\x04");
        assert_eq!(FileFormat::of(&dicom), Some(FileFormat::Zip));
        dicom[128..132].copy_from_slice(b"DICM");
        assert_eq!(FileFormat::of(&dicom), None);
        for other in [&b""[..], b"PK", b"\x89PNG\r\n\x1A\n", b"%PDF-1.4"] {
            assert_eq!(FileFormat::of(other), None);
        }
    }
}
