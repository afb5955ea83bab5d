//! What a build block must know before its builds can be listed: names, source lists, meta-arguments, and the
//! collections and labels of `dynamic` blocks.

use std::sync::Arc;

use crate::config::build::{BUILD, CHAIN};
use crate::config::component::{POST_PROCESSOR_META, PROVISIONER_META};
use crate::config::shape::Shape;
use crate::diagnostic::Diagnostics;
use crate::dynamic::{self, Parts, is_dynamic};
use crate::eval::{self, Reference};
use crate::syntax::ast::{Attribute, Block, Body};

/// All references in the parts of a `build` block's body that decide what it builds.
pub(super) fn references(build: &Body) -> Vec<Reference> {
    let mut walk = Walk { bound: Vec::new(), found: Vec::new() };
    walk.arguments(build, &["name", "description", "sources"]);
    walk.blocks(&BUILD, build);
    walk.found
}

struct Walk {
    /// Iterators of the `dynamic` blocks around.
    bound: Vec<Arc<str>>,
    found: Vec<Reference>,
}

impl Walk {
    fn blocks(&mut self, shape: &Shape, body: &Body) {
        // What is wrong is said when the block is decoded.
        let body = dynamic::shaped(body, &|name| shape.role(name), &mut Diagnostics::new());
        for block in &body.blocks {
            if is_dynamic(block) {
                self.dynamic(block);
            } else {
                self.block(&block.kind.name, &block.body);
            }
        }
    }

    fn block(&mut self, kind: &str, body: &Body) {
        match kind {
            "provisioner" | "error-cleanup-provisioner" => self.arguments(body, PROVISIONER_META),
            "post-processor" => self.arguments(body, POST_PROCESSOR_META),
            "post-processors" => self.blocks(&CHAIN, body),
            _ => {}
        }
    }

    fn dynamic(&mut self, block: &Block) {
        let body = dynamic::own_body(block);
        let Some(Parts { kind, iterator, for_each, labels, content }) = Parts::of(block, &body) else { return };
        self.argument(for_each);
        self.bound.push(iterator);
        self.argument(labels);
        if let Some(content) = content {
            self.block(kind, content);
        }
        self.bound.pop();
    }

    fn arguments(&mut self, body: &Body, names: &[&str]) {
        for attribute in body.attributes.iter().filter(|attribute| names.contains(&&*attribute.name.name)) {
            self.argument(Some(attribute));
        }
    }

    fn argument(&mut self, attribute: Option<&Attribute>) {
        let Some(attribute) = attribute else { return };
        let references = eval::references(&attribute.expr).into_iter();
        self.found.extend(references.filter(|reference| !self.bound.contains(&reference.root)));
    }
}
