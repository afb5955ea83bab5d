//! Text that is too deep, too long or too large: a clear answer, never an overflow.

use planner::diagnostic::Diagnostics;
use planner::files::Files;
use planner::syntax::ast::ExprKind;
use planner::syntax::{parse_body, parse_expression, parse_template};

/// As small as the stack of any thread that parses.
const STACK: usize = 2 * 1024 * 1024;

pub(crate) fn on_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
}

fn first(diagnostics: &Diagnostics) -> Option<String> {
    diagnostics.iter().next().map(|diagnostic| diagnostic.summary.clone())
}

/// What stands in itself: in front, in the middle, behind.
const NESTED: [(&str, &str, &str); 17] = [
    ("[", "", "]"),
    ("[1, ", "2", ", 3]"),
    ("(", "a", ")"),
    ("{a=", "1", "}"),
    ("{a=1,a=", "1", "}"),
    ("{(\"a\")=", "1", "}"),
    ("f(", "", ")"),
    ("try(1, ", "1", "...)"),
    ("a[", "0", "]"),
    ("\"${", "a", "}\""),
    ("\"%{ if a }${", "a", "}%{ endif }\""),
    ("!", "a", ""),
    ("-", "a", ""),
    ("a ? b : ", "c", ""),
    ("a ? ", "b", " : c"),
    ("[for a in ", "y", ": a]"),
    ("{for a, b in ", "y", ": a => b...}"),
];

fn nested(before: &str, inner: &str, after: &str, n: usize) -> String {
    format!("x = {}{inner}{}\n", before.repeat(n), after.repeat(n))
}

#[test]
fn deep_and_long_text_is_refused() {
    const DEEP: &str = "Expression nested too deeply";
    const LONG: &str = "Too many operators in one expression";
    let n = 100_000;
    let mut rows: Vec<(String, Option<&str>)> = vec![
        (format!("x = {}\n", "[".repeat(n)), Some(DEEP)),
        (format!("x = a{}\n", "[*]".repeat(n)), Some(DEEP)),
        (format!("{}{}", "b {\n".repeat(n), "}\n".repeat(n)), Some(DEEP)),
        (format!("{}{}", "dynamic \"b\" {\ncontent {\n".repeat(n), "}\n}\n".repeat(n)), Some(DEEP)),
        (format!("x = <<E\n{}{}\nE\n", "%{ if a }".repeat(n), "%{ endif }".repeat(n)), Some(DEEP)),
        (format!("x = <<E\n{}{}\nE\n", "%{ for a in b }".repeat(n), "%{ endfor }".repeat(n)), Some(DEEP)),
        (format!("x = a{}\n", " + a".repeat(100_000)), Some(LONG)),
        (format!("x = a{}\n", " && a".repeat(129)), Some(LONG)),
        (format!("x = a{}\n", " + a".repeat(128)), None),
        (format!("x = a{}\n", ".b".repeat(100_000)), None),
        (format!("x = a{}\n", ".*".repeat(2)), Some("Nested splat expression not allowed")),
        (format!("x = {}{}\n", "[".repeat(60), "]".repeat(60)), None),
        (format!("x = a{}\n", "[*].b".repeat(60)), None),
        (format!("x = a{}\n", "[0]".repeat(100_000)), None),
        (format!("x = a{}\n", ".b.0".repeat(100_000)), None),
        (format!("x = a{}\n", ".b[0]".repeat(100_000)), None),
    ];
    for (before, inner, after) in NESTED {
        rows.push((nested(before, inner, after, 15), None));
        rows.extend([200, 10_000, 100_000].map(|n| (nested(before, inner, after, n), Some(DEEP))));
    }
    for (text, expected) in rows {
        let found = on_small_stack({
            let text = text.clone();
            move || {
                let mut files = Files::new();
                let file = files.add("t", text);
                let (body, diagnostics) = parse_body(&mut files, file);
                assert_eq!(body.is_none(), diagnostics.has_errors());
                first(&diagnostics)
            }
        });
        assert_eq!(found.as_deref(), expected, "{}…", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn templates_and_expressions_have_the_same_limits() {
    let deep = on_small_stack(|| {
        let mut files = Files::new();
        let file = files.add("t", format!("{}x{}", "%{ if a }".repeat(5_000), "%{ endif }".repeat(5_000)));
        first(&parse_template(&files, file).unwrap_err())
    });
    assert_eq!(deep.as_deref(), Some("Expression nested too deeply"));
    let deep = on_small_stack(|| {
        let mut files = Files::new();
        let file = files.add("t", "[".repeat(100_000));
        first(&parse_expression(&files, file).unwrap_err())
    });
    assert_eq!(deep.as_deref(), Some("Expression nested too deeply"));
}

/// The keys of the only argument of the body, an object.
fn n_items(text: String) -> usize {
    let mut files = Files::new();
    let file = files.add("t", text);
    let (body, diagnostics) = parse_body(&mut files, file);
    assert_eq!(diagnostics, Diagnostics::new());
    match &body.unwrap().attributes[0].expr.kind {
        ExprKind::Object(items) => items.len(),
        other => panic!("no object: {other:?}"),
    }
}

/// The parser compares each key with each other: without our help this takes minutes in a test build.
#[test]
fn an_object_may_have_very_many_keys() {
    let n = 40_000;
    assert_eq!(n_items(format!("x = {{\n{}}}\n", (0..n).map(|i| format!("  key_{i} = {i}\n")).collect::<String>())), n);
    assert_eq!(n_items(format!("x = {{{}}}\n", (0..n).map(|i| format!("\"k{i}\": [{i}], ")).collect::<String>())), n);
    assert_eq!(n_items(format!("x = {{\n{}}}\n", "  same = { same = 1, same = 2 }\n".repeat(n))), n);
}

/// One of each of what a text is made of, a megabyte long.
#[test]
fn long_tokens_parse() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("a = \"{long}\"\n"),
        format!("a = \"{}\"\n", "\\n\\u00e9$${".repeat(1 << 17)),
        format!("a = <<E\n{long}\nE\n"),
        format!("a = <<-E\n{}  E\n", "    x\n".repeat(1 << 17)),
        format!("a = <<{long}\nx\n{long}\n"),
        format!("{long} = {long}.{long}\n"),
        format!("{long} \"{long}\" {{\n}}\n"),
        format!("a = {}\n", "1".repeat(1 << 20)),
        format!("# {long}\na = 1 /* {long} */\n// {long}"),
        format!("a = 1{}\n", " ".repeat(1 << 20)),
        "\n".repeat(1 << 20),
        format!("b {} {{\n}}\n", "\"x\" ".repeat(20_000)),
    ] {
        let mut files = Files::new();
        let file = files.add("t", text.as_str());
        let (_, found) = parse_body(&mut files, file);
        assert!(found.is_empty(), "{}…", &text[..20]);
    }
}

#[test]
fn large_files_parse() {
    let variables: String =
        (0..2_000).map(|i| format!("variable \"v{i}\" {{\n  type    = string\n  default = \"d{i}\"\n}}\n")).collect();
    let mut files = Files::new();
    let file = files.add("t", variables);
    assert_eq!(parse_body(&mut files, file).0.unwrap().blocks.len(), 2_000);
    let lines = "  some text ${var.x} and\n".repeat(10_000);
    let file = files.add("t", format!("x = <<-EOT\n{lines}EOT\n"));
    let body = parse_body(&mut files, file).0.unwrap();
    let ExprKind::Template(parts) = &body.attributes[0].expr.kind else { panic!("no template") };
    assert_eq!(parts.len(), 20_001);
}
