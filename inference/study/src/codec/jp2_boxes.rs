//! The boxes of a JP2 or JPH file (ITU-T T.800, annex I; T.814, annex D) around a codestream.
//!
//! DICOM stores the bare codestream (PS3.5 A.4.4); some writers store the whole file. Boxes beside
//! the codestream tell nothing that the file's header doesn't, but for a palette: then samples are
//! indices and no values.

use crate::error::CodecError;

/// The signature box: both kinds of files begin with it.
const SIGNATURE: [u8; 12] = *b"\0\0\0\x0CjP  \r\n\x87\n";
/// Most boxes of a file; six are usual.
const MAX_BOXES: usize = 64;

/// Returns the codestream of a JP2 file; a bare codestream is returned as it is.
///
/// # Errors
/// [`CodecError::Damaged`] where a box doesn't fit the file or no codestream is in it,
/// [`CodecError::Unsupported`] for a palette.
pub(crate) fn codestream(stream: &[u8]) -> Result<&[u8], CodecError> {
    let Some(mut rest) = stream.strip_prefix(&SIGNATURE) else { return Ok(stream) };
    for _ in 0..MAX_BOXES {
        let FileBox { kind, body, after } = next_box(rest)?;
        match kind {
            b"jp2c" => return Ok(body),
            b"jp2h" if has_palette(body)? => return Err(CodecError::Unsupported),
            _ => rest = after,
        }
    }
    Err(CodecError::Damaged)
}

fn has_palette(mut header: &[u8]) -> Result<bool, CodecError> {
    for _ in 0..MAX_BOXES {
        if header.is_empty() {
            return Ok(false);
        }
        let FileBox { kind, after, .. } = next_box(header)?;
        if kind == b"pclr" {
            return Ok(true);
        }
        header = after;
    }
    Err(CodecError::Damaged)
}

struct FileBox<'a> {
    kind: &'a [u8; 4],
    body: &'a [u8],
    /// The bytes behind the box.
    after: &'a [u8],
}

/// Returns the first box. A length of 0 reaches to the end; after a length of 1 there is one of
/// eight bytes.
fn next_box(bytes: &[u8]) -> Result<FileBox<'_>, CodecError> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(CodecError::Damaged)?;
    let (kind, rest) = rest.split_first_chunk::<4>().ok_or(CodecError::Damaged)?;
    let (length, body) = match u32::from_be_bytes(*length) {
        0 => return Ok(FileBox { kind, body: rest, after: &[] }),
        1 => {
            let (long, body) = rest.split_first_chunk::<8>().ok_or(CodecError::Damaged)?;
            (u64::from_be_bytes(*long).checked_sub(16), body)
        }
        length => (u64::from(length).checked_sub(8), rest),
    };
    let length = length.and_then(|length| usize::try_from(length).ok()).ok_or(CodecError::Damaged)?;
    let (body, after) = body.split_at_checked(length).ok_or(CodecError::Damaged)?;
    Ok(FileBox { kind, body, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat()
    }

    #[test]
    fn the_codestream_is_found_however_its_length_is_written() {
        let start = [&SIGNATURE[..], &boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "), &boxed(b"jp2h", &boxed(b"ihdr", &[0; 14]))];
        let start = start.concat();
        let content = [0xFF, 0x4F, 1, 2];
        let long = [&[0, 0, 0, 1][..], b"jp2c", &20_u64.to_be_bytes(), &content].concat();
        let open = [&[0, 0, 0, 0][..], b"jp2c", &content].concat();
        for last in [boxed(b"jp2c", &content), long, open] {
            assert_eq!(codestream(&[&start[..], &last].concat()), Ok(&content[..]));
        }
        assert_eq!(codestream(&content), Ok(&content[..]), "a bare codestream");
    }

    #[test]
    fn boxes_that_do_not_fit_and_palettes_are_refused() {
        let with = |rest: &[u8]| codestream(&[&SIGNATURE[..], rest].concat()).map(|_| ());
        for bad in [&[][..], &[0, 0, 0, 7, b'f', b't', b'y', b'p'], &[0, 0, 0, 99, b'f', b't', b'y', b'p', 1]] {
            assert_eq!(with(bad), Err(CodecError::Damaged));
        }
        assert_eq!(with(&[0, 0, 0, 1, b'f', b't', b'y', b'p', 0xFF]), Err(CodecError::Damaged));
        let endless = [0xFF; 8];
        assert_eq!(with(&[&[0, 0, 0, 1, b'f', b't', b'y', b'p'], &endless[..]].concat()), Err(CodecError::Damaged));
        let header = boxed(b"jp2h", &[boxed(b"ihdr", &[0; 14]), boxed(b"pclr", &[0; 6])].concat());
        assert_eq!(with(&[header, boxed(b"jp2c", &[1])].concat()), Err(CodecError::Unsupported));
        assert_eq!(with(&boxed(b"free", &[]).repeat(1000)), Err(CodecError::Damaged));
    }
}
