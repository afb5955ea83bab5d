//! What a check found, as one JSON document for programs, in the shape of `terraform validate -json` (format version
//! 1.0): `valid`, `error_count`, `warning_count` and `diagnostics`, each with `severity`, `summary`, `detail` and, where
//! it points at a file, `range` and `snippet`.

use planner::diagnostic::{Diagnostic, Diagnostics, Severity};
use planner::files::Files;
use planner::render::shown_part;
use planner::span::Span;
use plugins::scrubber::Scrubber;
use serde::Serialize;

/// The findings of one command, in the order they were made.
#[derive(Debug, Default)]
pub struct Verdict {
    rows: Vec<Row>,
}

/// The whole document; `P` is what a command adds of its own.
#[derive(Serialize)]
struct Document<'a, P: Serialize> {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    diagnostics: &'a [Row],
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<P>,
}

#[derive(Debug, Serialize)]
struct Row {
    severity: &'static str,
    summary: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet>,
}

#[derive(Debug, Serialize)]
struct Range {
    filename: String,
    start: Place,
    end: Place,
}

/// Line and column count from 1, the column in characters; `byte` is an offset from the start of the file.
#[derive(Debug, Serialize)]
struct Place {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Debug, Serialize)]
struct Snippet {
    /// The header of the block around it.
    context: Option<String>,
    /// Whole lines, without the last line end.
    code: String,
    start_line: usize,
    /// The subject, in bytes of `code`.
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    values: Vec<Witness>,
}

/// `var.x` `is "text"`.
#[derive(Debug, Serialize)]
struct Witness {
    traversal: String,
    statement: String,
}

impl Verdict {
    /// Adds findings. Secrets are taken out of everything that is shown.
    pub fn add(&mut self, diagnostics: &Diagnostics, files: &Files, scrubber: &Scrubber) {
        self.rows.extend(diagnostics.iter().map(|diagnostic| row(diagnostic, files, scrubber)));
    }

    /// Adds a message that ends the command and points nowhere. Its first line is the summary.
    pub fn add_error(&mut self, text: &str, scrubber: &Scrubber) {
        let text = scrubber.scrub(text);
        let text = text.strip_prefix("Error: ").unwrap_or(&text);
        let (summary, detail) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let (summary, detail) = (summary.trim().to_owned(), detail.trim().to_owned());
        self.rows.push(Row { severity: "error", summary, detail, range: None, snippet: None });
    }

    /// The document, with a line end. `plan` is what the command made, if it is there to make something.
    pub fn render(&self, plan: Option<impl Serialize>) -> String {
        let count = |severity: &str| self.rows.iter().filter(|row| row.severity == severity).count();
        let (error_count, warning_count) = (count("error"), count("warning"));
        let diagnostics = &self.rows;
        let valid = error_count == 0;
        let document = Document { format_version: "1.0", valid, error_count, warning_count, diagnostics, plan };
        let mut text = serde_json::to_string_pretty(&document).expect("texts, numbers and lists are always JSON");
        text.push('\n');
        text
    }
}

fn row(diagnostic: &Diagnostic, files: &Files, scrubber: &Scrubber) -> Row {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Unset => "unknown",
    };
    let clean = |text: &str| scrubber.scrub(text).into_owned();
    Row {
        severity,
        summary: clean(&diagnostic.summary),
        detail: clean(&diagnostic.detail_in(files)),
        range: diagnostic.subject.map(|subject| range(at_least_one(subject), files)),
        snippet: diagnostic.subject.map(|subject| snippet(diagnostic, at_least_one(subject), files, scrubber)),
    }
}

/// Programs cannot mark an empty range, so it covers one byte, as everywhere else in this shape.
fn at_least_one(span: Span) -> Span {
    Span { end: span.end.max(span.start.saturating_add(1)), ..span }
}

fn range(span: Span, files: &Files) -> Range {
    let place = |byte: u32| {
        let (line, column) = files.line_column(span.file, byte);
        Place { line, column, byte }
    };
    Range { filename: files.get(span.file).name.clone(), start: place(span.start), end: place(span.end) }
}

fn snippet(diagnostic: &Diagnostic, subject: Span, files: &Files, scrubber: &Scrubber) -> Snippet {
    let around = diagnostic.context.filter(|context| context.file == subject.file).unwrap_or(subject);
    let first = files.line_at(subject.file, subject.start.min(around.start));
    let text = &files.get(subject.file).text;
    // A range that ends with a line end does not reach into the next line.
    let last_byte = subject.end.max(around.end).saturating_sub(1).min(text.len() as u32);
    let last = files.line_at(subject.file, last_byte);
    let start = files.line_start(subject.file, first).unwrap_or(0) as usize;
    let end = files.line_start(subject.file, last + 1).map_or(text.len(), |next| next as usize);
    let code = text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
    let shown = shown_part(code, (subject.start as usize).saturating_sub(start));
    let first = first + code[..shown.start].matches('\n').count();
    let (start, code) = (start + shown.start, &code[shown]);
    let inside = |byte: u32| (byte as usize).saturating_sub(start).min(code.len());
    let (from, to) = (inside(subject.start), inside(subject.end));
    let part = |range: std::ops::Range<usize>| scrubber.scrub(code.get(range).unwrap_or_default()).into_owned();
    let (before, marked, after) = (part(0..from), part(from..to), part(to..code.len()));
    Snippet {
        context: files.section_around(subject),
        start_line: first,
        highlight_start_offset: before.len(),
        highlight_end_offset: before.len() + marked.len(),
        code: before + &marked + &after,
        values: diagnostic.values.iter().map(|(name, value)| witness(name, value, scrubber)).collect(),
    }
}

fn witness(name: &str, value: &str, scrubber: &Scrubber) -> Witness {
    Witness { traversal: scrubber.scrub(name).into_owned(), statement: format!("is {}", scrubber.scrub(value)) }
}

#[cfg(test)]
mod tests {
    use planner::files::Section;
    use serde_json::{Value, json};

    use super::*;

    fn document(verdict: &Verdict) -> Value {
        serde_json::from_str(&verdict.render(None::<()>)).unwrap()
    }

    #[test]
    fn a_finding_has_its_place_and_its_lines() {
        let mut files = Files::new();
        let file = files.add("é.pkr.hcl", "build {\n  é = [\n    secret,\n  ]\r\n}\n");
        let span = |start, end| Span { file, start, end };
        files.set_outline(file, vec![Section { span: span(0, 35), name: "build".to_owned(), within: None }]);
        let mut diagnostic = Diagnostic::error("Wrong", "Because of secret.", span(21, 27)).with_context(span(10, 32));
        diagnostic.values = vec![("var.x".to_owned(), "\"secret\"".to_owned()), ("a".to_owned(), "null".to_owned())];
        let scrubber = Scrubber::new();
        scrubber.hide("secret");
        let mut verdict = Verdict::default();
        verdict.add(&Diagnostics::from(diagnostic), &files, &scrubber);
        let found = document(&verdict);
        assert_eq!(
            (&found["valid"], &found["error_count"], &found["warning_count"]),
            (&json!(false), &json!(1), &json!(0))
        );
        let row = &found["diagnostics"][0];
        assert_eq!(row["detail"], "Because of <sensitive>.");
        assert_eq!(row["range"]["filename"], "é.pkr.hcl");
        assert_eq!(row["range"]["start"], json!({ "line": 3, "column": 5, "byte": 21 }));
        assert_eq!(row["range"]["end"], json!({ "line": 3, "column": 11, "byte": 27 }));
        let snippet = &row["snippet"];
        assert_eq!((&snippet["context"], &snippet["start_line"]), (&json!("build"), &json!(2)));
        assert_eq!(snippet["code"], "  é = [\n    <sensitive>,\n  ]");
        assert_eq!((&snippet["highlight_start_offset"], &snippet["highlight_end_offset"]), (&json!(13), &json!(24)));
        let values = json!([
            { "traversal": "var.x", "statement": "is \"<sensitive>\"" },
            { "traversal": "a", "statement": "is null" },
        ]);
        assert_eq!(snippet["values"], values);
    }

    #[test]
    fn of_a_very_long_line_a_part_is_shown_that_cuts_no_string() {
        let mut files = Files::new();
        let secret = "a secret ".repeat(60);
        let file =
            files.add("t", format!("{}\"{secret}\" wrong \"{secret}\"{}", " 1,".repeat(5_000), " 2,".repeat(5_000)));
        let start = files.get(file).text.find("wrong").unwrap() as u32;
        let diagnostic = Diagnostic::error("Wrong", "", Span { file, start, end: start + 5 });
        let scrubber = Scrubber::new();
        scrubber.hide(&secret);
        let mut verdict = Verdict::default();
        verdict.add(&Diagnostics::from(diagnostic), &files, &scrubber);
        let snippet = &document(&verdict)["diagnostics"][0]["snippet"];
        assert_eq!(snippet["code"], "\"<sensitive>\" wrong \"<sensitive>\"");
        assert_eq!((&snippet["highlight_start_offset"], &snippet["highlight_end_offset"]), (&json!(14), &json!(19)));
    }

    #[test]
    fn places_at_the_end_of_a_file_and_messages_without_one() {
        let mut files = Files::new();
        let file = files.add("t", "a = ");
        let mut verdict = Verdict::default();
        assert_eq!(document(&verdict)["valid"], true);
        let at_end = Diagnostic::warning("W", "", Span { file, start: 4, end: 4 });
        verdict.add(&Diagnostics::from(at_end), &files, &Scrubber::new());
        assert_eq!(document(&verdict)["valid"], true);
        verdict.add_error("Error: gone\n\nfor good\n", &Scrubber::new());
        let found = document(&verdict);
        assert_eq!((&found["valid"], &found["warning_count"]), (&json!(false), &json!(1)));
        let snippet = &found["diagnostics"][0]["snippet"];
        assert_eq!((&snippet["code"], &snippet["highlight_start_offset"]), (&json!("a = "), &json!(4)));
        assert_eq!(found["diagnostics"][1], json!({ "severity": "error", "summary": "gone", "detail": "for good" }));
    }
}
