//! Bytes as a dropped file: the guard, the elements that matter, and whatever decoder they lead to.

#![no_main]

#[path = "../../tests/study/fuzz_bodies.rs"]
#[allow(dead_code)]
mod fuzz_bodies;
#[path = "../../tests/study/synthetic.rs"]
#[allow(dead_code)]
mod synthetic;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::headers(data));
