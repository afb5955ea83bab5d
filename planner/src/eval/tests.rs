//! What the recorded rows do not cover: references, values shown with errors, constraints' expressions, and that no
//! tree whatever makes the evaluator panic.

use proptest::prelude::*;

use crate::diagnostic::Diagnostics;
use crate::eval::{
    Found, Functions, Host, Lookup, MapLookup, Reference, ReferenceStep, Scope, evaluate, evaluate_constant, references,
};
use crate::files::Files;
use crate::span::{FileId, Span};
use crate::syntax::ast::{
    Access, BinaryOp, Call, Expr, ExprKind, ForDirective, ForExpr, Ident, IfDirective, ObjectItem, ObjectKey, Step,
    TemplatePart, UnaryOp,
};
use crate::syntax::parse_expression;
use crate::value::{Constraint, Type, Value, convert, json};

fn parse(text: &str) -> Expr {
    let mut files = Files::new();
    let file = files.add("t", text);
    parse_expression(&files, file).unwrap_or_else(|found| panic!("{text}: {found:?}"))
}

fn spelled(reference: &Reference) -> String {
    let steps = reference.steps.iter().map(|step| match step {
        ReferenceStep::Key(name) => format!(".{name}"),
        ReferenceStep::Index(digits) => format!("[{digits}]"),
    });
    format!("{}{}@{}-{}", reference.root, steps.collect::<String>(), reference.span.start, reference.span.end)
}

#[test]
fn references_are_free_variables_with_their_literal_steps() {
    for (text, expected) in [
        ("1 + \"a\"", ""),
        ("var.a.b[0].c", "var.a.b[0].c@0-12"),
        ("data[\"k\"].x[local.i].y", "data.k.x@0-11 local.i@12-19"),
        ("a.*.b[c]", "a@0-1 c@6-7"),
        ("f(a...)[b]", "a@2-3 b@8-9"),
        ("[for k, v in m : [k, v, o] if v]", "m@13-14 o@24-25"),
        ("\"${a}%{ if b }${c}%{ endif }%{ for x in d }${x}${e}%{ endfor }\"", "a@3-4 b@11-12 c@16-17 d@40-41 e@49-50"),
        ("{a = b, (c) = d, e.f = g}", "b@5-6 c@9-10 d@14-15 e.f@17-20 g@23-24"),
        ("a ? -b : !c", "a@0-1 b@5-6 c@10-11"),
    ] {
        let found: Vec<String> = references(&parse(text)).iter().map(spelled).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }
}

#[test]
fn errors_show_the_values_behind_them() {
    let object = Value::object([("list", Value::strings(["a"])), ("i", Value::int(7)), ("odd key", Value::Bool(true))]);
    let variables =
        MapLookup::from_iter([("var", object), ("n", Value::Null(Type::Dynamic)), ("u", Value::Unknown(Type::String))]);
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    for (text, expected) in [
        ("var.list[var.i]", "var.list=list of string with 1 element, var.i=7"),
        ("var.missing", ""),
        ("var.list.x", ""),
        ("\"x${var.list}\"", "var.list=list of string with 1 element"),
        ("1 + n", "n=null"),
        ("[for x in var.list : x + var.i][0]", "x=\"a\""),
        ("upper(var)", "var=object with 3 attributes"),
        ("var[\"odd key\"] + u", "var[\"odd key\"]=true"),
        ("try(u.x, nosuch)", ""),
    ] {
        let mut found = Diagnostics::new();
        evaluate(&parse(text), &scope, &mut found);
        let shown: Vec<String> =
            found.iter().flat_map(|one| &one.values).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown.join(", "), expected, "{text}: {found:?}");
    }
}

#[test]
fn a_lookup_may_serve_members() {
    struct Members;
    impl Lookup for Members {
        fn root(&self, name: &str, attr: Option<&str>) -> Option<Found> {
            match (name, attr) {
                ("data", Some(attr)) => Some(Found::Member(Value::object([("name", Value::text(attr))]))),
                ("data", None) => Some(Found::Whole(Value::Unknown(Type::Dynamic))),
                _ => None,
            }
        }

        fn names(&self) -> Vec<String> {
            vec!["data".to_owned()]
        }
    }
    let scope = Scope { variables: &Members, functions: &Functions::none(), host: &Host::empty() };
    for (text, expected) in [
        ("data.x.name", Ok("\"x\"")),
        ("data[\"x\"].name", Err("")),
        ("dta.x", Err("There is no variable named \"dta\". Did you mean \"data\"?")),
    ] {
        let mut found = Diagnostics::new();
        let value = evaluate(&parse(text), &scope, &mut found);
        let said = found.iter().map(|one| one.detail.as_str()).collect::<String>();
        let outcome = json::encode(&value).map_err(|_| said.as_str());
        assert_eq!(outcome.as_deref().map_err(|said| *said), expected, "{text}");
    }
}

#[test]
fn constants_see_nothing() {
    for (text, expected) in [
        ("a.b", "Variables not allowed"),
        ("abs(1)", "Function calls not allowed"),
        ("[for x in [1] : x]", ""),
        ("[for x in [1] : y]", "Unknown variable"),
    ] {
        let mut found = Diagnostics::new();
        evaluate_constant(&parse(text), &mut found);
        assert_eq!(found.iter().map(|one| one.summary.as_str()).collect::<String>(), expected, "{text}");
    }
}

#[test]
fn constraints() {
    for (constraint, value, expected) in [
        ("string", "5", "\"5\" string"),
        ("any", "[1]", "[1] tuple"),
        ("list(any)", "[1, \"a\"]", "[\"1\",\"a\"] list of string"),
        ("map(list(number))", "{a = [\"1\"]}", "{\"a\":[1]} map of list of number"),
        ("tuple([string, number])", "[1, \"2\"]", "[\"1\",2] tuple"),
        ("object({a = number, b = optional(string)})", "{a = \"1\", c = 2}", "{\"a\":1,\"b\":null} object"),
        ("object({a = optional(number, \"7\")})", "{}", "{\"a\":7} object"),
        ("object({a = optional(number, 7)})", "{a = null}", "{\"a\":7} object"),
        (
            "list(object({a = optional(object({b = optional(number, 1)}), {})}))",
            "[{}, {a = {b = 2}}, {a = null}]",
            "[{\"a\":{\"b\":1}},{\"a\":{\"b\":2}},{\"a\":{\"b\":1}}] list of object",
        ),
        (
            "map(object({a = optional(number, 1)}))",
            "{x = {}, y = {a = 2}}",
            "{\"x\":{\"a\":1},\"y\":{\"a\":2}} map of object",
        ),
        ("tuple([object({a = optional(bool, true)})])", "[{}]", "[{\"a\":true}] tuple"),
        ("set(object({a = optional(number, 1)}))", "[{}, {a = 1}]", "[{\"a\":1}] set of object"),
        ("object({a = number})", "{}", "attribute \"a\" is required"),
        ("list(number)", "[\"x\"]", "a number is required"),
    ] {
        let mut found = Diagnostics::new();
        let constraint = Constraint::from_expr(&parse(constraint), &mut found);
        let value = evaluate_constant(&parse(value), &mut found);
        assert!(found.is_empty(), "{found:?}");
        let outcome = match constraint.convert(&value) {
            Ok(value) => format!("{} {}", json::encode(&value).unwrap(), value.ty()),
            Err(error) => error.to_string(),
        };
        assert_eq!(outcome, expected, "{value:?}");
    }
}

#[test]
fn what_is_no_constraint() {
    for (text, start) in [
        ("text", 0),
        ("\"string\"", 0),
        ("list", 0),
        ("list()", 4),
        ("list(string, string)", 13),
        ("string(1)", 6),
        ("null", 0),
        ("object({(a) = string})", 8),
        ("object({\"a\" = string})", 8),
        ("object({a = string, a = number})", 20),
        ("object([])", 7),
        ("tuple({})", 6),
        ("list(optional(string))", 5),
        ("object({a = optional()})", 20),
        ("object({a = optional(string, 1, 2)})", 20),
        ("a.b", 0),
    ] {
        let mut found = Diagnostics::new();
        Constraint::from_expr(&parse(text), &mut found);
        let told: Vec<(&str, u32)> =
            found.iter().map(|one| (one.summary.as_str(), one.subject.unwrap().start)).collect();
        assert_eq!(told, [("Invalid type specification", start)], "{text}");
    }
    let mut found = Diagnostics::new();
    Constraint::from_expr(&parse("object({a = optional(number, \"x\")})"), &mut found);
    assert_eq!(found.iter().next().unwrap().summary, "Invalid default value for optional attribute");
}

fn span() -> Span {
    Span { file: FileId(0), start: 0, end: 1 }
}

fn ident(name: &str) -> Ident {
    Ident { name: name.into(), span: span() }
}

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: span() }
}

fn boxed(inner: Expr) -> Box<Expr> {
    Box::new(inner)
}

fn leaf() -> impl Strategy<Value = Expr> {
    let number = prop_oneof![
        Just("0"),
        Just("1"),
        Just("2.5"),
        Just("1e30"),
        Just("9223372036854775807"),
        Just("1e999999999"),
        Just("1e-300")
    ];
    let text = prop_oneof![
        Just(""),
        Just("a"),
        Just("1"),
        Just("true"),
        Just("%d"),
        Just("é👨‍👩‍👧"),
        Just("2020-02-02T00:00:00Z")
    ];
    prop_oneof![
        Just(ExprKind::Null),
        any::<bool>().prop_map(ExprKind::Bool),
        number.prop_map(|text| ExprKind::Number(text.into())),
        text.prop_map(|text| ExprKind::String(text.into())),
        prop_oneof![Just("s"), Just("u"), Just("d"), Just("l"), Just("m"), Just("set"), Just("x"), Just("nosuch")]
            .prop_map(|name| ExprKind::Variable(name.into())),
    ]
    .prop_map(expr)
}

fn function_name() -> impl Strategy<Value = String> {
    let names: Vec<String> = Functions::standard().names().map(str::to_owned).collect();
    proptest::sample::select(names)
}

fn step(inner: impl Strategy<Value = Expr> + Clone + 'static) -> impl Strategy<Value = Step> {
    let single = prop_oneof![Just(Step::Attr(ident("a"), span())), inner.prop_map(|key| Step::Index(key, span())),];
    (single, any::<Option<bool>>()).prop_map(|(single, splat)| match splat {
        None => single,
        Some(full) => Step::Splat { full, each: [single].into(), span: span() },
    })
}

fn operator() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    proptest::sample::select(vec![
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
    ])
}

fn tree() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 48, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 0..4);
        let part = prop_oneof![
            inner.clone().prop_map(TemplatePart::Interpolation),
            Just(TemplatePart::Literal("t".into(), span())),
        ];
        let parts = proptest::collection::vec(part, 0..3);
        prop_oneof![
            (operator(), inner.clone(), inner.clone()).prop_map(|(op, a, b)| ExprKind::Binary(op, boxed(a), boxed(b))),
            (any::<bool>(), inner.clone())
                .prop_map(|(not, a)| { ExprKind::Unary(if not { UnaryOp::Not } else { UnaryOp::Negate }, boxed(a)) }),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| ExprKind::Conditional(Box::new([a, b, c]))),
            several.clone().prop_map(|items| ExprKind::Tuple(items.into())),
            proptest::collection::vec((inner.clone(), inner.clone()), 0..3).prop_map(|items| ExprKind::Object(
                items.into_iter().map(|(key, value)| ObjectItem { key: ObjectKey::Expr(key), value }).collect()
            )),
            (inner.clone(), proptest::collection::vec(step(inner.clone()), 1..3))
                .prop_map(|(root, steps)| ExprKind::Access(Box::new(Access { root, steps: steps.into() }))),
            (function_name(), several, any::<bool>()).prop_map(|(name, args, spread)| ExprKind::Call(Box::new(Call {
                name: ident(&name),
                spread: spread && !args.is_empty(),
                args: args.into(),
                close: span(),
            }))),
            (inner.clone(), inner.clone(), any::<Option<bool>>(), proptest::option::of(inner.clone())).prop_map(
                |(collection, value, grouping, condition)| ExprKind::For(Box::new(ForExpr {
                    key_name: Some(ident("k")),
                    value_name: ident("x"),
                    collection,
                    key: grouping.map(|_| expr(ExprKind::Variable("k".into()))),
                    value,
                    grouping: grouping == Some(true),
                    condition,
                }))
            ),
            parts.clone().prop_map(|parts| ExprKind::Template(parts.into())),
            (inner, parts.clone(), parts, any::<bool>()).prop_map(|(head, a, b, loops)| {
                ExprKind::Template(Box::new([if loops {
                    TemplatePart::For(Box::new(ForDirective {
                        key_name: None,
                        value_name: ident("x"),
                        collection: head,
                        body: a.into(),
                        span: span(),
                    }))
                } else {
                    let (then, otherwise) = (a.into(), b.into());
                    TemplatePart::If(Box::new(IfDirective { condition: head, then, otherwise, span: span() }))
                }]))
            }),
        ]
        .prop_map(expr)
    })
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = proptest::sample::select(vec![Type::Dynamic, Type::String, Type::Number, Type::Bool]);
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Type::tuple),
            proptest::collection::btree_map("[ab]", inner, 0..3).prop_map(Type::object),
        ]
    })
}

fn value_of(tree: &Expr) -> (Value, bool) {
    let map = [("a".into(), Value::int(1))].into();
    let variables = MapLookup::from_iter([
        ("s", Value::string("a")),
        ("u", Value::Unknown(Type::String)),
        ("d", Value::Unknown(Type::Dynamic)),
        ("l", Value::list(vec![Value::Unknown(Type::Number), Value::Null(Type::Dynamic)], Type::Number)),
        ("m", Value::map(map, Type::Number)),
        ("set", Value::set(vec![Value::tuple([Value::int(2)]), Value::tuple([Value::int(1)])], Type::Dynamic)),
    ]);
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    let mut found = Diagnostics::new();
    let value = evaluate(tree, &scope, &mut found);
    (value, found.has_errors())
}

/// Whether elements of collections have the type that the collection says.
fn is_sound(value: &Value) -> bool {
    match value {
        Value::List(ty, items) | Value::Set(ty, items) => items.iter().all(|item| item.ty() == *ty && is_sound(item)),
        Value::Map(ty, entries) => entries.values().all(|item| item.ty() == *ty && is_sound(item)),
        Value::Tuple(items) => items.iter().all(is_sound),
        Value::Object(entries) => entries.values().all(is_sound),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_tree_makes_it_panic(tree in tree()) {
        references(&tree);
        let (value, _) = value_of(&tree);
        prop_assert!(is_sound(&value), "{value:?}");
    }

    #[test]
    fn conversion_settles_at_once(tree in tree(), ty in types()) {
        let (value, failed) = value_of(&tree);
        if !failed && let Ok(converted) = convert(&value, &ty) {
            prop_assert!(is_sound(&converted), "{value:?} to {ty:?} is {converted:?}");
            prop_assert_eq!(convert(&converted, &ty), Ok(converted));
        }
    }
}
