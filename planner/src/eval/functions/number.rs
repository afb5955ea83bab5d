//! Arithmetic functions.

use std::collections::BTreeMap;

use crate::eval::functions::error::CallError;
use crate::eval::functions::float::{ln, pow};
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Number, Type, Value, convert, quote};

const NUM: &[Param] = &[Param::new("num", Takes::Number)];
const NUMBERS: Param = Param::new("numbers", Takes::Number).or_unknown();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", NUM, returns::number, |call| Ok(Value::Number(call.number(0).abs()))),
    Function::new("ceil", NUM, returns::number, |call| Ok(Value::Number(call.number(0).ceil()))),
    Function::new("floor", NUM, returns::number, |call| Ok(Value::Number(call.number(0).floor()))),
    Function::new(
        "log",
        &[Param::new("num", Takes::Number), Param::new("base", Takes::Number)],
        returns::number,
        |call| float_result(ln(float_argument(call, 0)?) / ln(float_argument(call, 1)?)),
    ),
    Function::new("max", &[], returns::number, |call| extreme(call, |number, best| number > best))
        .with_variadic(NUMBERS),
    Function::new("min", &[], returns::number, |call| extreme(call, |number, best| number < best))
        .with_variadic(NUMBERS),
    Function::new(
        "parseint",
        &[Param::new("number", Takes::Any), Param::new("base", Takes::Number)],
        parse_int_type,
        parse_int,
    ),
    Function::new(
        "pow",
        &[Param::new("num", Takes::Number), Param::new("power", Takes::Number)],
        returns::number,
        |call| float_result(pow(float_argument(call, 0)?, float_argument(call, 1)?)),
    ),
    Function::new("signum", NUM, returns::number, signum),
    Function::new("sum", &[Param::new("list", Takes::Any)], returns::number, sum),
];

/// The first of the arguments that none is better than.
fn extreme(call: &Call<'_>, better: fn(&Number, &Number) -> bool) -> Result<Value, CallError> {
    let mut best: Option<&Number> = None;
    for arg in call.args {
        let Value::Number(number) = arg else { return call.unknown() };
        if best.is_none_or(|best| better(number, best)) {
            best = Some(number);
        }
    }
    best.cloned().map(Value::Number).ok_or_else(|| "must pass at least one number".into())
}

/// A number as an `f64`, which must not make it infinite.
fn float_argument(call: &Call<'_>, at: usize) -> Result<f64, CallError> {
    let number = call.number(at);
    let float = number.to_f64();
    if float.is_infinite() && !number.is_infinite() {
        return Err(format!("value must be between {:.6} and {:.6} inclusive", f64::MIN, f64::MAX).into());
    }
    Ok(float)
}

fn float_result(result: f64) -> Result<Value, CallError> {
    Number::from_f64(result).map(Value::Number).ok_or_else(|| "the result is not a number".into())
}

fn signum(call: &Call<'_>) -> Result<Value, CallError> {
    Ok(Value::int(call.whole(0)?.signum()))
}

/// Numbers in the first argument are refused: their digits would already have been read in base ten.
fn parse_int_type(args: &[Value]) -> Result<Type, CallError> {
    match args.first().map(Value::ty) {
        Some(Type::String) => Ok(Type::Number),
        Some(ty) => Err(CallError::argument(0, format!("first argument must be a string, not {ty}"))),
        None => Ok(Type::Number),
    }
}

fn parse_int(call: &Call<'_>) -> Result<Value, CallError> {
    let base = call.int64(1).map_err(|why| CallError::argument(1, why))?;
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=62).contains(base)) else {
        return Err(CallError::argument(1, "base must be a whole number between 2 and 62 inclusive"));
    };
    let text = call.text(0);
    let parsed = Number::parse_integer(text, base);
    parsed
        .map(Value::Number)
        .ok_or_else(|| CallError::argument(0, format!("cannot parse {} as a base {base} integer", quote(text))))
}

fn sum(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.args[0];
    let Some(length) = list.items().map(<[Value]>::len).or(list.entries().map(BTreeMap::len)) else {
        return Err(CallError::argument(0, "cannot sum noniterable"));
    };
    if length == 0 {
        return Err(CallError::argument(0, "cannot sum an empty list"));
    }
    let Some(items) = list.items() else {
        let ty = list.ty();
        return Err(CallError::argument(0, format!("argument must be list, set, or tuple. Received {ty}")));
    };
    if call.is_open() {
        return call.unknown();
    }
    let mut total: Option<Number> = None;
    for item in items {
        let Ok(Value::Number(number)) = convert(item, &Type::Number) else {
            return Err(CallError::argument(0, "argument must be list, set, or tuple of number values"));
        };
        total = Some(match total {
            Some(total) => total.checked_add(&number).ok_or("can't compute sum of opposing infinities")?,
            None => number,
        });
    }
    Ok(Value::Number(total.unwrap_or(Number::ZERO)))
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::tests::{check, check_error};

    #[test]
    fn logarithms_and_powers() {
        for (call, expected) in [
            ("log(8, 2)", "3"),
            ("log(50, 10)", "1.6989700043360185"),
            ("log(16, \"2\")", "4"),
            ("log(0, 10) == -1/0", "true"),
            ("log(10, 0)", "-0"),
            ("log(1/0, 2) == 1/0", "true"),
            ("ceil(log(1000, 2))", "10"),
            ("pow(3, 2)", "9"),
            ("pow(4, 0)", "1"),
            ("pow(2, -3)", "0.125"),
            ("pow(2, 0.5)", "1.4142135623730951"),
            ("pow(8, 1/3)", "1.9999999999999998"),
            ("pow(-2, 3)", "-8"),
            ("pow(0, -1) == 1/0", "true"),
            ("pow(2, 1e5) == 1/0", "true"),
            ("pow(2, -1e5)", "0"),
            ("pow(1/0, -1)", "0"),
            // Only as many digits as an `f64` needs, and arithmetic among such numbers does not add any.
            ("pow(2, 62)", "4611686018427388000"),
            ("pow(2, 70)", "1180591620717411300000"),
            ("pow(2, 0.5) + pow(3, 0.5)", "3.1462643699419726"),
            ("pow(2, 0.5) / pow(3, 0.5)", "0.8164965809277261"),
            ("pow(2, 0.5) % 1", "0.41421356237309515"),
            ("pow(2, 0.5) * pow(2, 0.5)", "2.00000000000000027343234630647693"),
            ("-pow(2, 0.5)", "-1.4142135623730951"),
            // Equal is what prints the same.
            ("pow(10, -1) == 0.1", "true"),
            ("pow(2, 3) == 8", "true"),
            ("pow(2, 62) == 4611686018427387904", "false"),
            ("[10, 20, 30][pow(2, 1)]", "30"),
        ] {
            let ty = if expected.parse::<bool>().is_ok() { "bool" } else { "number" };
            check(call, &format!("{expected} {ty}"));
        }
        let range = "value must be between -17976931348623157081452742373170435";
        for (call, expected) in [
            ("log(-1, 10)", "the result is not a number."),
            ("log(1, 1)", "the result is not a number."),
            ("log(0, 0)", "the result is not a number."),
            ("pow(-8, 1/3)", "the result is not a number."),
            ("log(1e400, 2)", range),
            ("pow(2, -1e400)", range),
            ("pow(\"x\", 2)", r#"Invalid value for "num" parameter: a number is required"#),
            ("pow(2, null)", r#"Invalid value for "power" parameter: argument must not be null"#),
            ("log(2, true)", r#"Invalid value for "base" parameter: number required"#),
        ] {
            check_error(call, expected);
        }
        check("pow(unk, 2)", "unknown number");
        check("log(2, dyn)", "unknown number");
    }
}
