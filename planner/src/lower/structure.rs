//! What a build block must know before its builds can be listed: names, source lists, meta-arguments, and the
//! collections and labels of `dynamic` blocks.

use crate::config::component::{POST_PROCESSOR_META, PROVISIONER_META};
use crate::dynamic::{Parts, is_dynamic};
use crate::eval::{self, Reference};
use crate::syntax::ast::{Attribute, Body};

/// All references in the parts of a `build` block's body that decide what it builds.
pub(super) fn references(build: &Body) -> Vec<Reference> {
    let mut walk = Walk { bound: Vec::new(), found: Vec::new() };
    walk.arguments(build, &["name", "description", "sources"]);
    walk.blocks(build);
    walk.found
}

struct Walk<'b> {
    /// Iterators of the `dynamic` blocks around.
    bound: Vec<&'b str>,
    found: Vec<Reference>,
}

impl<'b> Walk<'b> {
    fn blocks(&mut self, body: &'b Body) {
        for block in &body.blocks {
            if is_dynamic(block) {
                self.dynamic(Parts::of(block));
            } else {
                self.block(&block.kind.name, &block.body);
            }
        }
    }

    fn block(&mut self, kind: &str, body: &'b Body) {
        match kind {
            "provisioner" | "error-cleanup-provisioner" => self.arguments(body, PROVISIONER_META),
            "post-processor" => self.arguments(body, POST_PROCESSOR_META),
            "post-processors" => self.blocks(body),
            _ => {}
        }
    }

    fn dynamic(&mut self, parts: Option<Parts<'b>>) {
        let Some(Parts { kind, iterator, for_each, labels, content }) = parts else { return };
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
        self.found.extend(references.filter(|reference| !self.bound.contains(&&*reference.root)));
    }
}
