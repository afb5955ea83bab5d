//! Errors of the operating system in words.

use std::io;

/// The operating system's words for an error, as Go prints them: lower case, without a number.
pub fn os_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_system() {
        assert_eq!(os_words(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(os_words(&io::Error::other("Odd")), "odd");
    }
}
