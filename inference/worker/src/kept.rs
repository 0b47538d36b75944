//! Networks' answers that outlive a worker: each goes to the page as it comes, and the worker that takes a dead one's
//! place is given them. They are known by what the network was shown, so that none is taken for another's.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
};

use corsai_protocol::Answered;
use js_sys::{ArrayBuffer, Float32Array};
use wasm_bindgen::{JsCast as _, JsValue};

/// What an earlier worker was answered.
#[derive(Debug, Default)]
pub struct Kept(RefCell<BTreeMap<Answered, ArrayBuffer>>);

impl Kept {
    pub fn put(&self, of: Vec<Answered>, payload: Vec<JsValue>) {
        let answers = of.into_iter().zip(payload);
        let answers = answers.filter_map(|(of, buffer)| Some((of, buffer.dyn_into().ok()?)));
        self.0.borrow_mut().extend(answers);
    }

    /// The answer, where there is one; it is given once.
    pub fn take(&self, of: &Answered) -> Option<Vec<f32>> {
        let buffer = self.0.borrow_mut().remove(of)?;
        let whole = buffer.byte_length().is_multiple_of(4);
        whole.then(|| Float32Array::new(&buffer).to_vec())
    }
}

/// What a network is asked that is shown `input`.
pub fn question(network: &str, input: &[f32]) -> Answered {
    let mut hasher = DefaultHasher::new();
    for pair in input.chunks(2) {
        let [low, high] = [0, 1].map(|i| u64::from(pair.get(i).map_or(0, |value| value.to_bits())));
        hasher.write_u64(low | high << 32);
    }
    Answered { network: network.into(), input: hasher.finish() }
}
