//! Build blocks: their sources, provisioners and post-processors.

use std::fmt::Write;

use planner::config::{BuildBlock, ComponentBlock};
use planner::lower::BlockPlan;

/// Every build block that could be read, as in the reference: the others are neither shown nor counted.
pub fn builds(blocks: &[BlockPlan]) -> String {
    let mut text = String::from("> builds:\n");
    for (at, plan) in blocks.iter().filter(|plan| plan.is_whole).enumerate() {
        let block = &plan.block;
        let name = if plan.name.is_empty() { format!("<unnamed build {at}>") } else { plan.name.to_string() };
        let _ = write!(text, "\n  > {name}:\n");
        if !plan.description.is_empty() {
            let _ = write!(text, "\n  > Description: {}\n", plan.description);
        }
        section(&mut text, "sources", &plan.sources, "<no source>");
        let provisioners = block.provisioners.iter().zip(&plan.provisioners);
        let provisioners: Vec<String> = provisioners.map(|(inner, meta)| labelled(inner, &meta.name)).collect();
        section(&mut text, "provisioners", &provisioners, "<no provisioner>");
        write_chains(&mut text, block, plan);
    }
    text
}

fn section(text: &mut String, title: &str, items: &[String], none: &str) {
    let _ = write!(text, "\n    {title}:\n\n");
    for item in items {
        let _ = writeln!(text, "      {item}");
    }
    if items.is_empty() {
        let _ = writeln!(text, "      {none}");
    }
}

fn write_chains(text: &mut String, block: &BuildBlock, plan: &BlockPlan) {
    text.push_str("\n    post-processors:\n\n");
    for (at, (chain, metas)) in block.chains.iter().zip(&plan.chains).enumerate() {
        let _ = writeln!(text, "      {at}:");
        for (inner, meta) in chain.iter().zip(metas) {
            let _ = writeln!(text, "        {}", labelled(inner, &meta.name));
        }
    }
    if block.chains.is_empty() {
        text.push_str("      <no post-processor>\n");
    }
}

fn labelled(block: &ComponentBlock, name: &str) -> String {
    if name.is_empty() { block.kind.name.to_string() } else { format!("{}.{name}", block.kind.name) }
}
