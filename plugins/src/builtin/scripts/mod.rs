//! What all components that run scripts share: which scripts ([`choice`]), their text ([`content`]), the variables that
//! they get ([`environment`], written by [`env_format`]), how they may end ([`exit_codes`]), and how they are [`start`]ed on a
//! machine that may not be there yet.

pub mod choice;
pub mod content;
pub mod env_format;
pub mod environment;
pub mod exit_codes;
pub mod start;
mod unix_lines;
