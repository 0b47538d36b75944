//! Numbers that travel beside a message, moved and not copied.

use js_sys::{ArrayBuffer, Float32Array, Int16Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

const BUFFERS: &str = "invariant: buffers travel beside a message";

/// Numbers for an `ArrayBuffer`, little-endian as in wasm's memory.
#[derive(Debug, Clone, Copy)]
pub enum Buffer<'a> {
    /// Bytes.
    U8(&'a [u8]),
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 32-bit floating-point numbers.
    F32(&'a [f32]),
}

impl Buffer<'_> {
    /// Returns an `ArrayBuffer` with a copy of the numbers.
    pub fn to_js(self) -> JsValue {
        match self {
            Self::U8(values) => Uint8Array::from(values).buffer(),
            Self::I16(values) => Int16Array::from(values).buffer(),
            Self::F32(values) => Float32Array::from(values).buffer(),
        }
        .into()
    }
}

/// Returns the bytes of the buffers that came beside a message.
pub fn bytes(payload: &[JsValue]) -> Vec<Vec<u8>> {
    payload.iter().map(|buffer| Uint8Array::new(buffer.dyn_ref::<ArrayBuffer>().expect(BUFFERS)).to_vec()).collect()
}
