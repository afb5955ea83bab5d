//! Numbers about a plan: how many of what, how wide, how long at best.

use std::time::Duration;

use planner::estimate::Basis;
use planner::lower::Program;

/// What a plan amounts to.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanNumbers {
    /// Builds.
    pub n_builds: usize,
    /// Engine nodes by kind, in the order of [`KINDS`].
    pub n_by_kind: Vec<(&'static str, usize)>,
    /// Engine nodes.
    pub n_nodes: usize,
    /// Engine edges.
    pub n_edges: usize,
    /// The longest chain of nodes by estimated duration, as keys.
    pub critical_path: Vec<String>,
    /// Its estimated duration.
    pub critical_duration: Duration,
    /// All estimated work over the critical path's: how many nodes run at once on average when nothing limits them.
    pub mean_parallelism: f64,
    /// Most nodes on one level of the graph.
    pub max_width: usize,
    /// How long the run would take by estimates, with the limits of the command line.
    pub makespan: Duration,
    /// The most nodes in flight at once in that run.
    pub max_in_flight: usize,
    /// What no order of the same work could beat within these limits.
    pub lower_bound: Duration,
    /// The pool that holds the run up most, if one does, and for how long.
    pub bottleneck: Option<(String, Duration)>,
    /// Where the estimates come from.
    pub basis: Basis,
}

const KINDS: [&str; 7] = ["datasource", "prepare", "open", "provision", "close", "post-process", "destroy"];

impl PlanNumbers {
    /// Counts `program`, whose estimates come from `basis`.
    pub fn new(program: &Program, basis: Basis) -> Self {
        let plan = &program.plan;
        let count = |kind: &str| plan.ids().filter(|id| plan.node(*id).kind() == kind).count();
        let path = plan.critical_path();
        let critical_duration = path.first().map_or(Duration::ZERO, |first| plan.rank(*first));
        let work: Duration = plan.ids().map(|id| plan.estimate(id)).sum();
        let mean_parallelism =
            if critical_duration.is_zero() { 0.0 } else { work.as_secs_f64() / critical_duration.as_secs_f64() };
        let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let forecast = engine::forecast(plan, workers);
        let appraisal = engine::appraise(plan, workers, &forecast.slots);
        let bottleneck = appraisal.bottleneck().map(|(pool, wait)| (plan.pools()[pool].name.clone(), wait));
        Self {
            n_builds: program.builds.len(),
            n_by_kind: KINDS.iter().map(|kind| (*kind, count(kind))).filter(|(_, n)| *n > 0).collect(),
            n_nodes: plan.len(),
            n_edges: plan.edges().len(),
            critical_path: path.iter().map(|id| program.key(*plan.node(*id))).collect(),
            critical_duration,
            mean_parallelism,
            max_width: plan.max_width(),
            makespan: forecast.makespan,
            max_in_flight: forecast.max_in_flight,
            lower_bound: appraisal.lower_bound,
            bottleneck,
            basis,
        }
    }
}
