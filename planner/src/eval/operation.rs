//! Operators.

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::Evaluator;
use crate::syntax::ast::{BinaryOp, Expr, UnaryOp};
use crate::value::{Number, Type, Value, convert, equal};

impl Evaluator<'_> {
    /// `-x`, `!x`.
    pub(super) fn unary(&self, expr: &Expr, operator: UnaryOp, operand: &Expr, diags: &mut Diagnostics) -> Value {
        let ty = match operator {
            UnaryOp::Negate => Type::Number,
            UnaryOp::Not => Type::Bool,
        };
        let mut found = Diagnostics::new();
        let given = self.value(operand, &mut found);
        let value = self.operand(&given, &ty, (operand, "unary"), expr, &mut found);
        let failed = found.has_errors();
        diags.append(found);
        match value {
            Some(Value::Number(number)) if !failed => Value::Number(-&number),
            Some(Value::Bool(value)) if !failed => Value::Bool(!value),
            Some(Value::Null(_)) if !failed => self.failed(expr, "argument must not be null", ty, diags),
            _ => Value::Unknown(ty),
        }
    }

    /// `a + b` and its like.
    pub(super) fn binary(
        &self,
        expr: &Expr,
        operator: BinaryOp,
        left: &Expr,
        right: &Expr,
        diags: &mut Diagnostics,
    ) -> Value {
        let (takes, gives) = types_of(operator);
        let (mut left_found, mut right_found, mut found) = (Diagnostics::new(), Diagnostics::new(), Diagnostics::new());
        let left_given = self.value(left, &mut left_found);
        let left_value = self.operand(&left_given, &takes, (left, "left"), expr, &mut found);
        let right_given = self.value(right, &mut right_found);
        let right_value = self.operand(&right_given, &takes, (right, "right"), expr, &mut found);
        let (Some(a), Some(b)) = (left_value, right_value) else {
            diags.append(found);
            diags.append(left_found);
            diags.append(right_found);
            return Value::Unknown(gives);
        };
        if let Some(settled) = short_circuit(operator, &a, &b, left_found.has_errors()) {
            match settled.taken {
                Side::Left => diags.append(left_found),
                Side::Right => diags.append(right_found),
            }
            return settled.value;
        }
        let failed = left_found.has_errors() || right_found.has_errors();
        diags.append(left_found);
        diags.append(right_found);
        if failed {
            return Value::Unknown(gives);
        }
        compute(operator, &a, &b).unwrap_or_else(|why| self.failed(expr, &why, gives, diags))
    }

    /// The operand as the operator takes it. Says so when it does not.
    fn operand(
        &self,
        given: &Value,
        ty: &Type,
        (operand, side): (&Expr, &str),
        expr: &Expr,
        diags: &mut Diagnostics,
    ) -> Option<Value> {
        convert(given, ty)
            .inspect_err(|error| {
                let detail = format!("Unsuitable value for {side} operand: {error}.");
                self.fault(operand, "Invalid operand", detail, (operand.span, Some(expr.span)), diags);
            })
            .ok()
    }

    fn failed(&self, expr: &Expr, why: &str, gives: Type, diags: &mut Diagnostics) -> Value {
        let detail = format!("Error during operation: {why}.");
        self.fault(expr, "Operation failed", detail, (expr.span, None), diags);
        Value::Unknown(gives)
    }
}

/// What an operator takes and gives.
fn types_of(operator: BinaryOp) -> (Type, Type) {
    match operator {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            (Type::Number, Type::Number)
        }
        BinaryOp::Equal | BinaryOp::NotEqual => (Type::Dynamic, Type::Bool),
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => (Type::Number, Type::Bool),
        BinaryOp::And | BinaryOp::Or => (Type::Bool, Type::Bool),
    }
}

enum Side {
    Left,
    Right,
}

struct Settled {
    value: Value,
    /// The operand that settled it; faults of the other one do not count.
    taken: Side,
}

/// The result of `&&` or `||` when one operand decides it. Operands are always both evaluated, so either can decide.
fn short_circuit(operator: BinaryOp, left: &Value, right: &Value, left_failed: bool) -> Option<Settled> {
    let decisive = match operator {
        BinaryOp::And => false,
        BinaryOp::Or => true,
        _ => return None,
    };
    // A null counts as false here, and is an error only when nothing is decided.
    let truth = |value: &Value| value.is_known().then_some(value.as_bool() == Some(true));
    let settled = |value: Value, taken: Side| Some(Settled { value, taken });
    match (truth(left), truth(right)) {
        (None, None) if left_failed => None,
        (None, None) => settled(Value::Unknown(Type::Bool), Side::Left),
        (Some(left), _) if left == decisive => settled(Value::Bool(decisive), Side::Left),
        (_, Some(right)) if right == decisive => settled(Value::Bool(decisive), Side::Right),
        (None, Some(_)) => settled(Value::Unknown(Type::Bool), Side::Left),
        (Some(_), None) => settled(Value::Unknown(Type::Bool), Side::Right),
        (Some(_), Some(_)) => None,
    }
}

/// The result for operands of the right type.
fn compute(operator: BinaryOp, a: &Value, b: &Value) -> Result<Value, String> {
    if matches!(operator, BinaryOp::Equal | BinaryOp::NotEqual) {
        let wanted = operator == BinaryOp::Equal;
        return Ok(equal(a, b).map_or(Value::Unknown(Type::Bool), |same| Value::Bool(same == wanted)));
    }
    if a.is_null() || b.is_null() {
        return Err("argument must not be null".to_owned());
    }
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => {
            Ok(Value::Bool(if operator == BinaryOp::And { *a && *b } else { *a || *b }))
        }
        (Value::Number(a), Value::Number(b)) => compute_numbers(operator, a, b),
        _ => Ok(Value::Unknown(types_of(operator).1)),
    }
}

fn compute_numbers(operator: BinaryOp, a: &Number, b: &Number) -> Result<Value, String> {
    let (result, impossible) = match operator {
        BinaryOp::Add => (a.checked_add(b), "can't compute sum of opposing infinities"),
        BinaryOp::Subtract => (a.checked_sub(b), "can't subtract infinity from itself"),
        BinaryOp::Multiply => (a.checked_mul(b), "can't multiply zero by infinity"),
        BinaryOp::Divide => (a.checked_div(b), "can't divide zero by zero or infinity by infinity"),
        BinaryOp::Modulo => (a.checked_rem(b), "can't use modulo with zero and infinity"),
        BinaryOp::Less => return Ok(Value::Bool(a < b)),
        BinaryOp::LessEqual => return Ok(Value::Bool(a <= b)),
        BinaryOp::Greater => return Ok(Value::Bool(a > b)),
        BinaryOp::GreaterEqual => return Ok(Value::Bool(a >= b)),
        BinaryOp::Equal | BinaryOp::NotEqual => return Ok(Value::Bool((a == b) == (operator == BinaryOp::Equal))),
        BinaryOp::And | BinaryOp::Or => return Err("a bool is required".to_owned()),
    };
    result.map(Value::Number).ok_or_else(|| impossible.to_owned())
}
