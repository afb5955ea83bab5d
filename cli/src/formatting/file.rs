//! One text: read, checked, laid out, and written back if it changed.

use std::io::ErrorKind;
use std::path::Path;

use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::diff::unified_diff;
use planner::files::Files;
use planner::find::take_bytes;
use planner::format::format;
use planner::os_words::os_words;
use planner::syntax::parse_body;

use crate::formatting::find::is_formattable;
use crate::formatting::replace::replace;

/// What is done with a file.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Write it back.
    pub write: bool,
    /// Tell how it changed.
    pub diff: bool,
}

/// What became of a text.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The new text, if it is another.
    pub changed: Option<String>,
    /// How it changed, if that was asked for.
    pub diff: String,
    /// What went wrong, and the file that this points into. A file that is not valid is not touched.
    pub problem: Option<(Files, Diagnostics)>,
}

/// Formats the file at `path`.
pub fn format_file(shown: &str, path: &Path, step: Step) -> Outcome {
    if !is_formattable(shown) {
        return Outcome::failed(shown, format!("file {shown} is not a HCL file"));
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Outcome::failed(shown, unread(shown, &error)),
    };
    let (old, mut outcome) = laid_out(shown, bytes);
    let Some(new) = &outcome.changed else { return outcome };
    if step.diff {
        outcome.diff = unified_diff(&old, new, &format!("old/{shown}"), &format!("new/{shown}"));
    }
    if step.write
        && let Err(error) = replace(path, new)
    {
        let problem = Outcome::failed(shown, format!("failed to write {shown}: {}", os_words(&error))).problem;
        return Outcome { problem, ..outcome };
    }
    outcome
}

/// Formats what standard input holds. The text that was read comes first.
pub fn format_text(shown: &str, bytes: Vec<u8>) -> (String, Outcome) {
    laid_out(shown, bytes)
}

fn laid_out(shown: &str, bytes: Vec<u8>) -> (String, Outcome) {
    let mut files = Files::new();
    let file = match take_bytes(&mut files, shown.to_owned(), bytes) {
        Ok(file) => file,
        Err(diagnostic) => return (String::new(), Outcome::refused(shown, files, diagnostic.into())),
    };
    let (_, diagnostics) = parse_body(&mut files, file);
    if diagnostics.has_errors() {
        return (String::new(), Outcome::refused(shown, files, diagnostics));
    }
    let old = files.get(file).text.to_string();
    let new = format(&old);
    let changed = (new != old).then_some(new);
    (old, Outcome { changed, ..Outcome::default() })
}

impl Outcome {
    fn failed(shown: &str, detail: String) -> Self {
        Self { problem: Some((Files::new(), summary(shown, detail).into())), ..Self::default() }
    }

    /// The text is not valid: that the file is left alone, then why.
    fn refused(shown: &str, files: Files, faults: Diagnostics) -> Self {
        let detail = "It is left as it is, because it is not valid:";
        let mut diagnostics = Diagnostics::from(summary(shown, detail.to_owned()));
        diagnostics.append(faults);
        Self { problem: Some((files, diagnostics)), ..Self::default() }
    }
}

fn summary(shown: &str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("encountered an error while formatting {shown}"), detail, None)
}

fn unread(shown: &str, error: &std::io::Error) -> String {
    let (step, call) = if error.kind() == ErrorKind::IsADirectory { ("read", "read") } else { ("open", "open") };
    format!("failed to {step} {shown}: {call} {shown}: {}", os_words(error))
}
