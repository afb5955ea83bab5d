//! See [`claims::json`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::json(text));
