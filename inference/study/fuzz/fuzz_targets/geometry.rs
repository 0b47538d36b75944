//! Bytes as where slices lie, how they are stored and what tells them apart.

#![no_main]

#[path = "../../tests/study/fuzz_bodies.rs"]
#[allow(dead_code)]
mod fuzz_bodies;
#[path = "../../tests/study/synthetic.rs"]
#[allow(dead_code)]
mod synthetic;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::geometry(data));
