//! The tree. A node is cheap to copy: what is below it is shared.

use std::sync::Arc;

use crate::span::Span;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, quotes, brackets and braces included.
    pub span: Span,
}

/// The kinds of value.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written, which may be signed.
    Number(Arc<str>),
    /// A string with its escapes decoded.
    String(Arc<str>),
    /// `[a, b]`
    Array(Arc<[Node]>),
    /// `{"k": v}`: properties in order, repeated names kept.
    Object(Arc<[Property]>),
}

/// `"name": value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The name with its escapes decoded.
    pub name: Arc<str>,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Kind::String(text) = &self.kind { Some(text) } else { None }
    }

    /// The items of an array.
    pub fn items(&self) -> Option<&[Node]> {
        if let Kind::Array(items) = &self.kind { Some(items) } else { None }
    }

    /// The properties of an object.
    pub fn properties(&self) -> Option<&[Property]> {
        if let Kind::Object(properties) = &self.kind { Some(properties) } else { None }
    }

    /// What people call such a value.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }

    /// Its first character: what is pointed at when the whole would be too much to show.
    pub fn start(&self) -> Span {
        match self.kind {
            Kind::Array(_) | Kind::Object(_) => Span { end: self.span.start + 1, ..self.span },
            _ => self.span,
        }
    }

    /// Where something that is missing in it could be added: the closing brace of an object.
    pub fn closing(&self) -> Span {
        match self.kind {
            Kind::Object(_) => Span { start: self.span.end - 1, ..self.span },
            _ => self.start(),
        }
    }
}

impl Property {
    /// From the name to the end of the value.
    pub fn span(&self) -> Span {
        self.name_span.to(self.value.span)
    }
}
