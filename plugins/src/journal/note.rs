//! The records that this crate and the command line add to a run's journal, each a JSON object in a record of its own.
//! Fields are only ever added; who reads ignores what it does not know, and records of kinds unknown to it.

use serde::{Deserialize, Serialize};

use crate::journal::artifact::ArtifactNote;
use crate::journal::resource::Resource;

/// One record. Its kind is in the field `note`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum Note {
    /// The first: which run this is.
    Run(RunNote),
    /// The second: what there is to do. The engine's records number nodes by their position in it.
    Graph(GraphNote),
    /// What a node is made from, once that is known.
    Inputs(InputsNote),
    /// There is something in the world now, or will be in a moment.
    Resource(Resource),
    /// It is about to be removed, by a cleanup.
    Destroying {
        /// The resource.
        number: u64,
    },
    /// It is not there any more, or is nobody's to remove.
    Gone {
        /// The resource.
        number: u64,
    },
    /// Another run has taken it over: it is that one's now.
    Adopted {
        /// The resource.
        number: u64,
        /// The other run.
        by: String,
    },
    /// Somebody stands by who has plugins cancel what they are at should the run be killed, and ends what is left. The last
    /// one counts.
    Guard(GuardNote),
    /// A builder or post-processor has made an artifact.
    Artifact(ArtifactNote),
    /// The run has ended, and left nothing but what it was for: who looks for leftovers need not read the rest. The last.
    Clean,
    /// A record of a later version of the program.
    #[serde(other)]
    Unknown,
}

/// What a node is made from: if that is the same in another run, so is what comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputsNote {
    /// The node, by position in the graph.
    pub node: u32,
    /// The SHA-256, in hex, of its component and its configuration, as far as that is known before its build begins.
    pub digest: String,
    /// The local files and folders that the configuration names, by absolute path, each with the SHA-256 of what is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(String, String)>,
}

/// The process that guards a run's others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardNote {
    /// The process.
    pub pid: i32,
    /// When it started, in ticks since the machine did: no other process that has its number has that as well.
    pub started: Option<u64>,
}

/// Which run a journal is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunNote {
    /// Its id, a UUID: `PACKER_RUN_UUID` of all that it starts, and the name of its journal.
    pub run: String,
    /// The program's version.
    pub version: String,
    /// When it started, in RFC 3339.
    pub started: String,
    /// The process.
    pub pid: u32,
    /// What it builds.
    pub template: TemplateNote,
    /// The run that it takes up, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<String>,
    /// The width of the engine's cpu lane.
    #[serde(default)]
    pub workers: usize,
}

/// Which template a run is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateNote {
    /// The absolute path of its file or folder; `-` when it came from standard input.
    pub path: String,
    /// The SHA-256 of all its files, in hex.
    pub digest: String,
}

/// A run's graph, enough to schedule it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphNote {
    /// The nodes.
    pub nodes: Vec<NodeNote>,
    /// The edges.
    pub edges: Vec<EdgeNote>,
    /// The pools.
    pub pools: Vec<PoolNote>,
    /// The leases: of each the pools (by position) and how much it claims of them.
    pub leases: Vec<Vec<(u32, u32)>>,
}

/// A node of a run's graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeNote {
    /// Its key: `null.a/provision[0]`.
    pub key: String,
    /// What kind of node it is: `open`, `provision`, …
    pub kind: String,
    /// The type of its component.
    #[serde(default)]
    pub component: String,
    /// The lease that it runs under, by position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<u32>,
    /// How long it was expected to take, in milliseconds.
    #[serde(default)]
    pub estimate: u64,
}

/// An edge of a run's graph: from, to (positions of nodes), and `data`, `order`, `on-failure` or `finally`.
pub type EdgeNote = (u32, u32, EdgeNoteKind);

/// What the target needs of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeNoteKind {
    /// Its output.
    Data,
    /// Its success.
    Order,
    /// Its failure.
    OnFailure,
    /// Its end.
    Finally,
}

/// A pool of a run's graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolNote {
    /// Its name.
    pub name: String,
    /// How much there is; none is no limit.
    pub capacity: Option<u32>,
}

impl Note {
    /// The record as it is written.
    ///
    /// # Panics
    ///
    /// Never: all of it has a JSON form.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("invariant: notes are made of texts and numbers")
    }

    /// The record that was written; none when it is not one of ours.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over() {
        assert_eq!(Note::from_bytes(br#"{"note":"gone","number":7,"why":"x"}"#), Some(Note::Gone { number: 7 }));
        assert_eq!(Note::from_bytes(br#"{"note":"of-tomorrow","number":7}"#), Some(Note::Unknown));
        assert_eq!(Note::from_bytes(b"{}"), None);
        let graph = GraphNote { edges: vec![(0, 1, EdgeNoteKind::OnFailure)], ..GraphNote::default() };
        let bytes = Note::Graph(graph.clone()).to_bytes();
        assert!(String::from_utf8_lossy(&bytes).contains(r#""edges":[[0,1,"on-failure"]]"#));
        assert_eq!(Note::from_bytes(&bytes), Some(Note::Graph(graph)));
    }
}
