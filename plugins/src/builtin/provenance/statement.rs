//! The statement: what was made, of what, how, and by whom.

use std::collections::BTreeMap;

use serde::Serialize;

use super::subject::Subject;

/// An in-toto statement. The order of members is that of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement<'a, P> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: &'a [Subject],
    predicate_type: &'a str,
    predicate: P,
}

impl<'a, P: Serialize> Statement<'a, P> {
    /// Says `predicate` about `subject`.
    pub(super) fn new(subject: &'a [Subject], predicate_type: &'a str, predicate: P) -> Self {
        Self { kind: "https://in-toto.io/Statement/v1", subject, predicate_type, predicate }
    }
}

/// What a statement of provenance says.
pub(super) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// How something came about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProvenancePredicate {
    pub(super) build_definition: BuildDefinition,
    pub(super) run_details: RunDetails,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildDefinition {
    pub(super) build_type: String,
    pub(super) external_parameters: ExternalParameters,
    pub(super) internal_parameters: InternalParameters,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resolved_dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalParameters {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) template: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) only_builds: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) user_variables: BTreeMap<String, VariableValue>,
}

/// What is told of a variable.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum VariableValue {
    /// Its value, or that there is one which nobody is told.
    Text(String),
    /// Enough to see whether it was this one.
    Digest {
        /// By the name of the hash.
        digest: BTreeMap<&'static str, String>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InternalParameters {
    pub(super) packer_version: String,
    pub(super) packer_build_name: String,
    pub(super) packer_builder_type: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Dependency {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
pub(super) struct RunDetails {
    pub(super) builder: BuilderIdentity,
    pub(super) metadata: Metadata,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) byproducts: Vec<Byproduct>,
}

#[derive(Serialize)]
pub(super) struct BuilderIdentity {
    pub(super) id: String,
    pub(super) version: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) invocation_id: String,
}

/// Something else that came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Byproduct {
    pub(super) name: String,
    pub(super) digest: BTreeMap<&'static str, String>,
    pub(super) media_type: &'static str,
    /// In base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
}
