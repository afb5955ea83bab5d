//! The command that runs the scanner.

/// What the program is told to do.
const TASK: &str = "sbom-generate";

pub(super) const UNIX: &str =
    "chmod +x {{.Path}} && sudo {{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > {{.Output}}";
pub(super) const WINDOWS: &str = "{{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > {{.Output}}";

/// A template with the task in it: commands that were written for other scanners have the path of the program and go right
/// on with its arguments.
pub(super) fn with_task(template: &str) -> String {
    let mut result = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, action, after)) = next_action(rest) {
        result.push_str(&rest[..before.len() + action.len()]);
        rest = after;
        let Some((between, next, _)) = next_action(after) else { continue };
        let goes_on = !between.is_empty() && between.trim().is_empty();
        if name(action) == ".Path" && goes_on && matches!(name(next), ".Args" | ".ScanPath") {
            result.push(' ');
            result.push_str(TASK);
        }
    }
    result + rest
}

/// What is before the next action, the action, what is behind it.
fn next_action(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("{{")?;
    let end = start + text[start..].find("}}")? + 2;
    Some((&text[..start], &text[start..end], &text[end..]))
}

fn name(action: &str) -> &str {
    action.trim_start_matches("{{").trim_end_matches("}}").trim_matches('-').trim()
}

/// Arguments as the machine's shell takes them for words.
pub(super) fn words(args: &[String], is_windows: bool) -> String {
    args.iter().map(|arg| word(arg, is_windows)).collect::<Vec<_>>().join(" ")
}

/// One word.
pub(super) fn word(text: &str, is_windows: bool) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+\\".contains(c);
    match (text.chars().all(plain) && !text.is_empty(), is_windows) {
        (true, true) => text.to_owned(),
        (true, false) if !text.contains('\\') => text.to_owned(),
        (_, true) => format!("\"{}\"", text.replace('"', "")),
        (_, false) => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_is_put_where_it_is_missing() {
        for (template, expected) in [
            (UNIX, UNIX),
            (WINDOWS, WINDOWS),
            ("{{.Path}} {{.Args}} {{.ScanPath}}", "{{.Path}} sbom-generate {{.Args}} {{.ScanPath}}"),
            ("sudo {{ .Path }}  {{ .ScanPath }} > o", "sudo {{ .Path }} sbom-generate  {{ .ScanPath }} > o"),
            ("{{.Path}} scan {{.Args}}", "{{.Path}} scan {{.Args}}"),
            ("{{.Path}}{{.Args}}", "{{.Path}}{{.Args}}"),
            ("{{.Path}} {{.Output}} {{", "{{.Path}} {{.Output}} {{"),
        ] {
            assert_eq!(with_task(template), expected);
        }
    }

    #[test]
    fn words_stay_words() {
        let args = ["-o", "cyclonedx-json", "--exclude", "./a b/**", "it's"].map(str::to_owned);
        assert_eq!(words(&args, false), r"-o cyclonedx-json --exclude './a b/**' 'it'\''s'");
        assert_eq!(words(&args[..4], true), "-o cyclonedx-json --exclude \"./a b/**\"");
        assert_eq!(
            (word(r"C:\x", true), word(r"C:\x", false), word("", false)),
            (r"C:\x".into(), r"'C:\x'".into(), "''".into())
        );
    }
}
