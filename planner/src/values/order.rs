//! The order in which locals and data sources can be evaluated, and why there is none.

use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, GraphError, Lane, NodeId, NodeSpec, Plan};

use crate::config::Template;
use crate::config::shape::did_you_mean;
use crate::diagnostic::Diagnostics;
use crate::eval::Reference;
use crate::files::Files;
use crate::span::Span;
use crate::values::dependencies::{Definition, Names, Target};

const SUMMARY: &str = "failed to prepare execution graph";

/// Every definition behind those it names. Reports names that lead nowhere and cycles; with a cycle there is no order.
///
/// A definition that refers to all of `local` or `data` cannot come behind all of them, itself included. It comes
/// behind those that do not depend on it, so that what it sees does not change from run to run.
pub(super) fn sort(template: &Template, names: &Names, files: &Files, diags: &mut Diagnostics) -> Vec<Definition> {
    let (n_locals, n_data) = (template.locals.len(), template.data.len());
    let mut sorter = Sorter { template, names, graph: GraphBuilder::new(), gathers: vec![false; n_locals + n_data] };
    let all = || (0..n_locals).map(Definition::Local).chain((0..n_data).map(Definition::Data));
    for definition in all() {
        sorter.graph.add(NodeSpec { node: definition, lane: Lane::Cpu, lease: None, estimate: Duration::ZERO });
    }
    for definition in all() {
        sorter.connect(definition, diags);
    }
    match sorter.graph.seal() {
        Ok(plan) => in_order(&plan, sorter.gathers),
        Err(GraphError::Cycle(path)) => {
            let members: Vec<Definition> = path.iter().map(|id| definition(template, *id)).collect();
            report_cycle(template, files, &members, diags);
            Vec::new()
        }
        Err(error) => {
            diags.error(SUMMARY, error.to_string(), None);
            Vec::new()
        }
    }
}

/// Those that gather whole roots, and what depends on them, last.
fn in_order(plan: &Plan<Definition>, mut last: Vec<bool>) -> Vec<Definition> {
    let topological = plan.topological();
    for id in topological {
        last[id.index()] |= plan.incoming(*id).any(|edge| last[edge.from.index()]);
    }
    let (late, early): (Vec<NodeId>, Vec<NodeId>) = topological.iter().partition(|id| last[id.index()]);
    early.into_iter().chain(late).map(|id| *plan.node(id)).collect()
}

struct Sorter<'a> {
    template: &'a Template,
    names: &'a Names,
    graph: GraphBuilder<Definition>,
    /// Which definitions refer to whole roots.
    gathers: Vec<bool>,
}

impl Sorter<'_> {
    fn connect(&mut self, consumer: Definition, diags: &mut Diagnostics) {
        let to = node(self.template, consumer);
        for reference in consumer.references(self.template) {
            match self.names.target(&reference) {
                Target::One(target) if target == consumer => {
                    let label = described(self.template, consumer).0;
                    diags.error(SUMMARY, format!("Self reference: {label} refers to itself."), reference.span);
                }
                Target::One(target) => {
                    let edge = Edge { from: node(self.template, target), to, kind: EdgeKind::Order, label: None };
                    self.graph.connect(edge).expect("both ends were added and differ");
                }
                Target::Locals | Target::Data | Target::DataOfKind(_) => self.gathers[to.index()] = true,
                Target::Missing => self.report_missing(&reference, consumer, diags),
                Target::Other => {}
            }
        }
    }

    fn report_missing(&self, reference: &Reference, consumer: Definition, diags: &mut Diagnostics) {
        let Names { locals, data } = self.names;
        let steps: Vec<&str> = reference.steps.iter().map_while(|step| step.as_attr()).collect();
        // Who asks is no hint: it would make a reference to itself of the error.
        let (wanted, hint) = match (&*reference.root, steps.as_slice()) {
            ("local", [name, ..]) => {
                let others = locals.iter().filter(|(_, at)| Definition::Local(**at) != consumer);
                (format!("local.{name}"), did_you_mean(name, others.map(|(name, _)| &**name)))
            }
            ("data", [kind, name, ..]) if data.contains_key(*kind) => {
                let of_kind = data.get(*kind).into_iter().flatten();
                let others = of_kind.filter(|(_, at)| Definition::Data(**at) != consumer);
                (format!("data.{kind}.{name}"), did_you_mean(name, others.map(|(name, _)| &**name)))
            }
            ("data", [kind, rest @ ..]) => {
                let wanted = std::iter::once(kind).chain(rest.first()).fold("data".to_owned(), |a, b| a + "." + b);
                (wanted, did_you_mean(kind, data.keys().map(|kind| &**kind)))
            }
            _ => return,
        };
        let consumer = described(self.template, consumer).0;
        let detail =
            format!("could not get dependency {wanted:?} for {consumer:?}, {wanted:?} missing in template.{hint}");
        diags.error(SUMMARY, detail, reference.span);
    }
}

fn node(template: &Template, definition: Definition) -> NodeId {
    match definition {
        Definition::Local(at) => NodeId::from_index(at),
        Definition::Data(at) => NodeId::from_index(template.locals.len() + at),
    }
}

fn definition(template: &Template, node: NodeId) -> Definition {
    match node.index() {
        at if at < template.locals.len() => Definition::Local(at),
        at => Definition::Data(at - template.locals.len()),
    }
}

/// What a definition is called, and where it stands.
fn described(template: &Template, definition: Definition) -> (String, Span) {
    match definition {
        Definition::Local(at) => {
            let name = &template.locals[at].name;
            (format!("local.{}", name.name), name.span)
        }
        Definition::Data(at) => (template.data[at].reference(), template.data[at].header),
    }
}

/// The cycle as the path of names with file and line, first name repeated at the end.
fn report_cycle(template: &Template, files: &Files, members: &[Definition], diags: &mut Diagnostics) {
    let step = |definition: &Definition| {
        let (name, span) = described(template, *definition);
        format!("{name} ({})", files.place(span))
    };
    // An edge runs from what is needed to what needs it; people read "a needs b", beginning with the first in the file.
    let mut members: Vec<Definition> = members.iter().rev().copied().collect();
    let place = |definition: &Definition| described(template, *definition).1;
    let Some(first) = (0..members.len()).min_by_key(|at| place(&members[*at])) else { return };
    members.rotate_left(first);
    let path: Vec<String> = members.iter().chain(&members[..1]).map(step).collect();
    let detail = format!("Cycle: {}. Break it by giving one of them a value of its own.", path.join(" -> "));
    diags.error(SUMMARY, detail, place(&members[0]));
}
