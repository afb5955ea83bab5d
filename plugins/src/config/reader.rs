//! Typed reading of a configuration object. Faults accumulate, so that an author sees all of them at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::duration::GoDuration;
use planner::interpolate::{Facts, Interpolation, UserVariables};
use planner::value::Value;

use crate::component::{ComponentContext, ComponentError, OnError};
use crate::scrubber::Scrubber;

/// Stands for text that is not known before the run.
const UNKNOWN: &str = "<unknown>";

/// Whether a text is, or holds, something that is not known yet, so that rules cannot be applied to it.
pub fn is_placeholder(text: &str) -> bool {
    text.contains(UNKNOWN)
}

/// The fields of one component's configuration.
///
/// Text is rendered as a Go template while it is read, but for the `raw_…` readers; that of legacy templates was before. What is not known yet reads as a
/// placeholder: `<unknown>`, a list of that, zero, false, empty.
pub struct Fields<'a> {
    config: &'a Value,
    context: ComponentContext,
    interpolation: Interpolation,
    faults: Vec<String>,
}

impl<'a> Fields<'a> {
    /// The fields of `config`, whose `packer_*` attributes win over `context`.
    pub fn new(config: &'a Value, context: &ComponentContext) -> Self {
        let mut faults = Vec::new();
        let context = override_context(config, context, &mut faults);
        let users = config.get("packer_user_variables").and_then(Value::entries).map(|entries| {
            entries.iter().map(|(name, value)| (name.to_string(), plain_text(value).to_owned())).collect()
        });
        let facts = context.facts();
        let user = users.map_or(facts.user.clone(), |users| UserVariables::Known(Arc::new(users)));
        let interpolation = Interpolation::new(Facts { user, ..facts });
        hide_passwords(config, &interpolation, &context.secrets);
        Self { config, context, interpolation, faults }
    }

    /// The context with the configuration's own `packer_*` attributes.
    pub fn context(&self) -> &ComponentContext {
        &self.context
    }

    /// What renders the component's strings later.
    pub fn interpolation(&self) -> &Interpolation {
        &self.interpolation
    }

    /// A text; empty when absent.
    pub fn text(&mut self, name: &str) -> String {
        self.value(name).map(|value| self.render(name, plain_text(value))).unwrap_or_default()
    }

    /// A text as it is written; empty when absent.
    pub fn raw_text(&self, name: &str) -> String {
        self.value(name).map(|value| plain_text(value).to_owned()).unwrap_or_default()
    }

    /// A list of texts; empty when absent.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        self.raw_texts(name).iter().map(|text| self.render(name, text)).collect()
    }

    /// A list of texts as they are written; empty when absent.
    pub fn raw_texts(&self, name: &str) -> Vec<String> {
        if matches!(self.value(name), Some(Value::Unknown(_))) {
            return vec![UNKNOWN.to_owned()];
        }
        self.items(name).iter().map(|item| plain_text(item).to_owned()).collect()
    }

    /// A map of texts; empty when absent. Keys are rendered like values.
    pub fn text_map(&mut self, name: &str) -> BTreeMap<String, String> {
        let entries = self.value(name).and_then(Value::entries).into_iter().flatten();
        entries.map(|(key, value)| (self.render(name, key), self.render(name, plain_text(value)))).collect()
    }

    /// A bool; false when absent.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A bool; none when absent, or not known yet.
    pub fn choice(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// A whole number; zero when absent.
    pub fn whole(&mut self, name: &str) -> i64 {
        self.value(name).map_or(0, |value| self.whole_of(name, value))
    }

    /// A list of whole numbers; empty when absent.
    pub fn wholes(&mut self, name: &str) -> Vec<i64> {
        self.items(name).iter().map(|item| self.whole_of(name, item)).collect()
    }

    /// A duration; none when absent or empty.
    pub fn duration(&mut self, name: &str) -> Option<GoDuration> {
        let text = self.text(name);
        if text.is_empty() || is_placeholder(&text) {
            return None;
        }
        match text.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.fault(format!("{name}: {error}"));
                None
            }
        }
    }

    /// Adds a fault.
    pub fn fault(&mut self, text: impl Into<String>) {
        let text = text.into();
        // A field may be read more than once.
        if !self.faults.contains(&text) {
            self.faults.push(text);
        }
    }

    /// Whether anything is wrong so far.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// All faults as one error.
    pub fn finish(self) -> Result<(), ComponentError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ComponentError::Invalid(self.faults)) }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.config.get(name).filter(|value| !value.is_null())
    }

    fn items(&self, name: &str) -> &'a [Value] {
        self.value(name).and_then(Value::items).unwrap_or_default()
    }

    fn render(&mut self, name: &str, text: &str) -> String {
        if self.context.user_variables.is_some() {
            return text.to_owned();
        }
        match self.interpolation.at_prepare(text) {
            Ok(text) => text,
            Err(error) => {
                self.fault(format!("error rendering '{name}': {error}"));
                String::new()
            }
        }
    }

    fn whole_of(&mut self, name: &str, value: &Value) -> i64 {
        let Some(number) = value.as_number() else { return 0 };
        number.to_i64().unwrap_or_else(|| {
            self.fault(format!("'{name}' must be a whole number that fits in 64 bits"));
            0
        })
    }
}

/// The text of a string; placeholders for what is not known or null.
fn plain_text(value: &Value) -> &str {
    match value {
        Value::Unknown(_) => UNKNOWN,
        other => other.as_str().unwrap_or_default(),
    }
}

/// Hides the values of fields that say that they are secret, before anything can be said about them.
fn hide_passwords(config: &Value, interpolation: &Interpolation, secrets: &Scrubber) {
    let text = |name: &str| {
        let text = config.get(name).and_then(Value::as_str).unwrap_or_default();
        interpolation.at_prepare(text).unwrap_or_else(|_| text.to_owned())
    };
    for name in config.entries().into_iter().flat_map(|entries| entries.keys()) {
        match name.strip_suffix("password") {
            Some(of) => {
                let (password, user) = (text(name), text(&format!("{of}username")));
                let user = if user.is_empty() { text(&format!("{of}user")) } else { user };
                secrets.hide_password(&password, &user);
            }
            None if name.ends_with("private_key") => secrets.hide(&text(name)),
            None => {}
        }
    }
}

fn override_context(config: &Value, context: &ComponentContext, faults: &mut Vec<String>) -> ComponentContext {
    let mut context = context.clone();
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    if let Some(name) = text("packer_build_name") {
        context.build_name = Arc::from(name);
    }
    if let Some(ty) = text("packer_builder_type") {
        context.builder_type = Arc::from(ty);
    }
    if let Some(version) = text("packer_core_version") {
        context.core_version = Arc::from(version);
    }
    if let Some(choice) = text("packer_on_error") {
        match on_error(choice) {
            Some(choice) => context.on_error = choice,
            None => faults.push(format!(
                "packer_on_error must be one of cleanup, abort, ask, run-cleanup-provisioner; it is {choice:?}"
            )),
        }
    }
    let flag = |name: &str| config.get(name).and_then(Value::as_bool);
    context.debug = flag("packer_debug").unwrap_or(context.debug);
    context.force = flag("packer_force").unwrap_or(context.force);
    context
}

fn on_error(choice: &str) -> Option<OnError> {
    Some(match choice {
        "" | "cleanup" => OnError::Cleanup,
        "abort" => OnError::Abort,
        "ask" => OnError::Ask,
        "run-cleanup-provisioner" => OnError::RunCleanupProvisioner,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use planner::value::Type;

    use super::*;
    use crate::builtin::fixtures::context;

    #[test]
    fn reads_each_kind_of_field() {
        let config = Value::object([
            ("text", Value::string("{{build_name}}!")),
            ("raw", Value::string("{{.Vars}}")),
            ("none", Value::Null(Type::String)),
            ("later", Value::Unknown(Type::String)),
            ("list", Value::strings(["a", "{{build_type}}"])),
            ("list later", Value::Unknown(Type::List(Arc::new(Type::String)))),
            ("flag", Value::Bool(true)),
            ("port", Value::int(22)),
            ("codes", Value::List(Type::Number, [Value::int(0), Value::int(2)].into())),
            ("wait", Value::string("1m")),
        ]);
        let mut fields = Fields::new(&config, &context());
        assert_eq!(fields.text("text"), "web!");
        assert_eq!(fields.raw_text("raw"), "{{.Vars}}");
        assert_eq!((fields.text("none"), fields.text("absent")), (String::new(), String::new()));
        assert_eq!(fields.text("later"), "<unknown>");
        assert_eq!(fields.texts("list"), ["a", "null"]);
        assert_eq!(fields.texts("list later"), ["<unknown>"]);
        assert!(fields.flag("flag") && !fields.flag("absent"));
        assert_eq!((fields.whole("port"), fields.wholes("codes")), (22, vec![0, 2]));
        assert_eq!(fields.duration("wait").unwrap().to_string(), "1m0s");
        assert_eq!((fields.duration("absent"), fields.duration("later")), (None, None));
        assert!(fields.finish().is_ok());
    }

    #[test]
    fn passwords_are_hidden_when_they_are_read() {
        let config = Value::object([
            ("ssh_username", Value::string("vagrant")),
            ("ssh_password", Value::string("vagrant")),
            ("ssh_bastion_password", Value::string("one-{{build_name}}")),
            ("elevated_user", Value::string("vagrant")),
            ("elevated_password", Value::string("two")),
            ("winrm_password", Value::Unknown(Type::String)),
            ("ssh_private_key", Value::string("BEGIN\nthree\n")),
            ("ssh_private_key_file", Value::string("four")),
        ]);
        let context = context();
        Fields::new(&config, &context);
        let text = "vagrant one-web two <unknown> BEGIN three four";
        let expected = "vagrant <sensitive> <sensitive> <unknown> <sensitive> <sensitive> four";
        assert_eq!(context.secrets.scrub(text), expected);
    }

    #[test]
    fn faults_add_up() {
        let config = Value::object([
            ("text", Value::string("{{env `X`}}")),
            ("wait", Value::string("5")),
            ("packer_on_error", Value::string("panic")),
        ]);
        let mut fields = Fields::new(&config, &context());
        fields.text("text");
        fields.duration("wait");
        fields.fault("own");
        let text = fields.finish().unwrap_err().to_string();
        assert_eq!(
            text,
            "4 error(s) occurred:\n\n\
             * packer_on_error must be one of cleanup, abort, ask, run-cleanup-provisioner; it is \"panic\"\n\
             * error rendering 'text': template: root:1:2: executing \"root\" at <env `X`>: error calling env: env vars are not allowed here\n\
             * wait: time: missing unit in duration \"5\"\n\
             * own"
        );
    }

    #[test]
    fn own_packer_attributes_win() {
        let config = Value::object([
            ("packer_build_name", Value::string("mine")),
            ("packer_force", Value::Bool(true)),
            ("packer_on_error", Value::string("abort")),
            (
                "packer_user_variables",
                Value::Map(Type::String, Arc::new([(Arc::from("k"), Value::string("v"))].into())),
            ),
            ("text", Value::string("{{user `k`}} {{build_name}}")),
        ]);
        let mut fields = Fields::new(&config, &context());
        assert_eq!(fields.text("text"), "v mine");
        assert!(fields.context().force && !fields.context().debug);
        assert_eq!(fields.context().on_error, OnError::Abort);
    }
}
