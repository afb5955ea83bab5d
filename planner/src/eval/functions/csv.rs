//! `csvdecode`, by the rules of Go's reader: quotes only around whole fields, and as many fields in every record.
//!
//! The `csv` crate is no help: it reads what Go refuses, and the refusal, with its line, is what templates show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes};
use crate::value::{Type, Value, quote};

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("csvdecode", &[Param::new("str", Takes::String)], table_type, table)];

/// A list of objects, whose attributes the first record names.
fn table_type(args: &[Value]) -> Result<Type, CallError> {
    let Some(text) = args[0].as_str() else { return Ok(Type::Dynamic) };
    let header = Reader::new(text).record()?.ok_or("missing header line")?;
    let mut names = BTreeSet::new();
    if let Some(double) = header.fields.iter().find(|name| !names.insert(name.as_str())) {
        return Err(format!("duplicate column name {}", quote(double)).into());
    }
    Ok(Type::list(Type::object(header.fields.into_iter().map(|name| (name, Type::String)))))
}

fn table(call: &Call<'_>) -> Result<Value, CallError> {
    let mut reader = Reader::new(call.text(0));
    let header = reader.record()?.ok_or("missing header line")?;
    let names: Vec<Arc<str>> = header.fields.into_iter().map(Arc::from).collect();
    let mut rows = Vec::new();
    while let Some(record) = reader.record()? {
        if record.fields.len() != names.len() {
            return Err(fault(record.line, "wrong number of fields"));
        }
        let entries = names.iter().cloned().zip(record.fields.into_iter().map(Value::string));
        rows.push(Value::Object(Arc::new(entries.collect::<BTreeMap<Arc<str>, Value>>())));
    }
    let element = call.ty.element().cloned().unwrap_or(Type::Dynamic);
    Ok(Value::List(element, rows.into()))
}

const EXTRANEOUS: &str = "extraneous or missing \" in quoted-field";

fn fault(line: usize, why: &str) -> CallError {
    format!("CSV parse error on line {line}: {why}").into()
}

/// The fields of one record, and the line where it begins.
struct Record {
    fields: Vec<String>,
    line: usize,
}

/// Reads records.
struct Reader<'t> {
    /// What is left of the line being read, without its end.
    line: &'t str,
    /// Whether that line has an end.
    has_end: bool,
    /// Its number.
    number: usize,
    /// The lines behind it.
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        // A carriage return at the very end is half an end of line.
        Self { line: "", has_end: true, number: 0, rest: text.strip_suffix('\r').unwrap_or(text) }
    }

    /// Goes on to the next line, if there is one.
    fn advance(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        let (line, rest) = match self.rest.split_once('\n') {
            Some((line, rest)) => (line.strip_suffix('\r').unwrap_or(line), Some(rest)),
            None => (self.rest, None),
        };
        self.line = line;
        self.has_end = rest.is_some();
        self.rest = rest.unwrap_or_default();
        self.number += 1;
        true
    }

    /// The next record. Empty lines are none.
    fn record(&mut self) -> Result<Option<Record>, CallError> {
        while self.advance() {
            if !self.line.is_empty() {
                return self.fields().map(Some);
            }
        }
        Ok(None)
    }

    fn fields(&mut self) -> Result<Record, CallError> {
        let mut record = Record { fields: Vec::new(), line: self.number };
        loop {
            let field = match self.line.strip_prefix('"') {
                Some(quoted) => {
                    self.line = quoted;
                    self.quoted()?
                }
                None => self.bare()?,
            };
            record.fields.push(field);
            match self.line.strip_prefix(',') {
                Some(rest) => self.line = rest,
                None if self.line.is_empty() => return Ok(record),
                None => return Err(fault(self.number, EXTRANEOUS)),
            }
        }
    }

    /// A field without quotes.
    fn bare(&mut self) -> Result<String, CallError> {
        let (field, rest) = self.line.split_at(self.line.find(',').unwrap_or(self.line.len()));
        if field.contains('"') {
            return Err(fault(self.number, "bare \" in non-quoted-field"));
        }
        self.line = rest;
        Ok(field.to_owned())
    }

    /// A quoted field, which may go on for several lines, after its opening quote.
    fn quoted(&mut self) -> Result<String, CallError> {
        let mut field = String::new();
        loop {
            if let Some((before, after)) = self.line.split_once('"') {
                field.push_str(before);
                self.line = after;
                match after.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        self.line = after;
                    }
                    None => return Ok(field),
                }
                continue;
            }
            field.push_str(self.line);
            if self.has_end {
                field.push('\n');
            }
            if !self.advance() {
                return Err(fault(self.number, EXTRANEOUS));
            }
        }
    }
}
