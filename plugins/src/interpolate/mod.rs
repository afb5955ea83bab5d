//! Go `text/template` inside component strings: the second, older templating that is still live in HCL strings.
//!
//! Rendered twice: when a component is prepared (every string but those it keeps for later), and, for the kept ones, when
//! it runs and knows its data.

mod functions;
mod layout;
mod render;

pub use render::{Interpolation, RenderError, RunData};
