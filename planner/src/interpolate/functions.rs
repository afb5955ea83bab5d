//! The functions of component templates. Those that only make sense in the `variables` section of legacy templates exist
//! everywhere, to say so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::eval::{Host, SecretError};
use crate::go_text::{lower_case, upper_case};
use crate::interpolate::facts::{Facts, Promised, UserVariables};
use crate::interpolate::language::function::{Answer, FunctionTable, Takes, add, add_variadic};
use crate::interpolate::language::value::Value;
use crate::time::layout;
use crate::value::quote;

use Takes::{Text, Whole};

/// What `build` reads at run time; nothing yet at preparation.
pub(super) type BuildValues = Option<Arc<BTreeMap<Arc<str>, Value>>>;

/// All functions, answering from `facts` and `data`.
pub(super) fn functions(facts: &Arc<Facts>, data: &BuildValues) -> FunctionTable {
    let mut table = FunctionTable::new();
    text_functions(&mut table);
    run_functions(&mut table, facts);
    outside_functions(&mut table, facts);
    let (build, data) = (facts.clone(), data.clone());
    add(&mut table, "build", &[Text], move |args| build_value(text(args, 0), &build.promised, data.as_deref()));
    let user = facts.clone();
    add(&mut table, "user", &[Text], move |args| user_variable(&user.user, text(args, 0)));
    table
}

fn text_functions(table: &mut FunctionTable) {
    add(table, "upper", &[Text], |args| answer(upper_case(text(args, 0))));
    add(table, "lower", &[Text], |args| answer(lower_case(text(args, 0))));
    add(table, "replace_all", &[Text, Text, Text], |args| answer(text(args, 2).replace(text(args, 0), text(args, 1))));
    add(table, "replace", &[Text, Text, Whole, Text], |args| {
        let (old, new, source) = (text(args, 0), text(args, 1), text(args, 3));
        answer(match usize::try_from(whole(args, 2)) {
            Ok(count) => source.replacen(old, new, count),
            // A negative count is "all of them".
            Err(_) => source.replace(old, new),
        })
    });
    add(table, "split", &[Text, Text, Whole], |args| {
        let (source, separator, index) = (text(args, 0), text(args, 1), whole(args, 2));
        let parts = split(source, separator);
        let part = usize::try_from(index).ok().and_then(|index| parts.get(index));
        part.map(|part| Value::from(*part)).ok_or_else(|| {
            format!(
                "there is no part {index} when {} is split at {}: only {} part(s) were found",
                quote(source),
                quote(separator),
                parts.len()
            )
        })
    });
    add(table, "sed", &[Text, Text], |_| {
        Err("the sed function no longer exists; use replace or replace_all".to_owned())
    });
}

/// The parts of a text; without a separator its characters.
fn split<'a>(source: &'a str, separator: &str) -> Vec<&'a str> {
    if separator.is_empty() {
        let ends = source.char_indices().map(|(start, c)| &source[start..start + c.len_utf8()]);
        return ends.collect();
    }
    source.split(separator).collect()
}

fn run_functions(table: &mut FunctionTable, facts: &Arc<Facts>) {
    let mut fact = |name: &'static str, answer: fn(&Facts) -> Answer| {
        let facts = facts.clone();
        add(table, name, &[], move |_| answer(&facts));
    };
    fact("build_name", |facts| known(&facts.build_name, "build_name not available"));
    fact("build_type", |facts| known(&facts.build_type, "build_type not available"));
    fact("packer_version", |facts| known(&facts.core_version, "packer_version not available"));
    fact("pwd", |facts| answer(facts.working_dir.display().to_string()));
    fact("template_dir", |facts| known(facts.template_dir.as_deref().unwrap_or(""), "template path not available"));
    fact("timestamp", |facts| answer(facts.started.as_second().to_string()));
    fact("uuid", |_| answer(time_ordered_uuid()));
    let isotime = facts.clone();
    add_variadic(table, "isotime", &[], Text, move |args| match args {
        [] => answer(layout::go_layout(isotime.started, layout::RFC3339)),
        [_] => answer(layout::go_layout(isotime.started, text(args, 0))),
        several => {
            let shown: Vec<&str> = several.iter().filter_map(Value::as_text).collect();
            Err(format!("too many values, 1 needed: [{}]", shown.join(" ")))
        }
    });
    let strftime = facts.clone();
    add(table, "strftime", &[Text], move |args| answer(layout::strftime(strftime.started, text(args, 0))));
}

/// Functions that ask something outside the template. They work in the `variables` section only.
fn outside_functions(table: &mut FunctionTable, facts: &Arc<Facts>) {
    const AWS: &str = "AWS Secrets Manager is only allowed in the variables section";
    let outside = |refusal: &'static str, run: fn(&Host, &[Value]) -> Answer| {
        let facts = facts.clone();
        move |args: &[Value]| match &facts.user {
            UserVariables::Defining(_, host) => run(host, args),
            _ => Err(refusal.to_owned()),
        }
    };
    let env = outside("env vars are not allowed here", |host, args| {
        answer(host.environment.get(text(args, 0)).cloned().unwrap_or_default())
    });
    add(table, "env", &[Text], env);
    let consul = outside("consul_key is not allowed here", |host, args| secret(host.secrets.consul(text(args, 0))));
    add(table, "consul_key", &[Text], consul);
    let vault = outside("Vault vars are only allowed in the variables section", |host, args| {
        secret(host.secrets.vault(text(args, 0), text(args, 1)))
    });
    add(table, "vault", &[Text, Text], vault);
    let aws = outside(AWS, |host, args| match args {
        [] => Err("secret name must be provided".to_owned()),
        [_] => secret(host.secrets.aws(text(args, 0), None)),
        [_, _] => secret(host.secrets.aws(text(args, 0), Some(text(args, 1)).filter(|key| !key.is_empty()))),
        _ => Err("only secret name and optional secret key can be provided.".to_owned()),
    });
    add_variadic(table, "aws_secretsmanager", &[], Text, aws);
    let raw = outside(AWS, |host, args| secret(host.secrets.aws_raw(text(args, 0))));
    add(table, "aws_secretsmanager_raw", &[Text], raw);
}

fn secret(found: Result<String, SecretError>) -> Answer {
    found.map(Value::from).map_err(|error| error.to_string())
}

/// What an unknown name is refused with among the variables themselves, where it may become known later.
const NOT_SET: &str = "Error: variable not set:";

/// Whether an error says that a variable has no value yet.
pub fn is_not_set(error: &str) -> bool {
    error.contains(NOT_SET)
}

fn user_variable(user: &UserVariables, name: &str) -> Answer {
    match user {
        UserVariables::None => Err(format!(
            "user variables are not available in HCL templates: write ${{var.{name}}} in place of the user function"
        )),
        UserVariables::Known(variables) => answer(variables.get(name).cloned().unwrap_or_default()),
        UserVariables::Defining(variables, _) => match variables.get(name) {
            Some(value) => answer(value.clone()),
            None => Err(format!("{NOT_SET} {name}")),
        },
    }
}

/// First pass: a template of its own, for the second. Second pass: the value.
fn build_value(name: &str, promised: &Promised, data: Option<&BTreeMap<Arc<str>, Value>>) -> Answer {
    let missing = || Err(format!("loaded data, but couldnt find {name} in it."));
    match (data, promised) {
        (Some(data), _) => data.get(name).map_or_else(missing, |value| answer(value.to_string())),
        (None, Promised::Nothing) => Err(format!(
            "Error validating build variable: the given variable {name} will not be passed into your plugin."
        )),
        (None, Promised::Names(names)) if !names.contains(name) => missing(),
        (None, _) => answer(format!("{{{{.{name}}}}}")),
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

fn answer(text: String) -> Answer {
    Ok(Value::from(text))
}

fn known(text: &str, otherwise: &str) -> Answer {
    if text.is_empty() { Err(otherwise.to_owned()) } else { Ok(Value::from(text)) }
}

/// The types were checked before the call.
fn text(args: &[Value], index: usize) -> &str {
    args.get(index).and_then(Value::as_text).unwrap_or_default()
}

fn whole(args: &[Value], index: usize) -> i64 {
    args.get(index).and_then(Value::as_int).unwrap_or_default()
}
