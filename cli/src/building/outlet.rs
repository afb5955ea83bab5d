//! Brings what components say to the reporter, under the right build's name.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use planner::diagnostic::{Diagnostic, Diagnostics, Severity};
use planner::files::Files;
use planner::lower::Program;
use planner::node::BuildId;
use plugins::component::{ComponentError, Echo, Progress};
use plugins::output::{Line, LineKind, Output};
use plugins::scrubber::Scrubber;

use crate::building::transfer::Transfer;
use crate::findings::without_secrets;
use crate::reporter::{Report, Reports, Target, UiKind};

/// The run's output.
pub struct Outlet {
    reports: Reports,
    names: Vec<Arc<str>>,
    files: Arc<Files>,
    scrubber: Scrubber,
    colour: bool,
    /// Findings already shown: a block that serves many builds is complained about once.
    shown: Mutex<HashSet<String>>,
    n_transfers: AtomicU64,
}

impl Outlet {
    /// For one run of `program`.
    pub fn new(reports: Reports, program: &Program, files: Arc<Files>, scrubber: Scrubber, colour: bool) -> Self {
        let names = program.builds.iter().map(|build| build.name.clone()).collect();
        Self { reports, names, files, scrubber, colour, shown: Mutex::default(), n_transfers: AtomicU64::new(0) }
    }

    /// Takes findings for shown.
    pub fn skip(&self, said: &Diagnostics) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend(said.iter().map(|diagnostic| self.text(diagnostic.clone())));
    }

    fn text(&self, diagnostic: Diagnostic) -> String {
        without_secrets(&diagnostic.into(), &self.files, &self.scrubber, self.colour)
    }

    /// Who speaks when a build does.
    pub fn target(&self, id: BuildId) -> Target {
        let at = id.0 as usize;
        Target { build: self.names[at].clone(), post_processor: None, colour_index: at }
    }

    /// What is taken out of everything that is shown.
    pub fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    /// Where reports go.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }
}

fn kind_of(kind: LineKind) -> UiKind {
    match kind {
        LineKind::Say => UiKind::Say,
        LineKind::Message => UiKind::Message,
        LineKind::Error => UiKind::Error,
    }
}

#[async_trait]
impl Output for Outlet {
    fn line(&self, line: Line) {
        let Line { build, post_processor, kind, text } = line;
        let target = build.map(|id| Target { post_processor, ..self.target(id) });
        self.reports.send(Report::Ui { target, kind: kind_of(kind), text });
    }

    fn machine(&self, build: BuildId, kind: &str, args: &[String]) {
        let target = Some(self.names[build.0 as usize].clone());
        self.reports.send(Report::Machine { target, kind: kind.to_owned(), args: args.to_vec() });
    }

    fn diagnostics(&self, _build: Option<BuildId>, diagnostics: Diagnostics) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for diagnostic in diagnostics {
            let kind = if diagnostic.severity == Severity::Error { UiKind::Error } else { UiKind::Say };
            let text = self.text(diagnostic);
            if shown.insert(text.clone()) {
                self.reports.send(Report::Plain { target: None, kind, text });
            }
        }
    }

    fn track(&self, build: BuildId, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        let key = self.n_transfers.fetch_add(1, Ordering::Relaxed);
        let label = self.scrubber.scrub(&format!("{}: {what}", self.names[build.0 as usize])).into_owned();
        Box::new(Transfer::start(self.reports.clone(), key, label, (done, total)))
    }

    async fn ask(&self, query: String, echo: Echo) -> Result<String, ComponentError> {
        let (reply, answer) = crossbeam_channel::bounded(1);
        self.reports.send(Report::Ask { target: None, query, hidden: echo == Echo::Hidden, reply });
        // A person thinks for minutes, so the wait must not hold a worker of the runtime.
        let answered = tokio::task::spawn_blocking(move || answer.recv()).await;
        match answered {
            Ok(Ok(Ok(line))) => Ok(line),
            Ok(Ok(Err(error))) => Err(ComponentError::new(error.to_string())),
            _ => Err(ComponentError::new("no available tty")),
        }
    }
}
