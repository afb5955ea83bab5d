//! See [`claims::scalars`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::scalars(text));
