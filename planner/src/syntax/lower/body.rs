//! Bodies, arguments, blocks.

use std::ops::Range;
use std::sync::Arc;

use hcl::edit::structure as edit;

use crate::syntax::ast::{Attribute, Block, Body, Ident};
use crate::syntax::lower::lowerer::Lowerer;

impl Lowerer<'_> {
    /// The body of a block that takes up `block`, its brace being the first thing at or after `header`.
    fn body(&mut self, body: &edit::Body, header: usize, block: &Range<usize>) -> Body {
        let open = self.skip_blank(header).min(block.end);
        let mut lowered = self.empty_body(&(open..block.end));
        let repair = self.repair;
        match repair.parts(open) {
            Some(parts) => self.body_pieces(parts, &mut lowered),
            None => self.structures(body, block, &mut lowered),
        }
        lowered
    }

    pub(super) fn empty_body(&self, range: &Range<usize>) -> Body {
        Body { attributes: Vec::new(), blocks: Vec::new(), span: self.span(range), is_unknown: false, json: None }
    }

    /// Adds what stands in `body`, somewhere in `around`, to `lowered`.
    pub(super) fn structures(&mut self, body: &edit::Body, around: &Range<usize>, lowered: &mut Body) {
        // What is parsed in pieces has its room already.
        if lowered.attributes.capacity() + lowered.blocks.capacity() == 0 {
            lowered.attributes.reserve_exact(body.attributes().count());
            lowered.blocks.reserve_exact(body.blocks().count());
        }
        for structure in body {
            match structure {
                edit::Structure::Attribute(attribute) => lowered.attributes.push(self.attribute(attribute, around)),
                edit::Structure::Block(block) => lowered.blocks.push(self.block(block, around)),
            }
        }
    }

    fn attribute(&mut self, attribute: &edit::Attribute, around: &Range<usize>) -> Attribute {
        let range = self.range(attribute, around);
        let name = self.ident(&attribute.key, &range);
        let expr = self.within(false, |lowerer| lowerer.expression(&attribute.value, &range));
        Attribute { name, expr: Arc::new(expr) }
    }

    fn block(&mut self, block: &edit::Block, around: &Range<usize>) -> Block {
        let range = self.range(block, around);
        let kind = self.ident(&block.ident, &range);
        let mut header_end = self.range(&block.ident, &range).end;
        let mut labels: Vec<Ident> = Vec::with_capacity(block.labels.len());
        for label in &block.labels {
            let (label, end) = self.label(label, &range);
            labels.push(label);
            header_end = end;
        }
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        let body = self.body(&block.body, header_end, &range);
        Block { body, span: self.span(&range), kind, labels, header }
    }

    /// A label, and where it ends.
    fn label(&mut self, label: &edit::BlockLabel, around: &Range<usize>) -> (Ident, usize) {
        match label {
            edit::BlockLabel::Ident(ident) => (self.ident(ident, around), self.range(ident, around).end),
            edit::BlockLabel::String(text) => {
                let range = self.range(text, around);
                self.one_line(&range);
                (Ident { name: self.texts.share(text.as_str()), span: self.span(&range) }, range.end)
            }
        }
    }
}
