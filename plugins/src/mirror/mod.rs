//! Plugins from a mirror: a folder or web server with releases laid out as on the releases server of HashiCorp,
//! `packer-plugin-NAME/VERSION/` with archives and their checksums.
//!
//! Rooms, in reading order: [`latest`] (the newest release that will do is installed), [`place`] (how files of the mirror
//! are read), [`release`] (what they are called and say), [`archive`] (the binary in an archive).

pub mod archive;
pub mod latest;
pub mod place;
pub mod release;
