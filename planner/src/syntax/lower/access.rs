//! Traversals: the parser's flat list of operators to steps, splats with what belongs to them.

use std::ops::Range;

use hcl::edit::Decorated;
use hcl::edit::expr::{Expression, Traversal, TraversalOperator};

use crate::syntax::ast::{Access, Expr, ExprKind, Step, UnaryOp};
use crate::syntax::lower::lowerer::Lowerer;
use crate::syntax::refusal::too_deep;

/// More `[*]` in one traversal, each inside of the one before, are refused. Nothing sensible has more than three.
const MAX_SPLATS: usize = 64;

type Operators<'o> = &'o [Decorated<TraversalOperator>];

impl Lowerer<'_> {
    pub(super) fn traversal(&mut self, traversal: &Traversal, range: &Range<usize>) -> Expr {
        let root_range = self.range(&traversal.expr, range);
        let mut end = root_range.end;
        for operator in &traversal.operators {
            let operator = self.range(operator, range);
            self.same_line(end, operator.start);
            end = operator.end;
        }
        // 1.2.3 is one bad number and not an index into 1.2.
        if let (Expression::Number(_), Some(TraversalOperator::LegacyIndex(_))) =
            (&traversal.expr, traversal.operators.first().map(Decorated::value))
        {
            let detail = "A number has one decimal point at most. Text such as a version needs quotes.";
            self.fault("Invalid number literal", detail, range);
        }
        let root = self.expression(&traversal.expr, range);
        let steps = self.steps(&traversal.operators, range);
        // The parser reads -1[0] as (-1)[0]; the sign applies to the whole.
        if let (Expression::Number(_), ExprKind::Unary(UnaryOp::Negate, number)) = (&traversal.expr, &root.kind) {
            let number = number.as_ref().clone();
            let span = number.span.to(self.span(range));
            let access = Expr { kind: ExprKind::Access(Box::new(Access { root: number, steps })), span };
            return Expr { kind: ExprKind::Unary(UnaryOp::Negate, Box::new(access)), span: self.span(range) };
        }
        Expr { kind: ExprKind::Access(Box::new(Access { root, steps })), span: self.span(range) }
    }

    fn steps(&mut self, operators: Operators<'_>, around: &Range<usize>) -> Box<[Step]> {
        let is_full =
            |operator: &&Decorated<TraversalOperator>| matches!(operator.value(), TraversalOperator::FullSplat(_));
        if operators.iter().filter(is_full).count() > MAX_SPLATS {
            self.faults.push(too_deep((around.start, around.end)));
            return Box::default();
        }
        self.nested_steps(operators, around)
    }

    /// Recursion is as deep as there are `[*]` among the operators.
    fn nested_steps(&mut self, operators: Operators<'_>, around: &Range<usize>) -> Box<[Step]> {
        let mut steps = Vec::with_capacity(operators.len());
        let mut at = 0;
        while let Some(operator) = operators.get(at) {
            let range = self.range(operator, around);
            let span = self.span(&range);
            at += 1;
            match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    self.after_dot(&range);
                    steps.push(Step::Attr(self.ident(name, &range), span));
                }
                TraversalOperator::LegacyIndex(index) => {
                    self.after_dot(&range);
                    self.lone_index(operators.get(at), &range, around);
                    let digits = self.range(index, &range);
                    steps.push(Step::Index(self.number(&digits), span));
                }
                TraversalOperator::Index(index) => {
                    let index = self.within(true, |lowerer| lowerer.expression(index, &range));
                    steps.push(Step::Index(index, span));
                }
                TraversalOperator::AttrSplat(_) => {
                    self.after_dot(&range);
                    let end = at + operators[at..].iter().take_while(|operator| is_attribute(operator)).count();
                    let each = self.nested_steps(&operators[at..end], around);
                    steps.push(Step::Splat { full: false, each, span });
                    at = end;
                    self.no_splat(operators.get(at), around);
                }
                TraversalOperator::FullSplat(_) => {
                    let each = self.nested_steps(&operators[at..], around);
                    steps.push(Step::Splat { full: true, each, span });
                    return steps.into();
                }
            }
        }
        steps.into()
    }

    /// Refuses a line end after the dot that `range` starts with.
    fn after_dot(&mut self, range: &Range<usize>) {
        let name = self.skip_blank((range.start + 1).min(range.end));
        self.same_line(range.start, name.min(range.end));
    }

    /// Refuses `a.0.1`, which reads as a number.
    fn lone_index(&mut self, next: Option<&Decorated<TraversalOperator>>, range: &Range<usize>, around: &Range<usize>) {
        if let Some(next) = next
            && matches!(next.value(), TraversalOperator::LegacyIndex(_))
            && self.range(next, around).start == range.end
            // With a blank behind the dot it does not.
            && self.text[range.end..].trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit())
        {
            let detail = "An index after a dot cannot be followed by another one. Write [0][1] in place of .0.1.";
            self.fault("Invalid legacy index syntax", detail, range);
        }
    }

    /// Refuses `a.*.*`.
    fn no_splat(&mut self, next: Option<&Decorated<TraversalOperator>>, around: &Range<usize>) {
        if let Some(next) = next
            && matches!(next.value(), TraversalOperator::AttrSplat(_))
        {
            let range = self.range(next, around);
            let detail = "The items of .* are reached by attribute names only. Use [*] to nest.";
            self.fault("Nested splat expression not allowed", detail, &range);
        }
    }
}

fn is_attribute(operator: &Decorated<TraversalOperator>) -> bool {
    matches!(operator.value(), TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_))
}
