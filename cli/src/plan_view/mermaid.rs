//! A plan as a Mermaid flow chart, for Markdown pages.

use std::fmt::Write;

use crate::plan_view::dot::label;
use crate::plan_view::model::{PlanView, ViewEdge};

/// Renders a plan.
pub fn render(view: &PlanView) -> String {
    let mut chart = String::from("flowchart LR\n");
    let mut at = 0;
    let mut group = 0;
    while at < view.nodes.len() {
        let build = &view.nodes[at].build;
        let end = at + view.nodes[at..].iter().take_while(|node| node.build == *build).count();
        // Writing to a String cannot fail.
        if let Some(name) = build {
            let _ = writeln!(chart, "  subgraph b{group}[\"{}\"]", escape(name));
            group += 1;
        }
        for (id, node) in view.nodes.iter().enumerate().take(end).skip(at) {
            let (open, close) = match node.kind {
                "datasource" => ("[(", ")]"),
                "build" | "open" | "close" => ("[[", "]]"),
                _ => ("[", "]"),
            };
            let _ = writeln!(chart, "    n{id}{open}\"{}\"{close}", escape(&label(node)));
        }
        if build.is_some() {
            chart.push_str("  end\n");
        }
        at = end;
    }
    for edge in &view.edges {
        let _ = writeln!(chart, "  n{} {} n{}", edge.from, arrow(edge), edge.to);
    }
    chart
}

fn arrow(edge: &ViewEdge) -> String {
    let line = match edge.kind {
        "on-failure" | "finally" => "-.->",
        _ => "-->",
    };
    edge.hook.map_or_else(|| line.to_owned(), |hook| format!("{line}|{hook}|"))
}

/// Mermaid knows HTML entities inside quotes, but no backslash escapes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', " ")
}
