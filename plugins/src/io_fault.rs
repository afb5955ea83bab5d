//! Input and output errors in words: what happened, to which path, and what to do about it.

use std::io;

/// The operating system's words for an error, as Go prints them: lower case, without a number.
pub fn os_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_system() {
        assert_eq!(os_words(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(os_words(&io::Error::other("Odd")), "odd");
        let full = io::Error::from_raw_os_error(28);
        assert_eq!(
            words_and_advice(&full),
            "no space left on device\nFree some space there, or choose an output on another disk."
        );
    }
}
