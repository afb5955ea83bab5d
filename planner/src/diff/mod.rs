//! Two texts side by side, line by line, as `diff -u` shows them. Pure.
//!
//! There are many ways to tell how one text becomes another. The one told here is that of GNU diff, so that what users
//! see does not depend on whether that program is there: [`noise`] leaves out the lines that would mislead the search,
//! [`search`] finds a shortest way through the others, [`slide`] moves what changed to where people expect it, and
//! [`unified`] writes it down.

mod noise;
mod search;
mod slide;
#[cfg(test)]
mod tests;
mod unified;

pub use unified::unified_diff;
