//! The functions of component templates. Those that only make sense in the `variables` section of old templates exist, to
//! say so.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use gotmpl::{FuncMap, TemplateError, Value};
use uuid::Uuid;

use super::layout;
use planner::value::quote;

/// What the functions answer from. Fixed when a component is prepared.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) build_name: Arc<str>,
    pub(super) build_type: Arc<str>,
    pub(super) core_version: Arc<str>,
    pub(super) template_dir: Option<Arc<str>>,
    pub(super) working_dir: Arc<PathBuf>,
    pub(super) started: jiff::Timestamp,
    pub(super) user_variables: Option<BTreeMap<String, String>>,
}

/// What `build` reads: nothing yet at preparation, the build's data at run time.
pub(super) type BuildValues = Option<Arc<BTreeMap<Arc<str>, Value>>>;

type Answer = Result<Value, TemplateError>;

/// All functions by name.
pub(super) fn functions(facts: &Arc<Facts>, data: &BuildValues) -> FuncMap {
    let mut map = FuncMap::new();
    text_functions(&mut map);
    refused_functions(&mut map);
    run_functions(&mut map, facts);
    let data = data.clone();
    add(&mut map, "build", 1..=1, move |args| build(text(args, 0)?, data.as_deref()));
    map
}

fn text_functions(map: &mut FuncMap) {
    add(map, "upper", 1..=1, |args| answer(text(args, 0)?.to_uppercase()));
    add(map, "lower", 1..=1, |args| answer(text(args, 0)?.to_lowercase()));
    add(map, "replace_all", 3..=3, |args| answer(text(args, 2)?.replace(text(args, 0)?, text(args, 1)?)));
    add(map, "replace", 4..=4, |args| {
        let (old, new, source) = (text(args, 0)?, text(args, 1)?, text(args, 3)?);
        answer(match usize::try_from(number(args, 2)?) {
            Ok(count) => source.replacen(old, new, count),
            // A negative count is "all of them".
            Err(_) => source.replace(old, new),
        })
    });
    add(map, "split", 3..=3, |args| {
        let (source, separator, index) = (text(args, 0)?, text(args, 1)?, number(args, 2)?);
        let parts: Vec<&str> = source.split(separator).collect();
        let part = usize::try_from(index).ok().and_then(|index| parts.get(index));
        part.map(|part| Value::from(*part)).ok_or_else(|| {
            failed(format!(
                "there is no part {index} when {} is split at {}: only {} part(s) were found",
                quote(source),
                quote(separator),
                parts.len()
            ))
        })
    });
}

/// Functions that exist to explain why they cannot be used here.
fn refused_functions(map: &mut FuncMap) {
    const REFUSED: &[(&str, &str)] = &[
        ("env", "env vars are not allowed here"),
        ("consul_key", "consul_key is not allowed here"),
        ("vault", "Vault vars are only allowed in the variables section"),
        ("aws_secretsmanager", "AWS Secrets Manager is only allowed in the variables section"),
        ("aws_secretsmanager_raw", "AWS Secrets Manager is only allowed in the variables section"),
        ("sed", "the sed function no longer exists; use replace or replace_all"),
    ];
    for (name, reason) in REFUSED {
        add(map, name, 0..=usize::MAX, |_| Err(failed(*reason)));
    }
}

fn run_functions(map: &mut FuncMap, facts: &Arc<Facts>) {
    let mut fact = |name: &'static str, answer: fn(&Facts) -> Answer| {
        let facts = facts.clone();
        add(map, name, 0..=0, move |_| answer(&facts));
    };
    fact("build_name", |facts| known(&facts.build_name, "build_name not available"));
    fact("build_type", |facts| known(&facts.build_type, "build_type not available"));
    fact("packer_version", |facts| known(&facts.core_version, "packer version not available"));
    fact("pwd", |facts| answer(facts.working_dir.display().to_string()));
    fact("template_dir", |facts| known(facts.template_dir.as_deref().unwrap_or(""), "template path not available"));
    fact("timestamp", |facts| answer(facts.started.as_second().to_string()));
    fact("uuid", |_| answer(time_ordered_uuid()));
    let isotime = facts.clone();
    add(map, "isotime", 0..=1, move |args| {
        let layout = if args.is_empty() { layout::RFC3339 } else { text(args, 0)? };
        answer(layout::go_layout(isotime.started, layout))
    });
    let strftime = facts.clone();
    add(map, "strftime", 1..=1, move |args| answer(layout::strftime(strftime.started, text(args, 0)?)));
    let user = facts.clone();
    add(map, "user", 1..=1, move |args| user_variable(&user, text(args, 0)?));
}

fn user_variable(facts: &Facts, name: &str) -> Answer {
    let Some(variables) = &facts.user_variables else {
        return Err(failed(format!(
            "user variables are not available in HCL templates: write ${{var.{name}}} in place of the user function"
        )));
    };
    variables
        .get(name)
        .map(|value| Value::from(value.as_str()))
        .ok_or_else(|| failed(format!("there is no user variable {}", quote(name))))
}

/// First pass: a template of its own, for the second. Second pass: the value.
fn build(name: &str, data: Option<&BTreeMap<Arc<str>, Value>>) -> Answer {
    match data {
        None => answer(format!("{{{{.{name}}}}}")),
        Some(data) => {
            data.get(name).cloned().ok_or_else(|| failed(format!("loaded data, but couldnt find {name} in it.")))
        }
    }
}

/// A random id whose first part is the time, so that ids sort by age.
fn time_ordered_uuid() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    // The version and variant bits of a v4 id are not random: take the bytes around them.
    let mut random = [0_u8; 12];
    random[..6].copy_from_slice(&first.as_bytes()[..6]);
    random[6..].copy_from_slice(&second.as_bytes()[10..]);
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{:08x}-{}-{}-{}-{}", seconds & 0xffff_ffff, &hex[..4], &hex[4..8], &hex[8..12], &hex[12..])
}

fn add(
    map: &mut FuncMap,
    name: &'static str,
    arity: std::ops::RangeInclusive<usize>,
    function: impl Fn(&[Value]) -> Answer + Send + Sync + 'static,
) {
    map.insert(
        name.to_owned(),
        Arc::new(move |args| {
            if !arity.contains(&args.len()) {
                return Err(failed(format!(
                    "wrong number of args for {name}: want {}{} got {}",
                    if arity.start() == arity.end() { "" } else { "at least " },
                    arity.start(),
                    args.len()
                )));
            }
            function(args).map_err(|error| failed(format!("error calling {name}: {}", bare(&error))))
        }),
    );
}

/// The text of an error of ours, without the prefix that the template engine puts before it.
fn bare(error: &TemplateError) -> String {
    if let TemplateError::Exec(text) = error { text.clone() } else { error.to_string() }
}

fn failed(text: impl Into<String>) -> TemplateError {
    TemplateError::Exec(text.into())
}

fn answer(text: String) -> Answer {
    Ok(Value::from(text))
}

fn known(text: &str, otherwise: &str) -> Answer {
    if text.is_empty() { Err(failed(otherwise)) } else { Ok(Value::from(text)) }
}

fn text(args: &[Value], index: usize) -> Result<&str, TemplateError> {
    args.get(index).and_then(Value::as_str).ok_or_else(|| failed(format!("argument {} must be a string", index + 1)))
}

fn number(args: &[Value], index: usize) -> Result<i64, TemplateError> {
    args.get(index)
        .and_then(Value::as_int)
        .ok_or_else(|| failed(format!("argument {} must be a whole number", index + 1)))
}
