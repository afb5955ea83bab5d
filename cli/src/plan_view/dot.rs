//! A plan as Graphviz DOT: a cluster for each build, hooks as edge labels.

use std::fmt::Write;

use crate::plan_view::model::{PlanView, ViewEdge, ViewNode};

/// Renders a plan.
pub fn render(view: &PlanView) -> String {
    let mut dot = String::from("digraph packer {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    let mut at = 0;
    let mut cluster = 0;
    while at < view.nodes.len() {
        let build = &view.nodes[at].build;
        let end = at + view.nodes[at..].iter().take_while(|node| node.build == *build).count();
        // Writing to a String cannot fail.
        match build {
            Some(name) => {
                let _ = writeln!(dot, "  subgraph cluster_{cluster} {{\n    label={};", quote(name));
                (at..end).for_each(|id| node_line(&mut dot, "    ", id, &view.nodes[id]));
                dot.push_str("  }\n");
                cluster += 1;
            }
            None => (at..end).for_each(|id| node_line(&mut dot, "  ", id, &view.nodes[id])),
        }
        at = end;
    }
    for edge in &view.edges {
        let _ = writeln!(dot, "  n{} -> n{}{};", edge.from, edge.to, edge_attributes(edge));
    }
    dot.push_str("}\n");
    dot
}

fn node_line(dot: &mut String, indent: &str, id: usize, node: &ViewNode) {
    let shape = match node.kind {
        "datasource" => ", shape=cylinder",
        "build" | "open" | "close" => ", shape=box3d",
        "post-process" => ", shape=note",
        _ => "",
    };
    let _ = writeln!(dot, "{indent}n{id} [label={}, tooltip={}{shape}];", quote(&label(node)), quote(&node.key));
}

/// What is written on a node.
pub fn label(node: &ViewNode) -> String {
    match node.kind {
        "datasource" => node.key.clone(),
        "build" => node.component.clone() + "." + &node.label,
        kind if node.label.is_empty() => format!("{kind} {}", node.component),
        kind => format!("{kind} {} {:?}", node.component, node.label),
    }
}

fn edge_attributes(edge: &ViewEdge) -> String {
    let mut attributes = Vec::new();
    if let Some(hook) = edge.hook {
        attributes.push(format!("label={}", quote(hook)));
    }
    match edge.kind {
        "on-failure" => attributes.push("color=red, style=dashed".to_owned()),
        "finally" => attributes.push("style=dotted".to_owned()),
        _ => {}
    }
    if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
