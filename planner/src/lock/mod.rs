//! `.packer.lock.hcl`: which versions of plugins a template was prepared with, and what their files must be.
//!
//! Rooms, in reading order: [`plugin_lock`] (what is locked), [`decode`] (from a file), [`render`] (to its text), [`check`]
//! (whether a plugin is what is locked).

pub mod check;
pub mod decode;
pub mod plugin_lock;
pub mod render;
