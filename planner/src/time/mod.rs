//! Moments: read from text, and put into words.

pub mod layout;
pub mod moment;
