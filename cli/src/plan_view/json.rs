//! A plan as JSON, for programs.
//!
//! One object: `format_version` (`"1.0"`), `builds` (names in template order), `nodes` (`id`, `key`, `kind`, `build`,
//! `component`, `label`, `place`), `edges` (`from` and `to` are node ids; `kind`, `output`, `hook`), `pools` (`name`,
//! `capacity`, `builds`, `claimed`; only if there are any) and `summary`.
//! `lower_bound_seconds` in the latter is what no order of the same work could beat within the limits, `bottleneck` the pool
//! that holds the run up most or null, and `nodes_measured` and `nodes_alike` say how many estimates come from earlier runs
//! of the node itself and of others of its kind and component; the rest are guesses.

use planner::lower::Program;
use serde::Serialize;

use crate::plan_view::forecast::PlanNumbers;
use crate::plan_view::model::PlanView;
use crate::plan_view::pools::{self, PoolRow};

/// The object.
#[derive(Serialize)]
pub struct Document<'a> {
    format_version: &'static str,
    builds: Vec<&'a str>,
    nodes: Vec<NodeRow<'a>>,
    edges: Vec<EdgeRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<PoolRow>,
    summary: Summary,
}

#[derive(Serialize)]
struct NodeRow<'a> {
    id: usize,
    key: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'a str>,
    component: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    place: &'a str,
}

#[derive(Serialize)]
struct EdgeRow {
    from: usize,
    to: usize,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hook: Option<&'static str>,
}

#[derive(Serialize)]
struct Summary {
    builds: usize,
    nodes: usize,
    edges: usize,
    critical_path: Vec<String>,
    critical_path_seconds: f64,
    mean_parallelism: f64,
    max_width: usize,
    forecast_seconds: f64,
    forecast_max_in_flight: usize,
    lower_bound_seconds: f64,
    bottleneck: Option<String>,
    bottleneck_wait_seconds: f64,
    nodes_measured: usize,
    nodes_alike: usize,
}

/// Renders a plan.
pub fn render(program: &Program, numbers: PlanNumbers, view: &PlanView) -> String {
    let document = document(program, numbers, view);
    let mut text = serde_json::to_string_pretty(&document).expect("names, numbers and lists are always JSON");
    text.push('\n');
    text
}

/// A plan as an object that can stand in another.
pub fn document<'a>(program: &'a Program, numbers: PlanNumbers, view: &'a PlanView) -> Document<'a> {
    let (bottleneck, wait) = numbers.bottleneck.unzip();
    let nodes = view.nodes.iter().enumerate().map(|(id, node)| NodeRow {
        id,
        key: &node.key,
        kind: node.kind,
        build: node.build.as_deref(),
        component: &node.component,
        label: &node.label,
        place: &node.place,
    });
    let edges = view.edges.iter().map(|edge| EdgeRow {
        from: edge.from,
        to: edge.to,
        kind: edge.kind,
        output: edge.output,
        hook: edge.hook,
    });
    Document {
        format_version: "1.0",
        builds: program.builds.iter().map(|build| &*build.name).collect(),
        nodes: nodes.collect(),
        edges: edges.collect(),
        pools: pools::rows(program),
        summary: Summary {
            builds: numbers.n_builds,
            nodes: numbers.n_nodes,
            edges: numbers.n_edges,
            critical_path: numbers.critical_path,
            critical_path_seconds: numbers.critical_duration.as_secs_f64(),
            mean_parallelism: numbers.mean_parallelism,
            max_width: numbers.max_width,
            forecast_seconds: numbers.makespan.as_secs_f64(),
            forecast_max_in_flight: numbers.max_in_flight,
            lower_bound_seconds: numbers.lower_bound.as_secs_f64(),
            bottleneck,
            bottleneck_wait_seconds: wait.unwrap_or_default().as_secs_f64(),
            nodes_measured: numbers.basis.measured,
            nodes_alike: numbers.basis.alike,
        },
    }
}
