//! From a body with `dynamic` blocks to one without.

use std::borrow::Cow;

use crate::config::shape::check_labels;
use crate::diagnostic::Diagnostics;
use crate::dynamic::spec::Spec;
use crate::eval::{Scope, pairs};
use crate::syntax::ast::{Block, Body};

/// Whether `block` stands for other blocks.
pub fn is_dynamic(block: &Block) -> bool {
    &*block.kind.name == "dynamic"
}

/// `body` with the blocks that its `dynamic` blocks stand for in their place.
///
/// `labels` tells how many labels blocks of a type have; it knows none of a type that may not stand here. Collections
/// and labels are evaluated in `scope`, with what the blocks around them bind. What the new blocks hold is left alone:
/// it is expanded when somebody looks into it, as only they know what may stand there.
pub fn expand<'b>(
    body: &'b Body,
    labels: &dyn Fn(&str) -> Option<usize>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    if !body.blocks.iter().any(is_dynamic) {
        return Cow::Borrowed(body);
    }
    let mut blocks = Vec::with_capacity(body.blocks.len());
    for block in &body.blocks {
        if is_dynamic(block) {
            generate(block, labels, scope, &mut blocks, diags);
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

fn generate(
    block: &Block,
    labels: &dyn Fn(&str) -> Option<usize>,
    scope: &Scope<'_>,
    blocks: &mut Vec<Block>,
    diags: &mut Diagnostics,
) {
    check_labels(block, &["type"], diags);
    let [kind] = block.labels.as_slice() else { return };
    let Some(n_labels) = labels(&kind.name) else {
        let detail = format!("Blocks of type {:?} are not expected here.", kind.name);
        diags.error("Unsupported block type", detail, kind.span);
        return;
    };
    let Some(spec) = Spec::read(block, kind, n_labels, scope, diags) else { return };
    match pairs(&spec.collection) {
        Some(pairs) => {
            for (key, value) in pairs {
                blocks.extend(spec.block(key, value, scope, diags));
            }
        }
        None => blocks.extend(spec.unknown_block(scope, diags)),
    }
}
