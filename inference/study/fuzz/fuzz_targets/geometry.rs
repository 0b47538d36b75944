//! Bytes as where slices lie, how they are stored and what tells them apart.

#![no_main]

#[path = "../../tests/study/fuzzed.rs"]
#[allow(dead_code)]
mod fuzzed;
#[path = "../../tests/study/made.rs"]
#[allow(dead_code)]
mod made;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::geometry(data));
