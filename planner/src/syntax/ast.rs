//! The syntax tree: bodies of attributes and blocks, expressions and templates, each with its span.
//!
//! Shapes follow HashiCorp HCL native syntax (hclsyntax): a lone `"${x}"` is [`ExprKind::Unwrap`] and keeps its type,
//! a quoted string without sequences is [`ExprKind::String`], any other string and every heredoc is a template.
//!
//! A template holds very many small nodes, so what is rare and large stands in boxes, and nothing has room to grow.

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::span::Span;
use crate::syntax::json::Node;
use crate::value::Value;

/// A bare name.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// Its text, NFC-normalised.
    pub name: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// The content of a file or block, attributes and blocks each in source order.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// `name = expr` items. Names are unique: a second definition is a syntax error. Until a JSON body is told by
    /// [`Body::shaped`] which are blocks, these are all its properties, and names can repeat.
    pub attributes: Vec<Attribute>,
    /// Nested blocks.
    pub blocks: Vec<Block>,
    /// The whole body, of a block with its braces.
    pub span: Span,
    /// Whether it stands for blocks of a number not yet known: generated for each element of an unknown collection.
    pub is_unknown: bool,
    /// What it was made from, in JSON.
    pub json: Option<JsonBody>,
}

/// The JSON value that a body was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonBody {
    /// The value.
    pub value: JsonExpr,
    /// Whether blocks and attributes were told apart already.
    pub is_shaped: bool,
}

/// `name = expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// The unevaluated right-hand side, shared by all bodies that a `dynamic` block makes of one.
    pub expr: Arc<Expr>,
}

impl Attribute {
    /// From the name to the end of the expression.
    pub fn span(&self) -> Span {
        self.name.span.to(self.expr.span)
    }
}

/// `kind "label" … { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The block type.
    pub kind: Ident,
    /// The labels, quoted or bare.
    pub labels: Vec<Ident>,
    /// What stands between the braces.
    pub body: Body,
    /// From the block type to the closing brace.
    pub span: Span,
    /// From the block type to the last label: what diagnostics about the block as a whole point at.
    pub header: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written; always a valid HCL number literal, never signed.
    Number(Arc<str>),
    /// A literal string in quotes: escapes decoded, NFC-normalised.
    String(Arc<str>),
    /// A name in scope.
    Variable(Arc<str>),
    /// `root.a[0][*]…`: at least one step.
    Access(Box<Access>),
    /// `-x`, `!x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`.
    Conditional(Box<[Expr; 3]>),
    /// `(x)`.
    Paren(Box<Expr>),
    /// `[a, b]`.
    Tuple(Box<[Expr]>),
    /// `{ k = v }`, in source order; a repeated key wins over the earlier one.
    Object(Box<[ObjectItem]>),
    /// `[for …]`, `{for …}`.
    For(Box<ForExpr>),
    /// `f(a, b...)`.
    Call(Box<Call>),
    /// A string with interpolations or directives; also every heredoc and every template file.
    Template(Box<[TemplatePart]>),
    /// A quoted string that is nothing but one interpolation: the value passes through with its type.
    Unwrap(Box<Expr>),
    /// A value in JSON syntax, never inside of a parsed expression.
    Json(Box<JsonExpr>),
    /// An expression in a generated block, with the names that its generation binds. Never parsed.
    Bound(Arc<Binding>, Arc<Expr>),
    /// What takes an expression's place when the block around it is generated from an unknown. Never parsed.
    Unknown,
}

/// A value and the way from it to something inside of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Where the way starts.
    pub root: Expr,
    /// At least one step.
    pub steps: Box<[Step]>,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function's name.
    pub name: Ident,
    /// The arguments.
    pub args: Box<[Expr]>,
    /// Whether the last argument is spread with `...`.
    pub spread: bool,
    /// The closing parenthesis.
    pub close: Span,
}

/// A JSON value that takes the place of an expression. Evaluated, its strings are templates.
#[derive(Clone, Debug)]
pub struct JsonExpr {
    /// The value.
    pub node: Node,
    /// The file that it stands in.
    pub document: Arc<JsonDocument>,
}

impl PartialEq for JsonExpr {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// A JSON file, shared by everything that was read from it.
#[derive(Debug)]
pub struct JsonDocument {
    /// Its text.
    pub text: Arc<str>,
    /// What the strings and names with template sequences are as templates, sorted by where they start; or what is wrong
    /// with them, which matters only if they are used as such.
    pub templates: Vec<(u32, Result<Expr, Diagnostics>)>,
}

/// A name with its value, and what is bound around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The name.
    pub name: Arc<str>,
    /// What it stands for.
    pub value: Value,
    /// What is bound around it; the inner one of two like names counts.
    pub outer: Option<Arc<Binding>>,
}

/// One step of a traversal.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`.
    Attr(Ident, Span),
    /// `[expr]`; also the legacy `.0`. The span covers the dot or brackets too.
    Index(Expr, Span),
    /// `.*` (attribute-only) or `[*]` (full), with the steps applied to each element. For `.*` those are the attribute
    /// and legacy index steps that follow; for `[*]` everything that follows.
    Splat {
        /// Whether it was written `[*]`.
        full: bool,
        /// What is applied to each element.
        each: Box<[Step]>,
        /// The `.*` or `[*]` itself.
        span: Span,
    },
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after their symbols")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

/// `key = value` of an object constructor.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectItem {
    /// The key.
    pub key: ObjectKey,
    /// The value.
    pub value: Expr,
}

/// How an object key was written.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectKey {
    /// A bare word, taken literally.
    Bare(Ident),
    /// Anything else: `(x)` is [`ExprKind::Paren`], `"a${b}"` a template, `a.b` an access (an error when evaluated).
    Expr(Expr),
}

/// A `for` expression, to a tuple or (with `key`) to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ForExpr {
    /// First name of `for k, v in`.
    pub key_name: Option<Ident>,
    /// The element's name.
    pub value_name: Ident,
    /// What is iterated.
    pub collection: Expr,
    /// The key expression of `{for … : key => value}`.
    pub key: Option<Expr>,
    /// The result for each element.
    pub value: Expr,
    /// `...` after the value: group values by key.
    pub grouping: bool,
    /// `if` clause.
    pub condition: Option<Expr>,
}

/// A piece of a template, strip markers and heredoc indent already applied.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text.
    Literal(Arc<str>, Span),
    /// `${expr}`.
    Interpolation(Expr),
    /// `%{ if c }…%{ else }…%{ endif }`.
    If(Box<IfDirective>),
    /// `%{ for k, v in c }…%{ endfor }`.
    For(Box<ForDirective>),
}

/// A choice in a template.
#[derive(Clone, Debug, PartialEq)]
pub struct IfDirective {
    /// The condition.
    pub condition: Expr,
    /// When it holds.
    pub then: Box<[TemplatePart]>,
    /// When it does not; empty without `else`.
    pub otherwise: Box<[TemplatePart]>,
    /// The whole directive.
    pub span: Span,
}

/// A repetition in a template.
#[derive(Clone, Debug, PartialEq)]
pub struct ForDirective {
    /// First name, if two.
    pub key_name: Option<Ident>,
    /// The element's name.
    pub value_name: Ident,
    /// What is iterated.
    pub collection: Expr,
    /// Rendered for each element.
    pub body: Box<[TemplatePart]>,
    /// The whole directive.
    pub span: Span,
}
