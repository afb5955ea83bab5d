//! Functions that ask services for secrets, by way of the host.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::secrets::SecretError;
use crate::value::Value;

const KEY: Param = Param::new("key", Takes::String);
const NAME: Param = Param::new("name", Takes::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("aws_secretsmanager", &[NAME, KEY.or_null()], returns::string, |call| {
        // An empty key is no key.
        let key = call.args[1].as_str().filter(|key| !key.is_empty());
        answer(call.host.secrets.aws(call.text(0), key))
    }),
    Function::new("aws_secretsmanager_raw", &[NAME], returns::string, |call| {
        answer(call.host.secrets.aws_raw(call.text(0)))
    }),
    Function::new("consul_key", &[KEY], returns::string, |call| answer(call.host.secrets.consul(call.text(0)))),
    Function::new("vault", &[Param::new("path", Takes::String), KEY], returns::string, vault),
];

fn vault(call: &Call<'_>) -> Result<Value, CallError> {
    answer(call.host.secrets.vault(call.text(0), call.text(1)))
}

fn answer(found: Result<String, SecretError>) -> Result<Value, CallError> {
    found.map(Value::string).map_err(|error| CallError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::eval::functions::tests::run_with;
    use crate::eval::{Functions, Host, NoSecrets, SecretError, SecretStore};

    #[derive(Debug, thiserror::Error)]
    #[error("no such secret")]
    struct Missing;

    /// Gives back what it was asked.
    struct Echo;

    impl SecretStore for Echo {
        fn vault(&self, path: &str, key: &str) -> Result<String, SecretError> {
            if path.is_empty() { Err(SecretError::service(Missing)) } else { Ok(format!("vault {path} {key}")) }
        }

        fn consul(&self, key: &str) -> Result<String, SecretError> {
            Ok(format!("consul {key}"))
        }

        fn aws(&self, name: &str, key: Option<&str>) -> Result<String, SecretError> {
            Ok(format!("aws {name} {key:?}"))
        }

        fn aws_raw(&self, name: &str) -> Result<String, SecretError> {
            Ok(format!("raw {name}"))
        }
    }

    const ALL: [&str; 4] = [
        r#"vault("p", "k")"#,
        r#"consul_key("k")"#,
        r#"aws_secretsmanager("n", "k")"#,
        r#"aws_secretsmanager_raw("n")"#,
    ];

    #[test]
    fn arguments_reach_the_service() {
        let host = Host { secrets: Arc::new(Echo), ..Host::empty() };
        for (text, expected) in [
            (r#"vault("secret/data/é", "k")"#, r#""vault secret/data/é k" string"#),
            (r#"vault(1, true)"#, r#""vault 1 true" string"#),
            (r#"consul_key("a/b")"#, r#""consul a/b" string"#),
            (r#"aws_secretsmanager("n", "k")"#, r#""aws n Some(\"k\")" string"#),
            (r#"aws_secretsmanager("n", null)"#, r#""aws n None" string"#),
            (r#"aws_secretsmanager("n", "")"#, r#""aws n None" string"#),
            (r#"aws_secretsmanager_raw("n")"#, r#""raw n" string"#),
            (r#"vault(unk, "k")"#, "unknown string"),
            (r#"aws_secretsmanager("n", unk)"#, "unknown string"),
            (r#"vault("", "k")"#, r#"Error in function call: Call to function "vault" failed: no such secret."#),
            (
                r#"vault(null, "k")"#,
                r#"Invalid function argument: Invalid value for "path" parameter: argument must not be null."#,
            ),
            (
                r#"aws_secretsmanager(null, null)"#,
                r#"Invalid function argument: Invalid value for "name" parameter: argument must not be null."#,
            ),
            (r#"consul_key([])"#, r#"Invalid function argument: Invalid value for "key" parameter: string required."#),
            (
                r#"aws_secretsmanager("n")"#,
                r#"Not enough function arguments: Function "aws_secretsmanager" expects 2 argument(s). Missing value for "key"."#,
            ),
        ] {
            assert_eq!(run_with(text, &Functions::standard(), &host), expected, "{text}");
        }
    }

    #[test]
    fn without_services_every_call_says_so() {
        let host = Host { secrets: Arc::new(NoSecrets), ..Host::empty() };
        for text in ALL {
            let said = run_with(text, &Functions::standard(), &host);
            assert!(said.ends_with("failed: services that keep secrets are not available here."), "{text}: {said}");
        }
    }
}
