//! A DICOM file around a compressed stream: no more elements than a picture needs, Explicit VR
//! Little Endian.

pub struct Header<'a> {
    pub syntax: &'a str,
    pub rows: u16,
    pub columns: u16,
    pub bits: u16,
    pub signed: bool,
}

impl Header<'_> {
    /// The file, its stream in one fragment.
    pub fn around(&self, stream: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        let mut syntax = self.syntax.as_bytes().to_vec();
        syntax.resize(syntax.len().next_multiple_of(2), 0);
        put(&mut file, 2, 0x0010, "UI", &syntax);
        let words = [
            (0x0002, 1),
            (0x0010, self.rows),
            (0x0011, self.columns),
            (0x0100, 16),
            (0x0101, self.bits),
            (0x0102, self.bits - 1),
            (0x0103, u16::from(self.signed)),
        ];
        for (element, word) in words {
            put(&mut file, 0x28, element, "US", &word.to_le_bytes());
        }
        file.extend([0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        // An empty table of offsets, then the stream, padded to an even length.
        file.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0]);
        let length = stream.len().next_multiple_of(2);
        file.extend((length as u32).to_le_bytes());
        file.extend(stream);
        file.resize(file.len() + length - stream.len(), 0);
        file.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        file
    }
}

fn put(file: &mut Vec<u8>, group: u16, element: u16, vr: &str, value: &[u8]) {
    file.extend(group.to_le_bytes());
    file.extend(element.to_le_bytes());
    file.extend(vr.as_bytes());
    file.extend((value.len() as u16).to_le_bytes());
    file.extend(value);
}
