//! Bytes as a picture in JPEG 2000.

#![no_main]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| corsai_study_fuzz::read("1.2.840.10008.1.2.4.91", stream));
