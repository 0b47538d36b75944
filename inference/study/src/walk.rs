//! The guard: from a file's bytes to the few elements that matter, without believing a single declared length.
//!
//! dicom-rs decodes the headers of elements (tag, value representation, length); the walk over them is ours, because
//! its own reader allocates what a header declares and recurses as deep as a file nests, and either ends a wasm
//! instance. This walk is a loop: a value is a range that was checked against the bytes there are, containers of
//! defined length are stepped over whole, the others are counted, and it ends at the pixel data without touching it.
//! Only the functional groups of multi-frame objects are entered (PS3.3 C.7.6.16): what is true of all frames, and what
//! of each; the code for how the patient lay (PS3.3 C.7.6.30); and the records of a disc's index, to count pictures. It is also the only reader: there is no second parser that could understand a crafted file differently.

use std::io::Read;
use std::ops::Range;

use corsai_report::IssueCode;
use dicom_core::dictionary::stub::StubDataDictionary;
use dicom_core::header::DataElementHeader;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::decode::Decode;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::ImplicitVRLittleEndianDecoder;

use crate::codec::Syntax;
use crate::frames;

/// Containers of undefined length within one another; structured reports rarely pass fifteen.
const MAX_DEPTH: usize = 64;
/// Fragments of a file's pictures; one a frame is usual.
const MAX_FRAGMENTS: usize = 1 << 16;
/// Frames of one file; a thousand is a long CT.
const MAX_FRAMES: usize = 1 << 12;
/// An inflated data set may be this many times the file's size, and this large: one picture is at most 32 MiB.
const MAX_INFLATION: u64 = 100;
const MAX_INFLATED: u64 = 1 << 28;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// Why nothing of a file can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    #[error("too short")]
    Empty,
    #[error("not DICOM")]
    NotDicom,
    #[error("ends within an element")]
    Truncated,
    #[error("a length beyond the end of the file")]
    BadLength,
    #[error("sequences nested too deeply")]
    TooNested,
    #[error("elements out of place")]
    Header,
    #[error("no pixel data")]
    NoPixels,
    /// The index of a disc (PS3.3 F.3), and how many pictures it lists.
    #[error("a directory")]
    Directory(usize),
}

impl FileError {
    pub(crate) fn code(self) -> IssueCode {
        match self {
            Self::Empty => IssueCode::FileEmpty,
            Self::NotDicom => IssueCode::FileNotDicom,
            Self::Truncated => IssueCode::FileTruncated,
            Self::BadLength => IssueCode::FileBadLength,
            Self::TooNested => IssueCode::FileTooNested,
            Self::Header => IssueCode::FileHeader,
            Self::NoPixels | Self::Directory(_) => IssueCode::FileNoPixels,
        }
    }
}

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

/// Where the picture lies in [`Dataset::bytes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PixelData {
    Native(Range<usize>),
    /// The fragments that hold something, without the offset table, which is [`Dataset::offsets`].
    Encapsulated(Vec<Range<usize>>),
    /// The file ends before the picture does.
    Truncated,
}

#[derive(Debug, Clone)]
struct Element {
    tag: Tag,
    value: Range<usize>,
}

/// The elements of a file that matter, by where they stand.
#[derive(Debug, Default)]
struct Elements {
    top: Vec<Element>,
    /// True of all frames.
    shared: Vec<Element>,
    /// True of one frame each.
    frames: Vec<Vec<Element>>,
    /// Pictures that a disc's index lists.
    listed: usize,
}

/// A file whose elements up to the pixel data were walked.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// The file, or the inflated data set of a deflated one.
    pub bytes: Vec<u8>,
    pub encoding: Encoding,
    pub syntax: Syntax,
    pub pixels: PixelData,
    /// The basic offset table, empty as often as not (PS3.5 A.4).
    pub offsets: Range<usize>,
    /// Whether there is a meta group that doesn't name the transfer syntax.
    pub syntax_guessed: bool,
    elements: Elements,
}

impl Dataset {
    /// Walks a file.
    ///
    /// # Errors
    /// What makes the whole file unusable; a picture that is cut off is not among it.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, FileError> {
        if bytes.len() < 132 {
            return Err(FileError::Empty);
        }
        let marked = bytes.get(128..132) == Some(b"DICM");
        // Some writers leave out the preamble, some the mark behind it, some both.
        let starts = if marked { &[132][..] } else { &[0, 128, 132] };
        let mut walks = starts.iter().map(|start| Walk::new(&bytes, *start));
        let mut walk = walks.find(|walk| marked || walk.begins_like_dicom()).ok_or(FileError::NotDicom)?;
        let meta_start = walk.at;
        let declared = walk.meta()?;
        if walk.at >= bytes.len() {
            return Err(FileError::NoPixels);
        }
        let start = walk.at;
        let syntax = declared.unwrap_or(Syntax::Unnamed);
        if syntax == Syntax::Deflated {
            let inflated = inflate(bytes.get(start..).unwrap_or_default())?;
            return Self::walk(inflated, 0, syntax);
        }
        let mut dataset = Self::walk(bytes, start, syntax)?;
        dataset.syntax_guessed = syntax == Syntax::Unnamed && start > meta_start;
        Ok(dataset)
    }

    fn walk(bytes: Vec<u8>, start: usize, syntax: Syntax) -> Result<Self, FileError> {
        let mut walk = Walk::new(&bytes, start);
        let encoding = walk.encoding(syntax);
        let pixels = walk.dataset(encoding)?;
        let Walk { elements, offsets, .. } = walk;
        let pixels = pixels.ok_or(match elements.listed {
            0 => FileError::NoPixels,
            listed => FileError::Directory(listed),
        })?;
        let syntax = match (syntax, encoding) {
            (Syntax::Unnamed, Encoding::ExplicitBig) => Syntax::ExplicitBig,
            (Syntax::Unnamed, _) => Syntax::Little,
            (named, _) => named,
        };
        Ok(Self { bytes, encoding, syntax, pixels, offsets, syntax_guessed: false, elements })
    }

    fn find(&self, elements: &[Element], tag: Tag) -> Option<&[u8]> {
        let element = elements.iter().find(|element| element.tag == tag)?;
        self.bytes.get(element.value.clone()).filter(|value| !value.is_empty())
    }

    /// The raw value of a top-level element; `None` where it is absent or empty.
    pub(crate) fn value(&self, tag: Tag) -> Option<&[u8]> {
        self.find(&self.elements.top, tag)
    }

    /// The raw value of an element of a frame's functional groups, its own or the shared ones.
    pub(crate) fn grouped(&self, frame: usize, tag: Tag) -> Option<&[u8]> {
        let own = self.elements.frames.get(frame).and_then(|own| self.find(own, tag));
        own.or_else(|| self.find(&self.elements.shared, tag))
    }

    /// How many frames have functional groups of their own.
    pub(crate) fn described_frames(&self) -> usize {
        self.elements.frames.len()
    }

    /// Whether the element is there, empty or not.
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.elements.top.iter().any(|element| element.tag == tag)
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

/// A sequence or an item that the walk is in.
#[derive(Clone, Copy)]
struct Container {
    /// The sequence's, also for its items.
    tag: Tag,
    is_item: bool,
    /// Of what is inside.
    encoding: Encoding,
    /// Where it ends; `None` where a delimiter ends it.
    end: Option<usize>,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: Elements,
    offsets: Range<usize>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, elements: Elements::default(), offsets: 0..0 }
    }
}

impl Walk<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// A file without preamble begins with an element of the meta group or of the identifying one.
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
        length.is_some_and(|length| (length as usize) < self.bytes.len())
    }

    /// The file meta group, always Explicit VR Little Endian; its own length element is not believed.
    fn meta(&mut self) -> Result<Option<Syntax>, FileError> {
        let mut syntax = None;
        while self.rest().starts_with(&[2, 0]) {
            let header = self.header(Encoding::ExplicitLittle)?;
            let value = self.take(&header)?;
            if header.tag == tags::TRANSFER_SYNTAX_UID {
                let named = Syntax::from_uid(self.bytes.get(value).unwrap_or_default());
                if syntax.is_some_and(|earlier| earlier != named) {
                    return Err(FileError::Header);
                }
                syntax = Some(named);
            }
        }
        Ok(syntax)
    }

    /// Writers err about explicit and implicit; the first element tells.
    fn encoding(&self, syntax: Syntax) -> Encoding {
        let vr = self.rest().get(4..6).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
        match (syntax, vr.is_some_and(is_vr)) {
            (Syntax::ExplicitBig, _) => Encoding::ExplicitBig,
            (Syntax::Unnamed, true) if self.rest().starts_with(&[0, 8]) => Encoding::ExplicitBig,
            (_, true) => Encoding::ExplicitLittle,
            (_, false) => Encoding::ImplicitLittle,
        }
    }

    fn header(&mut self, encoding: Encoding) -> Result<DataElementHeader, FileError> {
        let mut source = self.rest();
        let decoded = match encoding {
            Encoding::ImplicitLittle => {
                ImplicitVRLittleEndianDecoder::with_dict(StubDataDictionary).decode_header(&mut source)
            }
            Encoding::ExplicitLittle => ExplicitVRLittleEndianDecoder::default().decode_header(&mut source),
            Encoding::ExplicitBig => ExplicitVRBigEndianDecoder::default().decode_header(&mut source),
        };
        // Reading from memory fails for one reason only.
        let (header, read) = decoded.map_err(|_| FileError::Truncated)?;
        self.at += read;
        Ok(header)
    }

    /// Steps over a value of defined length that is all there.
    fn take(&mut self, header: &DataElementHeader) -> Result<Range<usize>, FileError> {
        let end = self.end_of(header.len.get().ok_or(FileError::Header)?)?;
        let value = self.at..end;
        self.at = end;
        Ok(value)
    }

    /// Where a value of this length that begins here ends, which is within the file.
    fn end_of(&self, length: u32) -> Result<usize, FileError> {
        self.at.checked_add(length as usize).filter(|end| *end <= self.bytes.len()).ok_or(FileError::BadLength)
    }

    fn dataset(&mut self, encoding: Encoding) -> Result<Option<PixelData>, FileError> {
        let mut open: Vec<Container> = Vec::new();
        while self.close_ended(&mut open)? {
            let inner = open.last().copied();
            let current = inner.map_or(encoding, |container| container.encoding);
            let header = self.header(current)?;
            match (inner, header.tag) {
                (Some(Container { is_item: false, tag, .. }), ITEM) => {
                    if header.len.is_undefined() || is_entered(&open) {
                        self.begin_group(&open)?;
                        self.push(&mut open, &header, Container { tag, is_item: true, encoding: current, end: None })?;
                    } else {
                        self.take(&header)?;
                    }
                }
                (Some(Container { is_item: false, .. }), SEQUENCE_END)
                | (Some(Container { is_item: true, .. }), ITEM_END) => {
                    open.pop();
                }
                (Some(Container { is_item: false, .. }), _)
                | (Some(Container { is_item: true, .. }), Tag(0xFFFE, _)) => {
                    return Err(FileError::Header);
                }
                (None, ITEM_END | SEQUENCE_END) => {}
                (None, Tag(0xFFFE, _)) => return Err(FileError::Header),
                (None, tags::PIXEL_DATA) => return self.pixel_data(&header, encoding).map(Some),
                (_, tag) if header.len.is_undefined() || is_group(&open, tag) => {
                    // Sequences of unknown representation are written implicitly inside (PS3.5, 6.2.2).
                    let unknown = header.vr() == VR::UN && current == Encoding::ExplicitLittle;
                    let encoding = if unknown { Encoding::ImplicitLittle } else { current };
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

    /// Leaves the containers that end here; false at the end of the file.
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
        Ok(self.at < self.bytes.len())
    }

    /// Goes into a container, which ends where its header says if it says so.
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

    /// An item of the frames' groups begins another frame.
    fn begin_group(&mut self, open: &[Container]) -> Result<(), FileError> {
        if let [Container { tag: tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, .. }] = open {
            if self.elements.frames.len() >= MAX_FRAMES {
                return Err(FileError::Header);
            }
            self.elements.frames.push(Vec::new());
        }
        Ok(())
    }

    /// Keeps a value that is wanted where it stands. One that is given twice differently leaves open which one holds.
    fn keep(&mut self, open: &[Container], tag: Tag, value: Range<usize>) -> Result<(), FileError> {
        let (elements, wanted) = match open {
            [] => (Some(&mut self.elements.top), frames::WANTED.contains(&tag)),
            [Container { tag: tags::DIRECTORY_RECORD_SEQUENCE, .. }, _] => {
                let is_picture = tag == tags::DIRECTORY_RECORD_TYPE && self.bytes.get(value) == Some(&b"IMAGE "[..]);
                self.elements.listed += usize::from(is_picture);
                return Ok(());
            }
            [groups, _, group, _] => {
                let elements = match groups.tag {
                    tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE => Some(&mut self.elements.shared),
                    tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE => self.elements.frames.last_mut(),
                    tags::PATIENT_ORIENTATION_CODE_SEQUENCE => Some(&mut self.elements.top),
                    _ => None,
                };
                (elements, frames::GROUPED.contains(&(group.tag, tag)))
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

    fn pixel_data(&mut self, header: &DataElementHeader, encoding: Encoding) -> Result<PixelData, FileError> {
        if header.len.is_defined() {
            return Ok(match self.take(header) {
                Ok(value) => PixelData::Native(value),
                Err(_) => PixelData::Truncated,
            });
        }
        let mut fragments = Vec::new();
        let mut offsets_seen = false;
        while self.at < self.bytes.len() {
            let Ok(item) = self.header(encoding) else { return Ok(PixelData::Truncated) };
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
        // Some writers leave out the last delimiter; a decoder notices if more than that is missing.
        Ok(if fragments.is_empty() { PixelData::Truncated } else { PixelData::Encapsulated(fragments) })
    }
}

/// Whether an element here is a sequence that holds something wanted, or a group in one that does.
fn is_group(open: &[Container], tag: Tag) -> bool {
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
        [outer, _] => groups(outer.tag) && frames::GROUPED.iter().any(|(group, _)| *group == tag),
        _ => false,
    }
}

/// Whether the innermost container, a sequence, is one of those.
fn is_entered(open: &[Container]) -> bool {
    open.split_last().is_some_and(|(sequence, outer)| is_group(outer, sequence.tag))
}

fn is_vr(bytes: [u8; 2]) -> bool {
    VR::from_binary(bytes).is_some()
}
