//! Plugins from elsewhere: the newest release that will do is found, fetched and installed.
//!
//! Rooms, in reading order: [`latest`] (what is done), [`origins`] (where releases come from, and in which order they are
//! asked), [`official`] (HashiCorp's releases server and GitHub), [`offer`] (the releases of one plugin in one such place),
//! [`core`] (releases of Packer itself), [`names`] (what files of a release are called and say), [`archive`] (the binary in an archive).

pub mod archive;
pub mod core;
pub mod latest;
pub mod names;
pub mod offer;
pub mod official;
pub mod origins;
