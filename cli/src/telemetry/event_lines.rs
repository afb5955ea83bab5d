//! `--events`: a line of JSON for each event, as it happens. The schema is described in the README and versioned:
//! within `1.x` there may be new types and new fields, which readers should skip.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use engine::limit::{Concern, Limit};
use engine::{CancelPhase, Counts, Event, EventKind, NodeId, Outcome, OutcomeKind, SkipCause};
use plugins::scrubber::Scrubber;
use serde::Serialize;

use super::feed::Sink;
use super::outputs::RunLabel;
use super::roster::{Roster, SharedStage};

/// The version of the schema.
const SCHEMA: &str = "1.0";

/// Writes lines.
pub struct EventLines {
    file: File,
    label: RunLabel,
    scrubber: Scrubber,
    pending: Vec<u8>,
    n_lines: u64,
    /// When nodes of the stage started.
    started: Vec<Duration>,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: f64,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum What<'a> {
    RunStarted {
        schema: &'static str,
        run: &'a str,
        packer: &'a str,
        template: &'a str,
        started: &'a str,
        stage: &'static str,
        nodes: usize,
    },
    NodeStarted {
        #[serde(flatten)]
        node: NodeName<'a>,
        attempt: u32,
    },
    NodeRetried {
        #[serde(flatten)]
        node: NodeName<'a>,
        attempt: u32,
        delay: f64,
        error: String,
    },
    NodeEnded {
        #[serde(flatten)]
        node: NodeName<'a>,
        outcome: &'static str,
        seconds: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    NodeSkipped {
        #[serde(flatten)]
        node: NodeName<'a>,
        outcome: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    PoolResized {
        pool: &'a str,
        from: u32,
        to: u32,
    },
    TimeUp {
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        build: Option<&'a str>,
        limit: &'static str,
        phase: &'static str,
    },
    StopRequested {
        phase: &'static str,
    },
    RunEnded {
        succeeded: usize,
        failed: usize,
        skipped: usize,
        cancelled: usize,
        timed_out: usize,
        bugs: usize,
    },
}

#[derive(Serialize)]
struct NodeName<'a> {
    node: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'a str>,
    component: &'a str,
}

impl<'a> NodeName<'a> {
    fn new(roster: &'a Roster, id: NodeId) -> Self {
        let member = roster.member(id);
        Self { node: &member.key, kind: roster.kind(id), build: roster.build(id), component: &member.component }
    }
}

impl EventLines {
    /// Writes to `file`.
    pub fn new(file: File, label: RunLabel, scrubber: Scrubber) -> Self {
        Self { file, label, scrubber, pending: Vec::new(), n_lines: 0, started: Vec::new() }
    }

    fn write_line(&mut self, stage: &SharedStage, event: &Event) {
        let roster = &stage.roster;
        let what = match &event.kind {
            EventKind::RunStarted { nodes } => What::RunStarted {
                schema: SCHEMA,
                run: &self.label.run,
                packer: self.label.packer,
                template: &self.label.template,
                started: &self.label.started,
                stage: stage.name,
                nodes: *nodes,
            },
            EventKind::NodeStarted { node, attempt } => {
                What::NodeStarted { node: NodeName::new(roster, *node), attempt: *attempt }
            }
            EventKind::NodeRetried { node, attempt, delay, failure } => What::NodeRetried {
                node: NodeName::new(roster, *node),
                attempt: *attempt,
                delay: seconds(*delay),
                error: self.scrubber.scrub(&failure.to_string()).into_owned(),
            },
            EventKind::PoolResized { pool, from, to } => {
                What::PoolResized { pool: &roster.plan().pools()[*pool].name, from: *from, to: *to }
            }
            EventKind::TimeUp { of, limit, phase } => time_up(roster, *of, *limit, *phase),
            EventKind::NodeEnded { node, outcome } => What::NodeEnded {
                node: NodeName::new(roster, *node),
                outcome: outcome_name(outcome.kind()),
                seconds: seconds(event.at.saturating_sub(self.started[node.index()])),
                error: error_of(outcome, &self.scrubber),
            },
            EventKind::NodeSkipped { node, outcome } => What::NodeSkipped {
                node: NodeName::new(roster, *node),
                outcome: outcome_name(outcome.kind()),
                because: cause_of(outcome).map(|cause| &*roster.member(cause).key),
                error: error_of(outcome, &self.scrubber),
            },
            EventKind::StopRequested { phase } => What::StopRequested { phase: phase_name(*phase) },
            EventKind::RunEnded { counts } => run_ended(*counts),
        };
        let line = Line { seq: self.n_lines, at: seconds(stage.offset + event.at), what };
        serde_json::to_writer(&mut self.pending, &line).expect("texts and numbers are always JSON");
        self.pending.push(b'\n');
        self.n_lines += 1;
    }
}

impl Sink for EventLines {
    fn take(&mut self, stage: &SharedStage, event: &Event) {
        match event.kind {
            EventKind::RunStarted { nodes } => self.started = vec![Duration::ZERO; nodes],
            EventKind::NodeStarted { node, attempt: 1 } => self.started[node.index()] = event.at,
            _ => {}
        }
        self.write_line(stage, event);
    }

    fn write(&mut self) -> Result<(), String> {
        let written = self.file.write_all(&self.pending);
        self.pending.clear();
        written.map_err(|error| format!("{error}; the events from here on are lost"))
    }

    fn finish(&mut self) -> Result<(), String> {
        self.write()
    }
}

fn time_up(roster: &Roster, of: Concern, limit: Limit, phase: CancelPhase) -> What<'_> {
    let (node, build) = match of {
        Concern::Node(node) => (Some(&*roster.member(node).key), roster.build(node)),
        // A lease is that of a build, or of one data source.
        Concern::Lease(lease) => (None, roster.plan().members(lease).first().and_then(|node| roster.build(*node))),
        Concern::Run => (None, None),
    };
    let limit = match limit {
        Limit::Node => "node",
        Limit::Idle => "idle",
        Limit::Lease => "build",
        Limit::Run => "run",
        Limit::Cleanup => "cleanup",
    };
    What::TimeUp { node, build, limit, phase: phase_name(phase) }
}

fn run_ended(counts: Counts) -> What<'static> {
    let Counts { succeeded, failed, skipped, cancelled, timed_out, bugs } = counts;
    What::RunEnded { succeeded, failed, skipped, cancelled, timed_out, bugs }
}

/// Seconds to the microsecond: more digits would be noise.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}

/// An outcome in one word.
pub(super) fn outcome_name(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Succeeded => "succeeded",
        OutcomeKind::Failed => "failed",
        OutcomeKind::Skipped => "skipped",
        OutcomeKind::Cancelled => "cancelled",
        OutcomeKind::TimedOut => "timed-out",
        OutcomeKind::Bug => "bug",
    }
}

/// How far a run was stopped, in one word.
pub(super) fn phase_name(phase: CancelPhase) -> &'static str {
    match phase {
        CancelPhase::Running => "running",
        CancelPhase::Stopping => "stopping",
        CancelPhase::Killing => "killing",
    }
}

/// What went wrong, without secrets.
pub(super) fn error_of(outcome: &Outcome, scrubber: &Scrubber) -> Option<String> {
    let text = match outcome {
        Outcome::Failed(failure) | Outcome::TimedOut(failure) => failure.to_string(),
        Outcome::Bug(text) => text.clone(),
        Outcome::Succeeded | Outcome::Skipped(_) | Outcome::Cancelled => return None,
    };
    Some(scrubber.scrub(&text).into_owned())
}

fn cause_of(outcome: &Outcome) -> Option<NodeId> {
    match outcome {
        Outcome::Skipped(SkipCause::Because(cause)) => Some(*cause),
        _ => None,
    }
}
