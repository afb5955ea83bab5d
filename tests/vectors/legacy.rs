//! Legacy templates: weak decoding, compared with the reference's decoding library, and `{{ }}`, compared with Go's
//! `text/template`.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::interpolate::{Facts, Interpolation, Promised, RunData, UserVariables};
use planner::legacy::Raw;
use planner::legacy::decode::{Decoder, Field, Settings, Target};
use planner::value::{Type, Value};
use serde::Deserialize;

use crate::rows::rows;

#[derive(Deserialize)]
struct Decoding {
    mode: String,
    /// Decoded one over the other.
    configs: Vec<String>,
    /// What is not zero afterwards, and the unused names; or the error.
    gives: String,
}

const FIELDS: &[Field] = &[
    ("text", Target::Text),
    ("flag", Target::Flag),
    ("num", Target::Whole),
    ("texts", Target::List(&Target::Text)),
    ("nums", Target::List(&Target::Whole)),
    ("map", Target::Map(&Target::Text)),
    ("dur", Target::Duration),
    ("tri", Target::Trilean),
];

#[test]
fn decoding() {
    let mut wrong = Vec::new();
    for row in rows::<Decoding>("legacy-decode.jsonl") {
        let given = decoded(&row).unwrap_or_else(|error| format!("! {error}"));
        if given != row.gives {
            wrong.push(format!("{} {:?}\n  gives {given}\n  not   {}", row.mode, row.configs, row.gives));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

fn decoded(row: &Decoding) -> Result<String, String> {
    let decoder = match row.mode.as_str() {
        "component" => Decoder::COMPONENT,
        "weak" => Decoder::WEAK,
        _ => Decoder::STRICT,
    };
    let (mut settings, mut unused) = (Settings::new(), Vec::new());
    for config in &row.configs {
        let config = raw(&serde_json::from_str(config).unwrap());
        unused.extend(decoder.fields(&config, FIELDS, &mut settings).map_err(|fault| fault.to_string())?);
    }
    unused.sort();
    settings.retain(|name, value| match value {
        Raw::Null => false,
        // Unlike a flag, it may be given as false.
        Raw::Bool(value) => *value || &**name == "tri",
        Raw::Number(value) => *value != 0.0,
        Raw::Text(text) => !text.is_empty(),
        Raw::List(items) => !items.is_empty(),
        Raw::Map(entries) => !entries.is_empty(),
    });
    Ok(format!("{} [{}]", Raw::Map(Arc::new(settings)), unused.join(" ")))
}

fn raw(value: &serde_json::Value) -> Raw {
    use serde_json::Value as Json;
    match value {
        Json::Null => Raw::Null,
        Json::Bool(value) => Raw::Bool(*value),
        Json::Number(number) => Raw::Number(number.as_f64().unwrap()),
        Json::String(text) => Raw::text(text),
        Json::Array(items) => Raw::List(items.iter().map(raw).collect()),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| (Arc::from(name.as_str()), raw(value)));
            Raw::Map(Arc::new(entries.collect::<BTreeMap<_, _>>()))
        }
    }
}

#[derive(Deserialize)]
struct Rendering {
    text: String,
    has_data: bool,
    /// The text, or the error.
    gives: String,
}

#[test]
fn rendering() {
    let (interpolation, data) = (Interpolation::new(facts()), data());
    let mut wrong = Vec::new();
    for Rendering { text, has_data, gives } in rows("legacy-templates.jsonl") {
        let rendered = if has_data { interpolation.at_run(&text, &data) } else { interpolation.at_prepare(&text) };
        let given = rendered.unwrap_or_else(|error| format!("! {error}"));
        if given != gives {
            wrong.push(format!("{text:?} {has_data}\n  gives {given:?}\n  not   {gives:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

fn facts() -> Facts {
    let users = [("region", "eu"), ("name", "n-1"), ("empty", ""), ("num", "3"), ("tpl", "{{.X}}")];
    let users = users.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Facts {
        build_name: "bn".into(),
        build_type: "null".into(),
        core_version: "1.16.0".into(),
        template_dir: Some("/tpl".into()),
        working_dir: Arc::new("/work".into()),
        started: "2024-02-05T15:04:09.0123Z".parse().unwrap(),
        user: UserVariables::Known(Arc::new(BTreeMap::from(users))),
        promised: Promised::Anything,
    }
}

fn data() -> RunData {
    let list = Value::Tuple([Value::string("a"), Value::int(1), Value::Bool(true), Value::Tuple([].into())].into());
    let map = Value::object([
        ("k", Value::string("v")),
        ("n", Value::int(2)),
        ("m", Value::object([("z", Value::string("y"))])),
    ]);
    let data = [
        ("ID", Value::string("i-1")),
        ("Host", Value::string("h")),
        ("Port", Value::int(22)),
        ("Ok", Value::Bool(true)),
        ("Off", Value::Bool(false)),
        ("None", Value::Null(Type::Dynamic)),
        ("Empty", Value::string("")),
        ("List", list),
        ("Map", map),
    ];
    RunData::new(&BTreeMap::from(data.map(|(name, value)| (name.to_owned(), value))))
}
