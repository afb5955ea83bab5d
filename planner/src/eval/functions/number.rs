//! Arithmetic functions.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Number, Type, Value, convert, quote};

const NUM: &[Param] = &[Param::new("num", Takes::Number)];
const NUMBERS: Param = Param::new("numbers", Takes::Number).or_unknown();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", NUM, returns::number, |call| Ok(Value::Number(call.number(0).abs()))),
    Function::new("ceil", NUM, returns::number, |call| Ok(Value::Number(call.number(0).ceil()))),
    Function::new("floor", NUM, returns::number, |call| Ok(Value::Number(call.number(0).floor()))),
    Function::new("max", &[], returns::number, |call| extreme(call, Iterator::max)).with_variadic(NUMBERS),
    Function::new("min", &[], returns::number, |call| extreme(call, Iterator::min)).with_variadic(NUMBERS),
    Function::new(
        "parseint",
        &[Param::new("number", Takes::Any), Param::new("base", Takes::Number)],
        parse_int_type,
        parse_int,
    ),
    Function::new("signum", NUM, returns::number, signum),
    Function::new("sum", &[Param::new("list", Takes::Any)], returns::number, sum),
];

fn extreme<'a>(
    call: &Call<'a>,
    pick: fn(std::vec::IntoIter<&'a Number>) -> Option<&'a Number>,
) -> Result<Value, CallError> {
    if call.args.is_empty() {
        return Err("must pass at least one number".into());
    }
    let numbers: Option<Vec<&Number>> = call.args.iter().map(Value::as_number).collect();
    let Some(numbers) = numbers else { return call.unknown() };
    Ok(pick(numbers.into_iter()).map_or(Value::Unknown(Type::Number), |number| Value::Number(number.clone())))
}

fn signum(call: &Call<'_>) -> Result<Value, CallError> {
    let number = call.number(0);
    Ok(Value::int(match () {
        () if number.is_zero() => 0,
        () if number.is_negative() => -1,
        () => 1,
    }))
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
    let base = call.number(1).to_u64().filter(|base| (2..=62).contains(base));
    let Some(base) = base.and_then(|base| u32::try_from(base).ok()) else {
        return Err(CallError::argument(1, "base must be a whole number between 2 and 62 inclusive"));
    };
    let text = call.text(0);
    let parsed = Number::parse_integer(text, base);
    parsed
        .map(Value::Number)
        .ok_or_else(|| CallError::argument(0, format!("cannot parse {} as a base {base} integer", quote(text))))
}

fn sum(call: &Call<'_>) -> Result<Value, CallError> {
    let Some(items) = call.args[0].items() else {
        return Err(CallError::argument(0, "cannot sum noniterable"));
    };
    if items.is_empty() {
        return Err(CallError::argument(0, "cannot sum an empty list"));
    }
    if call.is_open() {
        return call.unknown();
    }
    let mut total = Number::ZERO;
    for item in items {
        let Ok(Value::Number(number)) = convert(item, &Type::Number) else {
            return Err(CallError::argument(0, "argument must be list, set, or tuple of number values"));
        };
        total = total.checked_add(&number).ok_or("can't compute sum of opposing infinities")?;
    }
    Ok(Value::Number(total))
}
