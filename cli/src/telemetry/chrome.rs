//! `--trace`: the run in the Trace Event Format of Chrome (JSON object form), which Perfetto reads as well
//! (<https://perfetto.dev/docs/getting-started/other-formats>). Every build is a process of its own with as many tracks
//! as it needs, every node a slice (`B` … `E`), and what is in flight and held of pools are counters (`C`).
//!
//! A regular file is a whole document after every write: what closes it is written over by what follows. So even the
//! trace of a run that was killed can be loaded, with what ran then as slices without an end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use engine::{Event, EventKind, NodeId};
use plugins::scrubber::Scrubber;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::event_lines::{error_of, outcome_name, phase_name};
use super::feed::Sink;
use super::holdings::Holdings;
use super::lanes::LanesByBuild;
use super::outputs::RunLabel;
use super::roster::SharedStage;

/// What belongs to the run as a whole: counters, and data sources.
const RUN: u32 = 1;
/// The first build's process.
const FIRST_BUILD: u32 = 2;
const TAIL: &str = "\n]}\n";

/// Writes a trace.
pub struct ChromeTrace {
    document: Document,
    scrubber: Scrubber,
    lanes: LanesByBuild,
    /// Of the stage that runs.
    holdings: Option<Holdings>,
    /// Counters as they were written last.
    counted: BTreeMap<String, u64>,
}

/// One event of the format.
#[derive(Serialize)]
struct Row<'a> {
    ph: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cat: &'static str,
    /// Microseconds.
    ts: f64,
    pid: u32,
    tid: usize,
    #[serde(skip_serializing_if = "Map::is_empty")]
    args: Map<String, Value>,
    /// How far an instant reaches.
    #[serde(skip_serializing_if = "str::is_empty")]
    s: &'static str,
}

impl ChromeTrace {
    /// Writes to `file`.
    ///
    /// # Errors
    ///
    /// The file does not take its head.
    pub fn new(file: File, label: &RunLabel, scrubber: Scrubber) -> io::Result<Self> {
        let mut trace = Self {
            document: Document::new(file, label)?,
            scrubber,
            lanes: LanesByBuild::new(),
            holdings: None,
            counted: BTreeMap::new(),
        };
        trace.name_process(RUN, "run", 0);
        trace.document.write()?;
        Ok(trace)
    }

    fn name_process(&mut self, pid: u32, name: &str, place: u32) {
        self.meta("process_name", pid, 0, ("name", name.into()));
        self.meta("process_sort_index", pid, 0, ("sort_index", place.into()));
    }

    fn meta(&mut self, name: &str, pid: u32, tid: usize, (key, value): (&str, Value)) {
        let args = Map::from_iter([(key.to_owned(), value)]);
        self.document.push(&Row { ph: "M", name, cat: "", ts: 0.0, pid, tid, args, s: "" });
    }

    fn started(&mut self, stage: &SharedStage, node: NodeId, at: Duration) {
        let roster = &stage.roster;
        let pid = process(stage, node);
        if let (Some(build), false) = (roster.plan().node(node).build(), self.lanes.contains_key(&pid)) {
            self.name_process(pid, roster.build_key(build), pid);
        }
        let (tid, is_new) = self.lanes.entry(pid).or_default().take(node);
        if is_new {
            self.meta("thread_name", pid, tid + 1, ("name", track_name(tid).into()));
            self.meta("thread_sort_index", pid, tid + 1, ("sort_index", tid.into()));
        }
        let member = roster.member(node);
        let args = Map::from_iter([
            ("node".to_owned(), member.key.clone().into()),
            ("component".to_owned(), member.component.clone().into()),
        ]);
        let name = roster.short_key(node);
        let cat = roster.kind(node);
        self.document.push(&Row { ph: "B", name, cat, ts: micros(at), pid, tid: tid + 1, args, s: "" });
    }

    fn ended(&mut self, stage: &SharedStage, node: NodeId, outcome: &str, error: Option<String>, at: Duration) {
        let roster = &stage.roster;
        let pid = process(stage, node);
        let Some(tid) = self.lanes.get_mut(&pid).and_then(|lanes| lanes.give_back(node)) else { return };
        let mut args = Map::from_iter([("outcome".to_owned(), outcome.into())]);
        args.extend(error.map(|error| ("error".to_owned(), error.into())));
        let (name, cat) = (roster.short_key(node), roster.kind(node));
        self.document.push(&Row { ph: "E", name, cat, ts: micros(at), pid, tid: tid + 1, args, s: "" });
    }

    /// Writes the counters that changed: nodes in flight, and what is held of limited pools.
    fn count(&mut self, stage: &SharedStage, at: Duration) {
        let Some(holdings) = &self.holdings else { return };
        let limited = stage.roster.plan().pools().iter().filter(|(_, pool)| pool.capacity.is_some());
        let pools = limited.map(|(id, pool)| (format!("pool {}", pool.name), "held", holdings.held(id)));
        let in_flight = ("nodes in flight".to_owned(), "nodes", holdings.n_running() as u64);
        for (name, what, value) in std::iter::once(in_flight).chain(pools) {
            if self.counted.insert(name.clone(), value) == Some(value) {
                continue;
            }
            let args = Map::from_iter([(what.to_owned(), value.into())]);
            let name = self.scrubber.scrub(&name);
            self.document.push(&Row { ph: "C", name: &name, cat: "", ts: micros(at), pid: RUN, tid: 0, args, s: "" });
        }
    }

    /// A moment of the whole run.
    fn mark(&mut self, name: &str, at: Duration) {
        let args = Map::new();
        self.document.push(&Row { ph: "i", name, cat: "run", ts: micros(at), pid: RUN, tid: 0, args, s: "g" });
    }
}

impl Sink for ChromeTrace {
    fn take(&mut self, stage: &SharedStage, event: &Event) {
        let (at, plan) = (stage.offset + event.at, stage.roster.plan());
        if let EventKind::RunStarted { .. } = event.kind {
            self.holdings = Some(Holdings::new(plan));
        }
        let Some(holdings) = &mut self.holdings else { return };
        match &event.kind {
            EventKind::NodeStarted { node, .. } => {
                holdings.start(plan, *node);
                self.started(stage, *node, at);
            }
            EventKind::NodeRetried { node, failure, .. } => {
                holdings.pause(*node);
                let error = self.scrubber.scrub(&failure.to_string()).into_owned();
                self.ended(stage, *node, "retried", Some(error), at);
            }
            EventKind::NodeEnded { node, outcome } | EventKind::NodeSkipped { node, outcome } => {
                holdings.end(plan, *node);
                let error = error_of(outcome, &self.scrubber);
                self.ended(stage, *node, outcome_name(outcome.kind()), error, at);
            }
            EventKind::StopRequested { phase } => self.mark(phase_name(*phase), at),
            EventKind::TimeUp { .. } => self.mark("time is up", at),
            EventKind::PoolResized { pool, from, to } => {
                let name = format!("pool {}: {from} to {to}", plan.pools()[*pool].name);
                let name = self.scrubber.scrub(&name).into_owned();
                self.mark(&name, at);
            }
            EventKind::RunStarted { .. } | EventKind::RunEnded { .. } => {}
        }
        self.count(stage, at);
    }

    fn write(&mut self) -> Result<(), String> {
        self.document.write().map_err(|error| format!("{error}; the trace ends there"))
    }

    fn finish(&mut self) -> Result<(), String> {
        let closed = self.document.write().and_then(|()| self.document.close());
        closed.map_err(|error| format!("{error}; the trace ends there"))
    }
}

/// The process that stands for what a node belongs to.
fn process(stage: &SharedStage, node: NodeId) -> u32 {
    stage.roster.plan().node(node).build().map_or(RUN, |build| FIRST_BUILD + build.0)
}

fn track_name(lane: usize) -> String {
    if lane == 0 { "nodes".to_owned() } else { format!("beside ({lane})") }
}

fn micros(at: Duration) -> f64 {
    at.as_nanos() as f64 / 1e3
}

/// A JSON object whose last member is the list of events.
struct Document {
    file: File,
    pending: Vec<u8>,
    /// Where the next row goes; none in what cannot be written over, such as a pipe.
    end: Option<u64>,
    is_first: bool,
}

impl Document {
    fn new(mut file: File, label: &RunLabel) -> io::Result<Self> {
        let about = json!({
            "run": &*label.run,
            "packer": label.packer,
            "template": label.template,
            "started": label.started,
        });
        let head = format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[\n");
        let is_regular = file.metadata()?.is_file();
        file.write_all(head.as_bytes())?;
        Ok(Self { file, pending: Vec::new(), end: is_regular.then_some(head.len() as u64), is_first: true })
    }

    fn push(&mut self, row: &Row<'_>) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.pending.extend_from_slice(b",\n");
        }
        serde_json::to_writer(&mut self.pending, row).expect("texts and numbers are always JSON");
    }

    fn write(&mut self) -> io::Result<()> {
        match &mut self.end {
            Some(end) => {
                let n_new = self.pending.len() as u64;
                self.pending.extend_from_slice(TAIL.as_bytes());
                self.file.write_all_at(&self.pending, *end)?;
                *end += n_new;
            }
            None => self.file.write_all(&self.pending)?,
        }
        self.pending.clear();
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if self.end.is_none() { self.file.write_all(TAIL.as_bytes()) } else { Ok(()) }
    }
}
