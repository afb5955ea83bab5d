//! See [`claims::native`].

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| claims::native(text));
