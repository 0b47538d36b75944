//! The study crate alone as a wasm module: a file's bytes to its values, as a decoding worker would have it.

use corsai_study::Picture;
use wasm_bindgen::prelude::wasm_bindgen;

/// The stored values of a file's first picture, negative ones as two's complement; nothing where it can't be read.
#[wasm_bindgen]
#[must_use]
pub fn read(bytes: Vec<u8>) -> Vec<u16> {
    let picture = Picture::read(bytes);
    picture.map(|picture| picture.values.iter().map(|value| *value as u16).collect()).unwrap_or_default()
}
