//! Bodies, arguments, blocks.

use std::ops::Range;
use std::sync::Arc;

use hcl::edit::structure as edit;

use crate::syntax::ast::{Attribute, Block, Body, Ident};
use crate::syntax::lower::lowerer::{Lowerer, normalised};

impl Lowerer<'_> {
    /// The body that takes up `around`.
    pub(in crate::syntax) fn body(&mut self, body: &edit::Body, around: &Range<usize>) -> Body {
        let range = self.range(body, around);
        let mut lowered =
            Body { attributes: Vec::new(), blocks: Vec::new(), span: self.span(&range), is_unknown: false, json: None };
        for structure in body {
            match structure {
                edit::Structure::Attribute(attribute) => lowered.attributes.push(self.attribute(attribute, &range)),
                edit::Structure::Block(block) => lowered.blocks.push(self.block(block, &range)),
            }
        }
        lowered
    }

    fn attribute(&mut self, attribute: &edit::Attribute, around: &Range<usize>) -> Attribute {
        let range = self.range(attribute, around);
        let name = self.ident(&attribute.key, &range);
        let expr = self.within(false, |lowerer| lowerer.expression(&attribute.value, &range));
        Attribute { span: name.span.to(expr.span), name, expr: Arc::new(expr) }
    }

    fn block(&mut self, block: &edit::Block, around: &Range<usize>) -> Block {
        let range = self.range(block, around);
        let kind = self.ident(&block.ident, &range);
        let labels: Vec<Ident> = block.labels.iter().map(|label| self.label(label, &range)).collect();
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        Block { body: self.body(&block.body, &range), span: self.span(&range), kind, labels, header }
    }

    fn label(&mut self, label: &edit::BlockLabel, around: &Range<usize>) -> Ident {
        match label {
            edit::BlockLabel::Ident(ident) => self.ident(ident, around),
            edit::BlockLabel::String(text) => {
                let range = self.range(text, around);
                self.one_line(&range);
                Ident { name: normalised(text.as_str()), span: self.span(&range) }
            }
        }
    }
}
