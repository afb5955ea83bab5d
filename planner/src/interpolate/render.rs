//! Rendering one string, at preparation or at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::interpolate::facts::{Facts, Promised};
use crate::interpolate::functions::{BuildValues, functions};
use crate::interpolate::language::builtins::builtins;
use crate::interpolate::language::function::FunctionTable;
use crate::interpolate::language::machine::{Callable, execute};
use crate::interpolate::language::parser::{Fault, parse};
use crate::interpolate::language::tree::{ROOT, Trees};
use crate::interpolate::language::value::Value as TemplateValue;
use crate::value::Value;

/// Why a string could not be rendered, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// It is no template.
    #[error("{0}")]
    Syntax(String),
    /// Something went wrong while it was rendered.
    #[error("{0}")]
    Exec(String),
}

/// What templates can read at run time as `{{.Name}}` and `{{build `Name`}}`.
#[derive(Clone, Debug, Default)]
pub struct RunData(Arc<BTreeMap<Arc<str>, TemplateValue>>);

impl RunData {
    /// The data of a build.
    pub fn new(data: &BTreeMap<String, Value>) -> Self {
        Self(Arc::new(data.iter().map(|(name, value)| (Arc::from(name.as_str()), template_value(value))).collect()))
    }

    /// The same with one more text, which wins over one of the same name.
    pub fn with(mut self, name: &str, text: &str) -> Self {
        Arc::make_mut(&mut self.0).insert(Arc::from(name), TemplateValue::from(text));
        self
    }
}

/// Renders strings: those of one component, of the variables, or of the rest of a template.
#[derive(Clone, Debug)]
pub struct Interpolation {
    facts: Arc<Facts>,
}

/// How often [`Interpolation::until_stable`] renders at most. Text that still changes then never comes to an end.
const MOST_PASSES: usize = 100;

impl Interpolation {
    /// Answers from `facts`.
    pub fn new(facts: Facts) -> Self {
        Self { facts: Arc::new(facts) }
    }

    /// Renders at preparation. `{{build `ID`}}` becomes `{{.ID}}`, for fields that are rendered again at run time.
    ///
    /// # Errors
    ///
    /// It is no template, or a function refuses.
    pub fn at_prepare(&self, text: &str) -> Result<String, RenderError> {
        self.render(text, None)
    }

    /// Renders at run time with `data`. Missing names read `<no value>`.
    ///
    /// # Errors
    ///
    /// It is no template, or a function refuses.
    pub fn at_run(&self, text: &str, data: &RunData) -> Result<String, RenderError> {
        self.render(text, Some(data.0.clone()))
    }

    /// Renders until nothing changes any more: what a variable holds may be a template itself.
    ///
    /// # Errors
    ///
    /// It is no template, or a function refuses.
    pub fn until_stable(&self, text: &str) -> Result<String, RenderError> {
        let mut text = text.to_owned();
        for _ in 0..MOST_PASSES {
            let rendered = self.render(&text, None)?;
            if rendered == text {
                break;
            }
            text = rendered;
        }
        Ok(text)
    }

    /// Checks the syntax of a string that is rendered at run time, and that the functions it calls exist.
    ///
    /// # Errors
    ///
    /// It is no template.
    pub fn check(&self, text: &str) -> Result<(), RenderError> {
        if !text.contains("{{") {
            return Ok(());
        }
        let (own, language) = (self.functions(&None), builtins());
        compile(text, Callable { own: &own, language: &language }).map(drop)
    }

    fn render(&self, text: &str, data: BuildValues) -> Result<String, RenderError> {
        // Most strings hold no template at all, and there are many of them.
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let (own, language) = (self.functions(&data), builtins());
        let callable = Callable { own: &own, language: &language };
        let trees = compile(text, callable)?;
        let dot = data.or_else(|| self.placeholders()).map_or(TemplateValue::Nil, TemplateValue::Map);
        execute(text, &trees, callable, &dot).map_err(RenderError::Exec)
    }

    fn functions(&self, data: &BuildValues) -> FunctionTable {
        functions(&self.facts, data)
    }

    /// What `{{.ID}}` reads while there is no machine: a text that says how to ask for it.
    fn placeholders(&self) -> BuildValues {
        let Promised::Names(names) = &self.facts.promised else { return None };
        let marked = |name: &Arc<str>| {
            // This one is let through, because it was there before the function was.
            let text = if &**name == "WinRMPassword" {
                "{{.WinRMPassword}}".to_owned()
            } else {
                format!(
                    "Build_{name}. To set this dynamically in the Packer template, you must use the `build` function"
                )
            };
            (name.clone(), TemplateValue::from(text))
        };
        Some(Arc::new(names.iter().map(marked).collect()))
    }
}

fn compile(text: &str, functions: Callable<'_>) -> Result<Trees, RenderError> {
    parse(text, &|name| functions.knows(name))
        .map_err(|Fault { line, message }| RenderError::Syntax(format!("template: {ROOT}:{line}: {message}")))
}

/// A planner value as the template engine sees it. What is not known yet shows as `<unknown>`.
fn template_value(value: &Value) -> TemplateValue {
    match value {
        Value::Null(_) => TemplateValue::Nil,
        Value::Unknown(_) => TemplateValue::from("<unknown>"),
        Value::Bool(value) => TemplateValue::Bool(*value),
        Value::Number(number) => {
            number.to_i64().map_or_else(|| TemplateValue::from(number.to_string()), TemplateValue::Int)
        }
        Value::String(text) => TemplateValue::Text(text.clone()),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            TemplateValue::List(items.iter().map(template_value).collect())
        }
        Value::Map(_, entries) | Value::Object(entries) => TemplateValue::Map(Arc::new(
            entries.iter().map(|(name, value)| (name.clone(), template_value(value))).collect(),
        )),
    }
}
