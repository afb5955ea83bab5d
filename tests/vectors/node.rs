//! Our tree in the shape of the recorded ones: a kind `k`, a value `v`, children `c`.

use planner::syntax::ast::{BinaryOp, Body, Expr, ExprKind, ForExpr, Ident, ObjectKey, Step, TemplatePart, UnaryOp};
use serde_json::{Map, Value, json};

pub(crate) fn body(body: &Body) -> Value {
    let attributes = body.attributes.iter().map(|attribute| {
        (attribute.span().start, node("attribute", Some(text(&attribute.name.name)), vec![expr(&attribute.expr)]))
    });
    let blocks = body.blocks.iter().map(|block| {
        let labels = block.labels.iter().map(|label| node("label", Some(text(&label.name)), vec![]));
        let children = labels.chain([self::body(&block.body)]).collect();
        (block.span.start, node("block", Some(text(&block.kind.name)), children))
    });
    let mut items: Vec<(u32, Value)> = attributes.chain(blocks).collect();
    items.sort_by_key(|(start, _)| *start);
    node("body", None, items.into_iter().map(|(_, item)| item).collect())
}

fn expr(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Null => node("null", None, vec![]),
        ExprKind::Bool(value) => node("bool", Some(json!(value)), vec![]),
        ExprKind::Number(digits) => number(digits.parse().unwrap()),
        ExprKind::String(value) => string(value),
        ExprKind::Variable(name) => node("var", Some(text(name)), vec![]),
        ExprKind::Access(access) => {
            node("trav", None, [self::expr(&access.root)].into_iter().chain(steps(&access.steps)).collect())
        }
        ExprKind::Unary(operator, operand) => unary(*operator, operand),
        ExprKind::Binary(operator, left, right) => {
            node("bin", Some(json!(symbol(*operator))), vec![self::expr(left), self::expr(right)])
        }
        ExprKind::Conditional(parts) => node("cond", None, parts.iter().map(self::expr).collect()),
        ExprKind::Paren(inner) => node("paren", None, vec![self::expr(inner)]),
        ExprKind::Tuple(items) => node("tuple", None, items.iter().map(self::expr).collect()),
        ExprKind::Object(items) => node(
            "object",
            None,
            items
                .iter()
                .flat_map(|item| {
                    let key = match &item.key {
                        ObjectKey::Bare(name) => node("keyident", Some(text(&name.name)), vec![]),
                        ObjectKey::Expr(key) => self::expr(key),
                    };
                    [key, self::expr(&item.value)]
                })
                .collect(),
        ),
        ExprKind::For(inner) => for_expr(inner),
        ExprKind::Call(call) => {
            let spread = call.spread.then(|| node("...", None, vec![]));
            node("call", Some(text(&call.name.name)), call.args.iter().map(self::expr).chain(spread).collect())
        }
        // The recorded trees hold heredocs that are plain text as strings.
        ExprKind::Template(parts) if parts.is_empty() => string(""),
        ExprKind::Template(parts) if matches!(**parts, [TemplatePart::Literal(..)]) => branch(parts),
        ExprKind::Template(parts) => node("tpl", None, self::parts(parts)),
        ExprKind::Unwrap(inner) => node("tpl", None, vec![self::expr(inner)]),
        ExprKind::Bound(..) | ExprKind::Unknown | ExprKind::Json(_) => panic!("no parser makes this: {expr:?}"),
    }
}

/// The recorded trees hold negative numbers.
fn unary(operator: UnaryOp, operand: &Expr) -> Value {
    let inner = expr(operand);
    match operator {
        UnaryOp::Negate if inner["k"] == "num" => number(-inner["v"].as_f64().unwrap()),
        UnaryOp::Negate => node("un", Some(json!("-")), vec![inner]),
        UnaryOp::Not => node("un", Some(json!("!")), vec![inner]),
    }
}

fn for_expr(inner: &ForExpr) -> Value {
    let key = inner.key.as_ref().map(|key| node("key", None, vec![expr(key)]));
    let condition = inner.condition.as_ref().map(|condition| node("if", None, vec![expr(condition)]));
    let children = [expr(&inner.collection)].into_iter().chain(key).chain([expr(&inner.value)]).chain(condition);
    node("for", Some(names(&inner.key_name, &inner.value_name, inner.grouping)), children.collect())
}

fn names(key: &Option<Ident>, value: &Ident, grouping: bool) -> Value {
    json!(format!("{}|{}|{grouping}", key.as_ref().map_or("", |key| &key.name), value.name))
}

fn steps(steps: &[Step]) -> Vec<Value> {
    steps
        .iter()
        .map(|step| match step {
            Step::Attr(name, _) => node("attr", Some(text(&name.name)), vec![]),
            Step::Index(index, _) => node("index", None, vec![expr(index)]),
            Step::Splat { each, .. } => node("splat", None, self::steps(each)),
        })
        .collect()
}

fn parts(parts: &[TemplatePart]) -> Vec<Value> {
    parts
        .iter()
        .map(|part| match part {
            TemplatePart::Literal(value, _) => node("lit", Some(text(value)), vec![]),
            TemplatePart::Interpolation(inner) => expr(inner),
            TemplatePart::If(inner) => {
                node("cond", None, vec![expr(&inner.condition), branch(&inner.then), branch(&inner.otherwise)])
            }
            TemplatePart::For(inner) => {
                let children = vec![expr(&inner.collection), branch(&inner.body)];
                let names = names(&inner.key_name, &inner.value_name, false);
                node("join", None, vec![node("for", Some(names), children)])
            }
        })
        .collect()
}

/// The recorded trees hold plain text in directives as a string.
fn branch(parts: &[TemplatePart]) -> Value {
    match parts {
        [] => string(""),
        [TemplatePart::Literal(value, _)] => string(value),
        _ => node("tpl", None, self::parts(parts)),
    }
}

fn string(value: &str) -> Value {
    node("str", (!value.is_empty()).then(|| text(value)), vec![])
}

fn number(value: f64) -> Value {
    node("num", Some(json!(value)), vec![])
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn symbol(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
    }
}

fn node(kind: &str, value: Option<Value>, children: Vec<Value>) -> Value {
    let mut node = Map::new();
    node.insert("k".into(), json!(kind));
    node.extend(value.map(|value| ("v".to_owned(), value)));
    if !children.is_empty() {
        node.insert("c".into(), Value::Array(children));
    }
    Value::Object(node)
}

/// The same for a recorded tree: all numbers as doubles, whatever their notation.
pub(crate) fn recorded(tree: &Value) -> Value {
    match tree {
        Value::Number(value) => json!(value.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(recorded).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(name, value)| (name.clone(), recorded(value))).collect())
        }
        _ => tree.clone(),
    }
}
