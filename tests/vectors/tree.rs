//! What the recorded trees do not show: spans, which kind of template it is, and text beyond the parser's own limits.

use planner::files::Files;
use planner::span::Span;
use planner::syntax::ast::{Expr, ExprKind, ObjectKey, Step, TemplatePart, UnaryOp};
use planner::syntax::{parse_body, parse_expression, parse_template};

/// The tree of `text`, an expression, and the text that each span covers.
fn expression(text: &str) -> (Files, Expr) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let expr = parse_expression(&files, file).unwrap_or_else(|diagnostics| panic!("{text:?}: {diagnostics:?}"));
    (files, expr)
}

fn covered(files: &Files, span: Span) -> &str {
    &files.get(span.file).text[span.start as usize..span.end as usize]
}

#[test]
fn spans_cover_the_text_of_their_node() {
    let (files, expr) = expression("\u{feff} f(-1[0], ns::g(a.b[0].*.c...)) # c\n");
    assert_eq!(covered(&files, expr.span), "f(-1[0], ns::g(a.b[0].*.c...))");
    let ExprKind::Call(call) = &expr.kind else { panic!("{expr:?}") };
    assert_eq!((covered(&files, call.name.span), covered(&files, call.close)), ("f", ")"));
    let args = &call.args;
    let ExprKind::Unary(UnaryOp::Negate, access) = &args[0].kind else { panic!("{args:?}") };
    assert_eq!((covered(&files, args[0].span), covered(&files, access.span)), ("-1[0]", "1[0]"));
    let ExprKind::Call(call) = &args[1].kind else { panic!("{args:?}") };
    assert_eq!((covered(&files, call.name.span), &*call.name.name, call.spread), ("ns::g", "ns::g", true));
    let ExprKind::Access(access) = &call.args[0].kind else { panic!("{args:?}") };
    let spans = access.steps.iter().map(|step| match step {
        Step::Attr(_, span) | Step::Index(_, span) | Step::Splat { span, .. } => covered(&files, *span),
    });
    assert_eq!((covered(&files, access.root.span), spans.collect::<Vec<_>>()), ("a", vec![".b", "[0]", ".*"]));
}

#[test]
fn headers_end_with_the_last_label() {
    let mut files = Files::new();
    let file = files.add("t", "\u{feff}source \"null\" é {\n  a = \"x${b}y\"\n}\nbuild {}");
    let body = parse_body(&mut files, file).0.unwrap();
    let spans: Vec<_> =
        body.blocks.iter().map(|block| (covered(&files, block.header), covered(&files, block.span))).collect();
    assert_eq!(spans, [("source \"null\" é", "source \"null\" é {\n  a = \"x${b}y\"\n}"), ("build", "build {}")]);
    let attribute = &body.blocks[0].body.attributes[0];
    assert_eq!(covered(&files, attribute.span()), "a = \"x${b}y\"");
    assert_eq!(files.section_around(attribute.span()).as_deref(), Some("source \"null\" \"é\""));
    assert_eq!(files.line_column(file, attribute.span().start), (2, 3));
}

#[test]
fn a_lone_interpolation_keeps_its_type() {
    for (text, unwraps) in
        [("\"${a}\"", true), ("\"${~ a ~}\"", true), ("\" ${~ a ~} \"", false), ("\"%{ if a }%{ endif }\"", false)]
    {
        assert_eq!(matches!(expression(text).1.kind, ExprKind::Unwrap(_)), unwraps, "{text}");
    }
    let mut files = Files::new();
    for (text, unwraps) in [("${a}", true), ("${a}\n", false), ("", false), ("text", false)] {
        let file = files.add("t", text);
        let expr = parse_template(&files, file).unwrap();
        assert_eq!(matches!(expr.kind, ExprKind::Unwrap(_)), unwraps, "{text}");
        assert_eq!(covered(&files, expr.span), text);
    }
}

#[test]
fn template_files_strip_by_line() {
    let mut files = Files::new();
    let text = "a\n\n  %{~ if c ~}\n  b\n\n  %{~ endif ~}  \n\n$${d} e\u{301}\n";
    let file = files.add("t", text);
    let ExprKind::Template(parts) = parse_template(&files, file).unwrap().kind else { panic!("no template") };
    let text_of = |part: &TemplatePart| match part {
        TemplatePart::Literal(text, _) => text.to_string(),
        other => panic!("no literal: {other:?}"),
    };
    let TemplatePart::If(inner) = &parts[1] else { panic!("{parts:?}") };
    let found = (text_of(&parts[0]), text_of(&inner.then[0]), inner.otherwise.len(), text_of(&parts[2]));
    assert_eq!(found, ("a\n\n".into(), "  b\n\n".into(), 0, "\n${d} é\n".into()));
}

#[test]
fn what_the_parser_refuses_is_read_all_the_same() {
    for text in [
        "1e400",
        "(!\na)",
        "{ a = 1, a = 2, b = { c = 1, \"c\" = 2, c = 3 } }",
        "{ (a.b) = 1, (a.b) = 2, \"${c}\" = 3, \"${c}\" = 4 }",
        "{ a ? b : c = 1, a ? b : c = 2 }",
        "<<EOT\n  EOT b\nEOT_\nEOT\n",
        "{ a = <<A\n  x\nA\na = 1e999 }",
        "[{\n # c\n a = 1 // d\n a = 2 /* e */\n}]",
    ] {
        expression(text);
    }
    let (files, expr) = expression("[<<A\nA\n, <<A\nb\nA\n]");
    let ExprKind::Tuple(items) = &expr.kind else { panic!("{expr:?}") };
    assert_eq!(items[0].kind, ExprKind::String("".into()));
    let ExprKind::Template(parts) = &items[1].kind else { panic!("{expr:?}") };
    let [TemplatePart::Literal(text, span)] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!((&**text, covered(&files, *span)), ("b\n", "b\n"));
    let (_, expr) = expression("1e400");
    assert_eq!(expr.kind, ExprKind::Number("1e400".into()));
    let (files, expr) = expression("{ é = 0, a = 1, a = { b = x, b = y } }");
    let ExprKind::Object(items) = &expr.kind else { panic!("{expr:?}") };
    let ObjectKey::Bare(key) = &items[2].key else { panic!("{items:?}") };
    assert_eq!((covered(&files, key.span), covered(&files, items[2].value.span)), ("a", "{ b = x, b = y }"));
    let ExprKind::Object(items) = &items[2].value.kind else { panic!("{items:?}") };
    assert_eq!(covered(&files, items[1].value.span), "y");
}

#[test]
fn faults_are_told_with_their_place() {
    for (text, place, summary) in [
        ("\u{feff}a = @\n", (1, 6), "Invalid character"),
        ("b {\n  a = 1\n  a = 2\n}\n", (3, 3), "Attribute redefined"),
        ("a = \"x\ny\"\n", (1, 5), "Invalid multi-line string"),
        ("b \"x\ny\" {\n}\n", (1, 3), "Invalid multi-line string"),
        ("a = [for]\n", (1, 9), "Invalid 'for' expression"),
        ("a = [for x inlist : x]\n", (1, 12), "Invalid 'for' expression"),
        ("a = [for x in y : x ifz]\n", (1, 21), "Invalid 'for' expression"),
        ("a = \"%{ ifx }%{ endif }\"\n", (1, 9), "Invalid template control keyword"),
        ("a = b.\nc\n", (1, 7), "Invalid attribute name"),
        ("a = [1]\n.b\n", (2, 1), "Argument or block definition required"),
        ("a = <<E\nx\nE)\n", (4, 1), "Unterminated template string"),
        ("b {\n  c = 1\n", (1, 3), "Unclosed configuration block"),
        ("a = {\n  b = 1\n", (3, 1), "Missing expression"),
        ("a = {\n  b = 1", (1, 5), "Unterminated object constructor expression"),
        ("a = 1.2.3\n", (1, 5), "Invalid number literal"),
        ("a = <<E\nx\nE", (3, 2), "Unterminated template string"),
        ("a = \"\\q\"\n", (1, 6), "Invalid escape sequence"),
    ] {
        let mut files = Files::new();
        let file = files.add("t", text);
        let diagnostics = parse_body(&mut files, file).1;
        let first = diagnostics.iter().next().map(|diagnostic| {
            (files.line_column(file, diagnostic.subject.unwrap().start), diagnostic.summary.as_str())
        });
        assert_eq!(first, Some((place, summary)), "{text:?}");
    }
}
