//! Functions on sets.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes};
use crate::value::{Members, Type, Value, convert, unify};

const SET: Takes = Takes::Set(&Takes::Any);
const FIRST: &[Param] = &[Param::new("first_set", SET)];
const OTHERS: Param = Param::new("other_sets", SET);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("setintersection", FIRST, common_type, intersection).with_variadic(OTHERS),
    Function::new("setproduct", &[], product_type, product).with_variadic(Param::new("sets", Takes::Any)),
    Function::new("setunion", FIRST, common_type, union).with_variadic(OTHERS),
];

/// Most combinations that `setproduct` gives.
const MAX_PRODUCT: usize = 1 << 20;

/// Empty sets without element type go with everything.
fn common_type(args: &[Value]) -> Result<Type, CallError> {
    let counts = |arg: &&Value| {
        let untyped = arg.ty().element() == Some(&Type::Dynamic);
        !(untyped && arg.items().is_some_and(<[Value]>::is_empty))
    };
    let elements: Vec<Type> = args.iter().filter(counts).filter_map(|arg| arg.ty().element().cloned()).collect();
    if elements.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    match unify(&elements) {
        Some(element) => Ok(Type::set(element)),
        None => Err("given sets must all have compatible element types".into()),
    }
}

/// The arguments as sets of one type.
fn sets(call: &Call<'_>) -> Result<Vec<Value>, CallError> {
    let converted = call
        .args
        .iter()
        .enumerate()
        .map(|(at, arg)| convert(arg, call.ty).map_err(|error| CallError::argument(at, error.to_string())));
    converted.collect()
}

fn union(call: &Call<'_>) -> Result<Value, CallError> {
    let all = sets(call)?.iter().flat_map(|set| set.items().unwrap_or_default().to_vec()).collect();
    Ok(Value::set(all, call.ty.element().cloned().unwrap_or(Type::Dynamic)))
}

fn intersection(call: &Call<'_>) -> Result<Value, CallError> {
    if call.is_open() {
        return call.unknown();
    }
    let sets = sets(call)?;
    let Some((first, others)) = sets.split_first() else { return call.unknown() };
    let others: Vec<Members<'_>> = others.iter().map(|set| set.items().unwrap_or_default().iter().collect()).collect();
    let in_all = |item: &&Value| others.iter().all(|set| set.contains(item));
    let kept: Vec<Value> = first.items().unwrap_or_default().iter().filter(in_all).cloned().collect();
    Ok(Value::set(kept, call.ty.element().cloned().unwrap_or(Type::Dynamic)))
}

/// A list of tuples when all arguments have an order, else a set of them.
fn product_type(args: &[Value]) -> Result<Type, CallError> {
    if args.len() < 2 {
        return Err("at least two arguments are required".into());
    }
    let mut elements = Vec::new();
    let mut ordered = true;
    for (at, arg) in args.iter().enumerate() {
        elements.push(match arg.ty() {
            Type::List(element) => (*element).clone(),
            Type::Set(element) => {
                ordered = false;
                (*element).clone()
            }
            Type::Tuple(types) if types.is_empty() => Type::Dynamic,
            Type::Tuple(types) => {
                unify(&types).ok_or_else(|| CallError::argument(at, "all elements must be of the same type"))?
            }
            _ => return Err(CallError::argument(at, "a set or a list is required")),
        });
    }
    let row = Type::tuple(elements);
    Ok(if ordered { Type::list(row) } else { Type::set(row) })
}

fn product(call: &Call<'_>) -> Result<Value, CallError> {
    let Some(Type::Tuple(types)) = call.ty.element() else { return call.unknown() };
    // Unknown elements of a set may turn out to be the same.
    if call.args.iter().any(|arg| matches!(arg, Value::Set(_, items) if items.len() > 1) && !arg.is_wholly_known()) {
        return call.unknown();
    }
    let count = (0..call.args.len()).try_fold(1usize, |count, at| count.checked_mul(call.items(at).len()));
    if count.is_none_or(|count| count > MAX_PRODUCT) {
        return Err(format!("more than {MAX_PRODUCT} combinations").into());
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for (at, ty) in types.iter().enumerate() {
        let items: Vec<Value> = call.items(at).iter().map(|item| convert(item, ty)).collect::<Result<_, _>>()?;
        let longer = |row: &Vec<Value>| {
            items.iter().map(|item| row.iter().chain([item]).cloned().collect()).collect::<Vec<Vec<Value>>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::tuple).collect();
    let row = Type::Tuple(types.clone());
    Ok(if matches!(call.ty, Type::List(_)) { Value::list(rows, row) } else { Value::set(rows, row) })
}
