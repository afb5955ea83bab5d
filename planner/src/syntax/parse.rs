//! The entry points: a file's text to its tree, or to what is wrong with it.

use std::ops::Range;

use hcl::edit::Span as EditSpan;
use hcl::edit::expr::Expression;
use hcl::edit::parser;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Files;
use crate::span::{FileId, Span};
use crate::syntax::ast::{Body, Expr};
use crate::syntax::explain::{Finding, explain_body, explain_expression, explain_template};
use crate::syntax::lower::Lowerer;
use crate::syntax::origin::Origin;
use crate::syntax::outline;
use crate::syntax::reading::Reading;
use crate::syntax::refusal::{REPEATED_KEY, is_limit, refusal, too_deep};
use crate::syntax::repair::Repair;
use crate::syntax::scan::Mode;

/// The body of a `.hcl` file; none when there are errors. Also records the file's outline for diagnostics.
pub fn parse_body(files: &mut Files, file: FileId) -> (Option<Body>, Diagnostics) {
    read_body(&files.get(file).text.clone(), file).record(files, file)
}

/// The body of a file whose text is `text`, without a look at any other file.
pub(super) fn read_body(text: &str, file: FileId) -> Reading {
    let source = Source::new(text, file);
    match source.read(Mode::Body, explain_body, |repair| source.body(repair)) {
        Ok(body) => Reading { outline: outline::of_body(&body), body: Some(body), diagnostics: Diagnostics::new() },
        Err(diagnostics) => {
            Reading { outline: outline::of_text(source.text, file, source.origin.base), body: None, diagnostics }
        }
    }
}

/// A file that is one expression, which may run over several lines.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_expression(files: &Files, file: FileId) -> Result<Expr, Diagnostics> {
    let source = Source::new(&files.get(file).text, file);
    source.read(Mode::Expression, explain_expression, |repair| source.expression(repair))
}

/// A file that is a template: text with `${…}` and `%{…}` sequences.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_template(files: &Files, file: FileId) -> Result<Expr, Diagnostics> {
    let source = Source::new(&files.get(file).text, file);
    source.read(Mode::Template, explain_template, |repair| source.template(repair))
}

/// Whether `text` could stand in an expression as a name.
pub fn is_identifier(text: &str) -> bool {
    hcl::Identifier::new(text).is_ok()
}

/// The JSON string at `span` of `document` as a template, `string` being its text.
pub(super) fn parse_string_template(string: &str, document: &str, span: Span) -> Result<Expr, Diagnostics> {
    let source = Source { text: string, origin: Origin::json_string(document, span) };
    source.read(Mode::Template, explain_template, |repair| source.template(repair))
}

/// The JSON string at `span` of `document` as an expression, `string` being its text.
pub(super) fn parse_string_expression(string: &str, document: &str, span: Span) -> Result<Expr, Diagnostics> {
    let source = Source { text: string, origin: Origin::json_string(document, span) };
    source.read(Mode::Expression, explain_expression, |repair| source.expression(repair))
}

/// A text to parse, and where it comes from.
struct Source<'t> {
    text: &'t str,
    origin: Origin,
}

impl<'t> Source<'t> {
    /// A file's text without its byte order mark.
    fn new(text: &'t str, file: FileId) -> Self {
        let stripped = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text: stripped, origin: Origin::plain(file, text.len() - stripped.len()) }
    }

    /// Parses with `attempt`. Text that is refused is explained; when it is valid by the grammar, what the parser
    /// cannot take is hidden from it, and it is tried again.
    fn read<T>(
        &self,
        mode: Mode,
        explain: impl Fn(&str) -> Vec<Finding>,
        attempt: impl Fn(&Repair<'t>) -> Result<T, Finding>,
    ) -> Result<T, Diagnostics> {
        match Repair::for_speed(self.text, mode).map(|repair| attempt(&repair)) {
            Some(Ok(tree)) => return Ok(tree),
            Some(Err(fault)) if is_limit(&fault) => return Err(self.diagnostics(vec![fault])),
            Some(Err(_)) | None => {}
        }
        let findings = explain(self.text);
        if !findings.is_empty() {
            return Err(self.diagnostics(findings));
        }
        attempt(&Repair::for_refusal(self.text, mode)).map_err(|fault| {
            // All objects were hidden but those that are nested too deeply.
            let fault = if fault.summary == REPEATED_KEY { too_deep(fault.subject) } else { fault };
            self.diagnostics(vec![fault])
        })
    }

    fn body(&self, repair: &Repair<'t>) -> Result<Body, Finding> {
        let mut lowerer = Lowerer::new(repair, &self.origin);
        let body = lowerer.file(&self.all());
        lowerer.done(body)
    }

    fn template(&self, repair: &Repair<'t>) -> Result<Expr, Finding> {
        let masked = repair.masked("", self.all(), "");
        let template = parser::parse_template(&masked).map_err(|error| self.refusal(&error, 0))?;
        let mut lowerer = Lowerer::new(repair, &self.origin);
        let expr = lowerer.template_file(&template, &self.all());
        lowerer.done(expr)
    }

    /// In parentheses of our own, the expression may run over line ends and end with a comment.
    fn expression(&self, repair: &Repair<'t>) -> Result<Expr, Finding> {
        let text = repair.masked("(", self.all(), "\n)");
        let expr = parser::parse_expr(&text).map_err(|error| self.refusal(&error, -1))?;
        match &expr {
            Expression::Parenthesis(ours) if ours.span() == Some(0..text.len()) => {
                let mut lowerer = Lowerer::new(repair, &self.origin);
                let expr = lowerer.shifted(-1, |lowerer| {
                    lowerer.within(true, |lowerer| lowerer.expression(ours.inner(), &self.all()))
                });
                lowerer.done(expr)
            }
            // The text closed them, as in `a) + (b`.
            _ => {
                let detail = "A closing parenthesis has no opening one.".to_owned();
                Err(Finding { summary: "Unbalanced parentheses", detail, subject: (0, self.text.len()), context: None })
            }
        }
    }

    fn all(&self) -> Range<usize> {
        0..self.text.len()
    }

    fn refusal(&self, error: &parser::Error, shift: isize) -> Finding {
        refusal(error, error.location().offset().saturating_add_signed(shift), self.text)
    }

    fn diagnostics(&self, findings: Vec<Finding>) -> Diagnostics {
        let span = |start, end| self.origin.span(start, end);
        let diagnostic = |finding: Finding| {
            let (start, end) = finding.subject;
            let diagnostic = Diagnostic::error(finding.summary, finding.detail, span(start, end));
            match finding.context {
                Some(from) => diagnostic.with_context(span(from.min(start), end)),
                None => diagnostic,
            }
        };
        findings.into_iter().map(diagnostic).collect()
    }
}
