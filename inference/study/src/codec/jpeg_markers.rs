//! The marker segments of the JPEG family up to the first scan (ITU-T T.81, B.1; T.87, C.1), read
//! before a decoder gets the stream. Every length is checked against the stream's bytes.

use crate::error::CodecError;

pub(crate) const SOF_LOSSLESS: u8 = 0xC3;
pub(crate) const SOF_LS: u8 = 0xF7;
pub(crate) const DHT: u8 = 0xC4;
pub(crate) const DQT: u8 = 0xDB;
pub(crate) const DRI: u8 = 0xDD;
pub(crate) const EOI: u8 = 0xD9;
pub(crate) const LSE: u8 = 0xF8;
pub(crate) const SOS: u8 = 0xDA;

/// Returns whether a marker is application data or a comment.
pub(crate) fn is_comment(marker: u8) -> bool {
    matches!(marker, 0xE0..=0xEF | 0xFE)
}

/// A frame header with its only component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Bits of a sample.
    pub precision: u8,
    pub rows: usize,
    pub columns: usize,
    /// Number of the component's quantisation table; 0 where there is none.
    pub table: u8,
}

impl FrameHeader {
    /// Reads a frame header's body.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] for anything but one component.
    pub(crate) fn read(body: &[u8]) -> Result<Self, CodecError> {
        let [precision, r1, r0, c1, c0, 1, _component, _sampling, table] = *body else {
            return Err(CodecError::Damaged);
        };
        let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
        Ok(Self { precision, rows: side(r1, r0), columns: side(c1, c0), table })
    }

    /// Checks the header's size.
    ///
    /// # Errors
    /// [`CodecError::Size`] where the header's size is another one.
    pub(crate) fn has_size(self, rows: usize, columns: usize) -> Result<(), CodecError> {
        if (self.rows, self.columns) == (rows, columns) { Ok(()) } else { Err(CodecError::Size) }
    }
}

/// Reads marker segments in the order of the stream.
pub(crate) struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// # Errors
    /// [`CodecError::Damaged`] where the stream doesn't begin with SOI.
    pub(crate) fn of(stream: &'a [u8]) -> Result<Self, CodecError> {
        stream.strip_prefix(&[0xFF, 0xD8]).map(|rest| Self { rest }).ok_or(CodecError::Damaged)
    }

    /// Reads the segments of bytes that begin with one.
    pub(crate) fn behind(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Returns marker and body of the next segment. Callers stop at the scan header: entropy-coded
    /// bytes follow it.
    ///
    /// # Errors
    /// [`CodecError::Damaged`] where there is no whole segment.
    pub(crate) fn next(&mut self) -> Result<(u8, &'a [u8]), CodecError> {
        loop {
            match *self.rest {
                // Any number of fill bytes may precede a marker (T.81, B.1.1.2).
                [0xFF, 0xFF, ..] => self.rest = self.rest.get(1..).unwrap_or_default(),
                [0xFF, marker, high, low, ..] => {
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    let after = self.rest.get(2..).unwrap_or_default();
                    let (segment, rest) = after.split_at_checked(length).ok_or(CodecError::Damaged)?;
                    self.rest = rest;
                    return segment.get(2..).map(|body| (marker, body)).ok_or(CodecError::Damaged);
                }
                _ => return Err(CodecError::Damaged),
            }
        }
    }

    /// Returns the bytes behind the last segment.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_come_in_order_and_whole() {
        let stream = [0xFF, 0xD8, 0xFF, 0xFF, 0xFE, 0, 3, 7, 0xFF, SOS, 0, 2, 9, 9];
        let mut segments = Segments::of(&stream).unwrap();
        assert_eq!(segments.next(), Ok((0xFE, &[7][..])));
        assert_eq!(segments.next(), Ok((SOS, &[][..])));
        assert_eq!(segments.rest(), [9, 9]);
        for cut in [2, 3, 4, 6, 7] {
            assert_eq!(Segments::of(&stream[..cut]).unwrap().next(), Err(CodecError::Damaged), "{cut}");
        }
        assert!(Segments::of(&stream[2..]).is_err());
        assert_eq!(Segments::of(&[0xFF, 0xD8, 0xFF, 0xFE, 0, 1, 0]).unwrap().next(), Err(CodecError::Damaged));
    }

    #[test]
    fn one_component_or_none_at_all() {
        let grey = FrameHeader { precision: 12, rows: 258, columns: 2, table: 3 };
        assert_eq!(FrameHeader::read(&[12, 1, 2, 0, 2, 1, 1, 0x11, 3]), Ok(grey));
        assert_eq!(
            FrameHeader::read(&[12, 1, 2, 0, 2, 3, 1, 0x11, 3, 2, 0x11, 3, 3, 0x11, 3]),
            Err(CodecError::Damaged)
        );
        assert_eq!(grey.has_size(258, 2), Ok(()));
        assert_eq!(grey.has_size(2, 258), Err(CodecError::Size));
    }
}
