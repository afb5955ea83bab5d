//! What the nodes of a plan are called outside: keys, kinds, builds and components, without secrets.

use std::sync::Arc;
use std::time::Duration;

use engine::{NodeId, Plan};
use planner::lower::Program;
use planner::node::{BuildId, Node};
use plugins::scrubber::Scrubber;

use crate::plan_view::model::component_of;

/// One run of the engine among those of a command.
#[derive(Debug)]
pub struct Stage {
    /// `data` for data sources that decide what the builds are, else `build`.
    pub name: &'static str,
    /// When it began, counted from the beginning of the command's first.
    pub offset: Duration,
    /// Its nodes.
    pub roster: Roster,
}

/// The nodes of one plan.
#[derive(Debug)]
pub struct Roster {
    plan: Plan<Node>,
    builds: Vec<BuildName>,
    members: Vec<Member>,
}

/// A node as it is called outside.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    /// Its key, the same on every machine.
    pub key: String,
    /// The component's type.
    pub component: String,
}

/// A build as it is called outside.
#[derive(Debug, PartialEq, Eq)]
struct BuildName {
    name: String,
    /// The name, made unique.
    key: String,
}

impl Roster {
    /// The nodes of `program`.
    pub fn new(program: &Program, scrubber: &Scrubber) -> Self {
        let clean = |text: &str| scrubber.scrub(text).into_owned();
        let member = |id| {
            let node = *program.plan.node(id);
            Member { key: clean(&program.key(node)), component: clean(&component_of(program, node).0) }
        };
        Self {
            members: program.plan.ids().map(member).collect(),
            builds: program
                .builds
                .iter()
                .map(|build| BuildName { name: clean(&build.name), key: clean(&build.key) })
                .collect(),
            plan: Plan::clone(&program.plan),
        }
    }

    /// Nodes without names, for tests of what never looks at them.
    #[cfg(test)]
    pub(super) fn of_plan(plan: Plan<Node>) -> Self {
        Self { plan, builds: Vec::new(), members: Vec::new() }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan<Node> {
        &self.plan
    }

    /// What a node is called.
    pub fn member(&self, id: NodeId) -> &Member {
        &self.members[id.index()]
    }

    /// What kind of node it is.
    pub fn kind(&self, id: NodeId) -> &'static str {
        self.plan.node(id).kind()
    }

    /// The name of the build it belongs to.
    pub fn build(&self, id: NodeId) -> Option<&str> {
        self.plan.node(id).build().map(|build| self.build_name(build))
    }

    /// A build's name.
    pub fn build_name(&self, build: BuildId) -> &str {
        &self.builds[build.0 as usize].name
    }

    /// A build's name, made unique where two builds share one.
    pub fn build_key(&self, build: BuildId) -> &str {
        &self.builds[build.0 as usize].key
    }

    /// A node's key without that of its build.
    pub fn short_key(&self, id: NodeId) -> &str {
        let key = &self.member(id).key;
        let build = self.plan.node(id).build().map_or("", |build| self.build_key(build));
        key.strip_prefix(build).and_then(|rest| rest.strip_prefix('/')).unwrap_or(key)
    }
}

/// A run's stage, shared by all who write about it.
pub type SharedStage = Arc<Stage>;
