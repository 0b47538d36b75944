//! Synthetic CT files: a small thorax sampled on a grid of whole millimetres, written as
//! Explicit VR Little Endian.

use std::collections::BTreeMap;
use std::io::Write;

use corsai_report::{Issue, IssueCode, Severity};
use corsai_study::{DecodedVolume, Intake, Limits, Series, SeriesList};

pub const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
pub const LITTLE: &str = "1.2.840.10008.1.2.1";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
pub const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
pub const JPEG_LS_NEAR: &str = "1.2.840.10008.1.2.4.81";
pub const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
pub const VIDEO: &str = "1.2.840.10008.1.2.4.102";

/// Pictures' sides before turning.
pub const ROWS: usize = 20;
pub const COLUMNS: usize = 26;
/// Corner of the scene, mm.
const ORIGIN: [f64; 3] = [-13.0, -10.0, -40.0];

/// Hounsfield units at a place in patient coordinates: a body in air, the right lung larger than
/// the left, a spine at the back, and fat that rises towards the head, so that no turned or
/// mirrored scene equals another.
pub fn scene([x, y, z]: [f64; 3]) -> i16 {
    let [x, y, z] = [x.round(), y.round(), z.round()];
    let within = |cx: f64, cy: f64, rx: f64, ry: f64| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) <= 1.0;
    if within(0.0, 7.0, 2.5, 1.5) {
        800
    } else if within(-5.0, 0.0, 4.0, 5.0) {
        -850
    } else if within(6.0, 1.0, 2.5, 4.0) {
        -800
    } else if within(0.0, 0.0, 12.0, 9.0) {
        (x + 3.0 * y) as i16 + z as i16
    } else {
        -1000
    }
}

pub type Tag = (u16, u16);
type Element = (String, Vec<u8>);

/// How a file's elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Explicit,
    Implicit,
    BigEndian,
    Deflated,
    /// Explicit, without preamble and meta group.
    Bare,
}

/// One file in the making: elements by tag.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub syntax: &'static str,
    elements: BTreeMap<Tag, Element>,
    /// Fragments in place of the plain pixel data, the offset table not counted.
    pub fragments: Option<Vec<Vec<u8>>>,
    /// The basic offset table.
    pub offsets: Vec<u32>,
}

impl File {
    pub fn text(mut self, tag: Tag, vr: &str, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == "UI" { 0 } else { b' ' });
        }
        self.elements.insert(tag, (vr.to_owned(), bytes));
        self
    }

    pub fn numbers(self, tag: Tag, values: &[f64]) -> Self {
        let text: Vec<String> = values.iter().map(|value| format!("{value}")).collect();
        self.text(tag, "DS", &text.join("\\"))
    }

    pub fn word(mut self, tag: Tag, value: u16) -> Self {
        self.elements.insert(tag, ("US".to_owned(), value.to_le_bytes().to_vec()));
        self
    }

    pub fn without(mut self, tag: Tag) -> Self {
        self.elements.remove(&tag);
        self
    }

    pub fn words(mut self, words: &[u16]) -> Self {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.elements.insert((0x7FE0, 0x0010), ("OW".to_owned(), bytes));
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Any element, its value as it stands in the file.
    pub fn raw(mut self, tag: Tag, vr: &str, value: Vec<u8>) -> Self {
        self.elements.insert(tag, (vr.to_owned(), value));
        self
    }

    /// One of its elements as bytes; none where it isn't there.
    pub fn element(&self, tag: Tag, written: Written) -> Vec<u8> {
        self.elements.get(&tag).map(|(vr, value)| element(tag, vr, value, written)).unwrap_or_default()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_as(Written::Explicit)
    }

    pub fn bytes_as(&self, written: Written) -> Vec<u8> {
        let mut dataset = Vec::new();
        for (tag, (vr, value)) in &self.elements {
            match (&self.fragments, tag) {
                (Some(fragments), (0x7FE0, 0x0010)) => put_fragments(&mut dataset, &self.offsets, fragments),
                _ => put(&mut dataset, *tag, vr, value, written),
            }
        }
        let syntax = match written {
            Written::Bare => return dataset,
            Written::Explicit => self.syntax,
            Written::Implicit => "1.2.840.10008.1.2",
            Written::BigEndian => "1.2.840.10008.1.2.2",
            Written::Deflated => "1.2.840.10008.1.2.1.99",
        };
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        let mut syntax = syntax.as_bytes().to_vec();
        syntax.resize(syntax.len().next_multiple_of(2), 0);
        put(&mut file, (2, 0x10), "UI", &syntax, Written::Explicit);
        if written == Written::Deflated {
            let mut packer = flate2::write::DeflateEncoder::new(file, flate2::Compression::fast());
            packer.write_all(&dataset).unwrap();
            return packer.finish().unwrap();
        }
        file.extend(dataset);
        file
    }

    /// Encapsulated fragments in place of the plain pixel data.
    pub fn packed(mut self, syntax: &'static str, fragments: Vec<Vec<u8>>) -> Self {
        (self.syntax, self.fragments) = (syntax, Some(fragments));
        self
    }

    /// The words of the plain pixel data.
    pub fn stored(&self) -> Vec<u16> {
        let bytes = &self.elements.get(&(0x7FE0, 0x0010)).unwrap().1;
        bytes.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]])).collect()
    }

    /// Packs the pixel data as JPEG Lossless: each pixel less its left neighbour, a row's first
    /// less the one above (T.81, H.1.2.1), each difference's bit count as five bits, then its bits
    /// (F.1.2.1).
    pub fn jpeg(self, rows: usize, columns: usize) -> Self {
        self.jpeg_with_restarts(rows, columns, rows)
    }

    /// The same with restarts after a fixed number of rows, at which the prediction begins anew
    /// (T.81, H.1.2.1).
    pub fn jpeg_with_restarts(self, rows: usize, columns: usize, interval: usize) -> Self {
        let words = self.stored();
        let mut parts = vec![String::new()];
        for (at, word) in words.iter().enumerate() {
            let (row, column) = (at / columns, at % columns);
            if row > 0 && row % interval == 0 && column == 0 {
                parts.push(String::new());
            }
            let bits = parts.last_mut().unwrap();
            let before = match (row % interval, column) {
                (0, 0) => 1 << 11,
                (_, 0) => words[at - columns],
                _ => words[at - 1],
            };
            let difference = i32::from(*word) - i32::from(before);
            let size = (32 - difference.unsigned_abs().leading_zeros()) as usize;
            let low = if difference < 0 { difference + (1 << size) - 1 } else { difference };
            *bits += &format!("{size:05b}");
            if size > 0 {
                *bits += &format!("{low:0size$b}");
            }
        }
        let (r, c) = ((rows as u16).to_be_bytes(), (columns as u16).to_be_bytes());
        let mut stream = vec![0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 12, r[0], r[1], c[0], c[1], 1, 1, 0x11, 0];
        // One Huffman table: the sizes 0 to 16, five bits each, so that a size's code is the size.
        stream.extend([0xFF, 0xC4, 0, 36, 0, 0, 0, 0, 0, 17]);
        stream.extend([0; 11]);
        stream.extend(0..17);
        if interval < rows {
            stream.extend([0xFF, 0xDD, 0, 4]);
            stream.extend(((interval * columns) as u16).to_be_bytes());
        }
        stream.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0]);
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                stream.extend([0xFF, 0xD0 | ((number - 1) % 8) as u8]);
            }
            let filled = format!("{part:1<width$}", width = part.len().next_multiple_of(8));
            for byte in filled.as_bytes().chunks(8) {
                let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
                stream.push(byte);
                if byte == 0xFF {
                    stream.push(0);
                }
            }
        }
        stream.extend([0xFF, 0xD9]);
        stream.resize(stream.len().next_multiple_of(2), 0);
        self.packed(JPEG_LOSSLESS, vec![stream])
    }

    /// Packs the pixel data as JPEG-LS, each value at most `near` beside its own.
    pub fn jpeg_ls(self, rows: usize, columns: usize, near: u8) -> Self {
        let mut options = jpegls::EncodeOptions::default();
        (options.near, options.precision) = (near, Some(12));
        let mut stream = Vec::new();
        jpegls::encode_with_options(&self.stored(), columns as u32, rows as u32, &options, &mut stream).unwrap();
        stream.resize(stream.len().next_multiple_of(2), 0);
        self.packed(if near == 0 { JPEG_LS } else { JPEG_LS_NEAR }, vec![stream])
    }

    /// Packs the pixel data by RLE without any run.
    pub fn rle(self) -> Self {
        let words = self.stored();
        let plane = |low: bool| -> Vec<u8> {
            let bytes: Vec<u8> = words.iter().map(|word| word.to_be_bytes()[usize::from(low)]).collect();
            bytes.chunks(128).flat_map(|part| [vec![part.len() as u8 - 1], part.to_vec()].concat()).collect()
        };
        let (high, low) = (plane(false), plane(true));
        let mut header = vec![2, 64, 64 + high.len() as u32];
        header.resize(16, 0);
        let header: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut frame = [header, high, low].concat();
        frame.resize(frame.len().next_multiple_of(2), 0);
        self.packed(RLE, vec![frame])
    }
}

/// An element as bytes.
pub fn element(tag: Tag, vr: &str, value: &[u8], written: Written) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, tag, vr, value, written);
    bytes
}

/// A sequence's item of defined length.
pub fn item(content: &[u8], written: Written) -> Vec<u8> {
    let length = content.len() as u32;
    match written {
        Written::BigEndian => [&[0xFF, 0xFE, 0xE0, 0x00][..], &length.to_be_bytes(), content].concat(),
        _ => [&[0xFE, 0xFF, 0x00, 0xE0][..], &length.to_le_bytes(), content].concat(),
    }
}

fn put(file: &mut Vec<u8>, (group, element): Tag, vr: &str, value: &[u8], written: Written) {
    let big = written == Written::BigEndian;
    let short = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    file.extend(short(group));
    file.extend(short(element));
    let is_long = matches!(vr, "OW" | "OB" | "OV" | "OF" | "OD" | "SQ" | "UN" | "UT");
    match (written, is_long) {
        (Written::Implicit, _) => file.extend(long(value.len() as u32)),
        (_, true) => {
            file.extend(vr.as_bytes());
            file.extend([0, 0]);
            file.extend(long(value.len() as u32));
        }
        (_, false) => {
            file.extend(vr.as_bytes());
            file.extend(short(value.len() as u16));
        }
    }
    if big && matches!(vr, "US" | "OW") {
        file.extend(value.chunks(2).flat_map(|word| word.iter().rev()));
    } else {
        file.extend(value);
    }
}

fn put_fragments(file: &mut Vec<u8>, offsets: &[u32], fragments: &[Vec<u8>]) {
    file.extend([0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    let offsets: Vec<u8> = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    for fragment in [&offsets].into_iter().chain(fragments) {
        file.extend([0xFE, 0xFF, 0x00, 0xE0]);
        file.extend((fragment.len() as u32).to_le_bytes());
        file.extend(fragment);
    }
    file.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
}

/// How a slice's picture is laid into the patient.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    pub rows: usize,
    pub columns: usize,
    pub corner: [f64; 3],
    pub along_row: [f64; 3],
    pub along_column: [f64; 3],
    /// Distance of neighbouring rows, of neighbouring columns.
    pub pixel_mm: [f64; 2],
}

impl Lie {
    /// The canonical one at a height above the scene's foot.
    pub fn at(height: f64) -> Self {
        let [x, y, z] = ORIGIN;
        Self {
            rows: ROWS,
            columns: COLUMNS,
            corner: [x, y, z + height],
            along_row: [1.0, 0.0, 0.0],
            along_column: [0.0, 1.0, 0.0],
            pixel_mm: [1.0, 1.0],
        }
    }

    /// The same place read in another direction: rows and columns exchanged, then each reversed.
    pub fn turned(mut self, exchange: bool, reverse_row: bool, reverse_column: bool) -> Self {
        if exchange {
            (self.rows, self.columns) = (self.columns, self.rows);
            (self.along_row, self.along_column) = (self.along_column, self.along_row);
        }
        if exchange {
            self.pixel_mm.reverse();
        }
        if reverse_row {
            self.corner = self.place(0, self.columns - 1);
            self.along_row = self.along_row.map(|cosine| -cosine);
        }
        if reverse_column {
            self.corner = self.place(self.rows - 1, 0);
            self.along_column = self.along_column.map(|cosine| -cosine);
        }
        self
    }

    /// Centre of a pixel.
    pub fn place(&self, row: usize, column: usize) -> [f64; 3] {
        let (down, along) = (row as f64 * self.pixel_mm[0], column as f64 * self.pixel_mm[1]);
        [0, 1, 2].map(|axis| self.corner[axis] + along * self.along_row[axis] + down * self.along_column[axis])
    }

    /// The scene's slice here, 16 bits unsigned of which 12 are stored, intercept −1024.
    pub fn file(&self, name: &str) -> File {
        let places = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| self.place(row, column)));
        let words: Vec<u16> = places.map(|place| (scene(place) + 1024) as u16).collect();
        let [a, b, c] = self.along_row;
        let [d, e, f] = self.along_column;
        File { name: name.to_owned(), syntax: LITTLE, elements: BTreeMap::new(), fragments: None, offsets: Vec::new() }
            .text((8, 0x08), "CS", "ORIGINAL\\PRIMARY\\AXIAL")
            .text((8, 0x16), "UI", CT)
            .text((8, 0x18), "UI", &format!("1.2.3.{name}"))
            .text((8, 0x20), "DA", "20200305")
            .text((8, 0x60), "CS", "CT")
            .text((8, 0x103E), "LO", "Thorax")
            .text((0x10, 0x20), "LO", "patient")
            .numbers((0x18, 0x50), &[5.0])
            .text((0x18, 0x5100), "CS", "HFS")
            .text((0x20, 0x0D), "UI", "1.2")
            .text((0x20, 0x0E), "UI", "1.2.1")
            .numbers((0x20, 0x32), &self.corner)
            .numbers((0x20, 0x37), &[a, b, c, d, e, f])
            .text((0x20, 0x52), "UI", "1.2.9")
            .word((0x28, 0x02), 1)
            .text((0x28, 0x04), "CS", "MONOCHROME2")
            .word((0x28, 0x10), self.rows as u16)
            .word((0x28, 0x11), self.columns as u16)
            .numbers((0x28, 0x30), &self.pixel_mm)
            .word((0x28, 0x100), 16)
            .word((0x28, 0x101), 12)
            .word((0x28, 0x102), 11)
            .word((0x28, 0x103), 0)
            .numbers((0x28, 0x1052), &[-1024.0])
            .numbers((0x28, 0x1053), &[1.0])
            .words(&words)
    }
}

/// `count` slices, 5 mm apart, from the feet up.
pub fn chest(count: usize) -> Vec<File> {
    (0..count).map(|z| Lie::at(5.0 * z as f64).file(&format!("{z}"))).collect()
}

pub fn open(files: &[File]) -> SeriesList {
    open_within(files, Limits::default())
}

pub fn open_bytes(files: &[Vec<u8>]) -> SeriesList {
    let mut intake = Intake::new(Limits::default());
    for bytes in files {
        intake.add("file", bytes.clone());
    }
    intake.finish()
}

pub fn open_within(files: &[File], limits: Limits) -> SeriesList {
    let mut intake = Intake::new(limits);
    for file in files {
        intake.add(&file.name, file.bytes());
    }
    intake.finish()
}

/// The only series there is, beside those that it left out.
pub fn only(opened: &SeriesList) -> &Series {
    let own: Vec<&Series> = opened.series.iter().filter(|series| !series.is_left_out()).collect();
    assert_eq!(own.len(), 1, "{opened:?}");
    own[0]
}

/// The only series' volume, decoded in the order it asks for.
pub fn measured(files: &[File]) -> DecodedVolume {
    let opened = open(files);
    let series = only(&opened);
    let mut decoding = series.decoder().unwrap_or_else(|issues| panic!("{issues:?}"));
    for z in decoding.order() {
        let _ = decoding.decode(z);
    }
    decoding.finish().unwrap_or_else(|issues| panic!("{issues:?}"))
}

pub fn codes(issues: &[Issue]) -> Vec<IssueCode> {
    issues.iter().map(|issue| issue.code).collect()
}

/// The files of a chest of `slices` slices, each changed by its number.
pub fn numbered(slices: usize, change: impl Fn(usize, File) -> File) -> Vec<File> {
    chest(slices).into_iter().enumerate().map(|(z, file)| change(z, file)).collect()
}

/// These files are measured as the chest of `slices` slices, with these issues.
pub fn measured_as_chest(files: &[File], slices: usize, issues: &[IssueCode]) {
    let decoded = measured(files);
    assert_eq!(codes(&decoded.issues), issues);
    assert_eq!(decoded.volume, measured(&chest(slices)).volume);
}

/// The files of the plain chest, each changed.
pub fn all(change: impl Fn(File) -> File) -> Vec<File> {
    chest(10).into_iter().map(change).collect()
}

/// The one series of these files is not measured, for this reason.
pub fn refused(files: &[File], code: IssueCode) {
    let opened = open(files);
    let summary = only(&opened).summary();
    assert!(!summary.usable, "{code:?}");
    let issue = summary.issues.iter().find(|issue| issue.code == code).unwrap_or_else(|| panic!("{summary:?}"));
    assert_eq!(issue.severity, Severity::Stop);
}
