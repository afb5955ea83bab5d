//! Checks a template: syntax, names, values, and every component's configuration. Starts no machine.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::{Cancel, NullEmitter, RunOptions};
use planner::diagnostic::Diagnostics;
use planner::lower::{Extent, Limits, lower};
use planner::node::BuildId;
use plugins::component::ComponentError;
use plugins::executor::Executor;
use plugins::output::{Line, Output};

use crate::building::facts::{ComponentFlags, run_facts};
use crate::exit::Exit;
use crate::frontend::{Frontend, Refused};
use crate::options::ValidateOptions;
use crate::session::Session;

/// Runs `packer validate`.
pub fn run(session: &mut Session, options: &ValidateOptions) -> Exit {
    if options.json {
        session.gather();
    }
    let exit = match try_run(session, options) {
        Ok(()) => Exit::Success,
        Err(Refused) => Exit::Failed,
    };
    session.conclude(None::<()>);
    exit
}

fn try_run(session: &mut Session, options: &ValidateOptions) -> Result<(), Refused> {
    let warn = options.warn_on_undeclared_var;
    let mut frontend = Frontend::new(session, &options.template, warn)?;
    let parsed = frontend.parse(session, &options.template)?;
    if options.syntax_only {
        frontend.check_given(session, &parsed)?;
        session.say("Syntax-only check passed. Everything looks okay.");
        return Ok(());
    }
    let selection = frontend.select(session, &options.template)?;
    let mut diags = Diagnostics::new();
    let analysis = frontend.analyse(session, parsed, &mut diags);
    let facts = run_facts(session, &analysis, ComponentFlags::default());
    let extent = if options.evaluate_datasources { Extent::DataAndPrepare } else { Extent::Prepare };
    let program = Arc::new(lower(analysis, &*frontend.registry, &selection, (Limits::default(), extent), &mut diags));
    if !diags.has_errors() {
        let findings = Arc::new(Findings::default());
        let executor = Executor::new(program.clone(), frontend.registry.clone(), findings.clone(), facts);
        let options = RunOptions::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
        let run = engine::run(&program.plan, &Arc::new(executor), &options, &Cancel::new(), &NullEmitter);
        if let Err(error) = run {
            session.error(&format!("Error: {error}"));
            return Err(Refused);
        }
        diags.append(findings.in_template_order());
    }
    frontend.show(session, &diags);
    if diags.has_errors() {
        return Err(Refused);
    }
    session.say("The configuration is valid.");
    Ok(())
}

/// Gathers what components find; there is nothing else to hear from them here.
#[derive(Default)]
struct Findings(Mutex<Vec<planner::diagnostic::Diagnostic>>);

impl Findings {
    /// Once each, in the order of the files: a block that serves many builds is checked for each of them.
    fn in_template_order(&self) -> Diagnostics {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.sort_by_key(|finding| finding.subject);
        let mut unique: Vec<planner::diagnostic::Diagnostic> = Vec::with_capacity(found.len());
        for finding in found {
            // Equal ones point at the same place, so they stand together.
            let mut beside = unique.iter().rev().take_while(|other| other.subject == finding.subject);
            if !beside.any(|other| *other == finding) {
                unique.push(finding);
            }
        }
        unique.into_iter().collect()
    }
}

#[async_trait]
impl Output for Findings {
    fn line(&self, _line: Line) {}

    fn machine(&self, _build: BuildId, _kind: &str, _args: &[String]) {}

    fn diagnostics(&self, diagnostics: Diagnostics) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(diagnostics);
    }

    async fn ask(&self, _query: String) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}
