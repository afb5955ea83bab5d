//! Expressions, except traversals, objects and templates.

use std::ops::Range;

use hcl::edit::expr as edit;

use crate::syntax::ast::{BinaryOp, Call, Expr, ExprKind, ForExpr, Ident, UnaryOp};
use crate::syntax::lower::lowerer::{Lowerer, normalised};
use crate::syntax::scan::is_name_part;

impl Lowerer<'_> {
    /// The expression, which stands somewhere in `around`.
    pub(in crate::syntax) fn expression(&mut self, expr: &edit::Expression, around: &Range<usize>) -> Expr {
        let range = self.range(expr, around);
        let kind = match expr {
            edit::Expression::Null(_) => ExprKind::Null,
            edit::Expression::Bool(value) => ExprKind::Bool(*value.value()),
            edit::Expression::Number(_) => return self.number(&range),
            edit::Expression::String(text) => {
                self.one_line(&range);
                ExprKind::String(self.texts.share(text.as_str()))
            }
            edit::Expression::Array(array) => self.tuple(array, &range),
            edit::Expression::Object(object) => self.object(object, &range),
            edit::Expression::StringTemplate(template) => self.quoted(template, &range),
            edit::Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, &range),
            edit::Expression::Parenthesis(paren) => {
                ExprKind::Paren(Box::new(self.within(true, |lowerer| lowerer.expression(paren.inner(), &range))))
            }
            edit::Expression::Variable(name) => ExprKind::Variable(self.texts.share(name.as_str())),
            edit::Expression::Conditional(conditional) => self.conditional(conditional, &range),
            edit::Expression::FuncCall(call) => self.call(call, &range),
            edit::Expression::Traversal(traversal) => return self.traversal(traversal, &range),
            edit::Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    edit::UnaryOperator::Neg => UnaryOp::Negate,
                    edit::UnaryOperator::Not => UnaryOp::Not,
                };
                ExprKind::Unary(operator, Box::new(self.expression(&operation.expr, &range)))
            }
            edit::Expression::BinaryOp(operation) => self.operation(operation, &range),
            edit::Expression::ForExpr(expr) => {
                ExprKind::For(Box::new(self.within(true, |lowerer| lowerer.for_expression(expr, &range))))
            }
        };
        Expr { kind, span: self.span(&range) }
    }

    /// The number literal in `range`; the parser takes a minus sign for a part of it.
    pub(super) fn number(&mut self, range: &Range<usize>) -> Expr {
        let text = self.text;
        let digits = if text[range.clone()].starts_with('-') { self.skip_blank(range.start + 1) } else { range.start };
        let digits = digits.min(range.end)..range.end;
        let written = self.texts.share(&text[digits.clone()]);
        let number = Expr { kind: ExprKind::Number(written), span: self.span(&digits) };
        if digits.start == range.start {
            return number;
        }
        Expr { kind: ExprKind::Unary(UnaryOp::Negate, Box::new(number)), span: self.span(range) }
    }

    fn tuple(&mut self, array: &edit::Array, range: &Range<usize>) -> ExprKind {
        self.not_for(range);
        let repair = self.repair;
        let parts = repair.parts(range.start);
        let mut elements = Vec::with_capacity(parts.map_or(array.len(), |parts| parts.n_items));
        self.within(true, |lowerer| match parts {
            Some(parts) => parts.pieces.iter().for_each(|piece| lowerer.tuple_piece(piece, &mut elements)),
            None => elements.extend(array.iter().map(|item| lowerer.expression(item, range))),
        });
        ExprKind::Tuple(elements.into())
    }

    fn conditional(&mut self, conditional: &edit::Conditional, range: &Range<usize>) -> ExprKind {
        let [condition, then, otherwise] = [&conditional.cond_expr, &conditional.true_expr, &conditional.false_expr]
            .map(|part| (self.range(part, range), part));
        self.same_line(condition.0.end, then.0.start);
        self.same_line(then.0.end, otherwise.0.start);
        ExprKind::Conditional(Box::new([condition, then, otherwise].map(|(_, part)| self.expression(part, range))))
    }

    fn operation(&mut self, operation: &edit::BinaryOp, range: &Range<usize>) -> ExprKind {
        let operator = match operation.operator.value() {
            edit::BinaryOperator::Plus => BinaryOp::Add,
            edit::BinaryOperator::Minus => BinaryOp::Subtract,
            edit::BinaryOperator::Mul => BinaryOp::Multiply,
            edit::BinaryOperator::Div => BinaryOp::Divide,
            edit::BinaryOperator::Mod => BinaryOp::Modulo,
            edit::BinaryOperator::Eq => BinaryOp::Equal,
            edit::BinaryOperator::NotEq => BinaryOp::NotEqual,
            edit::BinaryOperator::Less => BinaryOp::Less,
            edit::BinaryOperator::LessEq => BinaryOp::LessEqual,
            edit::BinaryOperator::Greater => BinaryOp::Greater,
            edit::BinaryOperator::GreaterEq => BinaryOp::GreaterEqual,
            edit::BinaryOperator::And => BinaryOp::And,
            edit::BinaryOperator::Or => BinaryOp::Or,
        };
        let (left, right) = (self.range(&operation.lhs_expr, range), self.range(&operation.rhs_expr, range));
        self.same_line(left.end, right.start);
        let left = self.expression(&operation.lhs_expr, range);
        let right = self.expression(&operation.rhs_expr, range);
        ExprKind::Binary(operator, Box::new(left), Box::new(right))
    }

    fn call(&mut self, call: &edit::FuncCall, range: &Range<usize>) -> ExprKind {
        let mut name = self.ident(&call.name.name, range);
        if let Some(first) = call.name.namespace.first() {
            let parts: Vec<&str> = call.name.namespace.iter().map(|part| part.as_str()).collect();
            let span = self.ident(first, range).span.to(name.span);
            name = Ident { name: normalised(&format!("{}::{}", parts.join("::"), name.name)), span };
        }
        let args =
            self.within(true, |lowerer| call.args.iter().map(|argument| lowerer.expression(argument, range)).collect());
        let close = self.span(&(range.end.saturating_sub(1)..range.end));
        ExprKind::Call(Box::new(Call { name, args, spread: call.args.expand_final(), close }))
    }

    fn for_expression(&mut self, expr: &edit::ForExpr, range: &Range<usize>) -> ForExpr {
        self.keyword_before(&self.range(&expr.intro.collection_expr, range));
        if let Some(condition) = &expr.cond {
            self.keyword_before(&self.range(&condition.expr, range));
        }
        ForExpr {
            key_name: expr.intro.key_var.as_ref().map(|name| self.ident(name, range)),
            value_name: self.ident(&expr.intro.value_var, range),
            collection: self.expression(&expr.intro.collection_expr, range),
            key: expr.key_expr.as_ref().map(|key| self.expression(key, range)),
            value: self.expression(&expr.value_expr, range),
            grouping: expr.grouping,
            condition: expr.cond.as_ref().map(|condition| self.expression(&condition.expr, range)),
        }
    }

    /// Refuses `inlist` where the parser reads `in list`.
    pub(super) fn keyword_before(&mut self, range: &Range<usize>) {
        let glued =
            self.text[..range.start].ends_with(is_name_part) && self.text[range.start..].starts_with(is_name_part);
        if glued {
            let detail = "A keyword must be followed by a blank.";
            self.fault("Invalid 'for' expression", detail, range);
        }
    }

    /// Refuses `[for]` and `{for = 1}`: there, `for` is no name.
    pub(super) fn not_for(&mut self, range: &Range<usize>) {
        let first = self.skip_blank((range.start + 1).min(range.end));
        if let Some(rest) = self.text[first..].strip_prefix("for")
            && !rest.starts_with(is_name_part)
        {
            let detail = "A name for the element must follow 'for'.";
            self.fault("Invalid 'for' expression", detail, &(first..first + 3));
        }
    }
}
