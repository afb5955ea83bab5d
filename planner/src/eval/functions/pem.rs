//! Blocks of base64 between `-----BEGIN X-----` and `-----END X-----`, as lenient as tools are: other text around them
//! does not matter, nor how long lines are.

use crate::eval::base64_text;

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What it says it is.
    pub(super) label: String,
    headers: Vec<(String, String)>,
    /// The bytes inside.
    pub(super) content: Vec<u8>,
}

impl Block {
    /// A header before the content.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The first whole block in a text.
pub(super) fn find(text: &str) -> Option<Block> {
    let mut lines = text.lines();
    loop {
        let begin = lines.find_map(|line| line.trim_end().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))?;
        if let Some(block) = read(begin, lines.clone()) {
            return Some(block);
        }
    }
}

fn read<'a>(label: &str, lines: impl Iterator<Item = &'a str>) -> Option<Block> {
    let end = format!("-----END {label}-----");
    let (mut headers, mut digits) = (Vec::new(), String::new());
    for line in lines {
        if line.trim_end() == end {
            let content = base64_text::decode(&digits).ok()?;
            return Some(Block { label: label.to_owned(), headers, content });
        }
        match line.split_once(':') {
            Some((name, value)) if digits.is_empty() => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            _ => digits.extend(line.chars().filter(|character| !character.is_ascii_whitespace())),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        for (text, found) in [
            ("", None),
            ("-----BEGIN X-----\nYQ==\n", None),
            ("-----BEGIN X-----\nYQ==\n-----END Y-----\n", None),
            ("-----BEGIN X-----\n!\n-----END X-----\n", None),
            ("-----BEGIN X-----\nYQ==\n-----END X-----", Some(("X", "a"))),
            ("text\r\n-----BEGIN A B-----\r\nY\r\nWI=\r\n-----END A B-----\r\ntext", Some(("A B", "ab"))),
            ("-----BEGIN X-----\n!\n-----END X-----\n-----BEGIN Y-----\nYg==\n-----END Y-----\n", Some(("Y", "b"))),
            ("-----BEGIN X-----\n-----END X-----\n", Some(("X", ""))),
        ] {
            let expected = found.map(|(label, content)| (label.to_owned(), content.as_bytes().to_owned()));
            assert_eq!(find(text).map(|block| (block.label, block.content)), expected, "{text}");
        }
    }

    #[test]
    fn headers_stand_before_the_content() {
        let block = find("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nA:b\n\nYQ==\n-----END X-----\n").unwrap();
        assert_eq!(
            (block.header("Proc-Type"), block.header("A"), block.header("B")),
            (Some("4,ENCRYPTED"), Some("b"), None)
        );
        assert_eq!(block.content, b"a");
    }
}
