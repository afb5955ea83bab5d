//! What a body holds. In JSON that depends on who asks: only a shape tells the blocks from the attributes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::Span;
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind, Ident, JsonBody, JsonDocument, JsonExpr};
use crate::syntax::json::{Kind, Node, Property};

/// What a name in a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'s> {
    /// An argument.
    Attribute,
    /// A block type, with the names of its labels.
    Block(&'s [&'s str]),
}

impl Body {
    /// The body with blocks and attributes told apart by what `role` says of each name; of those it knows nothing of, JSON
    /// makes attributes. A native body needs no telling.
    pub fn shaped<'s>(&self, role: impl Fn(&str) -> Option<Role<'s>>, diags: &mut Diagnostics) -> Cow<'_, Body> {
        let Some(json) = self.json.as_ref().filter(|json| !json.is_shaped) else { return Cow::Borrowed(self) };
        let JsonExpr { node, document } = &json.value;
        report_misfits(node, None, diags);
        let mut attributes: Vec<Attribute> = Vec::new();
        let mut blocks = Vec::new();
        let mut used = HashSet::new();
        // The attributes are some of the properties, in the same order.
        let mut all = properties(node);
        for attribute in &self.attributes {
            let Some(property) = all.find(|property| property.name_span == attribute.name.span) else { continue };
            match role(&attribute.name.name) {
                Some(Role::Block(labels)) => {
                    let blocks = &mut blocks;
                    let is_unknown = self.is_unknown && &*attribute.name.name != DYNAMIC;
                    Unpacking { attribute, document, labels: Vec::new(), is_unknown, blocks, diags }
                        .labels(&property.value, labels);
                }
                Some(Role::Attribute) if !used.insert(&*attribute.name.name) => {
                    diags.push(repeated("Duplicate argument", attribute));
                }
                Some(Role::Attribute) | None => attributes.push(self.own(attribute)),
            }
        }
        let json = Some(JsonBody { is_shaped: true, ..json.clone() });
        Cow::Owned(Body { attributes, blocks, json, ..*self })
    }

    /// The attributes of a body in which every name is one.
    pub fn just_attributes(&self, diags: &mut Diagnostics) -> Cow<'_, [Attribute]> {
        let Some(json) = &self.json else {
            if let Some(block) = self.blocks.first() {
                let summary = format!("Unexpected {:?} block", block.kind.name);
                diags.error(summary, "Blocks are not allowed here.", block.kind.span);
            }
            return Cow::Borrowed(&self.attributes);
        };
        if !matches!(json.value.node.kind, Kind::Object(_)) {
            let detail = "A JSON object is required here, setting the arguments for this block.";
            diags.error(WRONG_TYPE, detail, json.value.node.start());
            return Cow::Borrowed(&[]);
        }
        let mut used = HashSet::new();
        let mut attributes = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            if used.insert(&*attribute.name.name) {
                attributes.push(self.own(attribute));
            } else {
                diags.push(repeated("Duplicate attribute definition", attribute));
            }
        }
        Cow::Owned(attributes)
    }

    /// An attribute of it, which nothing is known of where nobody knows how many such bodies there will be.
    fn own(&self, attribute: &Attribute) -> Attribute {
        match self.is_unknown {
            true => {
                let expr = Arc::new(Expr { kind: ExprKind::Unknown, span: attribute.expr.span });
                Attribute { expr, ..attribute.clone() }
            }
            false => attribute.clone(),
        }
    }

    /// Where an argument that is missing could stand, when that is known better than the place of the whole block.
    pub fn missing_at(&self) -> Option<Span> {
        self.json.as_ref().map(|json| json.value.node.closing())
    }

    /// Where an argument or a block that is missing would stand.
    pub fn missing_item_at(&self) -> Span {
        self.missing_at().unwrap_or(Span { end: self.span.start, ..self.span })
    }

    /// Takes the attributes with these `names` out.
    pub fn take(&mut self, names: &[&str], diags: &mut Diagnostics) -> Vec<Attribute> {
        let mut taken: Vec<Attribute> = Vec::new();
        self.attributes.retain(|attribute| {
            if !names.contains(&&*attribute.name.name) {
                return true;
            }
            if taken.iter().any(|first| first.name.name == attribute.name.name) {
                diags.push(repeated("Duplicate argument", attribute));
            } else {
                taken.push(attribute.clone());
            }
            false
        });
        taken
    }

    /// The body that a JSON value is. A value that cannot be one is said to be wrong when its content is asked for.
    pub(super) fn of_json(node: &Node, document: &Arc<JsonDocument>) -> Self {
        let attribute = |property: &Property| Attribute {
            name: Ident { name: Arc::clone(&property.name), span: property.name_span },
            expr: Arc::new(Expr::of_json(&property.value, document)),
        };
        // A property of this name is a comment.
        let attributes = properties(node).filter(|property| &*property.name != "//").map(attribute).collect();
        let json =
            Some(JsonBody { value: JsonExpr { node: node.clone(), document: Arc::clone(document) }, is_shaped: false });
        Self { attributes, blocks: Vec::new(), span: node.span, is_unknown: false, json }
    }
}

/// The type of blocks that stand for others. What they stand for may be unknown, they never are.
pub const DYNAMIC: &str = "dynamic";
const WRONG_TYPE: &str = "Incorrect JSON value type";

fn repeated(summary: &str, attribute: &Attribute) -> Diagnostic {
    let detail = format!("The argument {:?} was already set in this body.", attribute.name.name);
    Diagnostic::error(summary, detail, attribute.name.span)
}

/// The properties of an object, or of all objects in an array.
fn properties(node: &Node) -> impl Iterator<Item = &Property> {
    let one = node.properties().into_iter().flatten();
    let many = node.items().into_iter().flatten().filter_map(Node::properties).flatten();
    one.chain(many)
}

/// Reports what is neither an object, nor an array of objects, nor null. `label` names what the properties stand for if
/// they are labels.
fn report_misfits(node: &Node, label: Option<&str>, diags: &mut Diagnostics) {
    let what = label.map_or_else(
        || "to define arguments and child blocks".to_owned(),
        |label| format!("to specify {label} labels for this block"),
    );
    match &node.kind {
        Kind::Null | Kind::Object(_) => {}
        Kind::Array(items) => {
            for item in items.iter().filter(|item| item.properties().is_none()) {
                diags.error(WRONG_TYPE, format!("A JSON object is required here, {what}."), item.start());
            }
        }
        _ => {
            let detail = format!("Either a JSON object or JSON array of objects is required here, {what}.");
            diags.error(WRONG_TYPE, detail, node.start());
        }
    }
}

struct Unpacking<'a> {
    /// The property, whose name is a block type.
    attribute: &'a Attribute,
    document: &'a Arc<JsonDocument>,
    labels: Vec<Ident>,
    /// Whether the blocks stand for any number of others.
    is_unknown: bool,
    blocks: &'a mut Vec<Block>,
    diags: &'a mut Diagnostics,
}

impl Unpacking<'_> {
    fn labels(&mut self, node: &Node, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else { return self.bodies(node) };
        report_misfits(node, Some(name), self.diags);
        let mut empty = true;
        for property in properties(node) {
            empty = false;
            self.labels.push(Ident { name: Arc::clone(&property.name), span: property.name_span });
            self.labels(&property.value, rest);
            self.labels.pop();
        }
        if empty {
            let detail = format!(
                "At least one object property is required, whose name represents the {} block's {name}.",
                self.attribute.name.name
            );
            self.diags.error("Missing block label", detail, node.start());
        }
    }

    fn bodies(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null => {}
            Kind::Object(_) => self.block(node),
            Kind::Array(items) => items.iter().for_each(|item| self.block(item)),
            _ => {
                let detail = format!(
                    "Either a JSON object or a JSON array is required, representing the contents of one or more {:?} \
                     blocks.",
                    self.attribute.name.name
                );
                self.diags.error(WRONG_TYPE, detail, node.start());
            }
        }
    }

    fn block(&mut self, node: &Node) {
        let mut body = Body::of_json(node, self.document);
        self.inherit(&mut body);
        let labels = self.labels.clone();
        self.blocks.push(Block {
            kind: self.attribute.name.clone(),
            labels,
            body,
            span: node.span,
            header: node.start(),
        });
    }

    /// What the generation of the block around binds, or makes unknown, goes for the blocks in it as well.
    fn inherit(&self, body: &mut Body) {
        if let ExprKind::Bound(binding, _) = &self.attribute.expr.kind {
            for attribute in &mut body.attributes {
                let kind = ExprKind::Bound(binding.clone(), attribute.expr.clone());
                attribute.expr = Arc::new(Expr { kind, span: attribute.expr.span });
            }
        }
        body.is_unknown = self.is_unknown;
    }
}
