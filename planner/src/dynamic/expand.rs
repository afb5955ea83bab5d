//! From a body with `dynamic` blocks to one without.

use std::borrow::Cow;

use crate::config::shape::check_labels;
use crate::diagnostic::Diagnostics;
use crate::dynamic::spec::{Spec, content};
use crate::eval::{Scope, pairs};
use crate::syntax::Role;
use crate::syntax::ast::{Block, Body};

/// The type of blocks that stand for others.
pub(super) const DYNAMIC: &str = "dynamic";

/// How many blocks one can stand for.
const MAX_BLOCKS: usize = 1 << 18;

/// Whether `block` stands for other blocks.
pub fn is_dynamic(block: &Block) -> bool {
    &*block.kind.name == DYNAMIC
}

/// `body` with the blocks that its `dynamic` blocks stand for in their place.
///
/// `role` tells what the names in the body are. Collections and labels are evaluated in `scope`, with what the blocks
/// around them bind. What the new blocks hold is left alone: it is expanded when somebody looks into it, as only they
/// know what may stand there.
pub fn expand<'b>(
    body: &'b Body,
    role: &dyn Fn(&str) -> Option<Role<'static>>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    let body = shaped(body, role, diags);
    if !body.blocks.iter().any(is_dynamic) {
        return body;
    }
    let mut blocks = Vec::with_capacity(body.blocks.len());
    for block in &body.blocks {
        if is_dynamic(block) {
            generate(block, role, scope, &mut blocks, diags);
        } else {
            blocks.push(block.clone());
        }
    }
    Cow::Owned(Body {
        attributes: body.attributes.clone(),
        blocks,
        span: body.span,
        is_unknown: body.is_unknown,
        json: body.json.clone(),
    })
}

/// `body` with its blocks, `dynamic` ones included, told from its attributes.
pub fn shaped<'b>(
    body: &'b Body,
    role: &dyn Fn(&str) -> Option<Role<'static>>,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    let with_dynamic = |name: &str| if name == DYNAMIC { Some(Role::Block(&["type"])) } else { role(name) };
    body.shaped(with_dynamic, diags)
}

fn generate(
    block: &Block,
    role: &dyn Fn(&str) -> Option<Role<'static>>,
    scope: &Scope<'_>,
    blocks: &mut Vec<Block>,
    diags: &mut Diagnostics,
) {
    check_labels(block, &["type"], diags);
    let [kind] = block.labels.as_slice() else { return };
    let Some(Role::Block(labels)) = role(&kind.name) else {
        let detail = format!("Blocks of type {:?} are not expected here.", kind.name);
        diags.error("Unsupported block type", detail, kind.span);
        return;
    };
    let Some(body) = content(block, labels.len(), diags) else { return };
    let Some(spec) = Spec::read((block, &body), kind, labels.len(), scope, diags) else { return };
    match pairs(&spec.collection) {
        Some(pairs) if pairs.len() > MAX_BLOCKS => {
            let detail = format!("The collection has more than {MAX_BLOCKS} elements, and there is a block for each.");
            diags.error("Too many dynamic blocks", detail, block.header);
        }
        Some(pairs) => {
            for (key, value) in pairs {
                blocks.extend(spec.block(key, value, scope, diags));
            }
        }
        None => blocks.extend(spec.unknown_block(scope, diags)),
    }
}
