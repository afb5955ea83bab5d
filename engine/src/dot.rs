//! A plan as DOT text for graphviz, in id order. What nodes and edges look like is the caller's choice.

use std::fmt::Write;

use crate::edge::{Edge, EdgeKind};
use crate::id::NodeId;
use crate::plan::Plan;

/// Attributes of a node or an edge: names as graphviz knows them, values as text to be shown.
pub type Attributes = Vec<(&'static str, String)>;

/// Draws `plan` with the attributes given for each node and edge. Nodes are called `n0`, `n1`, … by id.
pub fn to_dot<N>(
    plan: &Plan<N>,
    mut node_attributes: impl FnMut(NodeId, &N) -> Attributes,
    mut edge_attributes: impl FnMut(&Edge) -> Attributes,
) -> String {
    let mut dot = String::from("digraph {\n");
    for id in plan.ids() {
        let attributes = written(&node_attributes(id, plan.node(id)));
        // Writing to a string cannot fail.
        let _ = writeln!(dot, "  n{}{attributes};", id.index());
    }
    for edge in plan.edges() {
        let attributes = written(&edge_attributes(edge));
        let _ = writeln!(dot, "  n{} -> n{}{attributes};", edge.from.index(), edge.to.index());
    }
    dot.push_str("}\n");
    dot
}

/// The usual look of an edge: its label or output name, dashed for order, dotted for cleanup, red after failure.
pub fn edge_style(edge: &Edge) -> Attributes {
    let mut attributes = Attributes::new();
    let output = match edge.kind {
        EdgeKind::Data(output) => Some(output),
        _ => None,
    };
    if let Some(label) = edge.label.or(output) {
        attributes.push(("label", label.to_owned()));
    }
    let (style, color) = match edge.kind {
        EdgeKind::Data(_) => return attributes,
        EdgeKind::Order => ("dashed", None),
        EdgeKind::OnFailure => ("dotted", Some("red")),
        EdgeKind::Finally => ("dotted", None),
    };
    attributes.push(("style", style.to_owned()));
    attributes.extend(color.map(|color| ("color", color.to_owned())));
    attributes
}

fn written(attributes: &Attributes) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = attributes.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    format!(" [{}]", parts.join(", "))
}

/// In double quotes, with line breaks written as graphviz wants them.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => {}
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::executor::Lane;
    use crate::graph::{GraphBuilder, NodeSpec};

    #[test]
    fn every_edge_kind_and_awkward_names() {
        let mut graph = GraphBuilder::new();
        let mut add =
            |node: &'static str| graph.add(NodeSpec { node, lane: Lane::Io, lease: None, estimate: Duration::ZERO });
        let (a, b) = (add("say \"hi\"\nC:\\x"), add("b"));
        let kinds = [EdgeKind::Data("out"), EdgeKind::Order, EdgeKind::OnFailure, EdgeKind::Finally];
        for kind in kinds {
            let label = (kind == EdgeKind::Order).then_some("hook");
            graph.connect(Edge { from: a, to: b, kind, label }).unwrap();
        }
        let plan = graph.seal().unwrap();
        let dot = to_dot(&plan, |_, node| vec![("label", (*node).to_owned())], edge_style);
        let expected = r#"digraph {
  n0 [label="say \"hi\"\nC:\\x"];
  n1 [label="b"];
  n0 -> n1 [label="out"];
  n0 -> n1 [label="hook", style="dashed"];
  n0 -> n1 [style="dotted", color="red"];
  n0 -> n1 [style="dotted"];
}
"#;
        assert_eq!(dot, expected);
    }
}
