//! See [`claims::legacy`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| claims::legacy(text));
