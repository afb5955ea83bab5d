//! The runs that are taken up again: what their nodes came to, and which of that still holds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use engine::OutcomeKind;

use crate::journal::artifact::ArtifactNote;
use crate::journal::history::{Fate, History, NodeHistory};
use crate::journal::inputs::Inputs;
use crate::journal::note::{InputsNote, Note};
use crate::journal::recorder::Recorder;
use crate::journal::resource::{FileMark, Resource};

/// The run that is taken up; behind it the one that it took up itself, all of whose work it may not have come to; and so
/// on.
#[derive(Debug)]
pub struct Earlier(Vec<EarlierRun>);

/// An earlier run of the same template.
#[derive(Debug)]
pub struct EarlierRun {
    run: String,
    nodes: HashMap<String, EarlierNode>,
    /// Files as they were when they were last looked at: a post-processor may have changed what another made.
    marks: HashMap<PathBuf, FileMark>,
    recorder: Recorder,
}

#[derive(Debug)]
struct EarlierNode {
    history: NodeHistory,
    made: Option<Made>,
}

/// An artifact of the earlier run.
#[derive(Clone, Debug)]
pub struct Made {
    /// What is known of it.
    pub note: ArtifactNote,
    /// What it is in the world; none when there is nothing to it.
    pub resource: Option<Resource>,
    /// What became of it.
    pub fate: Fate,
}

/// Why a node is run again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The earlier run did not have it.
    #[error("there was no such step")]
    New,
    /// The earlier run did not come to it.
    #[error("it was not started")]
    NotStarted,
    /// The earlier run ended before it did.
    #[error("it did not come to its end")]
    Cut,
    /// It did not end well.
    #[error("it {0}")]
    Failed(String),
    /// It would be told something else.
    #[error("its configuration or its plugin has changed")]
    Changed,
    /// A file that it reads is not as it was.
    #[error("{0} has changed")]
    File(String),
    /// What it made is gone.
    #[error("it is not there any more: {0}")]
    Lost(String),
}

impl Earlier {
    /// These, the last first.
    pub fn new(runs: Vec<EarlierRun>) -> Self {
        Self(runs)
    }

    /// All of them, the last first.
    pub fn runs(&self) -> &[EarlierRun] {
        &self.0
    }

    /// The runs that have the same artifact of a node as the one at `position` has, from that on: as long as it was only
    /// taken over, what was made from it before was made from this.
    pub fn lineage(&self, position: usize, key: &str) -> Vec<usize> {
        let mut lineage = vec![position];
        let mut at = position;
        while let Some(from) = self.0[at].made(key).and_then(|made| made.note.taken_from.as_ref()) {
            let Some(next) = (at + 1..self.0.len()).find(|&next| self.0[next].run == *from) else { break };
            lineage.push(next);
            at = next;
        }
        lineage
    }
}

impl EarlierRun {
    /// The run that `history` tells of. What is taken over from it is written down by `recorder`.
    pub fn new(history: &History, recorder: Recorder) -> Self {
        let made = |note: &ArtifactNote| {
            let left = history.resources.get(&note.number);
            let fate = left.map_or(Fate::There, |left| left.fate.clone());
            Made { note: note.clone(), resource: left.map(|left| left.resource.clone()), fate }
        };
        let mut by_node: HashMap<u32, Made> = history.artifacts.iter().map(|note| (note.node, made(note))).collect();
        let nodes = history.graph.nodes.iter().zip(&history.nodes).enumerate().map(|(at, (node, came))| {
            (node.key.clone(), EarlierNode { history: came.clone(), made: by_node.remove(&(at as u32)) })
        });
        let nodes = nodes.collect();
        let marks = history.artifacts.iter().flat_map(|note| &note.marks).map(|mark| (mark.path.clone(), mark.clone()));
        let run = history.run.as_ref().map(|run| run.run.clone()).unwrap_or_default();
        Self { run, nodes, marks: marks.collect(), recorder }
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// As much of its id as people need.
    pub fn short_run(&self) -> &str {
        self.run.split('-').next().unwrap_or_default()
    }

    /// Whether the run had such a node.
    pub fn has(&self, key: &str) -> bool {
        self.nodes.contains_key(key)
    }

    /// Whether a node need not run again: it succeeded, and is made from what it was made from.
    ///
    /// # Errors
    ///
    /// Why it must.
    pub fn check(&self, key: &str, inputs: Option<&InputsNote>, files: &Inputs) -> Result<(), Reason> {
        let node = self.nodes.get(key).ok_or(Reason::New)?;
        let came = &node.history;
        match came.outcome {
            Some(OutcomeKind::Succeeded) => {}
            // There was nothing to do, as nothing was lent.
            Some(OutcomeKind::Skipped) if came.started.is_some() => {}
            Some(OutcomeKind::Skipped | OutcomeKind::Cancelled) if came.started.is_none() => {
                return Err(Reason::NotStarted);
            }
            Some(outcome) => return Err(Reason::Failed(words(outcome, &came.text))),
            // Once its artifact is written down nothing can go wrong with it any more.
            None if node.made.is_some() => {}
            None if came.started.is_some() => return Err(Reason::Cut),
            None => return Err(Reason::NotStarted),
        }
        let Some(now) = inputs else { return Ok(()) };
        let then = came.inputs.as_ref().filter(|then| then.digest == now.digest).ok_or(Reason::Changed)?;
        // A file that was not there then may be one that the run has made.
        let changed = then.files.iter().find(|(path, digest)| files.digest(Path::new(path)).as_ref() != Some(digest));
        changed.map_or(Ok(()), |(path, _)| Err(Reason::File(path.clone())))
    }

    /// Whether a node ended well, whatever it is made from.
    pub fn succeeded(&self, key: &str) -> bool {
        self.nodes.get(key).is_some_and(|node| node.history.outcome == Some(OutcomeKind::Succeeded))
    }

    /// What a node made; none when it made nothing, or nothing that is known.
    pub fn made(&self, key: &str) -> Option<&Made> {
        self.nodes.get(key)?.made.as_ref()
    }

    /// Whether an artifact is still there, as it was. One without local files is taken to be.
    ///
    /// # Errors
    ///
    /// Which of its files is not, or which run has it now.
    pub fn is_there(&self, made: &Made) -> Result<(), Reason> {
        match &made.fate {
            Fate::There => {}
            Fate::Adopted(by) => return Err(Reason::Lost(format!("run {by} has it"))),
            Fate::Destroying | Fate::Gone => {
                return Err(Reason::Lost(format!("{} was removed", made.note.description)));
            }
        }
        let lost = made.note.marks.iter().find(|mark| !self.marks.get(&mark.path).unwrap_or(mark).is_unchanged());
        lost.map_or(Ok(()), |mark| Err(Reason::Lost(format!("{} is not as it was", mark.path.display()))))
    }

    /// Writes down that another run has an artifact now.
    pub async fn give_away(&self, made: &Made, to: &str) {
        if let Some(resource) = &made.resource {
            self.recorder.note_durably(&Note::Adopted { number: resource.number, by: to.to_owned() }).await;
        }
    }
}

fn words(outcome: OutcomeKind, text: &str) -> String {
    let how = match outcome {
        OutcomeKind::TimedOut => "timed out",
        OutcomeKind::Cancelled => "was cancelled",
        OutcomeKind::Bug => "ended in a bug",
        _ => "failed",
    };
    let first = text.lines().next().unwrap_or_default();
    if first.is_empty() { how.to_owned() } else { format!("{how}: {first}") }
}
