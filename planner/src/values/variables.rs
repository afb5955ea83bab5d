//! Input variables: collects every value given, picks the one that wins, converts and validates it.
//!
//! Highest first: `-var`, `-var-file`, `PKR_VAR_*`, `*.auto.pkrvars.*`, default. `PACKER_VAR_PRECEDENCE=hashicorp` swaps
//! the middle two.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Validation, VariableBlock};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::{self, Functions, Host, MapLookup, Scope};
use crate::files::Files;
use crate::span::Span;
use crate::value::{Type, Value, convert};
use crate::values::inputs::{FileEntry, VariableInputs, read_variable_file, undeclared, value_of_text};

/// The winning values.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: BTreeMap<Arc<str>, Value>,
    /// Where each value comes from, and where it stands if it stands in a file.
    origins: BTreeMap<Arc<str>, (Origin, Option<Span>)>,
    sensitive: Vec<Arc<str>>,
}

/// Where a value was given, lowest precedence first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Default,
    AutoFile,
    Environment,
    VarFile,
    Argument,
}

impl Origin {
    /// The word in `Invalid value for … variable`.
    fn label(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Environment => "env",
            Self::AutoFile | Self::VarFile => "varfile",
            Self::Argument => "cmd",
        }
    }
}

#[derive(Clone, Debug)]
struct Given {
    origin: Origin,
    value: Value,
    span: Option<Span>,
    place: String,
}

impl Variables {
    /// All values by name.
    pub fn values(&self) -> &BTreeMap<Arc<str>, Value> {
        &self.values
    }

    /// Names of sensitive variables, sorted.
    pub fn sensitive(&self) -> &[Arc<str>] {
        &self.sensitive
    }

    /// Variables of these values; `sensitive` are among them.
    pub fn known(values: BTreeMap<Arc<str>, Value>, mut sensitive: Vec<Arc<str>>) -> Self {
        sensitive.sort();
        Self { values, sensitive, ..Self::default() }
    }

    /// `var` as one object.
    pub fn object(&self) -> Value {
        Value::object(self.values.iter().map(|(name, value)| (name.clone(), value.clone())))
    }
}

/// Gathers and converts the values of all `declared` variables.
///
/// A variable without a value becomes an unknown of its type; whether that is an error is the caller's to report with
/// [`report_unset`].
pub fn collect(
    declared: &[VariableBlock],
    inputs: &VariableInputs,
    files: &mut Files,
    working_dir: &Path,
    diags: &mut Diagnostics,
) -> Variables {
    inputs.check_precedence(diags);
    let index = declared.iter().map(|block| (&*block.name.name, block)).collect();
    let mut collector = Collector { index, inputs, files, working_dir, given: HashMap::new(), diags };
    collector.read_files(&inputs.auto_files, Origin::AutoFile);
    collector.read_environment(declared);
    let chosen: Vec<PathBuf> = inputs.files.iter().map(PathBuf::from).collect();
    collector.read_files(&chosen, Origin::VarFile);
    collector.read_arguments();
    let Collector { mut given, diags, .. } = collector;
    let mut variables = Variables::default();
    for block in declared {
        let name = block.name.name.clone();
        let candidates = given.remove(&*name).unwrap_or_default();
        let winner = pick(block, candidates, inputs, diags);
        if let Some(winner) = &winner {
            variables.origins.insert(name.clone(), (winner.origin, winner.span));
        }
        let value = winner.map_or_else(|| Value::Unknown(block.constraint.ty.without_optional()), |given| given.value);
        if block.sensitive {
            variables.sensitive.push(name.clone());
        }
        variables.values.insert(name, value);
    }
    variables.sensitive.sort();
    variables
}

/// Reads the places that give values, lowest precedence first.
struct Collector<'a> {
    index: HashMap<&'a str, &'a VariableBlock>,
    inputs: &'a VariableInputs,
    files: &'a mut Files,
    working_dir: &'a Path,
    given: HashMap<&'a str, Vec<Given>>,
    diags: &'a mut Diagnostics,
}

impl<'a> Collector<'a> {
    fn read_files(&mut self, paths: &[PathBuf], origin: Origin) {
        for path in paths {
            let is_declared = |name: &str| self.index.contains_key(name);
            for entry in read_variable_file(self.files, path, self.working_dir, &is_declared, self.diags) {
                match self.index.get(&*entry.name).copied() {
                    Some(block) => self.take_entry(block, origin, entry),
                    None if self.inputs.warn_undeclared => self.diags.push(undeclared(&entry)),
                    None => {}
                }
            }
        }
    }

    fn take_entry(&mut self, block: &'a VariableBlock, origin: Origin, entry: FileEntry) {
        let Some(value) = &entry.value else { return };
        match block.constraint.convert(value) {
            Ok(value) => {
                let given = Given { origin, value, span: Some(entry.span), place: entry.file };
                self.given.entry(&block.name.name).or_default().push(given);
            }
            Err(error) => self.diags.push(incompatible(block, &error.to_string(), showable(block, Some(entry.span)))),
        }
    }

    fn read_environment(&mut self, declared: &'a [VariableBlock]) {
        for block in declared {
            let key = format!("PKR_VAR_{}", block.name.name);
            let Some(text) = self.inputs.environment.get(&key) else { continue };
            match value_of_text(self.files, block, text, &key) {
                Ok((value, span)) => match block.constraint.convert(&value) {
                    Ok(value) => {
                        let given = Given { origin: Origin::Environment, value, span, place: key };
                        self.given.entry(&block.name.name).or_default().push(given);
                    }
                    Err(error) => self.diags.push(incompatible(block, &error.to_string(), block.span)),
                },
                Err(found) => self.diags.append(found),
            }
        }
    }

    fn read_arguments(&mut self) {
        for (name, text) in &self.inputs.arguments {
            let Some(block) = self.index.get(&**name).copied() else {
                let detail = format!(
                    "A {name:?} variable was passed in the command line but was not found in known variables. To \
                     declare variable {name:?}, place this block in one of your .pkr files, such as variables.pkr.hcl"
                );
                self.diags.error("Undefined -var variable", detail, None);
                continue;
            };
            match value_of_text(self.files, block, text, "arguments") {
                Ok((value, span)) => self.take_argument(block, &value, span),
                Err(found) => self.diags.append(found),
            }
        }
    }

    fn take_argument(&mut self, block: &'a VariableBlock, value: &Value, span: Option<Span>) {
        match block.constraint.convert(value) {
            Ok(value) => {
                let given = Given { origin: Origin::Argument, value, span, place: "-var".to_owned() };
                self.given.entry(&block.name.name).or_default().push(given);
            }
            Err(error) => {
                let detail = format!(
                    "The received arg value for {} is not compatible with the variable's type constraint: {error}.",
                    block.name.name
                );
                let at = span.unwrap_or(block.span);
                self.diags.error("Invalid argument value for -var variable", detail, at);
            }
        }
    }
}

/// Where to point for a value: at its declaration when the value itself must not be shown.
fn showable(block: &VariableBlock, value: Option<Span>) -> Span {
    value.filter(|_| !block.sensitive).unwrap_or(block.span)
}

fn incompatible(block: &VariableBlock, error: &str, span: Span) -> Diagnostic {
    let name = &block.name.name;
    let detail = format!("The value for {name} is not compatible with the variable's type constraint: {error}.");
    Diagnostic::error("Invalid value for variable", detail, span)
}

/// The last value of the strongest origin.
fn pick(
    block: &VariableBlock,
    candidates: Vec<Given>,
    inputs: &VariableInputs,
    diags: &mut Diagnostics,
) -> Option<Given> {
    warn_conflict(block, &candidates, inputs, diags);
    let swap = inputs.files_beat_environment();
    let strength = |given: &Given| match given.origin {
        Origin::AutoFile if swap => Origin::Environment,
        Origin::Environment if swap => Origin::AutoFile,
        origin => origin,
    };
    // `max_by_key` gives the last of equals, which is the later file or argument.
    let winner = candidates.into_iter().max_by_key(strength);
    winner.or_else(|| {
        let value = block.default.clone()?;
        Some(Given { origin: Origin::Default, value, span: block.default_span, place: "default".to_owned() })
    })
}

/// Packer lets files beside the template beat the environment; here it is the other way round, so say it once when it
/// matters.
fn warn_conflict(block: &VariableBlock, candidates: &[Given], inputs: &VariableInputs, diags: &mut Diagnostics) {
    let last = |origin: Origin| candidates.iter().rfind(|given| given.origin == origin);
    let (Some(auto), Some(env)) = (last(Origin::AutoFile), last(Origin::Environment)) else { return };
    let decided_above = candidates.iter().any(|given| given.origin >= Origin::VarFile);
    if auto.value == env.value || decided_above || inputs.files_beat_environment() {
        return;
    }
    let detail = format!(
        "{} and {} both set {}, to different values. The environment wins; set PACKER_VAR_PRECEDENCE=hashicorp to let \
         the file win, as in HashiCorp Packer.",
        env.place, auto.place, block.name.name
    );
    diags.warning(format!("Variable {:?} is set twice", block.name.name), detail, showable(block, auto.span));
}

/// Reports every variable that has no value and no default.
pub fn report_unset(declared: &[VariableBlock], variables: &Variables, diags: &mut Diagnostics) {
    for block in declared {
        let unset = variables.values.get(&block.name.name).is_some_and(|value| !value.is_known());
        if unset && block.default.is_none() {
            let detail = "A used variable must be set or have a default value; see \
                          https://packer.io/docs/templates/hcl_templates/syntax for details.";
            diags.error(format!("Unset variable {:?}", block.name.name), detail, block.span);
        }
    }
}

/// Checks every winning value against its variable's rules. File functions in rules start from the working directory.
pub fn validate(
    declared: &[VariableBlock],
    variables: &Variables,
    functions: &Functions,
    host: &Host,
    files: &Files,
    diags: &mut Diagnostics,
) {
    for block in declared.iter().filter(|block| !block.validations.is_empty()) {
        let Some(value) = variables.values.get(&block.name.name) else { continue };
        let own = Value::object([(block.name.name.clone(), value.clone())]);
        let lookup = MapLookup::from_iter([("var", own)]);
        let scope = Scope { variables: &lookup, functions, host };
        for rule in &block.validations {
            if check_rule(rule, &scope, diags) == Some(false) {
                diags.push(rule_failed(block, rule, variables, files));
            }
        }
    }
}

/// Whether a rule holds; none when that cannot be told, yet or at all.
fn check_rule(rule: &Validation, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<bool> {
    let mut found = Diagnostics::new();
    let result = eval::evaluate(&rule.condition, scope, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    if failed || !result.is_known() {
        return None;
    }
    let detail = match convert(&result, &Type::Bool) {
        Ok(Value::Bool(holds)) => return Some(holds),
        Ok(_) => "Validation condition expression must return either true or false, not null.".to_owned(),
        Err(error) => format!("Invalid validation condition result value: {error}."),
    };
    diags.push(eval::explain(&rule.condition, scope, "Invalid variable validation result", detail));
    None
}

/// Points at the value, unless it must not be shown or stands in no file; then at the rule.
fn rule_failed(block: &VariableBlock, rule: &Validation, variables: &Variables, files: &Files) -> Diagnostic {
    let (origin, given_at) = variables.origins.get(&block.name.name).copied().unwrap_or((Origin::Default, None));
    let (line, start) = files.line_column(rule.header.file, rule.header.start);
    let (_, end) = files.line_column(rule.header.file, rule.header.end);
    let name = &files.get(rule.header.file).name;
    let detail =
        format!("{}\n\nThis was checked by the validation rule at {name}:{line},{start}-{end}.", rule.error_message);
    let subject = given_at.filter(|_| !block.sensitive).unwrap_or(rule.header);
    Diagnostic::error(format!("Invalid value for {} variable", origin.label()), detail, subject)
}
