//! The root of a template: all files read together.

use crate::config::data::{self, DataBlock};
use crate::config::local::{self, LocalDefinition};
use crate::config::packer::{self, PackerBlock};
use crate::config::shape::{self, Shape};
use crate::config::source::{self, SourceBlock};
use crate::config::variable::{self, VariableBlock};
use crate::diagnostic::Diagnostics;
use crate::eval::Scope;
use crate::files::Files;
use crate::syntax::ast::{Block, Body};

const ROOT: Shape = Shape {
    attributes: &[],
    required: &[],
    blocks: &[
        ("packer", &[]),
        ("variable", &["name"]),
        ("variables", &[]),
        ("local", &["name"]),
        ("locals", &[]),
        ("data", &["type", "name"]),
        ("source", &["type", "name"]),
        ("build", &[]),
        ("hcp_packer_registry", &[]),
        ("communicator", &["type", "name"]),
    ],
};

/// A decoded template. Expressions are still unevaluated, except variable defaults.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// `packer` blocks.
    pub packer: Vec<PackerBlock>,
    /// Declared variables, in file order.
    pub variables: Vec<VariableBlock>,
    /// Locals of both block forms, in file order.
    pub locals: Vec<LocalDefinition>,
    /// Data sources, in file order.
    pub data: Vec<DataBlock>,
    /// Sources, in file order.
    pub sources: Vec<SourceBlock>,
    /// `build` blocks, in file order. What is in them is decided when values are known: see [`super::build::decode`].
    pub builds: Vec<Block>,
}

/// Decodes the bodies of all template files.
///
/// `defaults` is what variable defaults are evaluated with: no variables, and `env` among the functions.
pub fn decode(bodies: &[Body], files: &Files, defaults: &Scope<'_>, diags: &mut Diagnostics) -> Template {
    let mut template = Template::default();
    let mut registries = 0;
    for body in bodies {
        ROOT.check(body, body.span, diags);
        for block in &body.blocks {
            match &*block.kind.name {
                "packer" => template.packer.push(packer::decode(block, diags)),
                "variable" if shape::has_labels(block, 1) => {
                    template.variables.extend(variable::decode(block, defaults, diags));
                }
                "variables" => template.variables.extend(variable::decode_short(block, defaults, diags)),
                "local" if shape::has_labels(block, 1) => template.locals.extend(local::decode(block, defaults, diags)),
                "locals" => template.locals.extend(local::decode_many(block, diags)),
                "data" if shape::has_labels(block, 2) => template.data.extend(data::decode(block, diags)),
                "source" if shape::has_labels(block, 2) => template.sources.push(source::decode(block)),
                "build" => template.builds.push(block.clone()),
                "hcp_packer_registry" => {
                    registries += 1;
                    reject_registry(block.header, registries, diags);
                }
                _ => {}
            }
        }
    }
    report_duplicates(&template, files, diags);
    template
}

/// The registry is a remote service; a template that wants one must not be told that it was used.
fn reject_registry(at: crate::span::Span, nth: usize, diags: &mut Diagnostics) {
    if nth > 1 {
        diags.error("Only one hcp_packer_registry is allowed", "A template may hold one registry block.", at);
    } else {
        let detail = "This version does not publish to a registry. The block is read and nothing is sent.";
        diags.warning("hcp_packer_registry has no effect", detail, at);
    }
}

fn report_duplicates(template: &Template, files: &Files, diags: &mut Diagnostics) {
    variable::report_duplicates(&template.variables, diags);
    local::report_duplicates(&template.locals, files, diags);
    source::report_duplicates(&template.sources, files, diags);
    data::report_duplicates(&template.data, files, diags);
}
