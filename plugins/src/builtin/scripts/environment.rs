//! `env` and `environment_vars`, and the variables that every script gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::interpolate::{Interpolation, RenderError, RunData};
use planner::value::Value;

use crate::component::BuildData;
use crate::config::{Fields, is_placeholder};

/// Values by which a builder says that it serves no files over HTTP.
const NO_HTTP: &str = "_NOT_IMPLEMENTED_BY_BUILDER";
/// What is known of the builder's HTTP server, under the names of the data.
const HTTP: [(&str, &str); 3] = [
    ("PACKER_HTTP_ADDR", "PackerHTTPAddr"),
    ("PACKER_HTTP_IP", "PackerHTTPIP"),
    ("PACKER_HTTP_PORT", "PackerHTTPPort"),
];

/// The variables of scripts.
#[derive(Clone, Debug)]
pub struct Environment {
    build_name: Arc<str>,
    builder_type: Arc<str>,
    /// `K=V`, rendered once more at run time.
    pairs: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Environment {
    /// Reads both fields.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        let (pairs, env) = (fields.texts("environment_vars"), fields.text_map("env"));
        for pair in pairs.iter().filter(|pair| !is_placeholder(pair)) {
            if pair.split_once('=').is_none_or(|(name, _)| name.is_empty()) {
                fields.fault(format!("Environment variable not in format 'key=value': {pair}"));
            }
        }
        let (build_name, builder_type) = (fields.context().build_name.clone(), fields.context().builder_type.clone());
        Self { build_name, builder_type, pairs, env }
    }

    /// All variables with their values as they are, `env` winning.
    ///
    /// # Errors
    ///
    /// A value is no template.
    pub fn variables(
        &self,
        interpolation: &Interpolation,
        data: &BuildData,
        run_data: &RunData,
    ) -> Result<BTreeMap<String, String>, RenderError> {
        let mut variables = BTreeMap::from([
            ("PACKER_BUILD_NAME".to_owned(), self.build_name.to_string()),
            ("PACKER_BUILDER_TYPE".to_owned(), self.builder_type.to_string()),
        ]);
        for (variable, key) in HTTP {
            if let Some(value) = data.get(key).and_then(served) {
                variables.insert(variable.to_owned(), value);
            }
        }
        for pair in &self.pairs {
            let pair = interpolation.at_run(pair, run_data)?;
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            variables.insert(name.to_owned(), value.to_owned());
        }
        variables.extend(self.env.clone());
        Ok(variables)
    }
}

/// A value of the builder's HTTP server, unless the builder has none.
fn served(value: &Value) -> Option<String> {
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.as_number()?.to_i64()?.to_string(),
    };
    (!text.ends_with(NO_HTTP)).then_some(text)
}

#[cfg(test)]
mod tests {
    use planner::value::Type;

    use super::*;
    use crate::builtin::fixtures::context;

    #[test]
    fn what_comes_later_wins_and_everybody_gets_the_build() {
        let pairs = ["A=one", "B=x=y", "C={{build `ID`}}", "PACKER_BUILD_NAME=mine", "D="];
        let env = Value::Map(Type::String, Arc::new([(Arc::from("A"), Value::string("two"))].into()));
        let config = Value::object([("environment_vars", Value::strings(pairs)), ("env", env)]);
        let mut fields = Fields::new(&config, &context());
        let environment = Environment::read(&mut fields);
        let interpolation = fields.interpolation().clone();
        fields.finish().unwrap();
        let data = BuildData::from([
            ("ID".to_owned(), Value::string("i-1")),
            ("PackerHTTPAddr".to_owned(), Value::string("10.0.0.1:8000")),
            ("PackerHTTPIP".to_owned(), Value::string("ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER")),
            ("PackerHTTPPort".to_owned(), Value::int(8000)),
        ]);
        let variables = environment.variables(&interpolation, &data, &RunData::new(&data)).unwrap();
        let expected = [
            ("A", "two"),
            ("B", "x=y"),
            ("C", "i-1"),
            ("D", ""),
            ("PACKER_BUILDER_TYPE", "null"),
            ("PACKER_BUILD_NAME", "mine"),
            ("PACKER_HTTP_ADDR", "10.0.0.1:8000"),
            ("PACKER_HTTP_PORT", "8000"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn pairs_must_have_a_name() {
        let pairs = ["A=b", "A=", "=b", "foobar"];
        let config = Value::object([("environment_vars", Value::strings(pairs))]);
        let mut fields = Fields::new(&config, &context());
        Environment::read(&mut fields);
        let expected = "2 error(s) occurred:\n\n\
                        * Environment variable not in format 'key=value': =b\n\
                        * Environment variable not in format 'key=value': foobar";
        assert_eq!(fields.finish().unwrap_err().to_string(), expected);
    }
}
