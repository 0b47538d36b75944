//! Transfer syntaxes by their UIDs (PS3.5 annex A, PS3.6 table A-1).

use serde::{Deserialize, Serialize};

/// A transfer syntax, by what it asks of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum TransferSyntax {
    /// The file doesn't name its transfer syntax.
    Unnamed,
    /// Implicit or Explicit VR Little Endian.
    LittleEndian,
    DeflatedLittleEndian,
    ExplicitBigEndian,
    /// Native little-endian frames in fragments (PS3.5 A.4.11).
    EncapsulatedNative,
    /// Deflated frames in fragments (PS3.5 8.2.16).
    DeflatedFrames,
    Rle,
    JpegBaseline,
    JpegExtended,
    JpegLossless,
    JpegLs {
        lossy: bool,
    },
    /// JPEG 2000 and High-Throughput JPEG 2000: the codestream tells which.
    Jpeg2000 {
        lossy: bool,
    },
    JpegXl {
        lossy: bool,
    },
    Unsupported(UnsupportedSyntax),
}

/// A transfer syntax that isn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UnsupportedSyntax {
    /// A UID that PS3.6 doesn't list, or a private one.
    Unknown,
    /// JPEG 2000 Part 2, multi-component.
    Jpeg2000Part2,
    /// A JPEG process that the standard has retired.
    RetiredJpeg,
    /// JPIP: the pixel data are on a server.
    Jpip,
    /// MPEG-2, MPEG-4 or HEVC.
    Video,
}

impl UnsupportedSyntax {
    /// Returns the name for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "an unknown compression",
            Self::Jpeg2000Part2 => "JPEG 2000, part 2",
            Self::RetiredJpeg => "a retired JPEG process",
            Self::Jpip => "JPIP, which keeps the picture elsewhere",
            Self::Video => "video",
        }
    }
}

impl TransferSyntax {
    /// Returns the transfer syntax of a UID as it is in the file, padding included.
    pub(crate) fn from_uid(uid: &[u8]) -> Self {
        const ROOT: &str = "1.2.840.10008.1.2";
        let text = String::from_utf8_lossy(uid);
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return Self::Unnamed;
        }
        let Some(syntax) = text.strip_prefix(ROOT) else { return Self::Unsupported(UnsupportedSyntax::Unknown) };
        match syntax {
            "" | ".1" => Self::LittleEndian,
            ".1.98" => Self::EncapsulatedNative,
            ".1.99" => Self::DeflatedLittleEndian,
            ".8.1" => Self::DeflatedFrames,
            ".2" => Self::ExplicitBigEndian,
            ".5" => Self::Rle,
            ".4.50" => Self::JpegBaseline,
            ".4.51" => Self::JpegExtended,
            ".4.57" | ".4.70" => Self::JpegLossless,
            ".4.80" => Self::JpegLs { lossy: false },
            ".4.81" => Self::JpegLs { lossy: true },
            ".4.90" | ".4.201" | ".4.202" => Self::Jpeg2000 { lossy: false },
            ".4.91" | ".4.203" => Self::Jpeg2000 { lossy: true },
            ".4.110" => Self::JpegXl { lossy: false },
            ".4.111" | ".4.112" => Self::JpegXl { lossy: true },
            ".4.92" | ".4.93" => Self::Unsupported(UnsupportedSyntax::Jpeg2000Part2),
            ".4.52" | ".4.53" | ".4.54" | ".4.55" | ".4.56" | ".4.58" | ".4.59" | ".4.60" | ".4.61" | ".4.62"
            | ".4.63" | ".4.64" | ".4.65" | ".4.66" => Self::Unsupported(UnsupportedSyntax::RetiredJpeg),
            ".4.94" | ".4.95" | ".4.204" | ".4.205" => Self::Unsupported(UnsupportedSyntax::Jpip),
            _ if syntax.starts_with(".4.10") => Self::Unsupported(UnsupportedSyntax::Video),
            _ => Self::Unsupported(UnsupportedSyntax::Unknown),
        }
    }

    /// Returns whether the pixel data come in fragments (PS3.5 A.4).
    pub(crate) fn is_encapsulated(self) -> bool {
        !matches!(self, Self::Unnamed | Self::LittleEndian | Self::DeflatedLittleEndian | Self::ExplicitBigEndian)
    }

    /// Returns whether the compression may be lossy, whatever the header says.
    pub(crate) fn is_lossy(self) -> bool {
        match self {
            Self::JpegBaseline | Self::JpegExtended => true,
            Self::JpegLs { lossy } | Self::Jpeg2000 { lossy } | Self::JpegXl { lossy } => lossy,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_read_with_its_padding_and_nothing_else_is_guessed() {
        assert_eq!(TransferSyntax::from_uid(b"1.2.840.10008.1.2\0"), TransferSyntax::LittleEndian);
        assert_eq!(TransferSyntax::from_uid(b"1.2.840.10008.1.2.4.70"), TransferSyntax::JpegLossless);
        assert_eq!(TransferSyntax::from_uid(b" \0"), TransferSyntax::Unnamed);
        let unsupported = |uid: &[u8]| match TransferSyntax::from_uid(uid) {
            TransferSyntax::Unsupported(syntax) => Some(syntax),
            _ => None,
        };
        assert_eq!(unsupported(b"1.2.840.10008.1.2.4.102"), Some(UnsupportedSyntax::Video));
        assert_eq!(unsupported(b"1.2.840.10008.1.2.4.94"), Some(UnsupportedSyntax::Jpip));
        assert_eq!(unsupported(b"1.2.3"), Some(UnsupportedSyntax::Unknown));
        assert_eq!(unsupported(b"\xFF\xFE"), Some(UnsupportedSyntax::Unknown));
    }
}
