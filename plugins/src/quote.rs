//! Text in double quotes, as the `%q` of messages that scripts match: Go's string literal syntax.

use std::fmt::Write as _;

/// `text` as a Go string literal.
pub fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        push_escaped(&mut quoted, c);
    }
    quoted.push('"');
    quoted
}

fn push_escaped(quoted: &mut String, c: char) {
    let simple = match c {
        '"' => '"',
        '\\' => '\\',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        c if c != ' ' && (c.is_control() || c.is_whitespace() || c == '\u{feff}') => {
            let code = u32::from(c);
            // Writing to a string cannot fail.
            let _ = if code < 0x80 { write!(quoted, "\\x{code:02x}") } else { write!(quoted, "\\u{code:04x}") };
            return;
        }
        c => return quoted.push(c),
    };
    quoted.push('\\');
    quoted.push(simple);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        let rows = [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("a \"b\" \\c", r#""a \"b\" \\c""#),
            ("1\n\t2\r", r#""1\n\t2\r""#),
            ("\u{1b}[0m\u{7f}", r#""\x1b[0m\x7f""#),
            ("é\u{a0}日", r#""é\u00a0日""#),
        ];
        for (text, quoted) in rows {
            assert_eq!(go_quote(text), quoted);
        }
    }
}
