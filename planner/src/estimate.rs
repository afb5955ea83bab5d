//! How long nodes took in earlier runs, and what that says about the next. A value that somebody passes in: nothing here
//! reads anything, and keys, edges and ids of a program stay what they are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::lower::Program;
use crate::node::{ComponentUse, Node};

/// Durations of earlier runs, by what nodes are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    /// By key.
    pub of_node: HashMap<String, Duration>,
    /// By [`Program::class`], for nodes that never ran.
    pub of_class: HashMap<String, Duration>,
}

/// What the estimates of a program's nodes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Nodes that ran before.
    pub measured: usize,
    /// Nodes that did not, though others of their kind and component did.
    pub alike: usize,
    /// Nodes of which only the kind is known.
    pub guessed: usize,
}

impl Program {
    /// What a node has in common with others that take about as long: its kind and its component.
    pub fn class(&self, node: Node) -> String {
        format!("{} {}", node.kind(), self.component(node)).trim_end().to_owned()
    }

    /// The type of the component that a node is a use of.
    pub fn component(&self, node: Node) -> &str {
        let provisioner = |id, at| self.provisioner(id, at).map_or("", |(block, _)| &block.kind.name);
        let post_processor = |id, at| self.post_processor(id, at).map_or("", |(block, _)| &block.kind.name);
        match node {
            Node::Datasource(at) | Node::PrepareData(at) => &self.template.data[at as usize].kind.name,
            Node::Prepare(id, ComponentUse::Provisioner(at)) | Node::Provision(id, at) => provisioner(id, at),
            Node::Prepare(id, ComponentUse::PostProcessor(at)) | Node::PostProcess(id, at) => post_processor(id, at),
            Node::Prepare(id, ComponentUse::Builder)
            | Node::BuilderOpen(id)
            | Node::BuilderClose(id)
            | Node::Destroy(id, _) => &self.build(id).kind,
        }
    }

    /// Puts what is known of durations in place of guesses. It decides priorities and forecasts, nothing else.
    pub fn estimate(&mut self, estimates: &Estimates) -> Basis {
        let mut basis = Basis::default();
        if estimates.of_node.is_empty() {
            basis.guessed = self.plan.len();
            return basis;
        }
        let known: Vec<Duration> = self
            .plan
            .ids()
            .map(|id| {
                let node = *self.plan.node(id);
                let measured = Some(node).filter(|node| node.is_expected());
                if let Some(found) = measured.and_then(|node| estimates.of_node.get(&self.key(node))) {
                    basis.measured += 1;
                    return *found;
                }
                if let Some(found) = measured.and_then(|node| estimates.of_class.get(&self.class(node))) {
                    basis.alike += 1;
                    return *found;
                }
                basis.guessed += 1;
                self.plan.estimate(id)
            })
            .collect();
        self.plan = Arc::new(self.plan.with_estimates(|id| known[id.index()]));
        basis
    }
}
