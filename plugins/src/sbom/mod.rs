//! Software bills of materials: what is in files and folders, as CycloneDX or SPDX documents, and whether a document is
//! one of these.

mod apk;
mod check;
mod cyclonedx;
mod dpkg;
mod exclude;
mod format;
mod package;
mod scan;
mod spdx;

pub use check::{NotAnSbom, check};
pub use exclude::Exclude;
pub use format::SbomFormat;
pub use package::Package;
pub use scan::{FileEntry, Inventory, ScanError, scan_files, scan_root};
