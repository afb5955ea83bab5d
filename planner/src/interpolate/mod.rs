//! Go `text/template` inside strings: the second, older templating. The only one that legacy JSON templates have, and
//! still live in the strings of components of HCL templates.
//!
//! Component strings are rendered twice: when a component is prepared (every string but those it keeps for later), and,
//! for the kept ones, when it runs and knows its data.

pub mod facts;
mod functions;
mod language;
pub mod render;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Promised, UserVariables};
pub use functions::is_not_set;
pub use render::{Interpolation, RenderError, RunData};
