//! The data set parser: from a file's bytes to the attributes that matter. No declared length is
//! believed.
//!
//! dicom-rs decodes the headers of elements (tag, value representation, length). The loop over them
//! is this project's own, because dicom-rs's reader allocates what a header declares, recurses as
//! deep as a file nests, and reads a file whole; either of the first two ends a wasm instance. Here
//! memory is bounded: a value is a range that is checked against the file's bytes, containers of
//! defined length are stepped over whole, the others are counted, and reading ends at the pixel
//! data without touching them. Only three kinds of sequences are entered: functional groups of
//! multi-frame images (PS3.3 C.7.6.16), the code of the patient's orientation (PS3.3 C.7.6.30), and
//! directory records, to count images. It is the only reader: no second parser can understand a
//! crafted file differently.

use std::io::Read;
use std::mem::discriminant;
use std::ops::Range;

use dicom_core::dictionary::stub::StubDataDictionary;
use dicom_core::header::DataElementHeader;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::decode::Decode;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::ImplicitVRLittleEndianDecoder;

use crate::codec::stream_syntax::stream_syntax;
use crate::dataset::attributes::{NESTED, TOP_LEVEL};
use crate::error::FileError;
use crate::pixel_data::{PixelData, SampleFormat};
use crate::transfer_syntax::TransferSyntax;

/// Most containers of undefined length within one another; structured reports rarely pass fifteen.
const MAX_DEPTH: usize = 64;
/// Most fragments of a file's pixel data; one for each frame is usual.
const MAX_FRAGMENTS: usize = 1 << 16;
/// Most frames of one file; a thousand is a long CT.
const MAX_FRAMES: usize = 1 << 12;
/// Largest inflated data set, as a multiple of the deflated one.
const MAX_INFLATION: u64 = 100;
/// Largest inflated data set, bytes; one image is at most 32 MiB.
const MAX_INFLATED: u64 = 1 << 28;

/// Elements that are looked at ahead where an element's encoding is in doubt.
const LOOKAHEAD: usize = 4;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
/// Bytes of a delimiter: its tag and length.
const DELIMITER_BYTES: usize = 8;
/// The group of items and delimiters, little-endian.
const DELIMITER_GROUP: [u8; 2] = [0xFE, 0xFF];

/// Value representations and byte order of a data set (PS3.5 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementEncoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

#[derive(Debug, Clone)]
struct Element {
    tag: Tag,
    value: Range<usize>,
}

/// The elements of a file that matter.
#[derive(Debug, Default)]
struct Elements {
    /// At the top level.
    top: Vec<Element>,
    /// In the shared functional groups: true of all frames.
    shared: Vec<Element>,
    /// In the per-frame functional groups, frame by frame.
    frames: Vec<Vec<Element>>,
    /// Images that the index of a disc lists.
    listed: usize,
}

/// A data set: its attributes, and where its pixel data are.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// The file, or the inflated data set of a deflated file.
    pub bytes: Vec<u8>,
    pub encoding: ElementEncoding,
    pub syntax: TransferSyntax,
    pub pixels: PixelData,
    /// How a native sample of the pixel data is written.
    pub format: SampleFormat,
    /// The basic offset table (PS3.5 A.4); it is often empty.
    pub offsets: Range<usize>,
    /// The file has a meta group that doesn't name the transfer syntax, or names another one.
    pub syntax_guessed: bool,
    elements: Elements,
}

impl Dataset {
    /// Parses a file up to its pixel data.
    ///
    /// # Errors
    /// Where the whole file is unusable. Pixel data that are cut off are
    /// [`PixelData::Truncated`] and no error.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, FileError> {
        let size = bytes.len();
        Self::read_start(bytes, size)
    }

    /// Parses a file of `size` bytes by its first ones. Ranges of pixel data may be beyond these.
    ///
    /// # Errors
    /// As [`Self::read`]. Where the bytes end within the header, or more of the file has to be seen
    /// to know where its pixel data are, the error is of no meaning but for
    /// [`FileError::NotDicom`].
    pub(crate) fn read_start(bytes: Vec<u8>, size: usize) -> Result<Self, FileError> {
        if bytes.len() < 132 {
            return Err(FileError::Empty);
        }
        let marked = bytes.get(128..132) == Some(b"DICM");
        // Some writers leave out the preamble, some the mark behind it, some both.
        let starts = if marked { &[132][..] } else { &[0, 128, 132] };
        let mut readers = starts.iter().map(|start| DatasetReader::new(&bytes, size, *start));
        let mut reader = readers.find(|reader| marked || reader.begins_like_dicom()).ok_or(FileError::NotDicom)?;
        let meta_start = reader.at;
        let declared = reader.meta()?;
        if reader.at >= size {
            return Err(FileError::NoPixels);
        }
        let start = reader.at;
        let mut syntax = declared.unwrap_or(TransferSyntax::Unnamed);
        let deflated = syntax == TransferSyntax::DeflatedLittleEndian;
        // Programs that pass a data set on forget to deflate it.
        if deflated && reader.begins_like_dicom() {
            syntax = TransferSyntax::Unnamed;
        } else if deflated && bytes.len() < size {
            return Err(FileError::Truncated);
        } else if deflated {
            let inflated = inflate(bytes.get(start..).unwrap_or_default())?;
            let size = inflated.len();
            return Self::parse(inflated, size, 0, syntax);
        }
        let mut dataset = Self::parse(bytes, size, start, syntax)?;
        dataset.syntax_guessed |= syntax == TransferSyntax::Unnamed && start > meta_start;
        Ok(dataset)
    }

    fn parse(bytes: Vec<u8>, size: usize, start: usize, syntax: TransferSyntax) -> Result<Self, FileError> {
        let mut reader = DatasetReader::new(&bytes, size, start);
        let encoding = reader.encoding(syntax);
        let pixels = reader.dataset(encoding)?;
        let DatasetReader { elements, offsets, format, .. } = reader;
        let pixels = pixels.ok_or(match elements.listed {
            0 => FileError::NoPixels,
            listed => FileError::Directory(listed),
        })?;
        let syntax = match (syntax, encoding) {
            (TransferSyntax::Unnamed, ElementEncoding::ExplicitBig) => TransferSyntax::ExplicitBigEndian,
            (TransferSyntax::Unnamed, _) => TransferSyntax::LittleEndian,
            (named, _) => named,
        };
        let shown = shown_syntax(syntax, &pixels, &bytes);
        let syntax_guessed = shown.is_some();
        let syntax = shown.unwrap_or(syntax);
        Ok(Self { bytes, encoding, syntax, pixels, format, offsets, syntax_guessed, elements })
    }

    fn find(&self, elements: &[Element], tag: Tag) -> Option<&[u8]> {
        let element = elements.iter().find(|element| element.tag == tag)?;
        self.bytes.get(element.value.clone()).filter(|value| !value.is_empty())
    }

    /// Returns the raw value of a top-level attribute; `None` where it is absent or empty.
    pub(crate) fn value(&self, tag: Tag) -> Option<&[u8]> {
        self.find(&self.elements.top, tag)
    }

    /// Returns the raw value of an attribute in the functional groups of a frame, its own or the
    /// shared ones.
    pub(crate) fn frame_value(&self, frame: usize, tag: Tag) -> Option<&[u8]> {
        let own = self.elements.frames.get(frame).and_then(|own| self.find(own, tag));
        own.or_else(|| self.find(&self.elements.shared, tag))
    }

    /// Returns the number of frames with functional groups of their own.
    pub(crate) fn described_frames(&self) -> usize {
        self.elements.frames.len()
    }

    /// Returns whether the attribute is there, empty or not.
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.elements.top.iter().any(|element| element.tag == tag)
    }
}

/// Returns the transfer syntax that the pixel data show where it is another than the `named` one:
/// archives that compress and decompress pixels forget to rename them.
fn shown_syntax(named: TransferSyntax, pixels: &PixelData, bytes: &[u8]) -> Option<TransferSyntax> {
    match (named, pixels) {
        (TransferSyntax::Unsupported(_), _) => None,
        (_, PixelData::Native(range)) => {
            (named.is_encapsulated() && !range.is_empty()).then_some(TransferSyntax::LittleEndian)
        }
        (TransferSyntax::EncapsulatedNative | TransferSyntax::DeflatedFrames, PixelData::Encapsulated(_)) => None,
        (_, PixelData::Encapsulated(fragments)) => {
            let shown = stream_syntax(bytes.get(fragments.first()?.start..)?)?;
            (discriminant(&shown) != discriminant(&named)).then_some(shown)
        }
        (_, PixelData::Truncated) => None,
    }
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, FileError> {
    let limit = (deflated.len() as u64).saturating_mul(MAX_INFLATION).clamp(1 << 20, MAX_INFLATED);
    let mut inflated = Vec::new();
    let read = flate2::read::DeflateDecoder::new(deflated).take(limit).read_to_end(&mut inflated);
    match read {
        Ok(count) if (count as u64) < limit => Ok(inflated),
        Ok(_) => Err(FileError::BadLength),
        Err(_) => Err(FileError::Truncated),
    }
}

/// A sequence or an item that the reader is in.
#[derive(Clone, Copy)]
struct Container {
    /// The sequence's tag, also for its items.
    tag: Tag,
    is_item: bool,
    /// Encoding of the elements inside.
    encoding: ElementEncoding,
    /// The container's end; `None` where a delimiter ends it.
    end: Option<usize>,
}

struct DatasetReader<'a> {
    /// The file, or its first bytes.
    bytes: &'a [u8],
    /// Length of the whole file.
    size: usize,
    at: usize,
    elements: Elements,
    offsets: Range<usize>,
    format: SampleFormat,
}

impl<'a> DatasetReader<'a> {
    fn new(bytes: &'a [u8], size: usize, at: usize) -> Self {
        Self { bytes, size, at, elements: Elements::default(), offsets: 0..0, format: SampleFormat::Word }
    }
}

impl DatasetReader<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Returns whether the bytes begin as a file without preamble: with an element of group 2 or 8.
    fn begins_like_dicom(&self) -> bool {
        match *self.rest() {
            [2 | 8, 0, element, 0, first, second, ..] => {
                is_vr([first, second]) || (element < 0x20 && self.implicit_length_fits())
            }
            [0, 8, 0, _, first, second, ..] => is_vr([first, second]),
            _ => false,
        }
    }

    fn implicit_length_fits(&self) -> bool {
        let length = self.rest().get(4..8).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(u32::from_le_bytes);
        length.is_some_and(|length| (length as usize) < self.size)
    }

    /// Reads the file meta group and returns its transfer syntax. The standard has it in Explicit
    /// VR Little Endian (PS3.10 7.1); some writers use Implicit VR or big endian. The group's
    /// length element is not believed.
    fn meta(&mut self) -> Result<Option<TransferSyntax>, FileError> {
        let mut syntax = None;
        loop {
            let encoding = match *self.rest() {
                [2, 0, ..] => self.element_encoding(ElementEncoding::ExplicitLittle, self.size),
                [0, 2, _, _, first, second, ..] if is_vr([first, second]) => ElementEncoding::ExplicitBig,
                _ => break,
            };
            let header = self.header(encoding)?;
            let value = self.take(&header)?;
            // Some data sets begin with a second one, of the network's. The first is the file's.
            if header.tag == tags::TRANSFER_SYNTAX_UID && syntax.is_none() {
                syntax = Some(TransferSyntax::from_uid(self.bytes.get(value).unwrap_or_default()));
            }
        }
        Ok(syntax)
    }

    /// Returns the encoding of the first element: writers err about explicit and implicit.
    fn encoding(&self, syntax: TransferSyntax) -> ElementEncoding {
        let vr = self.rest().get(4..6).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
        match (syntax, vr.is_some_and(is_vr)) {
            (TransferSyntax::ExplicitBigEndian, _) => ElementEncoding::ExplicitBig,
            (TransferSyntax::Unnamed, true) if self.rest().starts_with(&[0, 8]) => ElementEncoding::ExplicitBig,
            (_, true) => ElementEncoding::ExplicitLittle,
            (_, false) => ElementEncoding::ImplicitLittle,
        }
    }

    /// Returns the encoding of the next element, in surroundings of the `expected` one that reach
    /// to `end` at most. Some writers mix explicit and implicit elements, mostly within sequences.
    /// The other encoding is taken only where the element shows it: it has no representation where
    /// one is expected, or has one where none is, and its other reading leads to more elements.
    fn element_encoding(&self, expected: ElementEncoding, end: usize) -> ElementEncoding {
        let Some([_, _, _, _, first, second]) = self.rest().first_chunk::<6>() else { return expected };
        let other = match (expected, is_vr([*first, *second])) {
            (ElementEncoding::ExplicitLittle, false) => ElementEncoding::ImplicitLittle,
            (ElementEncoding::ImplicitLittle, true) => ElementEncoding::ExplicitLittle,
            _ => return expected,
        };
        let is_delimiter = self.rest().starts_with(&DELIMITER_GROUP);
        if is_delimiter || self.elements_ahead(expected, end) >= self.elements_ahead(other, end) {
            expected
        } else {
            other
        }
    }

    /// Returns how many elements from the next one on, up to [`LOOKAHEAD`], are each followed by
    /// one of a higher tag; all of them where a delimiter or the end follows. The next element is
    /// read in this encoding, those behind it in the one that they show. A wrong reading may lead
    /// to pixels that look like an element, but hardly to several.
    fn elements_ahead(&self, mut encoding: ElementEncoding, end: usize) -> usize {
        let mut ahead = DatasetReader::new(self.bytes, self.size, self.at);
        for count in 0..LOOKAHEAD {
            let whole = |is_whole: bool| if is_whole { LOOKAHEAD } else { count };
            let Ok(header) = ahead.header(encoding) else { return count };
            let Some(length) = header.len.get() else { return whole(ahead.rest().starts_with(&DELIMITER_GROUP)) };
            // Values have an even length (PS3.5 7.1.1). Text for a length gives an odd one as
            // often.
            let next = ahead.at.saturating_add(length as usize);
            if next >= end || !length.is_multiple_of(2) {
                return whole(next == end);
            }
            ahead.at = next;
            if ahead.rest().starts_with(&DELIMITER_GROUP) {
                return LOOKAHEAD;
            }
            let Some([g0, g1, e0, e1, first, second]) = ahead.rest().first_chunk::<6>() else { return count };
            let tag = Tag(u16::from_le_bytes([*g0, *g1]), u16::from_le_bytes([*e0, *e1]));
            if tag <= header.tag {
                return count;
            }
            encoding = if is_vr([*first, *second]) {
                ElementEncoding::ExplicitLittle
            } else if ahead.implicit_length_fits() {
                ElementEncoding::ImplicitLittle
            } else {
                return count;
            };
        }
        LOOKAHEAD
    }

    fn header(&mut self, encoding: ElementEncoding) -> Result<DataElementHeader, FileError> {
        let mut source = self.rest();
        let decoded = match encoding {
            ElementEncoding::ImplicitLittle => {
                ImplicitVRLittleEndianDecoder::with_dict(StubDataDictionary).decode_header(&mut source)
            }
            ElementEncoding::ExplicitLittle => ExplicitVRLittleEndianDecoder::default().decode_header(&mut source),
            ElementEncoding::ExplicitBig => ExplicitVRBigEndianDecoder::default().decode_header(&mut source),
        };
        // Reading from memory fails for one reason only: the bytes end.
        let Ok((header, read)) = decoded else { return Err(FileError::Truncated) };
        self.at += read;
        Ok(header)
    }

    /// Steps over a value of defined length that is whole, and returns its range.
    fn take(&mut self, header: &DataElementHeader) -> Result<Range<usize>, FileError> {
        let end = self.end_of(header.len.get().ok_or(FileError::Header)?)?;
        let value = self.at..end;
        self.at = end;
        Ok(value)
    }

    /// Returns the end of a value of this length that begins here; it is within the file.
    fn end_of(&self, length: u32) -> Result<usize, FileError> {
        self.at.checked_add(length as usize).filter(|end| *end <= self.size).ok_or(FileError::BadLength)
    }

    fn dataset(&mut self, encoding: ElementEncoding) -> Result<Option<PixelData>, FileError> {
        let mut open: Vec<Container> = Vec::new();
        while self.close_ended(&mut open)? {
            let inner = open.last().copied();
            let expected = inner.map_or(encoding, |container| container.encoding);
            let end = open.iter().rev().find_map(|container| container.end).unwrap_or(self.size);
            let current = self.element_encoding(expected, end);
            let header = self.header(current)?;
            match (inner, header.tag) {
                (Some(Container { is_item: false, tag, .. }), ITEM) => {
                    if header.len.is_undefined() || is_entered(&open) {
                        self.begin_frame(&open)?;
                        self.push(&mut open, &header, Container { tag, is_item: true, encoding: expected, end: None })?;
                    } else {
                        self.take(&header)?;
                    }
                }
                (Some(Container { is_item: false, .. }), SEQUENCE_END)
                | (Some(Container { is_item: true, .. }), ITEM_END) => {
                    open.pop();
                }
                // Some writers end the last item of a sequence with the sequence.
                (Some(Container { is_item: true, end: None, .. }), SEQUENCE_END) => {
                    open.pop();
                    if open.pop().is_none_or(|sequence| sequence.end.is_some()) {
                        return Err(FileError::Header);
                    }
                }
                (Some(Container { is_item: false, .. }), _)
                | (Some(Container { is_item: true, .. }), Tag(0xFFFE, _)) => {
                    return Err(FileError::Header);
                }
                (None, ITEM_END | SEQUENCE_END) => {}
                (None, Tag(0xFFFE, _)) => return Err(FileError::Header),
                (None, tags::PIXEL_DATA) => return self.pixel_data(&header, encoding).map(Some),
                (None, tags::FLOAT_PIXEL_DATA | tags::DOUBLE_FLOAT_PIXEL_DATA) => {
                    let is_single = header.tag == tags::FLOAT_PIXEL_DATA;
                    self.format = if is_single { SampleFormat::Float } else { SampleFormat::Double };
                    return self.pixel_data(&header, encoding).map(Some);
                }
                (_, tag) if header.len.is_undefined() || is_entered_sequence(&open, tag) => {
                    // Sequences of unknown representation are written implicitly inside (PS3.5,
                    // 6.2.2).
                    let unknown = header.vr() == VR::UN && current == ElementEncoding::ExplicitLittle;
                    let encoding = if unknown { ElementEncoding::ImplicitLittle } else { current };
                    self.push(&mut open, &header, Container { tag, is_item: false, encoding, end: None })?;
                }
                (_, tag) => {
                    let value = self.take(&header)?;
                    self.keep(&open, tag, value)?;
                }
            }
        }
        if open.is_empty() { Ok(None) } else { Err(FileError::Truncated) }
    }

    /// Leaves the containers that end here. Returns false at the end of the file.
    fn close_ended(&self, open: &mut Vec<Container>) -> Result<bool, FileError> {
        while let Some(end) = open.last().and_then(|container| container.end) {
            if self.at < end {
                break;
            }
            if self.at > end {
                return Err(FileError::Header);
            }
            open.pop();
        }
        Ok(self.at < self.size)
    }

    /// Enters a container.
    fn push(
        &self,
        open: &mut Vec<Container>,
        header: &DataElementHeader,
        container: Container,
    ) -> Result<(), FileError> {
        if open.len() >= MAX_DEPTH {
            return Err(FileError::TooNested);
        }
        let end = match header.len.get() {
            Some(length) => Some(self.end_of(length)?),
            None => None,
        };
        open.push(Container { end, ..container });
        Ok(())
    }

    /// Begins another frame, where an item of the per-frame functional groups begins.
    fn begin_frame(&mut self, open: &[Container]) -> Result<(), FileError> {
        if let [Container { tag: tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, .. }] = open {
            if self.elements.frames.len() >= MAX_FRAMES {
                return Err(FileError::Header);
            }
            self.elements.frames.push(Vec::new());
        }
        Ok(())
    }

    /// Keeps the value of an attribute that is read. One that is there twice with two values makes
    /// the file unusable: nothing shows which one is true.
    fn keep(&mut self, open: &[Container], tag: Tag, value: Range<usize>) -> Result<(), FileError> {
        let (elements, wanted) = match open {
            [] => (Some(&mut self.elements.top), TOP_LEVEL.contains(&tag)),
            [Container { tag: tags::DIRECTORY_RECORD_SEQUENCE, .. }, _] => {
                let is_image = tag == tags::DIRECTORY_RECORD_TYPE && self.bytes.get(value) == Some(&b"IMAGE "[..]);
                self.elements.listed += usize::from(is_image);
                return Ok(());
            }
            [groups, _, group, _] => {
                let elements = match groups.tag {
                    tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE => Some(&mut self.elements.shared),
                    tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE => self.elements.frames.last_mut(),
                    tags::PATIENT_ORIENTATION_CODE_SEQUENCE => Some(&mut self.elements.top),
                    _ => None,
                };
                (elements, NESTED.contains(&(group.tag, tag)))
            }
            _ => return Ok(()),
        };
        let Some(elements) = elements.filter(|_| wanted) else { return Ok(()) };
        match elements.iter().find(|element| element.tag == tag) {
            Some(earlier) if self.bytes.get(earlier.value.clone()) != self.bytes.get(value.clone()) => {
                Err(FileError::Header)
            }
            Some(_) => Ok(()),
            None => {
                elements.push(Element { tag, value });
                Ok(())
            }
        }
    }

    fn only_zeros_from(&self, start: usize) -> bool {
        self.bytes.get(start..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    }

    fn pixel_data(&mut self, header: &DataElementHeader, encoding: ElementEncoding) -> Result<PixelData, FileError> {
        if header.len.is_defined() {
            return Ok(match self.take(header) {
                Ok(value) => PixelData::Native(value),
                Err(_) => PixelData::Truncated,
            });
        }
        let mut fragments = Vec::new();
        let mut offsets_seen = false;
        while self.at < self.size {
            // Beyond the first bytes; no further fragment fits where only a delimiter does.
            if self.at >= self.bytes.len() && !fragments.is_empty() && self.size - self.at <= DELIMITER_BYTES {
                break;
            }
            let item_start = self.at;
            let item = self.header(encoding);
            // Zeros in place of the last delimiter.
            if !fragments.is_empty() && item_start < self.bytes.len() && self.only_zeros_from(item_start) {
                break;
            }
            let Ok(item) = item else {
                return if self.bytes.len() < self.size { Err(FileError::Truncated) } else { Ok(PixelData::Truncated) };
            };
            match item.tag {
                ITEM => {
                    let Ok(value) = self.take(&item) else { return Ok(PixelData::Truncated) };
                    if !offsets_seen {
                        self.offsets = value;
                    } else if !value.is_empty() {
                        fragments.push(value);
                    }
                    if fragments.len() > MAX_FRAGMENTS {
                        return Err(FileError::Header);
                    }
                    offsets_seen = true;
                }
                SEQUENCE_END => return Ok(PixelData::Encapsulated(fragments)),
                _ => return Err(FileError::Header),
            }
        }
        // Some writers leave out the last delimiter; a decoder notices if more than that is
        // missing.
        Ok(if fragments.is_empty() { PixelData::Truncated } else { PixelData::Encapsulated(fragments) })
    }
}

/// Returns whether an element here is a sequence that is entered.
fn is_entered_sequence(open: &[Container], tag: Tag) -> bool {
    let groups = |tag| {
        matches!(
            tag,
            tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE
                | tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE
                | tags::PATIENT_ORIENTATION_CODE_SEQUENCE
        )
    };
    match open {
        [] => groups(tag) || tag == tags::DIRECTORY_RECORD_SEQUENCE,
        [outer, _] => groups(outer.tag) && NESTED.iter().any(|(group, _)| *group == tag),
        _ => false,
    }
}

/// Returns whether the innermost container is a sequence that is entered.
fn is_entered(open: &[Container]) -> bool {
    open.split_last().is_some_and(|(sequence, outer)| is_entered_sequence(outer, sequence.tag))
}

fn is_vr(bytes: [u8; 2]) -> bool {
    VR::from_binary(bytes).is_some()
}
