//! What page and worker both ask of a browser: typed messages with buffers over its message ports,
//! and its graphics adapter.
//!
//! On the wire a message is a JavaScript array `[json, payload…]`: the message itself as JSON text,
//! then whatever can't be JSON (`File`, `ArrayBuffer`, `WebAssembly.Module`), in the order the
//! message's own doc gives. Page, worker and compute workers all speak through these two functions,
//! so the layout lives here and nowhere else.

mod adapter;

pub use adapter::adapter;

use js_sys::{Array, ArrayBuffer, JsString};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessagePort, Worker};

/// Why a message could not be sent or read. Says nothing of the message's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The message could not be written as JSON.
    #[error("the message could not be written")]
    Write,
    /// The browser refused to post it: a payload that can't be cloned or moved, or a closed port.
    #[error("the message could not be posted")]
    Post,
    /// What arrived is not an array that begins with a text.
    #[error("what arrived is not a message")]
    Layout,
    /// The text is not the expected message.
    #[error("what arrived is not the expected kind of message")]
    Read,
}

/// Something that can be posted to.
pub trait Target {
    /// Posts a value with the objects that are moved rather than copied.
    ///
    /// # Errors
    /// What the browser throws.
    fn post_value(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue>;
}

macro_rules! targets {
    ($($target:ty: $post:ident;)*) => {
        $(impl Target for $target {
            fn post_value(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue> {
                self.$post(message, transfer)
            }
        })*
    };
}

targets! {
    Worker: post_message_with_transfer;
    DedicatedWorkerGlobalScope: post_message_with_transfer;
    MessagePort: post_message_with_transferable;
}

/// Posts a message and what travels beside it. With `transfer`, every `ArrayBuffer` and
/// `MessagePort` of the payload is moved: the sender's buffer is empty afterwards. Everything else
/// is copied by the browser (a `File` is a handle, so its content is not).
///
/// # Errors
/// [`ChannelError::Write`] or [`ChannelError::Post`].
pub fn post<T: Serialize>(
    target: &impl Target,
    message: &T,
    payload: &[JsValue],
    transfer: bool,
) -> Result<(), ChannelError> {
    let json = serde_json::to_string(message).map_err(|_| ChannelError::Write)?;
    let array = Array::of1(&JsValue::from_str(&json));
    let moved = Array::new();
    for item in payload {
        array.push(item);
        if transfer && (item.is_instance_of::<ArrayBuffer>() || item.is_instance_of::<MessagePort>()) {
            moved.push(item);
        }
    }
    target.post_value(&array, &moved).map_err(|_| ChannelError::Post)
}

/// Reads a message and its payload, in the sender's order.
///
/// # Errors
/// [`ChannelError::Layout`] or [`ChannelError::Read`].
pub fn read<T: DeserializeOwned>(event: &MessageEvent) -> Result<(T, Vec<JsValue>), ChannelError> {
    read_value(&event.data())
}

fn read_value<T: DeserializeOwned>(data: &JsValue) -> Result<(T, Vec<JsValue>), ChannelError> {
    let array = data.dyn_ref::<Array>().ok_or(ChannelError::Layout)?;
    let mut items = array.iter();
    let text = items.next().and_then(|v| v.dyn_into::<JsString>().ok()).ok_or(ChannelError::Layout)?;
    let message = serde_json::from_str(&String::from(text)).map_err(|_| ChannelError::Read)?;
    Ok((message, items.collect()))
}
