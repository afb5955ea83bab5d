//! Runs nodes that nobody watches: checks, and data sources whose values are all that is wanted. Findings are kept.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::{Cancel, NullEmitter, RunOptions};
use planner::diagnostic::{Diagnostic, Diagnostics, Severity};
use planner::lower::{Analysis, Limits, Program, lower_data};
use planner::node::BuildId;
use plugins::component::{ComponentError, Echo};
use plugins::executor::{Executor, RunFacts};
use plugins::output::{Line, Output};
use plugins::registry::Registry;

use crate::building::facts::{ComponentFlags, run_facts};
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::session::Session;

/// What such runs need besides the program, and what they found.
pub struct Quiet {
    registry: Arc<Registry>,
    facts: RunFacts,
    findings: Arc<Findings>,
}

impl Quiet {
    /// For the template in `analysis`.
    pub fn new(session: &Session, frontend: &Frontend, analysis: &Analysis) -> Self {
        let facts = run_facts(session, analysis, ComponentFlags::default());
        Self { registry: frontend.registry.clone(), facts, findings: Arc::default() }
    }

    /// Runs all nodes of `program`.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; it was said.
    pub fn run(&self, session: &mut Session, program: &Arc<Program>) -> Result<(), Refused> {
        let executor = Executor::new(program.clone(), self.registry.clone(), self.findings.clone(), self.facts.clone());
        // What can be known without any process is said first, and alone.
        if !executor.decode_all() {
            return Ok(());
        }
        let options = RunOptions::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
        match engine::run(&program.plan, &Arc::new(executor), &options, &Cancel::new(), &NullEmitter) {
            Ok(_) => Ok(()),
            Err(error) => {
                session.error(&format!("Error: {error}"));
                Err(Refused)
            }
        }
    }

    /// Runs all data sources that there is a component for, for a template whose values are only looked at.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; it was said.
    pub fn fetch_all(&self, session: &mut Session, analysis: Analysis) -> Result<Analysis, Refused> {
        let mut wanted = analysis.pending_data();
        let kind = |at: usize| &*analysis.template.data[at].kind.name;
        wanted.retain(|at| self.registry.datasource(kind(*at)).is_some());
        self.fetch(session, analysis, &wanted)
    }

    /// Runs the data sources in `wanted`, and what they need. One that fails stays unknown, and leaves a finding.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; it was said.
    pub fn fetch(
        &self,
        session: &mut Session,
        analysis: Analysis,
        wanted: &BTreeSet<usize>,
    ) -> Result<Analysis, Refused> {
        if wanted.is_empty() {
            return Ok(analysis);
        }
        let mut diags = Diagnostics::new();
        let program = Arc::new(lower_data(analysis, &*self.registry, wanted, Limits::default(), &mut diags));
        self.findings.diagnostics(None, diags);
        self.run(session, &program)?;
        Arc::into_inner(program).map(Program::into_analysis).ok_or(Refused)
    }

    /// What was found: once each, in the order of the files. A block that serves many builds is checked for each of them.
    pub fn findings(&self) -> Diagnostics {
        let mut found = self.findings.found();
        found.sort_by_key(|(_, finding)| finding.subject);
        let mut unique: Vec<Diagnostic> = Vec::with_capacity(found.len());
        for (_, finding) in found {
            // Equal ones point at the same place, so they stand together.
            let mut beside = unique.iter().rev().take_while(|other| other.subject == finding.subject);
            if !beside.any(|other| *other == finding) {
                unique.push(finding);
            }
        }
        unique.into_iter().collect()
    }

    /// What was found in the builds of a legacy template, by their names; those that cannot even be made are among them.
    pub fn findings_by_build(&self, program: &Program) -> Diagnostics {
        let name = |id: Option<BuildId>| id.map(|id| program.build(id).source_name.clone()).unwrap_or_default();
        let left_out = program.left_out.iter().map(|build| (build.name.clone(), build.diagnostic.clone()));
        let found = self.findings.found().into_iter().map(|(id, finding)| (name(id), finding));
        let mut all: Vec<_> = left_out.chain(found).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all.into_iter().map(|(_, finding)| finding).collect()
    }

    /// The builds of a legacy template that cannot be made, or whose components refuse their configuration.
    pub fn refused(&self, program: &Program) -> BTreeSet<Arc<str>> {
        let left_out = program.left_out.iter().map(|build| build.name.clone());
        let found = self.findings.found().into_iter().filter(|(_, finding)| finding.severity == Severity::Error);
        left_out.chain(found.filter_map(|(id, _)| id.map(|id| program.build(id).source_name.clone()))).collect()
    }
}

/// Gathers what components find; there is nothing else to hear from them here.
#[derive(Default)]
struct Findings(Mutex<Vec<Finding>>);

/// A finding, and the build that it was made in.
type Finding = (Option<BuildId>, Diagnostic);

impl Findings {
    fn found(&self) -> Vec<Finding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Output for Findings {
    fn line(&self, _line: Line) {}

    fn machine(&self, _build: BuildId, _kind: &str, _args: &[String]) {}

    fn diagnostics(&self, build: Option<BuildId>, diagnostics: Diagnostics) {
        let findings = diagnostics.into_iter().map(|finding| (build, finding));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(findings);
    }

    async fn ask(&self, _query: String, _echo: Echo) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}
