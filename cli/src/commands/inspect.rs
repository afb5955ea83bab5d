//! Shows what is in a template.

use std::sync::Arc;

use planner::catalog::{Catalog, ComponentKind, Schema};
use planner::diagnostic::Diagnostics;
use planner::lower::builds::expand;
use planner::select::Selection;
use planner::values::DataSupply;

use crate::building::quiet::Quiet;
use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::inspect_view::{builds, show_legacy, values};
use crate::options::InspectOptions;
use crate::session::Session;

/// Runs `packer inspect`. Data sources that are built in run. Problems with values are not reported: a local that fails is
/// left out, and what cannot be told is shown as unknown.
pub fn run(session: &mut Session, options: &InspectOptions) -> Exit {
    match try_run(session, options) {
        Ok(()) => Exit::Success,
        Err(Refused) => Exit::Failed,
    }
}

fn try_run(session: &mut Session, options: &InspectOptions) -> Result<(), Refused> {
    let mut frontend = Frontend::new(session, &options.template, false)?;
    let parsed = frontend.parse(session, &options.template)?;
    let mut ignored = Diagnostics::new();
    let analysis = frontend.analyse(session, parsed, DataSupply::Later, &mut ignored);
    if let Some(legacy) = &analysis.legacy {
        show_legacy(session, &legacy.template);
        return Ok(());
    }
    let analysis = Quiet::new(session, &frontend, &analysis).fetch_all(session, analysis)?;
    let expanded = expand(&analysis, &Anything, &Selection::default(), &mut ignored);
    session.say("Packer Inspect: HCL2 mode\n");
    session.say(&values(&analysis.values));
    session.say(&builds(&expanded.blocks));
    Ok(())
}

/// Takes every component for known: what a template says can be shown without the plugins that it needs.
struct Anything;

impl Catalog for Anything {
    fn schema(&self, _kind: ComponentKind, _name: &str) -> Option<Arc<Schema>> {
        Some(Arc::default())
    }

    fn names(&self, _kind: ComponentKind) -> Vec<String> {
        Vec::new()
    }
}
