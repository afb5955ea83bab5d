//! See [`claims::interpolation`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::interpolation(text));
