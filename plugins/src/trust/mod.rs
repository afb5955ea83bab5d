//! Who made a plugin: signatures beside binaries, and the keys that are trusted.
//!
//! Rooms, in reading order: [`policy`] (what is asked of plugins), [`keys`] (who is trusted), [`signatures`] (what lies beside
//! a binary), [`verify`] (whether the two fit), [`fault`].

pub mod fault;
pub mod keys;
pub mod policy;
pub mod signatures;
pub mod verify;

#[cfg(test)]
mod tests;
