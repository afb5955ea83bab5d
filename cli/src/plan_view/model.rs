//! What a plan shows: by default what authors wrote (data sources, builds, provisioners, post-processors), in detail
//! every node the engine runs.

use std::collections::HashMap;

use engine::{EdgeKind, NodeId};
use planner::files::Files;
use planner::lower::Program;
use planner::node::{ComponentUse, Node, ProvisionerId};

/// A node as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewNode {
    /// The program's name for it, the same on every machine.
    pub key: String,
    /// What it does: `datasource`, `build`, `provision`, `post-process`; in detail `prepare`, `open`, `close`, `destroy`.
    pub kind: &'static str,
    /// The build it belongs to.
    pub build: Option<String>,
    /// The component's type.
    pub component: String,
    /// The author's label, if any.
    pub label: String,
    /// `file:line` of its block.
    pub place: String,
}

/// An edge as shown: positions of nodes in [`PlanView::nodes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewEdge {
    /// The producer.
    pub from: usize,
    /// The consumer.
    pub to: usize,
    /// `data`, `order`, `on-failure` or `finally`.
    pub kind: &'static str,
    /// The output that a data edge carries.
    pub output: Option<&'static str>,
    /// The hook's name.
    pub hook: Option<&'static str>,
}

/// A plan as shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanView {
    /// In template order.
    pub nodes: Vec<ViewNode>,
    /// By producer, then consumer.
    pub edges: Vec<ViewEdge>,
}

impl PlanView {
    /// Shows `program`; with `detail` every node.
    pub fn new(program: &Program, files: &Files, detail: bool) -> Self {
        let plan = &program.plan;
        let mut view = Self::default();
        let mut shown: HashMap<NodeId, usize> = HashMap::new();
        for id in plan.ids() {
            let node = *plan.node(id);
            if detail || is_written(node) {
                shown.insert(id, view.nodes.len());
                view.nodes.push(view_node(program, files, node, detail));
            }
        }
        if detail {
            view.edges = plan.edges().iter().map(|edge| view_edge(&shown, edge)).collect();
        } else {
            view.join_builds(program, &shown);
        }
        view.edges.sort_by_key(|edge| (edge.from, edge.to, edge.kind));
        view.edges.dedup();
        view
    }

    /// Without prepare, close and destroy: data leads to the build (or to the build whose component uses it), the
    /// build to its first provisioner, the last provisioner to the chains.
    fn join_builds(&mut self, program: &Program, shown: &HashMap<NodeId, usize>) {
        let plan = &program.plan;
        let mut opens: HashMap<u32, NodeId> = HashMap::new();
        for id in plan.ids() {
            if let Node::BuilderOpen(build) = plan.node(id) {
                opens.insert(build.0, id);
            }
        }
        for edge in plan.edges() {
            let (from, to) = (*plan.node(edge.from), *plan.node(edge.to));
            let to_shown = match to {
                Node::Prepare(build, _) => opens.get(&build.0).copied(),
                Node::BuilderClose(_) | Node::Destroy(..) => None,
                _ => Some(edge.to),
            };
            let from_shown = match from {
                Node::BuilderClose(build) => Some(last_before_close(program, build, &opens, plan)),
                Node::Prepare(..) => None,
                _ => Some(edge.from),
            };
            let (Some(from), Some(to)) = (from_shown, to_shown) else { continue };
            let (Some(from), Some(to)) = (shown.get(&from), shown.get(&to)) else { continue };
            if from != to {
                self.edges.push(ViewEdge { from: *from, to: *to, ..view_edge_kind(edge) });
            }
        }
    }
}

/// The node whose end the chains wait for, as an author sees it.
fn last_before_close(
    program: &Program,
    build: planner::node::BuildId,
    opens: &HashMap<u32, NodeId>,
    plan: &engine::Plan<Node>,
) -> NodeId {
    let open = opens[&build.0];
    let mut last = open;
    for _ in &program.build(build).provisioners {
        let next = plan
            .outgoing(last)
            .map(|edge| edge.to)
            .find(|to| matches!(plan.node(*to), Node::Provision(_, ProvisionerId::Ordinary(_))));
        match next {
            Some(next) => last = next,
            None => break,
        }
    }
    last
}

/// Whether an author wrote a block for it, rather than the program needing it.
fn is_written(node: Node) -> bool {
    matches!(node, Node::Datasource(_) | Node::BuilderOpen(_) | Node::Provision(..) | Node::PostProcess(..))
}

fn view_node(program: &Program, files: &Files, node: Node, detail: bool) -> ViewNode {
    let (component, label) = component_of(program, node);
    let build = node.build().map(|id| program.build(id).name.to_string());
    let joined = !detail && matches!(node, Node::BuilderOpen(_));
    let key = match (joined, node.build()) {
        (true, Some(id)) => program.build(id).key.to_string(),
        _ => program.key(node),
    };
    let kind = if joined { "build" } else { node.kind() };
    ViewNode { key, kind, build, component, label, place: files.place(program.span(node)) }
}

/// The component's type and the author's label.
pub fn component_of(program: &Program, node: Node) -> (String, String) {
    let provisioner = |id, at| program.provisioner(id, at).map_or("", |(_, meta)| &meta.name);
    let post_processor = |id, at| program.post_processor(id, at).map_or("", |(_, meta)| &meta.name);
    let label = match node {
        Node::Datasource(at) | Node::PrepareData(at) => &program.template.data[at as usize].name.name,
        Node::Prepare(id, ComponentUse::Provisioner(at)) | Node::Provision(id, at) => provisioner(id, at),
        Node::Prepare(id, ComponentUse::PostProcessor(at)) | Node::PostProcess(id, at) => post_processor(id, at),
        Node::Prepare(id, ComponentUse::Builder)
        | Node::BuilderOpen(id)
        | Node::BuilderClose(id)
        | Node::Destroy(id, _) => &program.build(id).local_name,
    };
    (program.component(node).to_owned(), label.to_owned())
}

fn view_edge(shown: &HashMap<NodeId, usize>, edge: &engine::Edge) -> ViewEdge {
    ViewEdge { from: shown[&edge.from], to: shown[&edge.to], ..view_edge_kind(edge) }
}

fn view_edge_kind(edge: &engine::Edge) -> ViewEdge {
    let (kind, output) = match edge.kind {
        EdgeKind::Data(output) => ("data", Some(output)),
        EdgeKind::Order => ("order", None),
        EdgeKind::OnFailure => ("on-failure", None),
        EdgeKind::Finally => ("finally", None),
    };
    ViewEdge { from: 0, to: 0, kind, output, hook: edge.label }
}
