//! What a file that cannot be read gives for a variable: enough of it to keep secrets out of what is said about the file.

/// Every text that may be meant for the variable `name` in the text of a file of values, in either syntax.
pub fn values_of(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if text[..at].ends_with(is_part) {
            continue;
        }
        let rest = &text[at + name.len()..];
        let rest = rest.strip_prefix('"').unwrap_or(rest).trim_start_matches([' ', '\t']);
        if let Some(value) = rest.strip_prefix(['=', ':']) {
            value_texts(value.trim_start_matches([' ', '\t']), &mut found);
        }
    }
    found
}

/// The texts at the beginning of `value`: those in quotes, else the line, else a heredoc.
fn value_texts(value: &str, found: &mut Vec<String>) {
    let line = value.lines().next().unwrap_or_default();
    if let Some(marker) = line.trim_end().strip_prefix("<<") {
        let marker = marker.trim_start_matches('-');
        let lines = value.lines().skip(1).take_while(|line| line.trim() != marker);
        found.push(lines.collect::<Vec<_>>().join("\n"));
        return;
    }
    let mut parts = line.split('"');
    let bare = parts.next().unwrap_or_default().trim().trim_end_matches([',', '}', ']']).trim();
    if !line.contains('"') {
        found.push(bare.to_owned());
        return;
    }
    // A quote in a text is no end of it; then the parts are still secret, and the whole as well.
    let inner = line.split_once('"').map_or(line, |(_, inner)| inner);
    found.push(inner.rsplit_once('"').map_or(inner, |(whole, _)| whole).to_owned());
    found.extend(parts.step_by(2).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_may_be_meant() {
        let rows: [(&str, &[&str]); 10] = [
            ("password = \"hunter2", &["hunter2", "hunter2"]),
            ("a = 1\npassword=hunter2 \nb = 2", &["hunter2"]),
            ("{\"password\": \"hunter2\", }", &["hunter2", "hunter2"]),
            ("{\"password\" : 12}", &["12"]),
            ("password = <<-EOT\n  one\n  two\n  EOT\nx = 1", &["  one\n  two"]),
            ("password = <<EOT\none", &["one"]),
            ("password = [\"a\", \"b\"", &["a\", \"b", "a", "b"]),
            ("old_password = \"x\"\npassword_old = \"y\"", &[]),
            ("# the password is none", &[]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(values_of("password", text), expected, "{text}");
        }
    }
}
