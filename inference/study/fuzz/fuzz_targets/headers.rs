//! Bytes as a dropped file: the guard, the elements that matter, and whatever decoder they lead to.

#![no_main]

#[path = "../../tests/study/fuzzed.rs"]
#[allow(dead_code)]
mod fuzzed;
#[path = "../../tests/study/made.rs"]
#[allow(dead_code)]
mod made;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::headers(data));
