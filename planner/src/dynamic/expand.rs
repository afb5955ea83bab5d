//! From a body with `dynamic` blocks to one without.

use std::borrow::Cow;

use crate::config::shape::check_labels;
use crate::diagnostic::Diagnostics;
use crate::dynamic::budget::Budget;
use crate::dynamic::spec::{Spec, content};
use crate::eval::{Scope, pairs};
use crate::syntax::ast::{Block, Body};
use crate::syntax::{DYNAMIC, Role};

/// Whether `block` stands for other blocks.
pub fn is_dynamic(block: &Block) -> bool {
    &*block.kind.name == DYNAMIC
}

/// `body` with the blocks that its `dynamic` blocks stand for in their place.
///
/// `role` tells what the names in the body are. Collections and labels are evaluated in `scope`, with what the blocks
/// around them bind. `budget` is that of all blocks around. What the new blocks hold is left alone: it is expanded when somebody looks into it, as only they
/// know what may stand there.
pub fn expand<'b, 's>(
    body: &'b Body,
    role: &dyn Fn(&str) -> Option<Role<'s>>,
    scope: &Scope<'_>,
    budget: &mut Budget,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    let body = shaped(body, role, diags);
    if !body.blocks.iter().any(is_dynamic) {
        return body;
    }
    let blocks = Vec::with_capacity(body.blocks.len());
    let mut generation = Generation { role, scope, is_unknown: body.is_unknown, blocks, budget, diags };
    for block in &body.blocks {
        if is_dynamic(block) {
            generation.generate(block);
        } else {
            generation.blocks.push(block.clone());
        }
    }
    Cow::Owned(Body {
        attributes: body.attributes.clone(),
        blocks: generation.blocks,
        span: body.span,
        is_unknown: body.is_unknown,
        json: body.json.clone(),
    })
}

/// `body` with its blocks, `dynamic` ones included, told from its attributes.
pub fn shaped<'b, 's>(
    body: &'b Body,
    role: &dyn Fn(&str) -> Option<Role<'s>>,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    let with_dynamic = |name: &str| if name == DYNAMIC { Some(Role::Block(&["type"])) } else { role(name) };
    body.shaped(with_dynamic, diags)
}

struct Generation<'a, 's> {
    role: &'a dyn Fn(&str) -> Option<Role<'s>>,
    scope: &'a Scope<'a>,
    /// Whether the body itself stands for any number of blocks.
    is_unknown: bool,
    blocks: Vec<Block>,
    budget: &'a mut Budget,
    diags: &'a mut Diagnostics,
}

impl Generation<'_, '_> {
    fn generate(&mut self, block: &Block) {
        let Self { scope, diags, .. } = self;
        check_labels(block, &["type"], diags);
        let [kind] = block.labels.as_slice() else { return };
        let Some(Role::Block(labels)) = (self.role)(&kind.name) else {
            let detail = format!("Blocks of type {:?} are not expected here.", kind.name);
            diags.error("Unsupported block type", detail, kind.span);
            return;
        };
        let Some(body) = content(block, labels.len(), diags) else { return };
        let Some(spec) = Spec::read((block, &body), kind, labels.len(), scope, diags) else { return };
        match pairs(&spec.collection) {
            Some(pairs) => {
                if !self.budget.take(pairs.len(), spec.content, block.header, diags) {
                    return;
                }
                for (key, value) in pairs {
                    self.blocks.extend(spec.block(key, value, self.is_unknown, scope, diags));
                }
            }
            None => self.blocks.extend(spec.unknown_block(scope, diags)),
        }
    }
}
