//! Characters as people see them: what lengths, widths and columns count.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// The grapheme clusters of `text`, by the rules of Unicode 13, which the reference follows: later versions keep two
/// consonants of an Indic script together when a virama joins them, and those count as two here.
pub fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(Conjunct)
}

/// The number of grapheme clusters in `text`.
pub fn count(text: &str) -> usize {
    if text.is_ascii() {
        return text.len() - text.matches("\r\n").count();
    }
    graphemes(text).count()
}

/// What is left of a cluster; gives its parts, each but the last ending behind a virama.
struct Conjunct<'a>(&'a str);

impl<'a> Iterator for Conjunct<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let pairs = self.0.char_indices().zip(self.0.char_indices().skip(1));
        let mut joints = pairs.filter(|((_, before), (_, after))| is_joined(*before, *after));
        let end = joints.next().map_or(self.0.len(), |(_, (at, _))| at);
        let (part, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(part)
    }
}

/// Whether a letter follows a mark within one cluster: a virama has joined them. Thai and Lao have no virama, but
/// letters that are marks.
fn is_joined(before: char, after: char) -> bool {
    let is_indic = matches!(after, '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{11000}'..='\u{11fff}');
    let is_mark = before == '\u{200d}' || is_combining_mark(before);
    is_indic && is_mark && after.is_alphabetic() && !is_combining_mark(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters() {
        for (text, expected) in [
            ("", &[][..]),
            ("ab", &["a", "b"]),
            ("e\u{301}x", &["e\u{301}", "x"]),
            ("\r\n\n", &["\r\n", "\n"]),
            ("👨‍👩‍👧🇩🇪", &["👨‍👩‍👧", "🇩🇪"]),
            ("क्षि", &["क्", "षि"]),
            ("ক্‍ষ", &["ক্‍", "ষ"]),
            ("กำ한", &["กำ", "한"]),
            ("\u{1100}\u{1161}", &["\u{1100}\u{1161}"]),
        ] {
            assert_eq!(graphemes(text).collect::<Vec<_>>(), expected, "{text}");
            assert_eq!(count(text), expected.len(), "{text}");
        }
    }
}
