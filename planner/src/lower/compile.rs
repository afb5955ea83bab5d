//! From analysed template to program: expands the builds, then lays out the graph.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ComponentKind};
use crate::config::Template;
use crate::diagnostic::Diagnostics;
use crate::legacy;
use crate::lower::analysis::Analysis;
use crate::lower::builds::{self, Expanded};
use crate::lower::graph::{self, Checks, Extent, Limits};
use crate::lower::pools;
use crate::lower::program::Program;
use crate::lower::reference::Schemas;
use crate::select::Selection;

/// Compiles a template into a program. With errors in `diags` the program must not be run.
pub fn lower(
    analysis: Analysis,
    catalog: &dyn Catalog,
    selection: &Selection,
    (limits, extent): (Limits, Extent),
    diags: &mut Diagnostics,
) -> Program {
    let (mut expanded, left_out) = match &analysis.legacy {
        None => (builds::expand(&analysis, catalog, selection, diags), Vec::new()),
        // What is wrong with the template as a whole was said.
        Some(_) if diags.has_errors() => Default::default(),
        Some(legacy) => legacy::expand::expand(legacy, &analysis, catalog, selection),
    };
    if analysis.template.builds.is_empty() && !diags.has_errors() {
        let detail = "A build block with one or more sources is required for executing a build.";
        diags.error("Missing build block", detail, None);
    }
    require_datasources(&analysis.template, catalog, &mut expanded.schemas);
    let Analysis { template, values, legacy } = analysis;
    let named = match &legacy {
        None => pools::resolve(&template, &values, &mut expanded, (&limits, extent), diags),
        Some(_) => {
            refuse_pools(&limits, diags);
            Vec::new()
        }
    };
    // A graph with claims that cannot be met cannot be made.
    if diags.has_errors() {
        expanded.builds.iter_mut().for_each(|build| build.claims.clear());
    }
    let pending = (0..template.data.len()).filter(|at| !values.has_data(*at));
    let checks = if legacy.is_some() { Checks::InOrder } else { Checks::Apart };
    let plan = graph::build_graph(&template, &values, &expanded, pending, (&limits, &named, extent, checks), diags);
    let Expanded { builds, blocks, schemas } = expanded;
    Program { template, values, builds, blocks, plan, schemas, legacy, left_out }
}

/// Compiles a program that only runs the data sources in `wanted` (and what they need), for templates whose structure
/// depends on them. [`Program::into_analysis`] gives the template back for the full compilation.
pub fn lower_data(
    analysis: Analysis,
    catalog: &dyn Catalog,
    wanted: &BTreeSet<usize>,
    limits: Limits,
    diags: &mut Diagnostics,
) -> Program {
    let mut all = wanted.clone();
    let mut queue: Vec<usize> = wanted.iter().copied().collect();
    while let Some(at) = queue.pop() {
        for needed in &analysis.values.dependencies().of_data(at).data {
            if all.insert(*needed) {
                queue.push(*needed);
            }
        }
    }
    let mut schemas = Schemas::default();
    require_datasources(&analysis.template, catalog, &mut schemas);
    let Analysis { template, values, legacy } = analysis;
    let how = (&limits, &[][..], Extent::Build, Checks::Apart);
    let plan = graph::build_graph(&template, &values, &Expanded::default(), all.into_iter(), how, diags);
    let (builds, blocks, left_out) = (Vec::new(), Vec::new(), Vec::new());
    Program { template, values, builds, blocks, plan, schemas, legacy, left_out }
}

/// Templates in legacy JSON have no place to claim from a pool.
fn refuse_pools(limits: &Limits, diags: &mut Diagnostics) {
    for (name, _) in &limits.pools {
        let detail = format!(
            "--pool gives a capacity to {name:?}, and builds of a template in legacy JSON cannot claim from pools. Those of \
             an HCL2 template can."
        );
        diags.error("No such pool", detail, None);
    }
}

/// Unknown data sources were reported by the analysis; here only the schemas of known ones are wanted.
fn require_datasources(template: &Template, catalog: &dyn Catalog, schemas: &mut Schemas) {
    let kind = ComponentKind::Datasource;
    for data in &template.data {
        schemas.require(catalog, kind, "data source", &data.kind.name, data.header, &mut Diagnostics::new());
    }
}
