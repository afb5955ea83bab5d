//! What holds for any text at all: it gets an answer, and the answer can be shown.
//!
//! Each function takes a text and panics where something does not hold. The fuzz targets in `tests/fuzz` call nothing
//! else, so that what they find can be tried here.

use std::path::PathBuf;
use std::sync::Arc;

use planner::config::template;
use planner::diagnostic::Diagnostics;
use planner::duration::GoDuration;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate, evaluate_constant, references};
use planner::files::Files;
use planner::format::{format, tokens};
use planner::interpolate::{Facts, Interpolation, Promised, RunData, UserVariables};
use planner::legacy::{self, Given};
use planner::lower::analysis::Inputs;
use planner::render::{RenderOptions, render};
use planner::syntax::ast::Body;
use planner::syntax::{Role, parse_body, parse_expression, parse_json_body, parse_template};
use planner::value::{Constraint, Type, Value, display, json};
use planner::values::VariableInputs;
use planner::version::{Constraint as VersionConstraint, Version};

/// Text in native syntax, as each of the things that it could be: a body, an expression, a template.
pub fn native(text: &str) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let (body, mut found) = parse_body(&mut files, file);
    assert_eq!(body.is_none(), found.has_errors());
    if let Some(body) = body {
        use_body(body, &files, &mut found);
    }
    for found in [Some(found), parse_expression(&files, file).err(), parse_template(&files, file).err()] {
        can_be_shown(&found.unwrap_or_default(), &files);
    }
}

/// Text in JSON syntax.
pub fn json(text: &str) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let (body, mut found) = parse_json_body(&mut files, file);
    assert_eq!(body.is_none(), found.has_errors());
    if let Some(body) = body {
        use_body(body, &files, &mut found);
    }
    can_be_shown(&found, &files);
}

/// Any text can be formatted; that changes nothing but white space, and changes nothing the second time.
pub fn layout(text: &str) {
    let once = format(text);
    assert!(tokens(text).eq(tokens(&once)), "tokens changed: {once:?}");
    assert_eq!(once, format(&once), "not stable");
}

/// An expression has a value or errors, and what it has can be shown, encoded and converted.
pub fn expression(text: &str) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let Ok(expr) = parse_expression(&files, file) else { return };
    let (variables, functions, host) = (variables(), functions(), nowhere());
    let scope = Scope { variables: &variables, functions: &functions, host: &host };
    let mut found = Diagnostics::new();
    let value = evaluate(&expr, &scope, &mut found);
    if !found.has_errors() {
        let _ = (display::render(&value), value.ty().to_string(), json::encode(&value));
        assert!(value == value.clone() || !value.is_wholly_known());
    }
    Constraint::from_expr(&expr, &mut found);
    can_be_shown(&found, &files);
}

/// A legacy template is read and its variables rendered, or it is said why not.
pub fn legacy(text: &[u8]) {
    let mut files = Files::new();
    let Ok(template) = legacy::parse(&mut files, "t.json", text) else { return };
    let (variables, host) = (VariableInputs::default(), nowhere());
    let inputs = Inputs { variables: &variables, host: &host, version: "1.16.0" };
    let mut found = Diagnostics::new();
    legacy::analyse(template, Given::default(), inputs, &files, &mut found);
    can_be_shown(&found, &files);
}

/// A string of a component is rendered before and during the run, or it is said why not.
pub fn interpolation(text: &str) {
    let host = nowhere();
    let facts = Facts {
        build_name: "name".into(),
        build_type: "null".into(),
        core_version: "1.16.0".into(),
        template_dir: Some("dir".into()),
        working_dir: Arc::new(host.working_dir.clone()),
        started: (host.now)(),
        user: UserVariables::Defining(Arc::new([("a".to_owned(), "{{user `a`}}".to_owned())].into()), host),
        promised: Promised::Anything,
    };
    let interpolation = Interpolation::new(facts);
    let data = RunData::new(&[("ID".to_owned(), Value::text("i-1"))].into());
    let _ = (interpolation.at_prepare(text), interpolation.at_run(text, &data), interpolation.until_stable(text));
    let _ = interpolation.check(text);
}

/// Versions, constraints on them, and durations are read or refused; those that are read can be written and read again.
pub fn scalars(text: &str) {
    if let Ok(duration) = text.parse::<GoDuration>() {
        assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
    }
    let version = Version::parse(text);
    if let Some(version) = &version {
        assert!(Version::parse(&version.to_string()).is_some_and(|again| !again.is_before(version)), "{version}");
    }
    if let Ok(constraint) = VersionConstraint::parse(text) {
        assert_eq!(VersionConstraint::parse(&constraint.to_string()).as_ref(), Ok(&constraint));
        let _ = version.is_some_and(|version| constraint.allows(&version));
    }
}

/// Everything that can be done to a body: as a template, as blocks, as values, as types.
fn use_body(body: Body, files: &Files, found: &mut Diagnostics) {
    let (variables, functions, host) = (variables(), functions(), nowhere());
    let scope = Scope { variables: &variables, functions: &functions, host: &host };
    for attribute in &body.attributes {
        evaluate(&attribute.expr, &scope, found);
        evaluate_constant(&attribute.expr, found);
        references(&attribute.expr);
        Constraint::from_expr(&attribute.expr, found);
        for item in attribute.expr.items().unwrap_or_default().iter() {
            evaluate(&item.to_analyse(), &scope, found);
        }
    }
    body.just_attributes(found);
    let blocks = body.shaped(|_| Some(Role::Block(&["a", "b"])), found).into_owned();
    for block in &blocks.blocks {
        block.body.shaped(|_| Some(Role::Block(&[])), found);
    }
    template::decode(&[body], files, &scope, found);
}

/// All places lie in the text, between characters, and there is something to read.
pub fn can_be_shown(found: &Diagnostics, files: &Files) {
    for diagnostic in found.iter() {
        for span in [diagnostic.subject, diagnostic.context].into_iter().flatten() {
            let text = &files.get(span.file).text;
            assert!(span.start <= span.end, "{diagnostic:?}");
            assert!(text.is_char_boundary(span.start as usize), "{diagnostic:?}");
            assert!(text.is_char_boundary(span.end as usize), "{diagnostic:?}");
        }
    }
    for color in [false, true] {
        let shown = render(found, files, RenderOptions { color, ..RenderOptions::default() });
        assert_eq!(found.is_empty(), shown.is_empty());
    }
}

/// All functions but those that look around in the file system, or take their time as others tell them to.
fn functions() -> Functions {
    let left_out = ["abspath", "bcrypt", "file", "fileexists", "filebase64", "fileset", "templatefile"];
    left_out.into_iter().fold(Functions::standard(), Functions::without)
}

/// A world whose files nobody reads.
fn nowhere() -> Host {
    Host { base_dir: PathBuf::from("nowhere"), ..Host::empty() }
}

/// One of each kind, known and not.
fn variables() -> MapLookup {
    let text = Value::text;
    let entry = |key: &str, value: &str| (Arc::from(key), text(value));
    MapLookup::from_iter([
        ("s", text("str")),
        ("n", Value::int(5)),
        ("t", Value::Bool(true)),
        ("z", Value::Null(Type::Dynamic)),
        ("l", Value::strings(["a", "b", "c"])),
        ("m", Value::map([entry("k", "v"), entry("q", "r")].into(), Type::String)),
        ("o", Value::object([("name", text("nm")), ("l", Value::tuple([Value::int(1), text("é")]))])),
        ("e", Value::list(Vec::new(), Type::String)),
        ("x", Value::set(vec![text("a"), text("b")], Type::String)),
        ("u", Value::Unknown(Type::String)),
        ("d", Value::Unknown(Type::Dynamic)),
    ])
}
