//! Functions that make sequences of sequences.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, NOT_WHOLE, Param, STRINGS, Takes, returns};
use crate::value::{Number, Type, Value, convert, unify};

const ANY_LIST: Takes = Takes::List(&Takes::Any);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "chunklist",
        &[Param::new("list", ANY_LIST), Param::new("size", Takes::Number)],
        |args| Ok(Type::list(args[0].ty())),
        chunk_list,
    ),
    Function::new("concat", &[], concat_type, concat).with_variadic(Param::new("seqs", Takes::Any)),
    Function::new("range", &[], |_| Ok(Type::list(Type::Number)), range)
        .with_variadic(Param::new("params", Takes::Number)),
    Function::new("reverse", &[Param::new("list", Takes::Any)], reverse_type, reverse),
    Function::new(
        "slice",
        &[
            Param::new("list", Takes::Any),
            Param::new("start_index", Takes::Number),
            Param::new("end_index", Takes::Number),
        ],
        slice_type,
        slice,
    ),
    Function::new("sort", &[Param::new("list", STRINGS)], returns::strings, sort),
];

/// Most values that `range` gives.
const MAX_RANGE: usize = 1024;

fn chunk_list(call: &Call<'_>) -> Result<Value, CallError> {
    let items = call.items(0);
    let size = call.int64(1).map_err(|why| format!("invalid size: {why}"))?;
    let element = call.args[0].ty();
    let inner = element.element().cloned().unwrap_or(Type::Dynamic);
    let size = usize::try_from(size).map_err(|_| "the size argument must be positive")?;
    if items.is_empty() {
        return Ok(Value::list(Vec::new(), element));
    }
    let size = if size == 0 { items.len() } else { size };
    let chunks = items.chunks(size).map(|chunk| Value::List(inner.clone(), chunk.into()));
    Ok(Value::List(element.clone(), chunks.collect()))
}

/// A list when all are lists of types that go together, else a tuple.
fn concat_type(args: &[Value]) -> Result<Type, CallError> {
    if args.is_empty() {
        return Err("at least one argument is required".into());
    }
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(common) = unify(&types)
    {
        return Ok(common);
    }
    let mut elements = Vec::new();
    for (at, (arg, ty)) in args.iter().zip(types).enumerate() {
        match (ty, arg) {
            (Type::Tuple(types), _) => elements.extend(types.iter().cloned()),
            (Type::List(element), Value::List(_, items)) => elements.extend(items.iter().map(|_| (*element).clone())),
            (Type::List(_), _) => return Ok(Type::Dynamic),
            (ty, _) => {
                return Err(CallError::argument(at, format!("all arguments must be lists or tuples; got {ty}")));
            }
        }
    }
    Ok(Type::tuple(elements))
}

fn concat(call: &Call<'_>) -> Result<Value, CallError> {
    let items = call.args.iter().flat_map(|arg| arg.items().unwrap_or_default());
    let Type::List(element) = call.ty else { return Ok(Value::tuple(items.cloned())) };
    let converted: Result<Vec<Value>, _> = items.map(|item| convert(item, element)).collect();
    Ok(Value::list(converted?, (**element).clone()))
}

fn range(call: &Call<'_>) -> Result<Value, CallError> {
    let (zero, one) = (Number::ZERO, Number::from(1i64));
    let (start, end, step) = match call.args.len() {
        1 => (zero.clone(), call.number(0), None),
        2 => (call.number(0), call.number(1), None),
        3 => (call.number(0), call.number(1), Some(call.number(2))),
        _ => return Err("must have one, two, or three arguments".into()),
    };
    let step = step.unwrap_or_else(|| if end < start { -&one } else { one });
    if step.is_zero() && start != end {
        return Err(CallError::argument(2, "step must not be zero"));
    }
    let down = step.is_negative();
    if down && end > start {
        return Err(CallError::argument(1, "end must be less than start when step is negative"));
    }
    if !down && end < start {
        return Err(CallError::argument(1, "end must be greater than start when step is positive"));
    }
    let mut values = Vec::new();
    let mut next = start;
    while if down { next > end } else { next < end } {
        if values.len() == MAX_RANGE {
            let why = format!(
                "more than {MAX_RANGE} values were generated; either decrease the difference between start and end or \
                 use a smaller step"
            );
            return Err(why.into());
        }
        let after = next.checked_add(&step).ok_or("infinite range")?;
        values.push(Value::Number(next));
        next = after;
    }
    Ok(Value::list(values, Type::Number))
}

fn reverse_type(args: &[Value]) -> Result<Type, CallError> {
    match args[0].ty() {
        Type::Tuple(elements) => Ok(Type::tuple(elements.iter().rev().cloned())),
        Type::List(element) | Type::Set(element) => Ok(Type::List(element)),
        other => Err(CallError::argument(0, format!("can only reverse list or tuple values, not {other}"))),
    }
}

fn reverse(call: &Call<'_>) -> Result<Value, CallError> {
    let items = call.items(0).iter().rev().cloned();
    Ok(match call.ty {
        Type::List(element) => Value::list(items.collect(), (**element).clone()),
        _ => Value::tuple(items),
    })
}

fn slice_type(args: &[Value]) -> Result<Type, CallError> {
    match args[0].ty() {
        list @ Type::List(_) => bounds(args, args[0].items().map(<[Value]>::len)).map(|_| list),
        Type::Tuple(elements) => Ok(match bounds(args, Some(elements.len()))? {
            Some((start, end)) => Type::tuple(elements[start..end].iter().cloned()),
            None => Type::Dynamic,
        }),
        Type::Set(_) => {
            let why = "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
                       ordering of the result is not important";
            Err(CallError::argument(0, why))
        }
        _ => Err(CallError::argument(0, "must be a list or tuple value")),
    }
}

/// The two indexes, if both are known. What is known of them and of the length is checked.
fn bounds(args: &[Value], length: Option<usize>) -> Result<Option<(usize, usize)>, CallError> {
    let bound = |at: usize, name: &str| {
        let Value::Number(number) = &args[at] else { return Ok(None) };
        let fault = |why: String| Err(CallError::argument(at, why));
        let Some(index) = number.to_i64() else { return fault(format!("invalid {name} index: {NOT_WHOLE}")) };
        match usize::try_from(index) {
            Err(_) => fault(format!("{name} index must not be less than zero")),
            Ok(index) if length.is_some_and(|length| index > length) => {
                fault(format!("{name} index must not be greater than the length of the list"))
            }
            Ok(index) => Ok(Some(index)),
        }
    };
    let Some((start, end)) = bound(1, "start")?.zip(bound(2, "end")?) else { return Ok(None) };
    if start > end {
        return Err(CallError::argument(1, "start index must not be greater than end index"));
    }
    Ok(Some((start, end)))
}

fn slice(call: &Call<'_>) -> Result<Value, CallError> {
    let items = call.items(0);
    let Some((start, end)) = bounds(call.args, Some(items.len()))? else { return call.unknown() };
    let items = items[start..end].iter().cloned();
    Ok(match call.ty {
        Type::List(element) => Value::list(items.collect(), (**element).clone()),
        _ => Value::tuple(items),
    })
}

/// By bytes, not by the rules of any language.
fn sort(call: &Call<'_>) -> Result<Value, CallError> {
    if call.is_open() {
        // Which element comes where is not known, but how many there are is.
        return Ok(Value::List(Type::String, call.items(0).iter().map(|_| Value::Unknown(Type::String)).collect()));
    }
    let mut texts = Vec::new();
    for (at, item) in call.items(0).iter().enumerate() {
        let Value::String(text) = item else {
            return Err(format!("given list element {at} is null; a null string cannot be sorted").into());
        };
        texts.push(text.clone());
    }
    texts.sort();
    Ok(Value::List(Type::String, texts.into_iter().map(Value::String).collect()))
}
