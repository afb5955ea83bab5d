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
    /// The number of each of its resources, and what became of it.
    resources: HashMap<ResourceName, (u64, Fate)>,
    recorder: Recorder,
}

/// Provider, id and build: what a resource is called in every run that has it.
type ResourceName = (String, String, String);

fn name_of(resource: &Resource) -> ResourceName {
    (resource.provider.clone(), resource.id.clone(), resource.build.clone())
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

    /// What became of an artifact of the run at `position`, also after another of these took it over.
    pub fn fate(&self, position: usize, made: &Made) -> Fate {
        let mut fate = made.fate.clone();
        // Each is newer than the one before.
        let mut newer = self.0[..position].iter().rev();
        while let (Fate::Adopted(by), Some(resource)) = (&fate, &made.resource) {
            let Some(run) = newer.find(|run| run.run == *by) else { break };
            fate = run.resources.get(&name_of(resource)).map_or(Fate::There, |(_, fate)| fate.clone());
        }
        fate
    }

    /// Whether an artifact of the run at `position` is still there, as it was. One without local files is taken to be.
    ///
    /// # Errors
    ///
    /// Which of its files is not, or which run has it now.
    pub fn check_presence(&self, position: usize, made: &Made) -> Result<(), Reason> {
        match self.fate(position, made) {
            Fate::There => {}
            Fate::Adopted(by) => return Err(Reason::Lost(format!("run {by} has it"))),
            Fate::Destroying | Fate::Gone => {
                return Err(Reason::Lost(format!("{} was removed", made.note.description)));
            }
        }
        let marks = &self.0[position].marks;
        let lost = made.note.marks.iter().find(|mark| !marks.get(&mark.path).unwrap_or(mark).is_unchanged());
        lost.map_or(Ok(()), |mark| Err(Reason::Lost(format!("{} is not as it was", mark.path.display()))))
    }

    /// Writes down, wherever it is on record, that another run has an artifact of the one at `position` now.
    pub async fn give_away(&self, position: usize, made: &Made, to: &str) {
        let Some(name) = made.resource.as_ref().map(name_of) else { return };
        for run in &self.0[..=position] {
            if let Some((number, Fate::There)) = run.resources.get(&name) {
                run.recorder.note_durably(&Note::Adopted { number: *number, by: to.to_owned() }).await;
            }
        }
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
        let resources = history.resources.values();
        let resources = resources.map(|left| (name_of(&left.resource), (left.resource.number, left.fate.clone())));
        Self { run, nodes, marks: marks.collect(), resources: resources.collect(), recorder }
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

    /// Whether a node need not run again: it succeeded, and is made from what it was made from. `is_made` says that what
    /// it is for is written down.
    ///
    /// # Errors
    ///
    /// Why it must.
    pub fn check(&self, key: &str, is_made: bool, inputs: Option<&InputsNote>, files: &Inputs) -> Result<(), Reason> {
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
            // Then nothing can go wrong with it any more.
            None if is_made => {}
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::journal::{Record, Recording, Tail, VERSION};

    use super::*;
    use crate::journal::note::{GraphNote, NodeNote, RunNote};
    use crate::journal::resource::{Destroy, ResourceKind};

    /// A run that has one artifact, as resource `number`, and what else it noted.
    fn run(name: &str, number: u64, taken_from: Option<&str>, more: &[Note]) -> EarlierRun {
        let node = |key: &str| NodeNote { key: key.to_owned(), ..NodeNote::default() };
        let (id, provider, build) = ("ami-1".to_owned(), "amazon".to_owned(), "amazon.a".to_owned());
        let (kind, destroy, place) = (ResourceKind::Artifact, Destroy::Provider, Default::default());
        let first = [
            Note::Run(RunNote { run: name.to_owned(), ..RunNote::default() }),
            Note::Graph(GraphNote { nodes: vec![node("a/open"), node("a/close")], ..GraphNote::default() }),
            Note::Resource(Resource { number, node: Some(1), build, kind, id, provider, place, destroy }),
            Note::Artifact(ArtifactNote {
                node: 1,
                number,
                taken_from: taken_from.map(str::to_owned),
                ..ArtifactNote::default()
            }),
        ];
        let records = first.iter().chain(more).map(|note| (Duration::ZERO, Record::Note(note.to_bytes())));
        let records = records.collect();
        EarlierRun::new(
            &History::of(Recording { version: VERSION, records, tail: Tail::Clean, end: 0 }),
            Recorder::default(),
        )
    }

    #[test]
    fn an_artifact_is_followed_through_the_runs_that_took_it_over() {
        let given = Note::Adopted { number: 1, by: "two".to_owned() };
        let fate = |earlier: &Earlier| earlier.fate(1, earlier.runs()[1].made("a/close").unwrap());
        let earlier =
            Earlier::new(vec![run("two", 4, Some("one"), &[]), run("one", 1, None, std::slice::from_ref(&given))]);
        assert_eq!(earlier.lineage(0, "a/close"), [0, 1]);
        assert_eq!((earlier.lineage(1, "a/close"), fate(&earlier)), (vec![1], Fate::There));
        let removed = run("two", 4, Some("one"), &[Note::Gone { number: 4 }]);
        assert_eq!(fate(&Earlier::new(vec![removed, run("one", 1, None, std::slice::from_ref(&given))])), Fate::Gone);
        // Made again by the second, and taken over by somebody else.
        let earlier = Earlier::new(vec![run("two", 4, None, &[]), run("one", 1, None, &[])]);
        assert_eq!(earlier.lineage(0, "a/close"), [0]);
        let stranger = Note::Adopted { number: 1, by: "nine".to_owned() };
        let earlier = Earlier::new(vec![run("two", 4, None, &[]), run("one", 1, None, &[stranger])]);
        assert_eq!(fate(&earlier), Fate::Adopted("nine".to_owned()));
    }
}
