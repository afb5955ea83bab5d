//! What a journal says in the end: how far its run came, and what it left.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use engine::journal::{JournalError, Record, Recording, Tail};
use engine::{Counts, OutcomeKind};

use crate::journal::artifact::ArtifactNote;
use crate::journal::note::{GraphNote, GuardNote, InputsNote, Note, RunNote};
use crate::journal::resource::{Destroy, Resource, ResourceKind};

/// A run as its journal tells it.
#[derive(Clone, Debug)]
pub struct History {
    /// Which run it is; none if it was killed before it could say.
    pub run: Option<RunNote>,
    /// What there was to do; empty if it was killed before it could say.
    pub graph: GraphNote,
    /// How far each node came, by its position in the graph.
    pub nodes: Vec<NodeHistory>,
    /// All that it put into the world, by number.
    pub resources: BTreeMap<u64, Left>,
    /// The artifacts it made, in the order they were made.
    pub artifacts: Vec<ArtifactNote>,
    /// Who ends its processes should it have been killed.
    pub guard: Option<GuardNote>,
    /// How its nodes ended, if its end is recorded. That says nothing about whether it ended well.
    pub ended: Option<Counts>,
    /// How long it had run at the last record.
    pub lasted: Duration,
    /// How the file ends.
    pub tail: Tail,
    /// Where the next record goes, for those who go on with it.
    pub recording: Recording,
}

/// How far a node came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeHistory {
    /// How often it was started.
    pub attempts: u32,
    /// When it was first started, counted from the start of the run.
    pub started: Option<Duration>,
    /// When it ended.
    pub ended: Option<Duration>,
    /// How it ended.
    pub outcome: Option<OutcomeKind>,
    /// What went wrong, if something did.
    pub text: String,
    /// What it was made from, if that was ever known.
    pub inputs: Option<InputsNote>,
}

/// A resource, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What it is.
    pub resource: Resource,
    /// Where it is now.
    pub fate: Fate,
}

/// What became of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is still there, for all that is known.
    There,
    /// A cleanup was about to remove it and did not come to say that it did.
    Destroying,
    /// It is gone, or nobody's to remove.
    Gone,
    /// That run has it now.
    Adopted(String),
}

impl History {
    /// Reads a journal.
    ///
    /// # Errors
    ///
    /// The bytes cannot be had, are no journal, are one of a newer version, or are not what was written.
    pub fn read(source: impl Read) -> Result<Self, JournalError> {
        engine::journal::read(source).map(Self::of)
    }

    /// Sums up a journal that was read.
    pub fn of(recording: Recording) -> Self {
        let mut history = Self {
            run: None,
            graph: GraphNote::default(),
            nodes: Vec::new(),
            resources: BTreeMap::new(),
            artifacts: Vec::new(),
            guard: None,
            ended: None,
            lasted: Duration::ZERO,
            tail: recording.tail,
            recording: Recording { records: Vec::new(), ..recording },
        };
        for (at, record) in recording.records {
            history.lasted = history.lasted.max(at);
            history.take(at, record);
        }
        history
    }

    /// Whether the run came to an end that it could tell of.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether it ended, and all went well.
    pub fn has_succeeded(&self) -> bool {
        self.ended.is_some_and(|counts| counts.failures() == 0 && counts.cancelled == 0)
    }

    /// What is still there and should not be, the newest first: that is the order to remove it in. The artifacts of a run
    /// that came to its end are what it was for; those of one that did not were never handed over to anybody.
    pub fn leftovers(&self) -> impl Iterator<Item = &Left> {
        let is_wanted = |left: &&Left| self.has_ended() && left.resource.kind == ResourceKind::Artifact;
        let is_there = |left: &&Left| matches!(left.fate, Fate::There | Fate::Destroying);
        self.resources.values().rev().filter(is_there).filter(move |left| !is_wanted(left))
    }

    /// The position of the node with this key.
    pub fn node(&self, key: &str) -> Option<usize> {
        self.graph.nodes.iter().position(|node| node.key == key)
    }

    fn take(&mut self, at: Duration, record: Record) {
        match record {
            Record::NodeStarted { node, attempt } => {
                let node = self.at(node.index());
                node.attempts = attempt;
                node.started.get_or_insert(at);
            }
            Record::NodeEnded { node, outcome, text } | Record::NodeSkipped { node, outcome, text, .. } => {
                let node = self.at(node.index());
                (node.ended, node.outcome, node.text) = (Some(at), Some(outcome), text);
            }
            Record::RunEnded { counts } => self.ended = Some(counts),
            Record::Note(bytes) => Note::from_bytes(&bytes).into_iter().for_each(|note| self.note(note)),
            _ => {}
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Run(run) => self.run = Some(run),
            Note::Graph(graph) => {
                self.nodes.resize(self.nodes.len().max(graph.nodes.len()), NodeHistory::default());
                self.graph = graph;
            }
            Note::Inputs(inputs) => {
                let node = self.at(inputs.node as usize);
                node.inputs = Some(inputs);
            }
            Note::Resource(resource) => {
                self.resources.insert(resource.number, Left { resource, fate: Fate::There });
            }
            Note::Destroying { number } => self.decide(number, Fate::Destroying),
            Note::Gone { number } => self.decide(number, Fate::Gone),
            Note::Adopted { number, by } => self.decide(number, Fate::Adopted(by)),
            Note::Artifact(artifact) => {
                // A post-processor that passes on what it was given may have changed it.
                if let Some(left) = self.resources.get_mut(&artifact.number)
                    && let Destroy::Files { files } = &mut left.resource.destroy
                {
                    files.clone_from(&artifact.marks);
                }
                self.artifacts.push(artifact);
            }
            Note::Guard(guard) => self.guard = Some(guard),
            Note::Clean | Note::Unknown => {}
        }
    }

    fn decide(&mut self, number: u64, fate: Fate) {
        if let Some(left) = self.resources.get_mut(&number) {
            left.fate = fate;
        }
    }

    /// A node, also one that the graph does not have: it may be newer than what we understand.
    fn at(&mut self, index: usize) -> &mut NodeHistory {
        if index >= self.nodes.len() {
            self.nodes.resize(index + 1, NodeHistory::default());
        }
        &mut self.nodes[index]
    }
}
