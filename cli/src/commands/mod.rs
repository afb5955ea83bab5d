//! One file per command: options in, exit out. They string the rooms together and hold no rules of their own.

pub mod build;
pub mod cleanup;
pub mod console;
pub mod fmt;
pub mod init;
pub mod inspect;
pub mod plan;
pub mod plugins;
pub mod replay;
pub mod validate;
pub mod version;
