//! What may stand in a block of our own: checks names and labels and words the complaint as HCL does.

use crate::diagnostic::Diagnostics;
use crate::span::Span;
use crate::suggest::suggest;
use crate::syntax;
use crate::syntax::ast::{Attribute, Block, Body, Ident};

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
    /// Reports everything in `body` that the shape does not allow or misses. `owner` is pointed at when an argument is
    /// missing.
    pub fn check(&self, body: &Body, owner: Span, diags: &mut Diagnostics) {
        for name in self.required {
            if attribute(body, name).is_none() {
                let detail = format!("The argument {name:?} is required, but no definition was found.");
                diags.error("Missing required argument", detail, owner);
            }
        }
        for block in &body.blocks {
            if let Some((_, labels)) = self.blocks.iter().find(|(kind, _)| *kind == &*block.kind.name) {
                check_labels(block, labels, diags);
            }
        }
        for attribute in &body.attributes {
            if !self.attributes.contains(&&*attribute.name.name) {
                self.unsupported_argument(&attribute.name, diags);
            }
        }
        for block in &body.blocks {
            if self.labels(&block.kind.name).is_none() {
                self.unsupported_block(&block.kind, diags);
            }
        }
    }

    /// How many labels blocks of type `kind` have; none when they may not stand here.
    pub fn labels(&self, kind: &str) -> Option<usize> {
        self.blocks.iter().find(|(known, _)| *known == kind).map(|(_, labels)| labels.len())
    }

    fn unsupported_argument(&self, name: &Ident, diags: &mut Diagnostics) {
        let is_block = self.blocks.iter().any(|(kind, _)| *kind == &*name.name);
        let hint = if is_block {
            format!(" Did you mean to define a block of type {:?}?", name.name)
        } else {
            did_you_mean(&name.name, self.attributes.iter().copied())
        };
        let detail = format!("An argument named {:?} is not expected here.{hint}", name.name);
        diags.error("Unsupported argument", detail, name.span);
    }

    fn unsupported_block(&self, kind: &Ident, diags: &mut Diagnostics) {
        let hint = if self.attributes.contains(&&*kind.name) {
            format!(
                " Did you mean to define argument {:?}? If so, use the equals sign to assign it a value.",
                kind.name
            )
        } else {
            did_you_mean(&kind.name, self.blocks.iter().map(|(kind, _)| *kind))
        };
        let detail = format!("Blocks of type {:?} are not expected here.{hint}", kind.name);
        diags.error("Unsupported block type", detail, kind.span);
    }
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
        diags.error(format!("Missing {missing} for {kind}"), detail, block.header);
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

/// Reports blocks in a body that holds nothing but names and values.
pub fn report_blocks(body: &Body, diags: &mut Diagnostics) {
    if let Some(block) = body.blocks.first() {
        let summary = format!("Unexpected {:?} block", block.kind.name);
        diags.error(summary, "Blocks are not allowed here.", block.kind.span);
    }
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
