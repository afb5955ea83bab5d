//! How many columns a text takes: user-perceived characters, whatever a terminal makes of them.
//!
//! Counted by the rules of Unicode 15, as the reference does. Later versions join letters of Indic scripts to one; that is
//! undone here. Characters that came later are counted as what they are now.

use unicode_segmentation::UnicodeSegmentation;

const JOINER: char = '\u{200d}';

/// The columns of one token.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        // A line end of two characters is one.
        let pairs = text.as_bytes().windows(2).filter(|pair| pair == b"\r\n").count();
        return text.len() - pairs;
    }
    text.graphemes(true).map(|cluster| 1 + joined_letters(cluster)).sum()
}

/// How many letters a cluster holds beside the first: those that neither belong to the character before them nor are
/// pictures behind a joiner.
fn joined_letters(cluster: &str) -> usize {
    let chars = cluster.char_indices();
    let pairs = chars.clone().zip(chars.skip(1));
    let belongs = |((start, before), (at, c)): &((usize, char), (usize, char))| {
        is_one(&cluster[*start..at + c.len_utf8()]) || (*before == JOINER && is_one(&format!("\u{2764}{JOINER}{c}")))
    };
    pairs.filter(|pair| !belongs(pair)).count()
}

fn is_one(text: &str) -> bool {
    text.graphemes(true).nth(1).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_people_see() {
        for (text, expected) in [
            ("", 0),
            ("abc", 3),
            ("a\tb\r\n", 4),
            ("\r\r\n\n", 3),
            ("é", 1),
            ("e\u{301}x", 2),
            ("文字", 2),
            ("🇬🇧🇫🇷", 2),
            ("👩\u{200d}👩\u{200d}👧", 1),
            ("👍🏽❤\u{fe0f}", 2),
            ("각\u{1112}\u{1161}", 2),
            // One cluster since Unicode 15.1.
            ("क\u{94d}ष", 2),
            ("क\u{94d}\u{200d}षि", 2),
            ("नमस\u{94d}ते", 4),
        ] {
            assert_eq!(columns(text), expected, "{text:?}");
        }
    }
}
