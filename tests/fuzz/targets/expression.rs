//! See [`claims::expression`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::expression(text));
