//! Why a plugin is not known to come from somebody who is trusted.

use std::io;
use std::path::PathBuf;

use crate::io_fault::os_words;

/// A plugin that is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no signature.
    #[error(
        "ErrUnsignedPlugin: {} has no signature, and only signed plugins may be used. Its maker's signature belongs beside \
         it, in a file of the same name and .minisig or .sig",
        .0.display()
    )]
    Unsigned(PathBuf),
    /// There is one, made with a key that is not trusted.
    #[error(
        "ErrUnsignedPlugin: {} is not signed with a key that is trusted. Those of its makers belong into {} as files called \
         *.pub",
        .binary.display(), keys_folder(.folder)
    )]
    Untrusted {
        /// The binary.
        binary: PathBuf,
        /// Where trusted keys are.
        folder: Option<PathBuf>,
    },
    /// There is one by somebody who is trusted, for something else.
    #[error(
        "ErrInvalidPlugin: {} is not what was signed with the key {key}: it was changed, or the signature is another one's",
        .binary.display()
    )]
    Invalid {
        /// The binary.
        binary: PathBuf,
        /// The name of the key.
        key: String,
    },
    /// A signature or a key that is none.
    #[error("ErrInvalidPlugin: {}: {reason}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file that cannot be read.
    #[error("{}: {}", .path.display(), os_words(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn keys_folder(folder: &Option<PathBuf>) -> String {
    folder.as_ref().map_or_else(|| "the folder of trusted keys".to_owned(), |folder| folder.display().to_string())
}
