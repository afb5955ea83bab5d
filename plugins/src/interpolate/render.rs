//! Rendering one string, at preparation or at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{MissingKey, Template, TemplateError};
use planner::value::Value;

use super::functions::{BuildValues, Facts, functions};
use crate::component::{BuildData, ComponentContext};
use planner::value::quote;

/// Why a string could not be rendered. Reads as one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(String);

impl From<TemplateError> for RenderError {
    fn from(error: TemplateError) -> Self {
        Self(match error {
            TemplateError::Exec(text) => text,
            TemplateError::UndefinedFunction(name) => {
                format!("template: root: function {} not defined", quote(&name))
            }
            other => other.to_string(),
        })
    }
}

/// What templates can read at run time as `{{.Name}}` and `{{build `Name`}}`.
#[derive(Clone, Debug, Default)]
pub struct RunData(Arc<BTreeMap<Arc<str>, gotmpl::Value>>);

impl RunData {
    /// The data of a build.
    pub fn new(data: &BuildData) -> Self {
        Self(Arc::new(data.iter().map(|(name, value)| (Arc::from(name.as_str()), template_value(value))).collect()))
    }

    /// The same with one more text, which wins over one of the same name.
    pub fn with(mut self, name: &str, text: &str) -> Self {
        Arc::make_mut(&mut self.0).insert(Arc::from(name), gotmpl::Value::from(text));
        self
    }
}

/// Renders the strings of one component.
#[derive(Clone, Debug)]
pub struct Interpolation {
    facts: Arc<Facts>,
}

impl Interpolation {
    /// For a component used in `context`. `user_variables` are those of old JSON templates; none in HCL.
    pub fn new(context: &ComponentContext, user_variables: Option<BTreeMap<String, String>>) -> Self {
        Self {
            facts: Arc::new(Facts {
                build_name: context.build_name.clone(),
                build_type: context.builder_type.clone(),
                core_version: context.core_version.clone(),
                template_dir: context.template_dir.clone(),
                working_dir: context.working_dir.clone(),
                started: context.started,
                user_variables,
            }),
        }
    }

    /// Renders at preparation. `{{build `ID`}}` becomes `{{.ID}}`, for fields that are rendered again at run time.
    pub fn at_prepare(&self, text: &str) -> Result<String, RenderError> {
        self.render(text, None)
    }

    /// Renders at run time with `data`. Missing names read `<no value>`.
    pub fn at_run(&self, text: &str, data: &RunData) -> Result<String, RenderError> {
        self.render(text, Some(data.0.clone()))
    }

    /// Checks the syntax of a string that is rendered at run time, and that the functions it calls exist.
    pub fn check(&self, text: &str) -> Result<(), RenderError> {
        if !text.contains("{{") {
            return Ok(());
        }
        let template = Template::new("root").funcs(functions(&self.facts, &None)).parse(text)?;
        match template.execute_to_string(&gotmpl::Value::Map(Arc::default())) {
            // What fails for want of data may work with it.
            Err(error @ TemplateError::UndefinedFunction(_)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn render(&self, text: &str, data: BuildValues) -> Result<String, RenderError> {
        // Most strings hold no template at all, and there are many of them.
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let template = Template::new("root")
            .missing_key(MissingKey::default())
            .funcs(functions(&self.facts, &data))
            .parse(text)?;
        let dot = gotmpl::Value::Map(data.unwrap_or_default());
        Ok(template.execute_to_string(&dot)?)
    }
}

/// A planner value as the template engine sees it. What is not known yet shows as `<unknown>`.
fn template_value(value: &Value) -> gotmpl::Value {
    match value {
        Value::Null(_) => gotmpl::Value::Nil,
        Value::Unknown(_) => gotmpl::Value::from("<unknown>"),
        Value::Bool(value) => gotmpl::Value::Bool(*value),
        Value::Number(number) => {
            number.to_i64().map_or_else(|| gotmpl::Value::from(number.to_string()), gotmpl::Value::Int)
        }
        Value::String(text) => gotmpl::Value::String(text.clone()),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            gotmpl::Value::List(items.iter().map(template_value).collect())
        }
        Value::Map(_, entries) | Value::Object(entries) => gotmpl::Value::Map(Arc::new(
            entries.iter().map(|(name, value)| (name.clone(), template_value(value))).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;

    fn interpolation() -> Interpolation {
        let users = BTreeMap::from([("region".to_owned(), "eu".to_owned())]);
        Interpolation::new(&context(), Some(users))
    }

    #[test]
    fn renders_at_preparation() {
        let rows = [
            ("plain", "plain"),
            ("{{build_name}}-{{build_type}}", "web-null"),
            ("{{packer_version}} {{template_dir}} {{pwd}}", "1.16.0 /templates /"),
            ("{{timestamp}} {{isotime}}", "1700000000 2023-11-14T22:13:20Z"),
            ("{{isotime \"2006-01-02\"}} {{strftime \"%H:%M\"}}", "2023-11-14 22:13"),
            ("{{user `region`}}", "eu"),
            ("{{build `ID`}}/{{build `Host` | upper}}", "{{.ID}}/{{.HOST}}"),
            ("{{split build_name \"e\" 1}}{{split `a-b-c` `-` 2}}", "bc"),
            ("{{replace `a` `b` 1 `aaa`}} {{replace `a` `b` -1 `aaa`}} {{replace_all `a` `b` `aaa`}}", "baa bbb bbb"),
            ("{{`a` | upper}}{{lower `B`}}", "Ab"),
            ("{{.Missing}}", "<no value>"),
            ("{{if eq build_type `null`}}n{{else}}x{{end}}", "n"),
        ];
        for (text, rendered) in rows {
            assert_eq!(interpolation().at_prepare(text).as_deref(), Ok(rendered), "{text}");
        }
    }

    #[test]
    fn says_why_not() {
        let rows = [
            ("{{env `HOME`}}", "error calling env: env vars are not allowed here"),
            ("{{consul_key `a`}}", "error calling consul_key: consul_key is not allowed here"),
            ("{{vault `a` `b`}}", "error calling vault: Vault vars are only allowed in the variables section"),
            ("{{user `nope`}}", "error calling user: there is no user variable \"nope\""),
            ("{{split `a` `-` 3}}", "only 1 part(s) were found"),
            ("{{upper}}", "wrong number of args for upper: want 1 got 0"),
            ("{{upper 1}}", "error calling upper: argument 1 must be a string"),
            ("{{nosuch}}", "nosuch"),
            ("{{.X", "unclosed action"),
        ];
        for (text, part) in rows {
            let error = interpolation().at_prepare(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let hcl = Interpolation::new(&context(), None);
        assert!(hcl.at_prepare("{{user `x`}}").unwrap_err().to_string().contains("${var.x}"));
        assert!(hcl.check("{{.X").is_err());
        assert_eq!(hcl.check("{{.X}} {{build `ID`}} {{build_name}}"), Ok(()));
        assert!(hcl.check("{{nosuch .X}}").is_err());
    }

    #[test]
    fn renders_at_run_time() {
        let data = BuildData::from([
            ("ID".to_owned(), Value::string("i-1")),
            ("Port".to_owned(), Value::int(22)),
            ("Host".to_owned(), Value::Unknown(planner::value::Type::String)),
        ]);
        let data = RunData::new(&data).with("Vars", "A='b'");
        let rows = [
            ("{{.Vars}} {{.ID}}:{{.Port}}", Ok("A='b' i-1:22")),
            ("{{build `ID`}}", Ok("i-1")),
            ("{{.Host}}", Ok("<unknown>")),
            ("{{.Nope}}", Ok("<no value>")),
            ("{{build `Nope`}}", Err("error calling build: loaded data, but couldnt find Nope in it.")),
        ];
        for (text, expected) in rows {
            let rendered = interpolation().at_run(text, &data).map_err(|error| error.to_string());
            assert_eq!(rendered.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn uuids_are_well_formed_and_differ() {
        let one = interpolation().at_prepare("{{uuid}}").unwrap();
        let other = interpolation().at_prepare("{{uuid}}").unwrap();
        assert_ne!(one, other);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
