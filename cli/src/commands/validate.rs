//! Checks a template: syntax, names, values, and every component's configuration. Starts no machine.

use std::sync::Arc;

use planner::diagnostic::Diagnostics;
use planner::lower::{Extent, Limits, lower};
use planner::values::DataSupply;

use crate::building::quiet::Quiet;
use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
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
        session.say("Syntax-only check passed. Everything looks okay.");
        return Ok(());
    }
    frontend.require_plugins(session, &parsed, options.ignore_prerelease_plugins)?;
    let selection = frontend.select(session, &options.template)?;
    let mut diags = Diagnostics::new();
    let supply = if options.evaluate_datasources { DataSupply::Later } else { DataSupply::Never };
    let mut analysis = frontend.analyse(session, parsed, supply, &mut diags);
    let quiet = Quiet::new(session, &frontend, &analysis);
    if options.evaluate_datasources && !diags.has_errors() {
        let structural = analysis.structural_data();
        analysis = quiet.fetch(session, analysis, &structural)?;
        refuse_if_failed(session, &frontend, &diags, &quiet)?;
    }
    let extent = if options.evaluate_datasources { Extent::DataAndPrepare } else { Extent::Prepare };
    let program = Arc::new(lower(analysis, &*frontend.registry, &selection, (Limits::default(), extent), &mut diags));
    if !diags.has_errors() {
        quiet.run(session, &program)?;
    }
    diags.append(if program.legacy.is_some() { quiet.findings_by_build(&program) } else { quiet.findings() });
    frontend.show(session, &diags);
    if diags.has_errors() {
        return Err(Refused);
    }
    session.say("The configuration is valid.");
    Ok(())
}

/// Without the data that decides what the builds are, nothing can be said about them.
fn refuse_if_failed(
    session: &mut Session,
    frontend: &Frontend,
    diags: &Diagnostics,
    quiet: &Quiet,
) -> Result<(), Refused> {
    let findings = quiet.findings();
    if !findings.has_errors() {
        return Ok(());
    }
    let mut diags = diags.clone();
    diags.append(findings);
    frontend.show(session, &diags);
    Err(Refused)
}
