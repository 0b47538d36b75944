//! The phantom as DICOM files: CT Image Storage, Explicit VR Little Endian, 12 bits stored (PS3.3
//! A.3, PS3.10).
//!
//! The writer is this crate's own: a DICOM library for one fixed header would make the page larger.

use crate::noise::hash;
use crate::phantom::Phantom;

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
/// Stored value of 0 HU.
const OFFSET: i16 = 1024;

impl Phantom {
    /// Returns the series as files, name and bytes, from head to feet; made one by one.
    pub fn dicom_files(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        (0..self.slices()).map(|index| file(self, index))
    }
}

/// Returns the name and the bytes of one file. Instance numbers count from the head, as scanners
/// send them.
fn file(phantom: &Phantom, index: usize) -> (String, Vec<u8>) {
    let slice = phantom.slices() - 1 - index;
    let options = phantom.options();
    let uid = |what: &str| uid(phantom, what);
    let date = options.yyyymmdd.to_string();
    let instance = uid(&format!("slice {slice}"));
    let [x, y, z] = phantom.position_mm(slice);
    let numbers = |values: &[f64]| values.iter().map(|v| decimal(*v)).collect::<Vec<_>>().join("\\");

    let mut meta = Elements::default();
    meta.put((0x0002, 0x0001), *b"OB", &[0, 1]);
    meta.text((0x0002, 0x0002), *b"UI", CT_IMAGE);
    meta.text((0x0002, 0x0003), *b"UI", &instance);
    meta.text((0x0002, 0x0010), *b"UI", EXPLICIT_LITTLE);
    meta.text((0x0002, 0x0012), *b"UI", "2.25.301674815913278461650972341075811930421");
    meta.text((0x0002, 0x0013), *b"SH", "CORSAI PHANTOM");

    let mut set = Elements::default();
    set.text((0x0008, 0x0008), *b"CS", "ORIGINAL\\PRIMARY\\AXIAL");
    set.text((0x0008, 0x0016), *b"UI", CT_IMAGE);
    set.text((0x0008, 0x0018), *b"UI", &instance);
    for element in [0x0020, 0x0021, 0x0022, 0x0023] {
        set.text((0x0008, element), *b"DA", &date); // study, series, acquisition, content
    }
    for element in [0x0030, 0x0031, 0x0032, 0x0033] {
        set.text((0x0008, element), *b"TM", "101500");
    }
    set.text((0x0008, 0x0050), *b"SH", "");
    set.text((0x0008, 0x0060), *b"CS", "CT");
    set.text((0x0008, 0x0070), *b"LO", "CoRSAI phantom");
    set.text((0x0008, 0x0090), *b"PN", "");
    set.text((0x0008, 0x1030), *b"LO", "Synthetic chest");
    set.text((0x0008, 0x103E), *b"LO", "Synthetic chest, lung");
    set.text((0x0010, 0x0010), *b"PN", "Synthetic^Phantom");
    set.text((0x0010, 0x0020), *b"LO", &format!("PHANTOM-{}", options.seed));
    set.text((0x0010, 0x0030), *b"DA", "");
    set.text((0x0010, 0x0040), *b"CS", "O");
    set.text((0x0010, 0x4000), *b"LT", "Computed from shapes; no person was scanned.");
    set.text((0x0018, 0x0015), *b"CS", "CHEST");
    set.text((0x0018, 0x0050), *b"DS", &decimal(phantom.slice_mm()));
    set.text((0x0018, 0x0060), *b"DS", "120");
    set.text((0x0018, 0x5100), *b"CS", "HFS");
    set.text((0x0020, 0x000D), *b"UI", &uid("study"));
    set.text((0x0020, 0x000E), *b"UI", &uid("series"));
    set.text((0x0020, 0x0010), *b"SH", "1");
    set.text((0x0020, 0x0011), *b"IS", "2");
    set.text((0x0020, 0x0012), *b"IS", "1");
    set.text((0x0020, 0x0013), *b"IS", &(index + 1).to_string());
    set.text((0x0020, 0x0032), *b"DS", &numbers(&[x, y, z]));
    set.text((0x0020, 0x0037), *b"DS", "1\\0\\0\\0\\1\\0");
    set.text((0x0020, 0x0052), *b"UI", &uid("frame of reference"));
    set.text((0x0020, 0x1040), *b"LO", "");
    set.text((0x0020, 0x1041), *b"DS", &decimal(z));
    set.word((0x0028, 0x0002), 1);
    set.text((0x0028, 0x0004), *b"CS", "MONOCHROME2");
    let edge = u16::try_from(phantom.columns()).expect("invariant: `PhantomOptions` has at most 512 columns");
    set.word((0x0028, 0x0010), edge);
    set.word((0x0028, 0x0011), edge);
    set.text((0x0028, 0x0030), *b"DS", &numbers(&[phantom.pixel_mm(); 2]));
    set.word((0x0028, 0x0100), 16);
    set.word((0x0028, 0x0101), 12);
    set.word((0x0028, 0x0102), 11);
    set.word((0x0028, 0x0103), 0);
    set.text((0x0028, 0x1050), *b"DS", "-600");
    set.text((0x0028, 0x1051), *b"DS", "1500");
    set.text((0x0028, 0x1052), *b"DS", &decimal(f64::from(-OFFSET)));
    set.text((0x0028, 0x1053), *b"DS", "1");
    set.text((0x0028, 0x1054), *b"LO", "HU");
    let area = phantom.columns() * phantom.columns();
    let stored = phantom.hu().iter().skip(slice * area).take(area);
    let pixels: Vec<u8> = stored.flat_map(|hu| (hu + OFFSET).clamp(0, 4095).to_le_bytes()).collect();
    set.put((0x7FE0, 0x0010), *b"OW", &pixels);

    let mut length = Elements::default();
    let bytes = u32::try_from(meta.0.len()).expect("invariant: a few hundred bytes");
    length.put((0x0002, 0x0000), *b"UL", &bytes.to_le_bytes());
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    for part in [length, meta, set] {
        file.extend(part.0);
    }
    (format!("IM{:04}.dcm", index + 1), file)
}

/// Returns a UID under the root for UUIDs (PS3.5 B.2): the same for the same options and `what`.
fn uid(phantom: &Phantom, what: &str) -> String {
    let options = phantom.options();
    let text = format!("{what} of {options:?}");
    let half = |salt| {
        let parts = text.bytes().enumerate();
        parts.fold(salt, |seed, (i, byte)| hash(seed, [i as i64, i64::from(byte), 0]))
    };
    format!("2.25.{}", (u128::from(half(11)) << 64) | u128::from(half(13)))
}

/// Returns a decimal string (DS) of at most 16 characters.
fn decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Data elements one after the other, explicit VR, little endian; tags have to rise.
#[derive(Default)]
struct Elements(Vec<u8>);

impl Elements {
    fn text(&mut self, tag: (u16, u16), vr: [u8; 2], value: &str) {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == *b"UI" { 0 } else { b' ' });
        }
        self.put(tag, vr, &bytes);
    }

    fn word(&mut self, tag: (u16, u16), value: u16) {
        self.put(tag, *b"US", &value.to_le_bytes());
    }

    /// A value of even length.
    fn put(&mut self, (group, element): (u16, u16), vr: [u8; 2], value: &[u8]) {
        let length = u32::try_from(value.len()).expect("invariant: pixels are at most 512 KiB");
        self.0.extend(group.to_le_bytes());
        self.0.extend(element.to_le_bytes());
        self.0.extend(vr);
        if matches!(&vr, b"OB" | b"OW") {
            self.0.extend([0, 0]);
            self.0.extend(length.to_le_bytes());
        } else {
            self.0.extend((length as u16).to_le_bytes());
        }
        self.0.extend(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_short_and_exact() {
        assert_eq!(decimal(-1024.0), "-1024");
        assert_eq!(decimal(1.40625), "1.40625");
        assert_eq!(decimal(100.0), "100");
        assert!(decimal(-199.123_456_789).len() <= 16);
    }
}
