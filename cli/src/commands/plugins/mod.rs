//! The commands for plugins that are installed, one file each.

pub mod install;
pub mod installed;
pub mod remove;
pub mod required;
