//! Why a file that is called like a plugin is not used.

use std::fmt;
use std::io;
use std::path::Path;

use planner::value::quote;

use crate::discovery::checksum::ChecksumError;
use crate::discovery::describe::DescribeError;
use crate::io_fault::os_words;
use crate::trust::fault::TrustError;

/// What is wrong with a file.
#[derive(Debug)]
pub enum Refusal {
    /// It lies this many folders deep.
    TooDeep(usize),
    /// It is not known to be what was installed.
    Checksum(ChecksumError),
    /// It does not come from somebody who is trusted.
    Trust(TrustError),
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is no file that can be executed.
    NoProgram,
    /// It does not say what it is.
    Describe(DescribeError),
    /// The version in its name is none.
    Version(String),
    /// The version in its name is not written as versions are.
    NotCanonical(String),
    /// It is no release, and only releases are wanted.
    Prerelease,
    /// Its name has metadata.
    Metadata(String),
    /// What it calls its version is none.
    MalformedReport(String),
    /// It says it is another version than its name does.
    OtherVersion {
        /// By its own account.
        reported: String,
        /// By its name.
        implied: String,
    },
    /// It says it is made for another interface than its name does.
    OtherApi {
        /// By its own account.
        reported: String,
        /// By its name.
        implied: String,
    },
    /// It is not one of the versions that are wanted.
    Unwanted {
        /// Its version.
        version: String,
        /// The wanted ones.
        constraint: String,
    },
    /// It is made for an interface that is not ours.
    Incompatible(String),
}

/// The reason, for people.
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep(depth) => write!(out, "it lies {depth} folders deep, more than {MAX_DEPTH}"),
            Self::Checksum(error @ (ChecksumError::Missing(_) | ChecksumError::Malformed(_))) => {
                write!(out, "its checksum, the file of the same name and _SHA256SUM, cannot be read: {error}")
            }
            Self::Checksum(error) => error.fmt(out),
            Self::Trust(error) => error.fmt(out),
            Self::Unreadable(error) => out.write_str(&os_words(error)),
            Self::NoProgram => out.write_str("it is no file that can be executed"),
            Self::Describe(error) => write!(out, "it does not say what it is: {error}"),
            Self::Version(text) | Self::NotCanonical(text) | Self::Metadata(text) => {
                write!(out, "{} is no version that a name may have", quote(text))
            }
            Self::Prerelease => out.write_str("it is no release"),
            Self::MalformedReport(text) => write!(out, "it says it is version {}, which is none", quote(text)),
            Self::OtherVersion { reported, .. } => write!(out, "it says it is version {}", quote(reported)),
            Self::OtherApi { reported, .. } => write!(out, "it says it is made for the interface {}", quote(reported)),
            Self::Unwanted { version, constraint } => {
                write!(out, "{} does not fit {}", quote(version), quote(constraint))
            }
            Self::Incompatible(api) => write!(out, "it is made for the interface {}, which is not ours", quote(api)),
        }
    }
}

impl Refusal {
    /// Tells the log, in the words that people search it for.
    pub fn log(&self, path: &Path) {
        let path = quote(&path.to_string_lossy());
        match self {
            Self::TooDeep(depth) => {
                tracing::warn!("plugin {path} ignored, too many levels of depth: {depth} (max {MAX_DEPTH})");
            }
            Self::Checksum(error) => {
                let step = match error {
                    ChecksumError::Missing(_) | ChecksumError::Malformed(_) => "GetChecksumOfFile",
                    ChecksumError::Unreadable(_) | ChecksumError::Mismatch { .. } => "ChecksumFile",
                };
                tracing::trace!("{step}({path}) failed: {error}");
                tracing::trace!("No checksum found for {path} ignoring possibly unsafe binary");
            }
            Self::Trust(_) | Self::Unreadable(_) | Self::NoProgram => tracing::warn!("plugin {path} ignored: {self}"),
            Self::Describe(error) => tracing::info!("failed to call describe on {path}: {error}"),
            Self::Version(text) => {
                tracing::info!("found {path} with an incorrect {} version, ignoring it.", quote(text));
            }
            Self::NotCanonical(text) => tracing::info!(
                "version {} in path is non canonical, this could introduce ambiguity and is not supported, ignoring it.",
                quote(text)
            ),
            Self::Prerelease => tracing::info!("ignoring pre-release plugin {path}"),
            Self::Metadata(text) => tracing::info!(
                "found version {} with metadata in the name, this could introduce ambiguity and is not supported, \
                 ignoring it.",
                quote(text)
            ),
            Self::MalformedReport(text) => {
                tracing::info!("malformed reported version string {} of plugin {path}, ignoring", quote(text));
            }
            Self::OtherVersion { reported, implied } => tracing::info!(
                "plugin {path} reported version {} while its name implies version {}, ignoring",
                quote(reported),
                quote(implied)
            ),
            Self::OtherApi { reported, implied } => tracing::info!(
                "plugin {path} reported API version {} while its name implies version {}, ignoring",
                quote(reported),
                quote(implied)
            ),
            Self::Unwanted { version, constraint } => tracing::trace!(
                "version {} of file {path} does not match constraint {}",
                quote(version),
                quote(constraint)
            ),
            Self::Incompatible(api) => tracing::warn!(
                "binary {path} requires protocol version {api} that is incompatible with this version of Packer. It \
                 is ignored; another version of the plugin, or of this program, may fit."
            ),
        }
    }
}

/// How many folders deep a plugin may lie: as many as its source may have parts.
pub const MAX_DEPTH: usize = 16;
