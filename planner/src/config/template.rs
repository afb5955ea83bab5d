//! The root of a template: all files read together.

use std::borrow::Cow;

use crate::config::data::{self, DataBlock};
use crate::config::local::{self, LocalDefinition};
use crate::config::packer::{self, PackerBlock};
use crate::config::plugin::{self, RequiredPlugin};
use crate::config::pool::{self, PoolBlock};
use crate::config::registry;
use crate::config::shape::{Shape, has_labels};
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
    /// Plugins that the `packer` blocks require, in file order.
    pub plugins: Vec<RequiredPlugin>,
    /// Pools that the `packer` blocks declare, in file order.
    pub pools: Vec<PoolBlock>,
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
    /// `hcp_packer_registry` blocks outside of builds.
    pub registries: Vec<Block>,
}

/// Decodes the bodies of all template files.
///
/// `defaults` is what variable defaults are evaluated with: no variables, and `env` among the functions.
pub fn decode(bodies: &[Body], files: &Files, defaults: &Scope<'_>, diags: &mut Diagnostics) -> Template {
    let mut template = Template::default();
    let bodies: &[Cow<'_, Body>] = &bodies.iter().map(|body| ROOT.content(body, body.span, diags)).collect::<Vec<_>>();
    // What is wrong is told kind by kind, as the reference reads all files for one kind before the next.
    for block in blocks(bodies, "packer", 0) {
        let PackerBlock { plugins, pools } = packer::decode(block, diags);
        template.plugins.extend(plugins);
        template.pools.extend(pools);
    }
    plugin::report_duplicates(&template.plugins, diags);
    pool::report_duplicates(&template.pools, files, diags);
    for block in bodies.iter().flat_map(|body| &body.blocks) {
        match &*block.kind.name {
            "variable" if has_labels(block, 1) => template.variables.extend(variable::decode(block, defaults, diags)),
            "variables" => template.variables.extend(variable::decode_short(block, defaults, diags)),
            _ => {}
        }
    }
    variable::report_duplicates(&template.variables, diags);
    template.data.extend(blocks(bodies, "data", 2).filter_map(|block| data::decode(block, diags)));
    data::report_duplicates(&template.data, files, diags);
    for block in bodies.iter().flat_map(|body| &body.blocks) {
        match &*block.kind.name {
            "local" if has_labels(block, 1) => template.locals.extend(local::decode(block, diags)),
            "locals" => template.locals.extend(local::decode_many(block, diags)),
            _ => {}
        }
    }
    local::report_duplicates(&template.locals, files, diags);
    template.sources.extend(blocks(bodies, "source", 2).map(source::decode));
    template.builds.extend(blocks(bodies, "build", 0).cloned());
    template.registries.extend(blocks(bodies, "hcp_packer_registry", 0).cloned());
    template
}

/// The well-labelled blocks of one type.
fn blocks<'b>(bodies: &'b [Cow<'_, Body>], kind: &'static str, n_labels: usize) -> impl Iterator<Item = &'b Block> {
    let all = bodies.iter().flat_map(|body| &body.blocks);
    all.filter(move |block| &*block.kind.name == kind && has_labels(block, n_labels))
}

/// Reports what is wrong with the blocks that a syntax check does not look at, seen from outside of them.
pub fn check_late(template: &Template, files: &Files, scope: &Scope<'_>, diags: &mut Diagnostics) {
    source::report_duplicates(&template.sources, files, diags);
    for (at, block) in template.registries.iter().enumerate() {
        if at == 0 {
            registry::check(block, scope, diags);
        } else {
            let detail = "A template may hold one registry block.";
            diags.error("Only one hcp_packer_registry is allowed", detail, block.header);
        }
    }
}
