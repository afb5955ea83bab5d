//! See [`claims::layout`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::layout(text));
