//! The configuration of a component in a legacy template: untyped values, whose strings are rendered before they are
//! converted to what the component's fields hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::catalog::ComponentKind;
use planner::duration::GoDuration;
use planner::interpolate::{Facts, Interpolation, RenderError};
use planner::legacy::decode::{Decoder, Settings};
use planner::legacy::{Raw, multi_error};
use planner::value::{Number, Type, Value, quote};

use super::shape::{Field, FieldType};
use crate::component::ComponentError;

/// Keys that `packer fix` replaces by others, whatever the component.
const DEPRECATED: &[&str] = &[
    "iso_md5",
    "ssh_key_path",
    "ssh_disable_agent",
    "ssh_host_port_min",
    "ssh_host_port_max",
    "ssh_skip_nat_mapping",
    "ssh_wait_timeout",
    "iso_checksum_url",
    "iso_checksum_type",
];

/// The component that is configured.
#[derive(Clone, Copy, Debug)]
pub struct Configured {
    /// What kind of component.
    pub kind: ComponentKind,
    /// Its name.
    pub name: &'static str,
    /// Its own fields.
    pub fields: &'static [Field],
}

/// Renders `configs`, lays them over each other, and gives an object of the component's fields. What was not given is
/// null.
///
/// # Errors
///
/// The first string that cannot be rendered; else all values that do not fit; else all unknown keys.
pub fn decode(component: Configured, configs: &[Raw], facts: Facts) -> Result<Value, ComponentError> {
    read(component, configs, facts).map_err(|text| {
        let prefix = if component.name == "shell-local" { "Error decoding config: " } else { "" };
        ComponentError::new(format!("{prefix}{text}"))
    })
}

fn read(component: Configured, configs: &[Raw], facts: Facts) -> Result<Value, String> {
    let interpolation = Interpolation::new(facts);
    let rendered: Vec<Raw> = configs
        .iter()
        .map(|config| render_config(config, component.fields, &interpolation))
        .collect::<Result<_, _>>()?;
    let targets: Vec<_> = component.fields.iter().map(|(name, ty)| (*name, ty.target())).collect();
    let (mut settings, mut unused) = (Settings::new(), Vec::new());
    for config in &rendered {
        unused.extend(Decoder::COMPONENT.fields(config, &targets, &mut settings).map_err(|fault| fault.to_string())?);
    }
    check_unused(component, unused)?;
    Ok(Value::object(component.fields.iter().map(|(name, ty)| (*name, typed(settings.get(*name), *ty)))))
}

fn render_config(config: &Raw, fields: &[Field], interpolation: &Interpolation) -> Result<Raw, String> {
    let entries = match config {
        Raw::Map(entries) => entries,
        Raw::Null => return Ok(Raw::Null),
        other => return Err(format!("'' expected a map, got '{}'", other.kind())),
    };
    let mut rendered = BTreeMap::new();
    for (key, value) in entries.iter() {
        walk(value, &mut |text| interpolation.check(text).map(|()| text.to_owned()))
            .map_err(|error| format!("invalid '{key}': {error}"))?;
        let is_kept = fields.iter().any(|(name, ty)| name.eq_ignore_ascii_case(key) && ty.is_rendered_later());
        let value = if is_kept {
            value.clone()
        } else {
            walk(value, &mut |text| interpolation.at_prepare(text))
                .map_err(|error| format!("render '{key}': {error}"))?
        };
        rendered.insert(key.clone(), value);
    }
    Ok(Raw::Map(Arc::new(rendered)))
}

/// Replaces every text in a value, the keys of maps included.
fn walk(value: &Raw, replace: &mut impl FnMut(&str) -> Result<String, RenderError>) -> Result<Raw, String> {
    let mut text = |text: &str| replace(text).map_err(|error| format!("{error} in:\n\n{text}"));
    Ok(match value {
        Raw::Text(found) => Raw::text(&text(found)?),
        Raw::List(items) => Raw::List(items.iter().map(|item| walk(item, replace)).collect::<Result<_, _>>()?),
        Raw::Map(entries) => {
            let mut replaced = BTreeMap::new();
            for (key, value) in entries.iter() {
                let key = replace(key).map_err(|error| format!("{error} in:\n\n{key}"))?;
                replaced.insert(Arc::from(key), walk(value, replace)?);
            }
            Raw::Map(Arc::new(replaced))
        }
        other => other.clone(),
    })
}

fn check_unused(component: Configured, mut unused: Vec<Arc<str>>) -> Result<(), String> {
    unused.retain(|key| &**key != "type" && !key.starts_with("packer_"));
    unused.sort();
    if unused.is_empty() {
        return Ok(());
    }
    let complaints: Vec<String> = unused
        .iter()
        .map(|key| {
            if is_deprecated(component, key) {
                format!(
                    "Deprecated configuration key: '{key}'. Please call `packer fix` against your template to update \
                     your template to be compatible with the current version of Packer. Visit \
                     https://www.packer.io/docs/commands/fix/ for more detail."
                )
            } else {
                format!("unknown configuration key: '{}'", quote(key))
            }
        })
        .collect();
    Err(multi_error(&complaints))
}

/// These two do not say who they are where keys are looked up.
fn is_deprecated(component: Configured, key: &str) -> bool {
    match (component.kind, component.name) {
        (_, "sleep" | "shell-local") => false,
        (ComponentKind::PostProcessor, "manifest") if key == "filename" => true,
        _ => DEPRECATED.contains(&key),
    }
}

/// A decoded value as one of the type that the field has everywhere else.
fn typed(decoded: Option<&Raw>, ty: FieldType) -> Value {
    let number = |value: f64| Number::from_f64(value).map_or(Value::Null(Type::Number), Value::Number);
    match (decoded, ty) {
        (Some(Raw::Number(nanos)), FieldType::Duration) => {
            Value::string(GoDuration::from_nanos(*nanos as i64).to_string())
        }
        (Some(Raw::Text(text)), _) => Value::String(text.clone()),
        (Some(Raw::Bool(value)), _) => Value::Bool(*value),
        (Some(Raw::Number(value)), _) => number(*value),
        (Some(Raw::List(items)), _) => {
            let (item_type, item) = match ty {
                FieldType::Numbers => (Type::Number, FieldType::Number),
                _ => (Type::String, FieldType::Text),
            };
            Value::List(item_type, items.iter().map(|value| typed(Some(value), item)).collect())
        }
        (Some(Raw::Map(entries)), _) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), typed(Some(value), FieldType::Text)));
            Value::Map(Type::String, Arc::new(entries.collect()))
        }
        (None | Some(Raw::Null), _) => Value::Null(ty.ty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;
    use planner::interpolate::{Promised, UserVariables};

    const FIELDS: &[Field] = &[
        ("text", FieldType::Text),
        ("flag", FieldType::Flag),
        ("port", FieldType::Number),
        ("lines", FieldType::Texts),
        ("codes", FieldType::Numbers),
        ("env", FieldType::TextMap),
        ("output", FieldType::Template),
        ("wait", FieldType::Duration),
        ("ntlm", FieldType::Trilean),
    ];

    fn map(entries: &[(&str, Raw)]) -> Raw {
        Raw::Map(Arc::new(entries.iter().map(|(key, value)| (Arc::from(*key), value.clone())).collect()))
    }

    fn decoded(kind: ComponentKind, name: &'static str, configs: &[Raw]) -> Result<Value, String> {
        let users = BTreeMap::from([("n".to_owned(), "22".to_owned())]);
        let promised = Promised::Names(Arc::new([Arc::from("ID")].into()));
        let facts = Facts { user: UserVariables::Known(Arc::new(users)), promised, ..context().facts() };
        decode(Configured { kind, name, fields: FIELDS }, configs, facts).map_err(|error| error.to_string())
    }

    #[test]
    fn strings_are_rendered_before_they_are_converted() {
        let own = map(&[
            ("text", Raw::text("{{build `ID`}} {{user `nope`}}{{.Nope}}")),
            ("port", Raw::text("{{user `n`}}")),
            ("lines", Raw::text("a{{user `n`}},b")),
            ("env", map(&[("K{{user `n`}}", Raw::Number(1.0))])),
            ("OUTPUT", Raw::text("{{.BuildName}}-{{user `n`}}")),
            ("wait", Raw::text("{{user `n`}}s")),
            ("type", Raw::text("x")),
            ("packer_anything", Raw::Null),
        ]);
        let overriding = map(&[("flag", Raw::text("true")), ("codes", Raw::Number(3.0))]);
        let config = decoded(ComponentKind::Provisioner, "x", &[own, overriding]).unwrap();
        let expected = Value::object([
            ("text", Value::string("{{.ID}} <no value>")),
            ("flag", Value::Bool(true)),
            ("port", Value::int(22)),
            ("lines", Value::strings(["a22", "b"])),
            ("codes", Value::List(Type::Number, [Value::int(3)].into())),
            ("env", Value::Map(Type::String, Arc::new([(Arc::from("K22"), Value::string("1"))].into()))),
            ("output", Value::string("{{.BuildName}}-{{user `n`}}")),
            ("wait", Value::string("22s")),
            ("ntlm", Value::Null(Type::Bool)),
        ]);
        assert_eq!(config, expected);
    }

    #[test]
    fn what_is_wrong_is_told_in_known_words() {
        use ComponentKind::{Builder, PostProcessor, Provisioner};
        let deprecated = |key: &str| {
            format!(
                "Deprecated configuration key: '{key}'. Please call `packer fix` against your template to update your \
                 template to be compatible with the current version of Packer. Visit \
                 https://www.packer.io/docs/commands/fix/ for more detail."
            )
        };
        let unknown = |key: &str| format!("unknown configuration key: '\"{key}\"'");
        let one = |text: String| multi_error(&[text]);
        let rows: [(ComponentKind, &'static str, &str, Raw, String); 9] = [
            (Builder, "null", "nope", Raw::Null, one(unknown("nope"))),
            (Builder, "null", "iso_md5", Raw::Null, one(deprecated("iso_md5"))),
            (Provisioner, "sleep", "iso_md5", Raw::Null, one(unknown("iso_md5"))),
            (Provisioner, "shell-local", "x", Raw::Null, "Error decoding config: ".to_owned() + &one(unknown("x"))),
            (PostProcessor, "manifest", "filename", Raw::Null, one(deprecated("filename"))),
            (PostProcessor, "compress", "filename", Raw::Null, one(unknown("filename"))),
            (
                Builder,
                "null",
                "output",
                Raw::text("{{.X"),
                "invalid 'output': template: root:1: unclosed action in:\n\n{{.X".to_owned(),
            ),
            (
                Builder,
                "null",
                "text",
                Raw::text("{{env `X`}}"),
                "render 'text': template: root:1:2: executing \"root\" at <env `X`>: error calling env: env vars are not \
                 allowed here in:\n\n{{env `X`}}"
                    .to_owned(),
            ),
            (
                Builder,
                "null",
                "port",
                Raw::text("many"),
                "1 error(s) decoding:\n\n* cannot parse 'port' as int: strconv.ParseInt: parsing \"many\": invalid syntax"
                    .to_owned(),
            ),
        ];
        for (kind, name, key, value, expected) in rows {
            let error = decoded(kind, name, &[map(&[(key, value)])]).unwrap_err();
            assert_eq!(error, expected, "{name} {key}");
        }
    }
}
