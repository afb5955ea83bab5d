//! What components are told before they run: their configuration, and the facts around it.

use planner::value::Value;
use rmpv::Value as Packed;
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

use crate::component::{ComponentContext, ComponentError, OnError};
use crate::external::cty;
use crate::untyped;

/// The argument of every call that configures a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Configs(Vec<Packed>);

/// The same list with its items in the form that goes over the wire.
struct Items<'a>(&'a [Packed]);

impl Configs {
    /// For a builder, provisioner or post-processor: the facts of the build first, then its configuration. In a legacy
    /// template the configuration is as it was written, a tuple of objects, and the facts come last.
    ///
    /// # Errors
    ///
    /// When the configuration has no form in JSON.
    pub fn of_build(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let facts = facts(context);
        Ok(Self(match (&context.user_variables, config.items()) {
            (Some(_), Some(raw)) => raw.iter().map(untyped::pack).chain([facts]).collect(),
            _ => vec![facts, decoded(config)?],
        }))
    }

    /// For a data source.
    ///
    /// # Errors
    ///
    /// When the configuration has no form in JSON.
    pub fn of_data(config: &Value) -> Result<Self, ComponentError> {
        Ok(Self(vec![decoded(config)?]))
    }
}

/// A configuration decoded by the component's own specification, as bytes by which it knows one.
fn decoded(config: &Value) -> Result<Packed, ComponentError> {
    let json = cty::to_json(config)
        .map_err(|fault| ComponentError::new(format!("the configuration cannot be passed to the plugin: {fault}")))?;
    Ok(Packed::Binary(json))
}

/// The facts of a build that every component of it is told.
fn facts(context: &ComponentContext) -> Packed {
    let mut facts: Vec<(&str, Packed)> = vec![
        ("packer_build_name", Packed::from(&*context.build_name)),
        ("packer_builder_type", Packed::from(&*context.builder_type)),
        ("packer_core_version", Packed::from(&*context.core_version)),
        ("packer_on_error", Packed::from(on_error(context.on_error))),
    ];
    match &context.user_variables {
        None => {
            let flag = |set: bool| Packed::from(if set { "true" } else { "false" });
            facts.push(("packer_debug", flag(context.debug)));
            facts.push(("packer_force", flag(context.force)));
            let names = context.sensitive_variables.iter().map(|name| Packed::from(&**name));
            facts.push(("packer_sensitive_variables", Packed::Array(names.collect())));
        }
        Some(variables) => {
            facts.push(("packer_debug", Packed::Boolean(context.debug)));
            facts.push(("packer_force", Packed::Boolean(context.force)));
            let path = context.template_path.as_deref().unwrap_or_default();
            facts.push(("packer_template_path", Packed::from(path)));
            let variables = variables.iter().map(|(name, value)| (Packed::from(&**name), Packed::from(&**value)));
            facts.push(("packer_user_variables", Packed::Map(variables.collect())));
        }
    }
    Packed::Map(facts.into_iter().map(|(name, value)| (Packed::from(name), value)).collect())
}

fn on_error(choice: OnError) -> &'static str {
    match choice {
        OnError::Cleanup => "cleanup",
        OnError::Abort => "abort",
        OnError::Ask => "ask",
        OnError::RunCleanupProvisioner => "run-cleanup-provisioner",
    }
}

impl Serialize for Configs {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        let mut arguments = into.serialize_struct("Configs", 1)?;
        arguments.serialize_field("Configs", &Items(&self.0))?;
        arguments.end()
    }
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        let mut items = into.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            items.serialize_element(item)?;
        }
        items.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::builtin::fixtures::context;

    fn facts_in(configs: &Configs, at: usize) -> BTreeMap<String, String> {
        let Packed::Map(facts) = &configs.0[at] else { panic!("{configs:?}") };
        facts.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), value.to_string())).collect()
    }

    #[test]
    fn facts_come_before_what_was_decoded() {
        let mut context = context();
        context.force = true;
        context.on_error = OnError::Ask;
        context.sensitive_variables = Arc::from([Arc::from("password")]);
        let config = Value::object([("text", Value::string("{{.Untouched}}"))]);
        let configs = Configs::of_build(&config, &context).unwrap();
        let facts = facts_in(&configs, 0);
        for (name, value) in [
            ("packer_build_name", format!("{:?}", &*context.build_name)),
            ("packer_builder_type", format!("{:?}", &*context.builder_type)),
            ("packer_core_version", format!("{:?}", &*context.core_version)),
            ("packer_debug", "\"false\"".to_owned()),
            ("packer_force", "\"true\"".to_owned()),
            ("packer_on_error", "\"ask\"".to_owned()),
            ("packer_sensitive_variables", "[\"password\"]".to_owned()),
        ] {
            assert_eq!(facts.get(name), Some(&value), "{name}");
        }
        assert_eq!(facts.len(), 7);
        let json = br#"{"value":{"text":"{{.Untouched}}"},"type":["object",{"text":"string"}]}"#;
        assert_eq!(configs.0[1], Packed::Binary(json.to_vec()));
        assert_eq!(Configs::of_data(&config).unwrap().0, [Packed::Binary(json.to_vec())]);
    }

    #[test]
    fn what_was_written_comes_before_the_facts_of_a_legacy_template() {
        let mut context = context();
        context.debug = true;
        context.template_path = Some("/t/box.json".into());
        context.user_variables = Some(Arc::new(BTreeMap::from([("n".to_owned(), "22".to_owned())])));
        let written = |text: &str| Value::object([("text", Value::string(text))]);
        let config = Value::tuple([written("{{user `n`}}"), written("over")]);
        let configs = Configs::of_build(&config, &context).unwrap();
        assert_eq!(configs.0[0], untyped::pack(&written("{{user `n`}}")));
        assert_eq!(configs.0[1], untyped::pack(&written("over")));
        let facts = facts_in(&configs, 2);
        assert_eq!(facts["packer_template_path"], "\"/t/box.json\"");
        assert_eq!(facts["packer_user_variables"], "{\"n\": \"22\"}");
        assert_eq!(facts["packer_debug"], "true");
    }
}
