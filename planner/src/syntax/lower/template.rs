//! Templates: quoted strings with sequences, heredocs, template files.
//!
//! The parser's own text of heredoc literals is not used: it dedents before it strips, and by other rules than the
//! reference. The literals are cut out of the source again and redone in `literal.rs`.

use std::ops::Range;

use hcl::edit::expr::Expression;
use hcl::edit::template::{Directive, Element, HeredocTemplate, StringTemplate, Strip, Template};

use crate::syntax::ast::{Expr, ExprKind, ForDirective, IfDirective, TemplatePart};
use crate::syntax::lower::literal::{Line, Piece, decoded, dedent, strip};
use crate::syntax::lower::lowerer::{Lowerer, normalised};
use crate::syntax::scan::is_name_part;

/// What a template is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Quoted,
    Heredoc,
    FlushHeredoc,
    File,
}

impl<'t> Lowerer<'t> {
    /// `"a${b}"`.
    pub(super) fn quoted(&mut self, template: &StringTemplate, range: &Range<usize>) -> ExprKind {
        if let Some(Element::Interpolation(lone)) = template.as_single_element() {
            return ExprKind::Unwrap(Box::new(self.within(true, |lowerer| lowerer.expression(&lone.expr, range))));
        }
        ExprKind::Template(self.parts(template, Kind::Quoted, range))
    }

    /// `<<EOT`, `<<-EOT`.
    pub(super) fn heredoc(&mut self, heredoc: &HeredocTemplate, range: &Range<usize>) -> ExprKind {
        let rest = &self.text[range.end..];
        if !rest[..rest.find('\n').unwrap_or(rest.len())].trim().is_empty() {
            let detail = "The end marker of a heredoc must stand on a line of its own.";
            self.fault("Unterminated template string", detail, &(range.end..range.end));
        }
        if range.end == self.text.len() {
            let detail = "The end marker of a heredoc must be followed by a line end.";
            self.fault("Unterminated template string", detail, &(range.end..range.end));
        }
        self.not_empty(heredoc, range);
        let kind = if self.text[range.start..].starts_with("<<-") { Kind::FlushHeredoc } else { Kind::Heredoc };
        ExprKind::Template(self.parts(&heredoc.template, kind, range))
    }

    /// Refuses a heredoc whose first line is its end marker: the parser takes that for content if the marker stands
    /// further down once more, perhaps as that of another heredoc.
    fn not_empty(&mut self, heredoc: &HeredocTemplate, range: &Range<usize>) {
        let mut lines = self.text[range.clone()].lines().skip(1);
        let ends_at_once = lines.next().is_some_and(|line| line.trim() == heredoc.delimiter.as_str());
        if ends_at_once && lines.next().is_some() {
            self.fault("Invalid heredoc", "The end marker of the heredoc stands in it more than once.", range);
        }
    }

    /// A template file, all of `range`.
    pub(in crate::syntax) fn template_file(&mut self, template: &Template, range: &Range<usize>) -> Expr {
        let kind = match template.as_single_element() {
            Some(Element::Interpolation(lone)) => {
                ExprKind::Unwrap(Box::new(self.within(true, |lowerer| lowerer.expression(&lone.expr, range))))
            }
            _ => ExprKind::Template(self.parts(template, Kind::File, range)),
        };
        Expr { kind, span: self.span(range) }
    }

    fn parts(&mut self, template: &Template, kind: Kind, around: &Range<usize>) -> Box<[TemplatePart]> {
        let mut flat = Flat { kind, pieces: Vec::new(), literals: Vec::new() };
        self.flatten(template, &mut flat, around);
        strip(&mut flat.pieces);
        if kind == Kind::FlushHeredoc {
            dedent(&mut flat.pieces);
        }
        let mut texts = vec![String::new(); flat.literals.len()];
        for piece in &flat.pieces {
            if let Piece::Line { line, literal } = piece {
                texts[*literal].push_str(line.text());
            }
        }
        let mut literals = texts.into_iter().zip(flat.literals);
        self.within(true, |lowerer| lowerer.rebuild(template, &mut literals, around))
    }

    /// Appends the pieces of `template` and of the templates in its directives.
    fn flatten(&mut self, template: &Template, flat: &mut Flat<'t>, around: &Range<usize>) {
        for element in template {
            match element {
                Element::Literal(text) => {
                    let range = self.range(text, around);
                    if flat.kind == Kind::Quoted {
                        let line = Line::new(self.in_quotes(&range));
                        flat.literal(range, [line]);
                    } else {
                        let lines = self.text[range.clone()].split_inclusive('\n').flat_map(line_tokens);
                        flat.literal(range, lines.map(Line::raw));
                    }
                }
                Element::Interpolation(interpolation) => flat.sequence(interpolation.strip),
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(directive) => {
                        flat.sequence(directive.if_expr.strip);
                        self.flatten(&directive.if_expr.template, flat, around);
                        if let Some(otherwise) = &directive.else_expr {
                            flat.sequence(otherwise.strip);
                            self.flatten(&otherwise.template, flat, around);
                        }
                        flat.sequence(directive.endif_expr.strip);
                    }
                    Directive::For(directive) => {
                        flat.sequence(directive.for_expr.strip);
                        self.flatten(&directive.for_expr.template, flat, around);
                        flat.sequence(directive.endfor_expr.strip);
                    }
                },
            }
        }
    }

    /// The parts of `template`; takes its literals, in the order in which they were flattened.
    fn rebuild(
        &mut self,
        template: &Template,
        literals: &mut impl Iterator<Item = (String, Range<usize>)>,
        around: &Range<usize>,
    ) -> Box<[TemplatePart]> {
        let mut parts = Vec::with_capacity(template.len());
        for element in template {
            match element {
                Element::Literal(_) => {
                    let Some((text, range)) = literals.next() else { continue };
                    if !text.is_empty() {
                        parts.push(TemplatePart::Literal(normalised(&text), self.span(&range)));
                    }
                }
                Element::Interpolation(interpolation) => {
                    parts.push(TemplatePart::Interpolation(self.expression(&interpolation.expr, around)));
                }
                Element::Directive(directive) => {
                    let range = self.range(directive.as_ref(), around);
                    parts.push(self.directive(directive, literals, &range));
                }
            }
        }
        parts.into()
    }

    fn directive(
        &mut self,
        directive: &Directive,
        literals: &mut impl Iterator<Item = (String, Range<usize>)>,
        range: &Range<usize>,
    ) -> TemplatePart {
        match directive {
            Directive::If(directive) => {
                self.separate_word(range, &directive.if_expr.cond_expr);
                TemplatePart::If(Box::new(IfDirective {
                    condition: self.expression(&directive.if_expr.cond_expr, range),
                    then: self.rebuild(&directive.if_expr.template, literals, range),
                    otherwise: match &directive.else_expr {
                        Some(otherwise) => self.rebuild(&otherwise.template, literals, range),
                        None => Box::default(),
                    },
                    span: self.span(range),
                }))
            }
            Directive::For(directive) => {
                let intro = &directive.for_expr;
                self.separate_word(range, &intro.collection_expr);
                self.keyword_before(&self.range(&intro.collection_expr, range));
                TemplatePart::For(Box::new(ForDirective {
                    key_name: intro.key_var.as_ref().map(|name| self.ident(name, range)),
                    value_name: self.ident(&intro.value_var, range),
                    collection: self.expression(&intro.collection_expr, range),
                    body: self.rebuild(&intro.template, literals, range),
                    span: self.span(range),
                }))
            }
        }
    }

    /// Refuses `%{ ifx }` and `%{ forx in y }`, which the parser reads as `if x` and `for x in y`.
    fn separate_word(&mut self, range: &Range<usize>, expr: &Expression) {
        let start = (range.start + 2).min(range.end);
        let strip = usize::from(self.text[start..].starts_with('~'));
        let start = self.skip_blank(start + strip);
        let rest = &self.text[start..];
        let word = &rest[..rest.find(|c| !is_name_part(c)).unwrap_or(rest.len())];
        if word != "if" && word != "for" {
            let detail = format!("There is no template control keyword {word:?}.");
            let end = self.range(expr, range).end;
            self.fault("Invalid template control keyword", &detail, &(start..end));
        }
    }

    /// What the text of `range`, in quotes, stands for.
    fn in_quotes(&mut self, range: &Range<usize>) -> String {
        self.one_line(range);
        decoded(&self.text[range.clone()]).unwrap_or_else(|bad| {
            let place = range.start + bad.range.start..range.start + bad.range.end;
            self.fault(bad.summary, bad.detail, &place);
            String::new()
        })
    }

    /// Refuses a line end in the quoted text of `range`.
    pub(super) fn one_line(&mut self, range: &Range<usize>) {
        if let Some(line) = self.text[range.clone()].find('\n') {
            let detail = "A string in quotes must end on the line where it starts.";
            self.fault("Invalid multi-line string", detail, &(range.start..range.start + line));
        }
    }
}

/// A template being flattened.
struct Flat<'t> {
    kind: Kind,
    pieces: Vec<Piece<'t>>,
    /// Where each of the parser's literals stands.
    literals: Vec<Range<usize>>,
}

impl<'t> Flat<'t> {
    /// A literal with its lines.
    fn literal(&mut self, range: Range<usize>, lines: impl IntoIterator<Item = Line<'t>>) {
        let literal = self.literals.len();
        self.pieces.extend(lines.into_iter().map(|line| Piece::Line { line, literal }));
        self.literals.push(range);
    }

    fn sequence(&mut self, strip: Strip) {
        self.pieces.push(Piece::Sequence { strip_before: strip.strip_start(), strip_after: strip.strip_end() });
    }
}

/// A line as the reference's scanner cuts it: a lone `$` or `%` with one character behind it, at the end of a line that
/// ends with CR LF, makes a token of that line end. A strip marker on the next line then takes the line end only.
fn line_tokens(line: &str) -> impl Iterator<Item = &str> {
    let cut = line.strip_suffix("\r\n").filter(|content| {
        let mut last = content.chars().rev();
        let (end, sign) = (last.next(), last.next());
        matches!(sign, Some('$' | '%')) && !matches!(end, Some('{' | '$' | '%'))
    });
    let (content, rest) = line.split_at(cut.map_or(line.len(), str::len));
    [content, rest].into_iter().filter(|token| !token.is_empty())
}
