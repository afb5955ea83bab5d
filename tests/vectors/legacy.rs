//! Legacy templates: weak decoding, compared with the reference's decoding library, and `{{ }}`, compared with Go's
//! `text/template`.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::legacy::Raw;
use planner::legacy::decode::{Decoder, Field, Settings, Target};
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
