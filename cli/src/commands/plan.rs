//! Prints the execution graph. Starts nothing.

use planner::diagnostic::Diagnostics;
use planner::lower::{Extent, lower};
use planner::values::DataSupply;

use crate::args::PlanFormat;
use crate::building::experience::Experience;
use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::options::PlanOptions;
use crate::plan_view::forecast::PlanNumbers;
use crate::plan_view::{PlanView, dot, json, mermaid, text};
use crate::session::Session;

/// Runs `packer plan`.
pub fn run(session: &mut Session, options: &PlanOptions) -> Exit {
    if options.json {
        session.gather();
    }
    match try_run(session, options) {
        Ok(()) => Exit::Success,
        Err(Refused) => {
            session.conclude(None::<()>);
            Exit::Failed
        }
    }
}

fn try_run(session: &mut Session, options: &PlanOptions) -> Result<(), Refused> {
    let mut frontend = Frontend::new(session, &options.template, false)?;
    let parsed = frontend.parse(session, &options.template)?;
    frontend.require_plugins(session, &parsed, false)?;
    let selection = frontend.select(session, &options.template)?;
    let mut diags = Diagnostics::new();
    let analysis = frontend.analyse(session, parsed, DataSupply::Never, &mut diags);
    let limits = (options.limits.clone().into(), Extent::Build);
    let mut program = lower(analysis, &*frontend.registry, &selection, limits, &mut diags);
    // Nothing is shown of a template of which something is wrong.
    diags.extend(program.left_out.iter().map(|build| build.diagnostic.clone()));
    frontend.show(session, &diags);
    if diags.has_errors() {
        return Err(Refused);
    }
    let working_dir = program.values.host.working_dir.clone();
    let basis = Experience::of(&session.environment, &working_dir, &options.template.path).apply(&mut program);
    let numbers = PlanNumbers::new(&program, basis);
    let files = &frontend.files;
    if options.json {
        let view = PlanView::new(&program, files, options.detail);
        session.conclude(Some(json::document(&program, numbers, &view)));
        return Ok(());
    }
    let rendered = match options.format {
        PlanFormat::Text => text::render(&program, &numbers, files, &options.template.path, options.detail),
        PlanFormat::Json => json::render(&program, numbers, &PlanView::new(&program, files, options.detail)),
        PlanFormat::Dot => dot::render(&PlanView::new(&program, files, options.detail)),
        PlanFormat::Mermaid => mermaid::render(&PlanView::new(&program, files, options.detail)),
    };
    session.raw(&rendered);
    Ok(())
}
