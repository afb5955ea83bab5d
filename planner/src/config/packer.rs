//! The `packer` block: what the template needs of the program itself, and how much there is of what builds share.

use crate::config::plugin::{self, RequiredPlugin};
use crate::config::pool::{self, PoolBlock};
use crate::config::shape::{Shape, attribute, has_labels};
use crate::diagnostic::Diagnostics;
use crate::eval;
use crate::syntax::Role;
use crate::syntax::ast::{Block, Body, Expr};
use crate::value::{Type, convert};
use crate::version::{Constraint, Version};

const PACKER: Shape = Shape {
    attributes: &["required_version"],
    required: &[],
    blocks: &[("required_plugins", &[]), ("pool", &["name"])],
};

/// What a `packer` block says.
#[derive(Clone, Debug, Default)]
pub struct PackerBlock {
    /// The plugins it requires.
    pub plugins: Vec<RequiredPlugin>,
    /// The pools it declares.
    pub pools: Vec<PoolBlock>,
}

/// Decodes a `packer` block. Versions were looked at before, see [`check_versions`].
pub fn decode(block: &Block, diags: &mut Diagnostics) -> PackerBlock {
    let body = PACKER.content(&block.body, block.header, diags);
    let mut decoded = PackerBlock::default();
    for inner in &body.blocks {
        match &*inner.kind.name {
            "required_plugins" if has_labels(inner, 0) => decoded.plugins.extend(plugin::decode(inner, diags)),
            "pool" if has_labels(inner, 1) => decoded.pools.extend(pool::decode(inner, diags)),
            _ => {}
        }
    }
    decoded
}

/// Checks every `required_version` against this program's own version. Nothing else in the files is looked at: what they
/// need a newer program for must not hide that they do. Pre-releases count as the release they lead to.
pub fn check_versions(bodies: &[Body], version: &str, diags: &mut Diagnostics) {
    let release = version.split('-').next().unwrap_or(version);
    let own = Version::parse(release);
    // Nothing else of the template is looked at before its version is known to fit.
    let packer = |name: &str| (name == "packer").then_some(Role::Block(&[]));
    let bodies: Vec<_> = bodies.iter().map(|body| body.shaped(packer, &mut Diagnostics::new())).collect();
    let blocks = bodies.iter().flat_map(|body| &body.blocks).filter(|block| &*block.kind.name == "packer");
    for attribute in blocks.filter_map(|block| attribute(&block.body, "required_version")) {
        let Some(constraint) = read_constraint(&attribute.expr, diags) else { continue };
        if own.as_ref().is_some_and(|own| !constraint.allows(own)) {
            let detail = format!(
                "This configuration does not support Packer version {version}. To proceed, either choose another supported \
                 Packer version or update this version constraint. Version constraints are normally set for good reason, \
                 so updating the constraint may lead to other errors or unexpected behavior."
            );
            diags.error("Unsupported Packer Core version", detail, attribute.expr.span);
        }
    }
}

/// The constraint that `expr` says; none when it says nothing, by null or by mistake.
fn read_constraint(expr: &Expr, diags: &mut Diagnostics) -> Option<Constraint> {
    let mut found = Diagnostics::new();
    let value = eval::evaluate_constant(expr, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    let detail = match convert(&value, &Type::String) {
        _ if failed || value.is_null() => return None,
        Ok(text) => match Constraint::parse(text.as_str().unwrap_or_default()) {
            Ok(constraint) => return Some(constraint),
            Err(error) => format!("This is no version constraint, such as \">= 1.7.0\": {error}."),
        },
        Err(error) => format!("A version constraint is a text, such as \">= 1.7.0\": {error}."),
    };
    diags.error("Invalid version constraint", detail, expr.span);
    None
}
