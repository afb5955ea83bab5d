//! What may stand in a block of our own: checks names and labels and words the complaint as HCL does.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::Span;
use crate::suggest::suggest;
use crate::syntax::ast::{Attribute, Block, Body, Ident};
use crate::syntax::{self, Role};

/// The allowed content of one kind of block.
pub struct Shape {
    /// Argument names.
    pub attributes: &'static [&'static str],
    /// Argument names that must be there.
    pub required: &'static [&'static str],
    /// Nested block types with the names of their labels.
    pub blocks: &'static [(&'static str, &'static [&'static str])],
}

impl Shape {
    /// `body` with its blocks and attributes told apart. Everything that the shape does not allow or misses is reported;
    /// `owner` is pointed at when an argument is missing.
    pub fn content<'b>(&self, body: &'b Body, owner: Span, diags: &mut Diagnostics) -> Cow<'b, Body> {
        let body = body.shaped(|name| self.role(name), diags);
        self.check(&body, owner, diags);
        body
    }

    /// What `name` is in this shape.
    pub fn role(&self, name: &str) -> Option<Role<'static>> {
        if self.attributes.contains(&name) {
            return Some(Role::Attribute);
        }
        self.blocks.iter().find(|(kind, _)| *kind == name).map(|(_, labels)| Role::Block(labels))
    }

    /// The part of [`Shape::content`] that reports, for a body that was told apart already.
    pub fn check(&self, body: &Body, owner: Span, diags: &mut Diagnostics) {
        for name in self.required {
            if attribute(body, name).is_none() {
                let detail = format!("The argument {name:?} is required, but no definition was found.");
                diags.error("Missing required argument", detail, body.missing_at().unwrap_or(owner));
            }
        }
        for block in &body.blocks {
            if let Some((_, labels)) = self.blocks.iter().find(|(kind, _)| *kind == &*block.kind.name) {
                check_labels(block, labels, diags);
            }
        }
        for attribute in &body.attributes {
            if !self.attributes.contains(&&*attribute.name.name) {
                diags.push(self.unsupported_argument(&attribute.name, body));
            }
        }
        for block in &body.blocks {
            if !self.blocks.iter().any(|(kind, _)| *kind == &*block.kind.name) {
                diags.push(self.unsupported_block(&block.kind));
            }
        }
    }

    fn unsupported_argument(&self, name: &Ident, body: &Body) -> Diagnostic {
        let (attributes, blocks) = (self.attributes.iter().copied(), self.blocks.iter().map(|(kind, _)| *kind));
        unsupported_argument(name, body, attributes, blocks)
    }

    fn unsupported_block(&self, kind: &Ident) -> Diagnostic {
        unsupported_block(kind, self.attributes.iter().copied(), self.blocks.iter().map(|(kind, _)| *kind))
    }
}

/// The complaint about an argument that is not among `attributes`.
pub fn unsupported_argument<'a>(
    name: &Ident,
    body: &Body,
    attributes: impl Iterator<Item = &'a str>,
    mut blocks: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    // Arguments that are there already are not what was meant. There may be many, so look only for what is near.
    let near = attributes.filter(|known| suggest(&name.name, std::iter::once(*known)).is_some());
    let unused = near.filter(|known| attribute(body, known).is_none());
    if body.json.is_some() {
        let hint = did_you_mean(&name.name, unused.chain(blocks));
        let detail = format!("No argument or block type is named {:?}.{hint}", name.name);
        return Diagnostic::error("Extraneous JSON object property", detail, name.span);
    }
    let mut hint = did_you_mean(&name.name, unused);
    if hint.is_empty() && blocks.any(|kind| kind == &*name.name) {
        hint = format!(" Did you mean to define a block of type {:?}?", name.name);
    }
    let detail = format!("An argument named {:?} is not expected here.{hint}", name.name);
    Diagnostic::error("Unsupported argument", detail, name.span)
}

/// The complaint about a block whose type is not among `blocks`.
pub fn unsupported_block<'a>(
    kind: &Ident,
    mut attributes: impl Iterator<Item = &'a str>,
    blocks: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let mut hint = did_you_mean(&kind.name, blocks);
    if hint.is_empty() && attributes.any(|name| name == &*kind.name) {
        hint = format!(
            " Did you mean to define argument {:?}? If so, use the equals sign to assign it a value.",
            kind.name
        );
    }
    let detail = format!("Blocks of type {:?} are not expected here.{hint}", kind.name);
    Diagnostic::error("Unsupported block type", detail, kind.span)
}

/// ` Did you mean "x"?`, or nothing when no known name is close.
pub fn did_you_mean<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    suggest(given, known).map_or_else(String::new, |name| format!(" Did you mean {name:?}?"))
}

/// Reports labels that `block` lacks, or has too many of.
pub fn check_labels(block: &Block, names: &[&str], diags: &mut Diagnostics) {
    let kind = &block.kind.name;
    if let Some(missing) = names.get(block.labels.len()) {
        let detail = format!("All {kind} blocks must have {} labels ({}).", names.len(), names.join(", "));
        let brace = Span { end: block.body.span.start + 1, ..block.body.span };
        diags
            .push(Diagnostic::error(format!("Missing {missing} for {kind}"), detail, brace).with_context(block.header));
    } else if let Some(extra) = block.labels.get(names.len()) {
        let detail = if names.is_empty() {
            format!("No labels are expected for {kind} blocks.")
        } else {
            format!("Only {} labels ({}) are expected for {kind} blocks.", names.len(), names.join(", "))
        };
        diags.error(format!("Extraneous label for {kind}"), detail, extra.span);
    }
}

/// Whether `block` carries as many labels as it should; those that do not were reported by [`Shape::check`].
pub fn has_labels(block: &Block, n_labels: usize) -> bool {
    block.labels.len() == n_labels
}

/// The attribute called `name`.
pub fn attribute<'a>(body: &'a Body, name: &str) -> Option<&'a Attribute> {
    body.attributes.iter().find(|attribute| &*attribute.name.name == name)
}

/// Whether `name` may name a variable, local or data source; reports under `summary` when not.
pub fn check_identifier(name: &Ident, summary: &str, diags: &mut Diagnostics) -> bool {
    let valid = syntax::is_identifier(&name.name);
    if !valid {
        let detail = "A name must start with a letter or underscore and may contain only letters, digits, underscores, and dashes.";
        diags.error(summary, detail, name.span);
    }
    valid
}
