//! What is kept of an artifact, so that a later run can serve it to post-processors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::resource::FileMark;

/// An artifact as its maker described it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactNote {
    /// The node that made it, by position in the graph.
    pub node: u32,
    /// The resource that it is.
    pub number: u64,
    /// Names the kind of component that made it.
    pub builder_id: String,
    /// The id in the system that holds it.
    pub id: String,
    /// The line shown in the summary.
    pub description: String,
    /// Its local files, paths as the component gave them.
    pub files: Vec<String>,
    /// The same files as they were found then, by absolute path; less those that could not be looked at.
    #[serde(default)]
    pub marks: Vec<FileMark>,
    /// What is kept about it, by name: MessagePack in base64. Passwords and private keys are left out.
    #[serde(default)]
    pub state: BTreeMap<String, String>,
    /// Whether the input of the post-processor that made it stays.
    #[serde(default)]
    pub keeps_input: bool,
    /// The earlier run that it is taken over from, if it was not made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<String>,
}
