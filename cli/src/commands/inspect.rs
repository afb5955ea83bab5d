//! Shows what is in a template.

use std::fmt::Write;
use std::sync::Arc;

use planner::catalog::{Catalog, ComponentKind, Schema};
use planner::config::ComponentBlock;
use planner::diagnostic::Diagnostics;
use planner::lower::BlockPlan;
use planner::lower::builds::expand;
use planner::select::Selection;
use planner::values::DataSupply;

use crate::building::quiet::Quiet;
use crate::exit::Exit;
use crate::frontend::{Frontend, Refused};
use crate::inspect_view::values;
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
    let analysis = Quiet::new(session, &frontend, &analysis).fetch_all(session, analysis)?;
    let expanded = expand(&analysis, &Anything, &Selection::default(), &mut ignored);
    session.say("Packer Inspect: HCL2 mode\n");
    session.say(&values(&analysis.values));
    session.say(&builds_text(&expanded));
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

fn builds_text(expanded: &planner::lower::builds::Expanded) -> String {
    let mut text = String::from("> builds:\n");
    for (at, plan) in expanded.blocks.iter().enumerate() {
        let block = &plan.block;
        let name = if plan.name.is_empty() { format!("<unnamed build {at}>") } else { plan.name.to_string() };
        let _ = write!(text, "\n  > {name}:\n");
        if !plan.description.is_empty() {
            let _ = write!(text, "\n  > Description: {}\n", plan.description);
        }
        let builds = expanded.builds.iter().filter(|build| build.block as usize == at);
        let sources: Vec<String> = builds.map(|build| format!("{}.{}", build.kind, build.local_name)).collect();
        section(&mut text, "sources", &sources, "<no source>");
        let provisioners = block.provisioners.iter().zip(&plan.provisioners);
        let provisioners: Vec<String> = provisioners.map(|(inner, meta)| labelled(inner, &meta.name)).collect();
        section(&mut text, "provisioners", &provisioners, "<no provisioner>");
        write_chains(&mut text, block, plan);
    }
    text
}

fn section(text: &mut String, title: &str, items: &[String], none: &str) {
    let _ = write!(text, "\n    {title}:\n\n");
    for item in items {
        let _ = writeln!(text, "      {item}");
    }
    if items.is_empty() {
        let _ = writeln!(text, "      {none}");
    }
}

fn write_chains(text: &mut String, block: &planner::config::BuildBlock, plan: &BlockPlan) {
    text.push_str("\n    post-processors:\n\n");
    for (at, (chain, metas)) in block.chains.iter().zip(&plan.chains).enumerate() {
        let _ = writeln!(text, "      {at}:");
        for (inner, meta) in chain.iter().zip(metas) {
            let _ = writeln!(text, "        {}", labelled(inner, &meta.name));
        }
    }
    if block.chains.is_empty() {
        text.push_str("      <no post-processor>\n");
    }
}

fn labelled(block: &ComponentBlock, name: &str) -> String {
    if name.is_empty() { block.kind.name.to_string() } else { format!("{}.{name}", block.kind.name) }
}
