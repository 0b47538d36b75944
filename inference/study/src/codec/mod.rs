//! Decoders of compressed frames, one file for each family of transfer syntaxes.
//!
//! `decode` chooses the decoder. Each decoder checks the stream's own headers against the size in
//! the file's header before it allocates or computes anything.

pub(crate) mod decode;
mod huffman;
mod idct;
mod jp2_boxes;
mod jpeg2000;
mod jpeg_extended;
mod jpeg_lossless;
mod jpeg_ls;
mod jpeg_markers;
mod jpeg_xl;
mod rle;
pub(crate) mod samples;
pub(crate) mod stream_syntax;
