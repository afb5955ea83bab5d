//! Input and output errors in words: what happened, to which path, and what to do about it.

use std::error::Error;
use std::io;

pub use planner::os_words::os_words;

/// What the reader can do about an error, as a sentence on its own line; empty when the words say it all.
pub fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "\nFree some space there, or choose an output on another disk."
        }
        io::ErrorKind::PermissionDenied => "\nCheck the owner and the permissions of the path and of its folder.",
        io::ErrorKind::ReadOnlyFilesystem => "\nChoose an output on a disk that can be written to.",
        _ => "",
    }
}

/// `<words>` and the advice.
pub fn words_and_advice(error: &io::Error) -> String {
    format!("{}{}", os_words(error), advice(error))
}

/// Why a request to a web server came to nothing: the reason at the bottom of all reasons. No address is in it.
pub fn web_words(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    match reason.downcast_ref::<io::Error>() {
        Some(error) => os_words(error),
        None => reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_comes_with_advice() {
        let full = io::Error::from_raw_os_error(28);
        assert_eq!(
            words_and_advice(&full),
            "no space left on device\nFree some space there, or choose an output on another disk."
        );
    }
}
