//! Takes secrets out of text on its way to users and logs.

mod patterns;
mod scrub;

pub use scrub::Scrubber;
