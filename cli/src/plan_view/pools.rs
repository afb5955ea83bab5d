//! Named pools in a plan: how much there is, and who claims it.

use std::collections::BTreeMap;

use planner::lower::{Build, Program};
use serde::Serialize;

/// A pool that builds of the plan claim from, or could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolRow {
    /// What it is called.
    pub name: String,
    /// How much there is.
    pub capacity: u32,
    /// How many builds claim from it.
    pub builds: usize,
    /// How much all of them claim together.
    pub claimed: u64,
}

/// The pools of `program`, in the order they were declared.
pub fn rows(program: &Program) -> Vec<PoolRow> {
    let mut claims: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for (name, claim) in program.builds.iter().flat_map(|build| &build.claims).filter(|(_, claim)| *claim > 0) {
        let (builds, claimed) = claims.entry(name).or_default();
        *builds += 1;
        *claimed += u64::from(*claim);
    }
    let pools = program.plan.pools().values().iter().filter(|pool| pool.is_quota);
    let row = |pool: &engine::Pool| {
        let (builds, claimed) = claims.get(&*pool.name).copied().unwrap_or_default();
        Some(PoolRow { name: pool.name.clone(), capacity: pool.capacity?, builds, claimed })
    };
    pools.filter_map(row).collect()
}

/// What a build claims, for people; `None` if that is nothing.
pub fn claims_of(build: &Build) -> Option<String> {
    let claims: Vec<String> = build.claims.iter().map(|(name, claim)| format!("{claim} of {name}")).collect();
    (!claims.is_empty()).then(|| claims.join(", "))
}
