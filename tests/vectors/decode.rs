//! Bodies of components, decoded by their schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, Scope};
use planner::files::Files;
use planner::schema::{decode, expand, fill_unknown, object_type};
use planner::syntax::ast::Body;
use planner::syntax::{parse_body, parse_json_body};
use planner::value::{Type, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::dynamic::variables;
use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    schema: Shape,
    text: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    errors: BTreeSet<String>,
}

#[derive(Default, Deserialize)]
struct Shape {
    #[serde(default)]
    attrs: Vec<Attr>,
    #[serde(default)]
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
struct Attr {
    name: String,
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default)]
    required: bool,
    default: Option<String>,
}

#[derive(Deserialize)]
struct Block {
    name: String,
    nesting: String,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    min: usize,
    #[serde(default)]
    max: usize,
    #[serde(rename = "type")]
    ty: Option<Json>,
    #[serde(default)]
    body: Shape,
}

impl Shape {
    fn schema(&self) -> Schema {
        let attributes = self.attrs.iter().map(|attr| AttributeSchema {
            required: attr.required,
            default: attr.default.as_deref().map(Value::text),
            ..AttributeSchema::optional(attr.name.as_str(), ty(&attr.ty))
        });
        Schema {
            attributes: attributes.collect(),
            blocks: self.blocks.iter().map(Block::schema).collect(),
            ..Schema::default()
        }
    }
}

impl Block {
    fn schema(&self) -> BlockSchema {
        let labels = || self.labels.iter().map(|label| Arc::from(label.as_str())).collect();
        BlockSchema {
            name: self.name.as_str().into(),
            nesting: match self.nesting.as_str() {
                "single" => BlockNesting::Single,
                "list" => BlockNesting::List,
                "set" => BlockNesting::Set,
                "map" => BlockNesting::Map(labels()),
                "object" => BlockNesting::Object(labels()),
                "attributes" => BlockNesting::Attributes(ty(self.ty.as_ref().unwrap())),
                other => panic!("{other}"),
            },
            min: self.min,
            max: Some(self.max).filter(|max| *max > 0),
            schema: Arc::new(self.body.schema()),
        }
    }
}

fn ty(json: &Json) -> Type {
    match json {
        Json::String(name) => match name.as_str() {
            "string" => Type::String,
            "number" => Type::Number,
            "bool" => Type::Bool,
            other => panic!("{other}"),
        },
        Json::Array(parts) => match (parts[0].as_str().unwrap(), &parts[1]) {
            ("list", element) => Type::list(ty(element)),
            ("set", element) => Type::set(ty(element)),
            ("map", element) => Type::map(ty(element)),
            ("tuple", elements) => Type::tuple(elements.as_array().unwrap().iter().map(ty)),
            (_, members) => {
                Type::object(members.as_object().unwrap().iter().map(|(name, inner)| (name.as_str(), ty(inner))))
            }
        },
        other => panic!("{other}"),
    }
}

/// A type as cty writes it in JSON.
fn shown_type(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => json!("dynamic"),
        Type::String => json!("string"),
        Type::Number => json!("number"),
        Type::Bool => json!("bool"),
        Type::List(element) => json!(["list", shown_type(element)]),
        Type::Set(element) => json!(["set", shown_type(element)]),
        Type::Map(element) => json!(["map", shown_type(element)]),
        Type::Tuple(elements) => json!(["tuple", elements.iter().map(shown_type).collect::<Vec<_>>()]),
        Type::Object(object) => {
            let members = object.attributes.iter().map(|(name, ty)| (name.to_string(), shown_type(ty)));
            json!(["object", members.collect::<serde_json::Map<_, _>>()])
        }
    }
}

/// A value without its type; `?` where it is unknown.
fn shown(value: &Value) -> String {
    let items = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Unknown(_) => "?".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => json!(&**text).to_string(),
        Value::List(_, list) => format!("[{}]", items(list)),
        Value::Set(_, set) => format!("set[{}]", items(set)),
        Value::Tuple(tuple) => format!("({})", items(tuple)),
        Value::Map(_, entries) | Value::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(name, inner)| format!("{}: {}", json!(&**name), shown(inner))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// What `text` is decoded to, with what it is once components can see it; or what is wrong with it, without details where
/// `recorded` has none.
fn outcome(schema: &Schema, text: &str, recorded: &BTreeSet<String>) -> Result<(Value, Value), BTreeSet<String>> {
    let mut files = Files::new();
    let file = files.add("t", text);
    let is_json = text.starts_with('{');
    let parse = if is_json { parse_json_body } else { parse_body };
    let body = parse(&mut files, file).0.unwrap_or_else(|| panic!("{text:?} does not parse"));
    let variables = variables();
    let scope = Scope { variables: &variables, functions: &Functions::none(), host: &Host::empty() };
    let mut diags = Diagnostics::new();
    let plain = expand(schema, &body, &scope, &mut diags);
    let value = decode(schema, &[&plain], &scope, &mut diags);
    if !diags.has_errors() {
        let filled = fill_unknown(&value);
        return Ok((value, filled));
    }
    let found = diags.iter().map(|diagnostic| {
        let at = diagnostic.subject.map_or("-".to_owned(), |span| {
            let (line, column) = files.line_column(span.file, span.start);
            format!("{line}:{column}")
        });
        let said = |detail: &str, at: &str| format!("{}: {detail} @{at}", diagnostic.summary);
        // The details of the recording may have places in them, and some places are none.
        let whole = said(&diagnostic.detail, &at);
        let known = [whole.clone(), said(&diagnostic.detail, "-"), said("", &at), said("", "-")];
        known.into_iter().find(|known| recorded.contains(known)).unwrap_or(whole)
    });
    Err(found.collect())
}

#[test]
fn decoded_bodies_agree() {
    let rows = rows::<Row>("hcl-decode.jsonl");
    let n_rows = rows.len();
    assert_eq!(n_rows, 249);
    let mut wrong = Vec::new();
    for Row { schema, text, value, errors } in rows {
        let schema = schema.schema();
        let ours = outcome(&schema, &text, &errors);
        if let Ok((value, filled)) = &ours {
            assert!(filled.is_wholly_known(), "{text}: {filled:?}");
            assert!(value.ty().has_dynamic() || value.is_like(filled), "{text}: {filled:?}");
        }
        let recorded = if errors.is_empty() { Ok(value) } else { Err(errors) };
        let ours = ours.map(|(value, _)| {
            let ty = object_type(&schema);
            assert!(ty.has_dynamic() || value.is_of(&ty), "{text}: {value:?} is no {ty}");
            format!("{} {}", shown_type(&value.ty()), shown(&value))
        });
        if ours != recorded {
            let lacking = match (&ours, &recorded) {
                (Err(ours), Err(recorded)) => format!("{:#?} {:#?}", ours - recorded, recorded - ours),
                _ => format!("  ours     {ours:#?}\n  recorded {recorded:#?}"),
            };
            wrong.push(format!("{text}\n{lacking}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {n_rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each level of generated blocks multiplies what is in it: all of them together have an end, which is said once.
#[test]
fn blocks_in_blocks_that_multiply_end() {
    let mut schema = Schema::default();
    for _ in 0..3 {
        let list =
            BlockSchema { name: "b".into(), nesting: BlockNesting::List, min: 0, max: None, schema: Arc::new(schema) };
        schema = Schema { blocks: vec![list], ..Schema::default() };
    }
    let native = |n: usize| {
        let dynamic = |content: &str| format!("dynamic \"b\" {{\nfor_each = range({n})\ncontent {{\n{content}}}\n}}\n");
        dynamic(&dynamic(&dynamic("")))
    };
    let json = |n: usize| {
        let dynamic = |content: &str| {
            format!("{{\"dynamic\": {{\"b\": {{\"for_each\": \"${{range({n})}}\", \"content\": {content}}}}}}}")
        };
        dynamic(&dynamic(&dynamic("{}")))
    };
    for (text, expected) in [(native(20), None), (json(20), None), (native(1000), Some(7)), (json(1000), Some(1))] {
        let mut files = Files::new();
        let file = files.add("t", text.as_str());
        let parse = if text.starts_with('{') { parse_json_body } else { parse_body };
        let body = parse(&mut files, file).0.unwrap();
        let variables = variables();
        let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
        let mut diags = Diagnostics::new();
        let plain = expand(&schema, &body, &scope, &mut diags);
        let said: Vec<_> = diags.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
        assert_eq!(said, expected.map(|_| "Too many dynamic blocks").as_slice());
        let line = diags
            .iter()
            .find_map(|diagnostic| diagnostic.subject)
            .map(|span| files.line_column(span.file, span.start).0);
        assert_eq!(line, expected);
        let n_blocks = n_blocks(&plain);
        match expected {
            None => assert_eq!(n_blocks, 20 + 20 * 20 + 20 * 20 * 20, "{text}"),
            Some(_) => assert!((1_000..1 << 19).contains(&n_blocks), "{n_blocks}"),
        }
    }
}

fn n_blocks(body: &Body) -> usize {
    body.blocks.iter().map(|block| 1 + n_blocks(&block.body)).sum()
}
