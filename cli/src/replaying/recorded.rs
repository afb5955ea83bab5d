//! A run as its journal has it: the graph, when each node ran, and how it ended.

use std::time::Duration;

use engine::journal::{Record, Recording, read};
use engine::{
    DenseMap, Edge, EdgeKind, GraphBuilder, Lane, LeaseId, NodeId, NodeSpec, OutcomeKind, Plan, PoolId, Slot, Slots,
};
use plugins::journal::{EdgeNoteKind, GraphNote, Note, RunNote};

use crate::state::RunFile;

/// A run that was recorded, whole or not.
#[derive(Debug)]
pub struct RecordedRun {
    /// Which run.
    pub about: RunNote,
    /// Its graph, with the limits and estimates it had. Nodes are their keys.
    pub plan: Plan<String>,
    /// When nodes ran, as far as they ended.
    pub slots: Slots,
    /// How nodes ended; none of those that had not when the record ends.
    pub outcomes: DenseMap<NodeId, Option<OutcomeKind>>,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Whether it came to its end.
    pub ended: bool,
}

/// What a journal says of its run beside the graph.
#[derive(Debug, Default)]
pub struct Outline {
    /// Which run.
    pub about: RunNote,
    /// Nodes of the graph.
    pub n_nodes: usize,
    /// From the start of the run to the last thing that is recorded of a node.
    pub took: Duration,
    /// Nodes that failed.
    pub n_failed: usize,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Whether it came to its end.
    pub ended: bool,
}

impl Outline {
    /// Reads the journal of a run.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not one.
    pub fn read(run: &RunFile) -> Result<Self, String> {
        let mut outline = Self::default();
        let mut began = Duration::ZERO;
        for (at, record) in recording(run)?.records {
            match record {
                Record::RunStarted { nodes } => (outline.n_nodes, began) = (nodes, at),
                Record::NodeEnded { outcome, .. } => {
                    outline.took = at.saturating_sub(began);
                    let failed = matches!(outcome, OutcomeKind::Failed | OutcomeKind::TimedOut | OutcomeKind::Bug);
                    outline.n_failed += usize::from(failed);
                }
                Record::StopRequested { .. } => outline.stopped = true,
                Record::RunEnded { .. } => outline.ended = true,
                Record::Note(bytes) => {
                    if let Some(Note::Run(about)) = Note::from_bytes(&bytes) {
                        outline.about = about;
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}

impl RecordedRun {
    /// Reads the journal of a run.
    ///
    /// # Errors
    ///
    /// It cannot be read, is not one, or ends before it says what there was to do.
    pub fn read(run: &RunFile) -> Result<Self, String> {
        let recording = recording(run)?;
        let (mut about, mut graph) = (RunNote::default(), None);
        for (_, record) in &recording.records {
            let Record::Note(bytes) = record else { continue };
            match Note::from_bytes(bytes) {
                Some(Note::Run(note)) => about = note,
                Some(Note::Graph(note)) => graph = Some(note),
                _ => {}
            }
        }
        let graph = graph.ok_or_else(|| "it was killed before it had written down what there was to do".to_owned())?;
        let plan = plan_of(graph).map_err(|why| format!("its graph makes no sense: {why}"))?;
        let mut recorded = Self {
            about,
            slots: DenseMap::filled(None, plan.len()),
            outcomes: DenseMap::filled(None, plan.len()),
            plan,
            stopped: false,
            ended: false,
        };
        recorded.follow(recording)?;
        Ok(recorded)
    }

    /// How many nodes ended.
    pub fn n_ended(&self) -> usize {
        self.outcomes.values().iter().flatten().count()
    }

    fn follow(&mut self, recording: Recording) -> Result<(), String> {
        let mut started = DenseMap::filled(None, self.plan.len());
        let mut began = Duration::ZERO;
        for (at, record) in recording.records {
            // A journal may be older than its run.
            let moment = at.saturating_sub(began);
            match record {
                Record::RunStarted { .. } => began = at,
                Record::NodeStarted { node, attempt: 1 } => started[self.known(node)?] = Some(moment),
                Record::NodeEnded { node, outcome, .. } => {
                    let start = started[self.known(node)?].unwrap_or(moment);
                    self.outcomes[node] = Some(outcome);
                    self.slots[node] = Some(Slot { start, end: moment });
                }
                Record::NodeSkipped { node, outcome, .. } => {
                    let node = self.known(node)?;
                    self.outcomes[node] = Some(outcome);
                }
                Record::StopRequested { .. } => self.stopped = true,
                Record::RunEnded { .. } => self.ended = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn known(&self, node: NodeId) -> Result<NodeId, String> {
        let is_known = node.index() < self.plan.len();
        if is_known { Ok(node) } else { Err("it names nodes that its graph does not have".to_owned()) }
    }
}

fn recording(run: &RunFile) -> Result<Recording, String> {
    let file = run.open().map_err(|error| error.to_string())?;
    read(file).map_err(|error| format!("{}: {error}", run.path().display()))
}

/// The graph as the engine had it.
fn plan_of(note: GraphNote) -> Result<Plan<String>, String> {
    let mut graph = GraphBuilder::new();
    let pools: Vec<PoolId> = note.pools.iter().map(|pool| graph.pool(&pool.name, pool.capacity)).collect();
    let mut leases: Vec<LeaseId> = Vec::with_capacity(note.leases.len());
    for claims in note.leases {
        let claims = claims.into_iter().map(|(pool, claim)| Some((*pools.get(pool as usize)?, claim)));
        let claims: Option<Vec<(PoolId, u32)>> = claims.collect();
        leases.push(graph.lease(claims.ok_or("a lease claims from a pool that there is not")?));
    }
    for node in note.nodes {
        let lease = node.lease.map(|at| leases.get(at as usize).copied().ok_or("a node has a lease that there is not"));
        let estimate = Duration::from_millis(node.estimate);
        graph.add(NodeSpec { node: node.key, lane: Lane::Io, lease: lease.transpose()?, estimate });
    }
    for (from, to, kind) in note.edges {
        let kind = match kind {
            EdgeNoteKind::Data => EdgeKind::Data(""),
            EdgeNoteKind::Order => EdgeKind::Order,
            EdgeNoteKind::OnFailure => EdgeKind::OnFailure,
            EdgeNoteKind::Finally => EdgeKind::Finally,
        };
        let (from, to) = (NodeId::from_index(from as usize), NodeId::from_index(to as usize));
        graph.connect(Edge { from, to, kind, label: None }).map_err(|error| error.to_string())?;
    }
    graph.seal().map_err(|error| error.to_string())
}
