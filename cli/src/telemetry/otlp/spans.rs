//! Events to spans: one for the run, below it one for each build, below that one for each node that ran. Data sources
//! lie below the run. The trace's id is the run's.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use engine::{CancelPhase, DenseMap, Event, EventKind, NodeId, Outcome};
use planner::node::{BuildId, Node};
use plugins::scrubber::Scrubber;
use uuid::Uuid;

use super::collector::Collector;
use super::sender::Sender;
use super::span::{Attribute, Request, Resource, ResourceSpans, Scope, ScopeSpans, Span, Status};
use crate::telemetry::event_lines::{error_of, outcome_name};
use crate::telemetry::feed::Sink;
use crate::telemetry::outputs::RunLabel;
use crate::telemetry::roster::SharedStage;

/// Spans that are sent together at most.
const BATCH: usize = 512;
/// How long a span that has ended waits for others while something happens.
const HOLD: Duration = Duration::from_secs(5);

/// Sends spans as they end.
pub struct Spans {
    sender: Sender,
    label: RunLabel,
    scrubber: Scrubber,
    resource: Vec<Attribute>,
    run: Uuid,
    /// When the first event's clock began.
    began: SystemTime,
    pending: Vec<Span>,
    sent: Instant,
    /// What the collector has against parts of what it got: said in the end, once.
    notice: Option<String>,
    now: Duration,
    /// When nodes of the stage started.
    started: DenseMap<NodeId, Option<Duration>>,
    builds: BTreeMap<BuildId, OpenBuild>,
    n_failed: usize,
    stopped: bool,
}

/// A build some of whose nodes have not ended.
struct OpenBuild {
    n_left: usize,
    name: String,
    key: String,
    started: Option<Duration>,
    error: Option<String>,
}

impl Spans {
    /// Sends to `collector`.
    ///
    /// # Errors
    ///
    /// The system does not give what it takes to send.
    pub fn new(collector: Collector, label: &RunLabel, scrubber: Scrubber) -> std::io::Result<Self> {
        let resource = vec![
            Attribute::new("service.name", "packer"),
            Attribute::new("service.version", label.packer),
            Attribute::new("packer.run.id", &*label.run),
            Attribute::new("packer.template", &*label.template),
        ];
        Ok(Self {
            sender: Sender::new(collector)?,
            resource,
            run: Uuid::try_parse(&label.run).unwrap_or_else(|_| Uuid::new_v4()),
            label: label.clone(),
            scrubber,
            began: SystemTime::now(),
            pending: Vec::new(),
            sent: Instant::now(),
            notice: None,
            now: Duration::ZERO,
            started: DenseMap::from_values(Vec::new()),
            builds: BTreeMap::new(),
            n_failed: 0,
            stopped: false,
        })
    }

    fn begin(&mut self, stage: &SharedStage) {
        let plan = stage.roster.plan();
        self.started = DenseMap::filled(None, plan.len());
        self.builds.clear();
        for build in plan.ids().filter_map(|id| plan.node(id).build()) {
            let open = self.builds.entry(build).or_insert_with(|| OpenBuild {
                n_left: 0,
                name: stage.roster.build_name(build).to_owned(),
                key: stage.roster.build_key(build).to_owned(),
                started: None,
                error: None,
            });
            open.n_left += 1;
        }
    }

    fn node_started(&mut self, stage: &SharedStage, node: NodeId) {
        self.started[node] = Some(self.now);
        let build = stage.roster.plan().node(node).build();
        if let Some(open) = build.and_then(|build| self.builds.get_mut(&build)) {
            open.started.get_or_insert(self.now);
        }
    }

    fn node_ended(&mut self, stage: &SharedStage, node: NodeId, outcome: &Outcome) {
        let payload = *stage.roster.plan().node(node);
        let error = error_of(outcome, &self.scrubber);
        if let Some(started) = self.started[node] {
            let span = self.node_span(stage, node, outcome, started);
            self.pending.push(span);
        }
        // A failed provisioner is the builder's to judge, which may have repeated the step with success.
        let counts = error.is_some() && !matches!(payload, Node::Provision(..));
        self.n_failed += usize::from(counts);
        let Some(build) = payload.build() else { return };
        let Some(open) = self.builds.get_mut(&build) else { return };
        if let (true, None, Some(error)) = (counts, &open.error, error) {
            open.error = Some(error);
        }
        open.n_left -= 1;
        if open.n_left == 0
            && let Some(open) = self.builds.remove(&build)
        {
            self.end_build(open);
        }
    }

    fn node_span(&self, stage: &SharedStage, node: NodeId, outcome: &Outcome, started: Duration) -> Span {
        let roster = &stage.roster;
        let member = roster.member(node);
        let parent = match roster.plan().node(node).build() {
            Some(build) => self.build_span_id(roster.build_key(build)),
            None => self.run_span_id(),
        };
        let mut attributes = vec![
            Attribute::new("packer.node", &*member.key),
            Attribute::new("packer.node.kind", roster.kind(node)),
            Attribute::new("packer.component", &*member.component),
            Attribute::new("packer.outcome", outcome_name(outcome.kind())),
        ];
        attributes.extend(roster.build(node).map(|build| Attribute::new("packer.build", build)));
        let status = match (outcome, error_of(outcome, &self.scrubber)) {
            (_, Some(error)) => Status::bad(error),
            (Outcome::Succeeded, None) => Status::good(),
            (_, None) => Status::unset(),
        };
        let name = format!("{} {}", roster.kind(node), member.component);
        let id = self.span_id(&format!("node/{}/{}", stage.name, member.key));
        self.span((id, parent), name.trim_end().to_owned(), started, attributes, status)
    }

    fn end_build(&mut self, open: OpenBuild) {
        let Some(started) = open.started else { return };
        let (id, parent) = (self.build_span_id(&open.key), self.run_span_id());
        let status = open.error.map_or_else(Status::good, Status::bad);
        let attributes = vec![Attribute::new("packer.build", &*open.name)];
        let span = self.span((id, parent), format!("build {}", open.name), started, attributes, status);
        self.pending.push(span);
    }

    fn end_run(&mut self) {
        let status = match (self.n_failed, self.stopped) {
            (0, false) => Status::good(),
            (0, true) => Status::bad("stopped".to_owned()),
            (1, _) => Status::bad("1 node failed".to_owned()),
            (n, _) => Status::bad(format!("{n} nodes failed")),
        };
        let name = format!("packer build {}", self.label.template);
        let ids = (self.run_span_id(), String::new());
        let span = self.span(ids, name, Duration::ZERO, Vec::new(), status);
        self.pending.push(span);
    }

    /// A span that ends now.
    fn span(
        &self,
        (span_id, parent_span_id): (String, String),
        name: String,
        started: Duration,
        attributes: Vec<Attribute>,
        status: Status,
    ) -> Span {
        Span {
            trace_id: self.run.simple().to_string(),
            span_id,
            parent_span_id,
            name,
            kind: 1,
            start_time_unix_nano: self.unix_nanos(started),
            end_time_unix_nano: self.unix_nanos(self.now),
            attributes,
            status,
        }
    }

    fn unix_nanos(&self, at: Duration) -> String {
        let began = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (began + at).as_nanos().to_string()
    }

    fn run_span_id(&self) -> String {
        self.span_id("run")
    }

    fn build_span_id(&self, key: &str) -> String {
        self.span_id(&format!("build/{key}"))
    }

    /// The same for the same thing in the same run, so that nobody has to remember it.
    fn span_id(&self, name: &str) -> String {
        let (id, _) = Uuid::new_v5(&self.run, name.as_bytes()).as_u64_pair();
        // All zeros mean no span.
        format!("{:016x}", id.max(1))
    }

    fn send(&mut self) -> Result<(), String> {
        for spans in self.pending.chunks(BATCH) {
            let scope = Scope { name: "packer", version: self.label.packer };
            let resource = Resource { attributes: &self.resource };
            let request =
                Request { resource_spans: [ResourceSpans { resource, scope_spans: [ScopeSpans { scope, spans }] }] };
            let body = serde_json::to_vec(&request).expect("texts and numbers are always JSON");
            let notice = self.sender.send(&body).map_err(|why| format!("spans are lost: {why}"))?;
            self.notice = self.notice.take().or(notice);
        }
        self.pending.clear();
        self.sent = Instant::now();
        Ok(())
    }
}

impl Sink for Spans {
    fn take(&mut self, stage: &SharedStage, event: &Event) {
        self.now = stage.offset + event.at;
        match &event.kind {
            EventKind::RunStarted { .. } => self.begin(stage),
            EventKind::NodeStarted { node, attempt: 1 } => self.node_started(stage, *node),
            EventKind::NodeEnded { node, outcome } | EventKind::NodeSkipped { node, outcome } => {
                self.node_ended(stage, *node, outcome);
            }
            EventKind::StopRequested { phase } => self.stopped |= *phase > CancelPhase::Running,
            EventKind::NodeStarted { .. }
            | EventKind::NodeRetried { .. }
            | EventKind::PoolResized { .. }
            | EventKind::TimeUp { .. }
            | EventKind::RunEnded { .. } => {}
        }
    }

    fn write(&mut self) -> Result<(), String> {
        if self.pending.len() >= BATCH || self.sent.elapsed() >= HOLD { self.send() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), String> {
        self.end_run();
        self.send()?;
        self.notice.take().map_or(Ok(()), Err)
    }
}
