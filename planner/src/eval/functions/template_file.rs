//! `templatefile`.

use std::sync::Arc;

use crate::diagnostic::{Diagnostics, Severity};
use crate::eval::evaluator::{Scope, evaluate};
use crate::eval::functions::error::CallError;
use crate::eval::functions::file::read;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::lookup::MapLookup;
use crate::eval::reference::references;
use crate::files::Files;
use crate::span::Span;
use crate::syntax::parse_template;
use crate::value::{Value, quote};

const PARAMS: &[Param] = &[Param::new("path", Takes::String), Param::new("vars", Takes::Any)];

pub(super) const FUNCTIONS: &[Function] = &[Function::new("templatefile", PARAMS, returns::any, render)];

/// Stands in for `templatefile` inside of templates.
const RECURSIVE: Function = Function::new("templatefile", PARAMS, returns::any, |_| {
    Err("cannot recursively call templatefile from inside templatefile call".into())
});

fn render(call: &Call<'_>) -> Result<Value, CallError> {
    let Some(entries) = call.args[1].entries() else {
        return Err(CallError::argument(1, "invalid vars value: must be a map"));
    };
    if let Some(name) = entries.keys().find(|name| !is_name(name)) {
        let why = format!(
            "invalid template variable name {}: must start with a letter, followed by zero or more letters, digits, and \
             underscores",
            quote(name)
        );
        return Err(CallError::argument(1, why));
    }
    // The template's own text is only needed for the places in messages, so it lives and dies here.
    let mut files = Files::new();
    let id = files.add(call.text(0), read(call, 0)?);
    let template = parse_template(&files, id).map_err(|found| summary(&found, &files))?;
    for reference in references(&template) {
        if !entries.contains_key(&reference.root) {
            let end = reference.span.start + reference.root.len() as u32;
            let place = place(Span { end, ..reference.span }, &files);
            let why = format!("vars map does not contain key {}, referenced at {place}", quote(&reference.root));
            return Err(CallError::argument(1, why));
        }
    }
    let variables =
        MapLookup::from_iter(entries.iter().map(|(name, value)| (Arc::clone(name).to_string(), value.clone())));
    let functions = call.functions.clone().with(RECURSIVE);
    let scope = Scope { variables: &variables, functions: &functions, host: call.host };
    let mut found = Diagnostics::new();
    let value = evaluate(&template, &scope, &mut found);
    if found.has_errors() { Err(summary(&found, &files)) } else { Ok(value) }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-'))
}

/// The first error with its place in the template, and how many more there are.
fn summary(found: &Diagnostics, files: &Files) -> CallError {
    let mut errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let Some(first) = errors.next() else { return "the template is not valid".into() };
    let place = first.subject.map_or_else(String::new, |span| format!("{}: ", place(span, files)));
    let more = match errors.count() {
        0 => String::new(),
        more => format!(", and {more} other diagnostic(s)"),
    };
    format!("{place}{}; {}{more}", first.summary, first.detail.trim_end_matches('.')).into()
}

/// `file:line,column-column`.
fn place(span: Span, files: &Files) -> String {
    let (line, start) = files.line_column(span.file, span.start);
    let (end_line, end) = files.line_column(span.file, span.end);
    let name = &files.get(span.file).name;
    if line == end_line {
        format!("{name}:{line},{start}-{end}")
    } else {
        format!("{name}:{line},{start}-{end_line},{end}")
    }
}
