//! Legacy JSON templates: Packer's first template language. Text is read with [`parse`], given its values with
//! [`analyse`], and compiled like any other template: what is said with HCL blocks elsewhere is said with objects here.
//!
//! Strings are Go templates ([`crate::interpolate`]); components decode and render their configuration themselves, from
//! [`Raw`] values.

pub mod analysis;
mod blocks;
mod configs;
pub mod console;
pub mod decode;
pub mod expand;
mod given;
mod json_syntax;
mod multi_error;
pub mod parse;
pub mod raw;
pub mod template;
#[cfg(test)]
mod tests;
mod validate;
mod variables;

pub use analysis::{Given, Legacy, analyse};
pub use console::Console;
pub use expand::LeftOut;
pub use multi_error::multi_error;
pub use parse::{null_template, parse};
pub use raw::Raw;
pub use template::LegacyTemplate;
pub use variables::Texts;
