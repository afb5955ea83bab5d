//! Diagnostics as text, in the layout of HashiCorp tools: what, where with the source lines, why. Scripts and people
//! know it, so it is exact to the blank.

use std::fmt::Write;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::Files;
use crate::span::Span;

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Details are wrapped between words to lines of so many characters; 0 leaves them as they are.
    pub width: usize,
    /// Whether to mark the severity and the subject with terminal escape sequences.
    pub color: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { width: 80, color: false }
    }
}

/// All of `diagnostics`, one after the other, each with an empty line behind it.
pub fn render(diagnostics: &Diagnostics, files: &Files, options: RenderOptions) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter() {
        render_one(&mut text, diagnostic, files, options);
    }
    text
}

const BOLD_RED: &str = "\u{1b}[1;31m";
const BOLD_YELLOW: &str = "\u{1b}[1;33m";
const UNDERLINE: &str = "\u{1b}[1;4m";
const RESET: &str = "\u{1b}[0m";

fn render_one(text: &mut String, diagnostic: &Diagnostic, files: &Files, options: RenderOptions) {
    let (label, color) = match diagnostic.severity {
        Severity::Error => ("Error: ", BOLD_RED),
        Severity::Warning => ("Warning: ", BOLD_YELLOW),
        Severity::Unset => ("???????: ", RESET),
    };
    if options.color {
        put(text, format_args!("{color}{label}{RESET}{}\n\n", diagnostic.summary));
    } else {
        put(text, format_args!("{label}{}\n\n", diagnostic.summary));
    }
    if let Some(subject) = diagnostic.subject {
        render_place(text, subject, diagnostic.context, files, options);
        render_values(text, &diagnostic.values);
    }
    if !diagnostic.detail.is_empty() {
        put(text, format_args!("{}\n\n", wrap(&diagnostic.detail_in(files), options.width)));
    }
}

/// `on file line 3, in block:` and the lines.
fn render_place(text: &mut String, subject: Span, context: Option<Span>, files: &Files, options: RenderOptions) {
    let line = files.line_at(subject.file, subject.start);
    let block = files.section_around(subject).map_or_else(String::new, |header| format!(", in {header}"));
    put(text, format_args!("  on {} line {line}{block}:\n", files.get(subject.file).name));
    let shown = context.filter(|context| context.file == subject.file).map_or(subject, |context| Span {
        start: subject.start.min(context.start),
        end: subject.end.max(context.end),
        ..subject
    });
    let (shown, subject) = (at_least_one(shown), at_least_one(subject));
    for number in files.line_at(subject.file, shown.start).. {
        let Some(start) = files.line_start(subject.file, number).filter(|start| *start <= shown.end) else { break };
        let line = files.line(subject.file, number);
        let whole = Span { start, end: start + line.len() as u32, ..subject };
        if !touch(whole, shown) {
            continue;
        }
        let Excerpt { from, before, line, after } = excerpt(line, subject.start.saturating_sub(start) as usize);
        put(text, format_args!("{number:4}: {before}"));
        if options.color && touch(whole, subject) {
            let start = start + from as u32;
            underline(text, line, subject.start.saturating_sub(start), subject.end.saturating_sub(start));
        } else {
            text.push_str(line);
        }
        put(text, format_args!("{after}\n"));
    }
    text.push('\n');
}

/// Lines are shown whole up to this length, and longer ones only so far around what is wrong: files that machines write
/// may be one line with very many faults.
const MAX_LINE: usize = 1 << 13;
const AROUND: usize = 1 << 8;

/// What is shown of a line: it begins at byte `from`, and marks stand where something is left out.
struct Excerpt<'t> {
    from: usize,
    before: &'static str,
    line: &'t str,
    after: &'static str,
}

fn excerpt(line: &str, subject: usize) -> Excerpt<'_> {
    let Range { start: from, end } = shown_part(line, subject);
    let mark = |cut| if cut { "…" } else { "" };
    Excerpt { from, before: mark(from > 0), line: &line[from..end], after: mark(end < line.len()) }
}

/// What to show of a text with something wrong at byte `subject`: all of it, unless it is very long.
///
/// It is not cut inside of a quoted string: half of a secret would not be found and hidden.
pub fn shown_part(text: &str, subject: usize) -> Range<usize> {
    if text.len() <= MAX_LINE {
        return 0..text.len();
    }
    let boundary = |at: usize| text.floor_char_boundary(at);
    let (from, end) = (boundary(subject.saturating_sub(AROUND)), boundary(subject.saturating_add(AROUND)));
    let (first, last) = (boundary(from.saturating_sub(MAX_LINE)), boundary(end.saturating_add(MAX_LINE)));
    let opened = text[first..from].rfind('"').map_or(from, |at| first + at);
    let closed = text[end..last].find('"').map_or(end, |at| end + at + 1);
    opened..closed
}

/// The line with the part `start..end` of it underlined, as far as there is one.
fn underline(text: &mut String, line: &str, start: u32, end: u32) {
    let split = |at: u32| line.split_at_checked((at as usize).min(line.len()));
    match (split(start), split(end)) {
        (Some((before, _)), Some((upto, after))) if upto.len() > before.len() => {
            put(text, format_args!("{before}{UNDERLINE}{}{RESET}{after}", &upto[before.len()..]));
        }
        _ => text.push_str(line),
    }
}

/// The range, or one byte when it is empty.
fn at_least_one(span: Span) -> Span {
    Span { end: span.end.max(span.start.saturating_add(1)), ..span }
}

/// Whether to show a line for a range. The reference's rule, which is wider than having a byte in common: a range that
/// is just a line end shows the lines on both sides of it. An empty line is never shown.
fn touch(a: Span, b: Span) -> bool {
    let inside = |span: Span, offset: u32| (span.start..span.end).contains(&offset);
    a.start < a.end && (inside(a, b.start) || inside(a, b.end) || inside(b, a.start) || inside(b, a.end))
}

/// `with a as 1,` and so on: one line each, sorted, without repetitions.
fn render_values(text: &mut String, values: &[(String, String)]) {
    let mut lines: Vec<String> = values
        .iter()
        .map(|(name, value)| if value == "null" { format!("{name} set to null") } else { format!("{name} as {value}") })
        .collect();
    lines.sort();
    lines.dedup();
    for (at, line) in lines.iter().enumerate() {
        let before = if at == 0 { "with" } else { "    " };
        let after = if at + 1 == lines.len() { ".\n" } else { "," };
        put(text, format_args!("{before} {line}{after}\n"));
    }
}

/// Breaks lines that are longer than `width` at the last blank before that. Words are never broken, blanks inside of
/// a line are kept, and a no-break space is not a blank.
fn wrap(text: &str, width: usize) -> String {
    if width == 0 {
        return text.to_owned();
    }
    let is_blank = |c: char| c.is_whitespace() && c != '\u{a0}';
    let lines: Vec<String> = text.split('\n').map(|line| wrap_line(line, width, is_blank)).collect();
    lines.join("\n")
}

fn wrap_line(line: &str, width: usize, is_blank: impl Fn(char) -> bool + Copy) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    let mut rest = line;
    while !rest.is_empty() {
        let (blanks, after) = rest.split_at(rest.find(|c| !is_blank(c)).unwrap_or(rest.len()));
        let (word, after) = after.split_at(after.find(is_blank).unwrap_or(after.len()));
        let (n_blanks, n_word) = (blanks.chars().count(), word.chars().count());
        let end = column + n_blanks + n_word;
        if end <= width || (n_word >= width && column + n_blanks < 2) {
            wrapped.push_str(blanks);
            column = end;
        } else if n_word > 0 {
            wrapped.push('\n');
            column = n_word;
        }
        wrapped.push_str(word);
        rest = after;
    }
    wrapped
}

/// Writing to a string cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Section;

    const SOURCE: &str = "a = 1\nsource \"null\" \"x\" {\n  port = foo + \"é\"\n\n}\n";

    /// What is shown for the first place where `subject` stands in the source.
    fn rendered(subject: &str, context: Option<&str>, options: RenderOptions) -> String {
        let mut files = Files::new();
        let file = files.add("t.pkr.hcl", SOURCE);
        let span = |text: &str| {
            let start = SOURCE.find(text).unwrap() as u32;
            Span { file, start, end: start + text.len() as u32 }
        };
        let block = span(&SOURCE[6..SOURCE.len() - 1]);
        files.set_outline(file, vec![Section { span: block, name: "source \"null\" \"x\"".to_owned(), within: None }]);
        let mut diagnostic = Diagnostic::error("Wrong", "Because.", span(subject));
        diagnostic.context = context.map(span);
        render(&diagnostic.into(), &files, options)
    }

    #[test]
    fn shows_all_lines_of_subject_and_context() {
        let block = ", in source \"null\" \"x\"";
        for (subject, context, expected) in [
            ("a", None, " 1:\n   1: a = 1\n".to_owned()),
            ("foo", None, format!(" 3{block}:\n   3:   port = foo + \"é\"\n")),
            (
                "foo",
                Some("source \"null\" \"x\" {\n  port = foo"),
                format!(" 3{block}:\n   2: source \"null\" \"x\" {{\n   3:   port = foo + \"é\"\n"),
            ),
            ("foo + \"é\"\n\n}", None, format!(" 3{block}:\n   3:   port = foo + \"é\"\n   5: }}\n")),
            // A line end belongs to the lines on both sides of it.
            ("\n", None, " 1:\n   1: a = 1\n   2: source \"null\" \"x\" {\n".to_owned()),
            ("", None, " 1:\n   1: a = 1\n".to_owned()),
        ] {
            let expected = format!("Error: Wrong\n\n  on t.pkr.hcl line{expected}\nBecause.\n\n");
            assert_eq!(rendered(subject, context, RenderOptions::default()), expected, "{subject:?} {context:?}");
        }
    }

    #[test]
    fn shows_of_very_long_lines_what_is_around_the_subject() {
        let mut files = Files::new();
        let line = format!("{}é = wrong + 1{}", "x".repeat(10_000), " + 2".repeat(10_000));
        let file = files.add("t", format!("a\n{line}\n"));
        let start = 2 + line.find("wrong").unwrap() as u32;
        let diagnostic = Diagnostic::error("Wrong", "", Span { file, start, end: start + 5 });
        for color in [false, true] {
            let text = render(&diagnostic.clone().into(), &files, RenderOptions { color, ..RenderOptions::default() });
            let (before, after) = ("x".repeat(251), " + 2".repeat(61));
            let wrong = if color { "\u{1b}[1;4mwrong\u{1b}[0m" } else { "wrong" };
            assert!(text.contains(&format!("   2: …{before}é = {wrong} + 1{after} + …\n\n")), "{text}");
        }
    }

    #[test]
    fn colors_only_when_asked() {
        let colored = RenderOptions { color: true, ..RenderOptions::default() };
        let text = rendered("foo + \"é\"\n\n}", None, colored);
        assert!(text.starts_with("\u{1b}[1;31mError: \u{1b}[0mWrong\n"), "{text}");
        assert!(text.contains("port = \u{1b}[1;4mfoo + \"é\"\u{1b}[0m\n   5: \u{1b}[1;4m}\u{1b}[0m\n"), "{text}");
        assert!(!rendered("foo", None, RenderOptions::default()).contains('\u{1b}'));
    }

    #[test]
    fn shows_values_sorted_and_once() {
        let mut files = Files::new();
        let file = files.add("t", "a");
        let mut diagnostic = Diagnostic::warning("Odd", "", Span { file, start: 0, end: 1 });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        diagnostic.values = vec![pair("var.b", "null"), pair("var.a", "\"x\""), pair("var.b", "null")];
        let text = render(&diagnostic.into(), &files, RenderOptions::default());
        assert_eq!(
            text,
            "Warning: Odd\n\n  on t line 1:\n   1: a\n\nwith var.a as \"x\",\n     var.b set to null.\n\n"
        );
    }

    #[test]
    fn without_a_subject_there_is_no_place() {
        let text = render(&Diagnostic::error("S", "D", None).into(), &Files::new(), RenderOptions::default());
        assert_eq!(text, "Error: S\n\nD\n\n");
    }

    #[test]
    fn wraps_between_words() {
        for (text, width, expected) in [
            ("aa bb cc", 5, "aa bb\ncc"),
            ("aa bb cc", 4, "aa\nbb\ncc"),
            ("aa  bb\ncc dd", 6, "aa  bb\ncc dd"),
            ("aaaaaaaa bb", 4, "aaaaaaaa\nbb"),
            ("a aaaaaaaa", 4, "a\naaaaaaaa"),
            ("  aa bb", 20, "  aa bb"),
            ("aa bb ", 5, "aa bb"),
            ("aa\u{a0}bb cc", 5, "aa\u{a0}bb\ncc"),
            ("", 5, ""),
            ("aa bb", 0, "aa bb"),
        ] {
            assert_eq!(wrap(text, width), expected, "{text:?} {width}");
        }
    }
}
