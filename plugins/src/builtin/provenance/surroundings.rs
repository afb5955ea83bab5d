//! What the environment says about who builds what.

use std::collections::BTreeMap;

use super::git::WorkingCopy;
use super::statement::{Dependency, VariableValue};
use super::subject::sha256;
use crate::component::ComponentContext;

const LOCAL: &str = "https://packer.io/local-build";
const BUILDERS: [&str; 4] = ["GITHUB_WORKFLOW_REF", "CI_JOB_URL", "CI_PIPELINE_URL", "BUILD_URL"];
const INVOCATIONS: [&str; 4] = ["GITHUB_RUN_ID", "CI_PIPELINE_ID", "CI_JOB_ID", "BUILD_ID"];

const REDACTED: &str = "[sensitive value redacted]";
const VARIABLE: &str = "PKR_VAR_";

fn get<'c>(context: &'c ComponentContext, name: &str) -> Option<&'c str> {
    context.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn first(context: &ComponentContext, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| get(context, name)).map(str::to_owned)
}

/// Where it is built.
pub(super) fn builder_id(context: &ComponentContext) -> String {
    first(context, &BUILDERS).unwrap_or_else(|| LOCAL.to_owned())
}

/// Which of the builds there it is.
pub(super) fn invocation_id(context: &ComponentContext) -> String {
    first(context, &INVOCATIONS).unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
}

/// What it is built from, as the machinery around us says.
pub(super) fn source(context: &ComponentContext) -> Option<Dependency> {
    let of = |uri: String, commit: Option<&str>| Some(dependency(uri, commit));
    if let Some(repository) = get(context, "GITHUB_REPOSITORY") {
        let server = get(context, "GITHUB_SERVER_URL").unwrap_or("https://github.com");
        let reference = get(context, "GITHUB_REF").map(|name| format!("@{name}")).unwrap_or_default();
        return of(format!("git+{server}/{repository}{reference}"), get(context, "GITHUB_SHA"));
    }
    let project = get(context, "CI_PROJECT_URL")?;
    let reference = match (get(context, "CI_COMMIT_TAG"), get(context, "CI_COMMIT_REF_NAME")) {
        (Some(tag), _) => format!("@refs/tags/{tag}"),
        (None, Some(branch)) => format!("@refs/heads/{branch}"),
        (None, None) => String::new(),
    };
    of(format!("git+{project}{reference}"), get(context, "CI_COMMIT_SHA"))
}

/// What it is built from, as the repository around the template says.
pub(super) fn source_of(copy: WorkingCopy) -> Dependency {
    dependency(copy.uri(), Some(copy.commit.as_str()).filter(|commit| !commit.is_empty()))
}

fn dependency(uri: String, commit: Option<&str>) -> Dependency {
    Dependency { uri, digest: commit.map(|commit| ("gitCommit", commit.to_owned())).into_iter().collect() }
}

/// The variables that were given: those in `asked` with their values, those of the environment with the digests of theirs;
/// of secret ones only that they are there.
pub(super) fn user_variables(
    context: &ComponentContext,
    asked: &BTreeMap<String, String>,
) -> BTreeMap<String, VariableValue> {
    let given = context.environment.iter();
    let given = given.filter_map(|(name, value)| Some((name.strip_prefix(VARIABLE)?.to_owned(), value)));
    let digests = given.map(|(name, value)| (name, VariableValue::Digest { digest: sha256(value.as_bytes()) }));
    let mut variables: BTreeMap<String, VariableValue> = digests.collect();
    for (name, value) in asked {
        variables.insert(name.clone(), VariableValue::Text(value.clone()));
    }
    // Their values are not in the environment that we see.
    let secret = context.sensitive_variables.iter().map(|name| name.to_string());
    // A value may come from a secret by another name.
    let with_secrets = asked.iter().filter(|(_, value)| context.secrets.scrub(value) != **value);
    for name in secret.chain(with_secrets.map(|(name, _)| name.clone())) {
        variables.insert(name, VariableValue::Text(REDACTED.to_owned()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::builtin::fixtures::context;

    fn with(variables: &[(&str, &str)]) -> ComponentContext {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ComponentContext { environment: Arc::new(environment), ..context() }
    }

    #[test]
    fn who_builds_is_the_first_that_says_so() {
        assert_eq!(builder_id(&with(&[])), LOCAL);
        let all = [("BUILD_URL", "j"), ("CI_PIPELINE_URL", "p"), ("CI_JOB_URL", "l"), ("GITHUB_WORKFLOW_REF", "g")];
        for n in 1..=4 {
            assert_eq!(builder_id(&with(&all[..n])), all[n - 1].1);
        }
        let all = [("BUILD_ID", "j"), ("CI_JOB_ID", "l"), ("CI_PIPELINE_ID", "p"), ("GITHUB_RUN_ID", "g")];
        for n in 1..=4 {
            assert_eq!(invocation_id(&with(&all[..n])), all[n - 1].1);
        }
        assert_eq!(invocation_id(&with(&[])).len(), 36);
    }

    /// The environment, and the address and commit that it gives.
    type Row = (&'static [(&'static str, &'static str)], Option<(&'static str, &'static str)>);

    #[test]
    fn what_it_is_built_from() {
        let rows: [Row; 5] = [
            (&[], None),
            (
                &[("GITHUB_REPOSITORY", "a/b"), ("GITHUB_REF", "refs/heads/x"), ("GITHUB_SHA", "1")],
                Some(("git+https://github.com/a/b@refs/heads/x", "1")),
            ),
            (
                &[("GITHUB_REPOSITORY", "a/b"), ("GITHUB_SERVER_URL", "https://g.example"), ("GITHUB_SHA", "1")],
                Some(("git+https://g.example/a/b", "1")),
            ),
            (
                &[("CI_PROJECT_URL", "https://l/a"), ("CI_COMMIT_REF_NAME", "x"), ("CI_COMMIT_SHA", "2")],
                Some(("git+https://l/a@refs/heads/x", "2")),
            ),
            (
                &[
                    ("CI_PROJECT_URL", "https://l/a"),
                    ("CI_COMMIT_TAG", "v1"),
                    ("CI_COMMIT_REF_NAME", "v1"),
                    ("CI_COMMIT_SHA", "2"),
                ],
                Some(("git+https://l/a@refs/tags/v1", "2")),
            ),
        ];
        for (variables, expected) in rows {
            let expected = expected.map(|(uri, commit)| dependency(uri.to_owned(), Some(commit)));
            assert_eq!(source(&with(variables)), expected);
        }
    }

    #[test]
    fn values_are_told_only_when_asked_and_never_when_they_are_secret() {
        let mut context = with(&[("PKR_VAR_region", "eu"), ("PKR_VAR_size", "9"), ("OTHER", "x")]);
        context.sensitive_variables = Arc::from([Arc::from("password")]);
        context.secrets.hide("hunter2");
        let asked = [("size", "9"), ("token", "a hunter2 b"), ("password", "shown?")];
        let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let text = serde_json::to_string(&user_variables(&context, &asked)).unwrap();
        let digest = sha256(b"eu")["sha256"].clone();
        let expected = format!(
            r#"{{"password":"{REDACTED}","region":{{"digest":{{"sha256":"{digest}"}}}},"size":"9","token":"{REDACTED}"}}"#
        );
        assert_eq!(text, expected);
    }
}
