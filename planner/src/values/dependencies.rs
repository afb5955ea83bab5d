//! What an expression depends on: which locals and data sources it refers to, directly and through locals.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use engine::{Edge, EdgeKind, GraphBuilder, GraphError, Lane, NodeId, NodeSpec};

use crate::config::shape::did_you_mean;
use crate::config::{DataBlock, LocalDefinition, Template};
use crate::diagnostic::Diagnostics;
use crate::dynamic;
use crate::eval::{self, Reference};
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Body, Expr};

/// Locals and data sources, by position in the template, that something needs before it can be evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Locals that are referred to directly: through others, a long chain would cost the square of its length.
    pub locals: BTreeSet<usize>,
    /// Data sources, through locals too.
    pub data: BTreeSet<usize>,
}

impl Dependencies {
    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Dependencies) {
        self.locals.extend(&other.locals);
        self.data.extend(&other.data);
    }
}

/// The names that references lead to, and what each of them depends on in turn.
#[derive(Clone, Debug, Default)]
pub struct DependencyIndex {
    locals_by_name: HashMap<Arc<str>, usize>,
    data_by_name: HashMap<Arc<str>, HashMap<Arc<str>, usize>>,
    locals: Vec<Dependencies>,
    data: Vec<Dependencies>,
    order: Vec<Definition>,
}

/// A definition that others may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A local, by position.
    Local(usize),
    /// A data source, by position.
    Data(usize),
}

impl DependencyIndex {
    /// Indexes all locals and data sources of `template`; reports names that lead nowhere and cycles.
    ///
    /// With errors in `diags` the index lacks what takes part in a cycle; nothing should be evaluated then.
    pub fn new(template: &Template, files: &Files, diags: &mut Diagnostics) -> Self {
        let mut index = Self::default();
        for (at, local) in template.locals.iter().enumerate() {
            index.locals_by_name.insert(local.name.name.clone(), at);
        }
        for (at, data) in template.data.iter().enumerate() {
            let of_kind = index.data_by_name.entry(data.kind.name.clone()).or_default();
            of_kind.insert(data.name.name.clone(), at);
        }
        index.locals = vec![Dependencies::default(); template.locals.len()];
        index.data = vec![Dependencies::default(); template.data.len()];
        index.order = index.sort(template, files, diags);
        for at in index.order.clone() {
            let direct = match at {
                Definition::Local(at) => index.of_expr(&template.locals[at].expr),
                Definition::Data(at) => index.of_body(&template.data[at].body),
            };
            match at {
                Definition::Local(at) => index.locals[at] = direct,
                Definition::Data(at) => index.data[at] = direct,
            }
        }
        index
    }

    /// The same, with nothing to be evaluated in order: for a template whose definitions do not hold together.
    pub fn without_order(mut self) -> Self {
        self.order.clear();
        self
    }

    /// All locals and data sources, each after what it depends on.
    pub fn order(&self) -> &[Definition] {
        &self.order
    }

    /// What local number `at` depends on.
    pub fn of_local(&self, at: usize) -> &Dependencies {
        &self.locals[at]
    }

    /// What data source number `at` depends on.
    pub fn of_data(&self, at: usize) -> &Dependencies {
        &self.data[at]
    }

    /// The locals in `dependencies` and all that they refer to in turn.
    pub fn closure(&self, dependencies: &Dependencies) -> BTreeSet<usize> {
        let mut closure = dependencies.locals.clone();
        let mut queue: Vec<usize> = closure.iter().copied().collect();
        while let Some(at) = queue.pop() {
            queue.extend(self.locals[at].locals.iter().filter(|needed| closure.insert(**needed)));
        }
        closure
    }

    /// The position of a local.
    pub fn local(&self, name: &str) -> Option<usize> {
        self.locals_by_name.get(name).copied()
    }

    /// What an expression depends on.
    pub fn of_expr(&self, expr: &Expr) -> Dependencies {
        self.of_references(&eval::references(expr))
    }

    /// What a body depends on, nested blocks included, whether or not its `dynamic` blocks are expanded.
    pub fn of_body(&self, body: &Body) -> Dependencies {
        self.of_references(&dynamic::references(body))
    }

    /// What any of `references` leads to.
    pub fn of_references(&self, references: &[Reference]) -> Dependencies {
        let mut found = Dependencies::default();
        for reference in references {
            for target in self.targets(reference) {
                match target {
                    Definition::Local(at) => {
                        found.locals.insert(at);
                        found.data.extend(&self.locals[at].data);
                    }
                    Definition::Data(at) => {
                        found.data.insert(at);
                    }
                }
            }
        }
        found
    }

    /// What one reference means: one definition, or all of a kind when it names the whole root.
    fn targets(&self, reference: &Reference) -> Vec<Definition> {
        let step = |at: usize| reference.steps.get(at).and_then(|step| step.as_attr());
        match &*reference.root {
            "local" => match step(0) {
                Some(name) => self.local(name).map(Definition::Local).into_iter().collect(),
                None => (0..self.locals.len()).map(Definition::Local).collect(),
            },
            "data" => {
                let Some(kind) = step(0) else { return (0..self.data.len()).map(Definition::Data).collect() };
                let Some(of_kind) = self.data_by_name.get(kind) else { return Vec::new() };
                match step(1) {
                    Some(name) => of_kind.get(name).copied().map(Definition::Data).into_iter().collect(),
                    None => {
                        let mut all: Vec<usize> = of_kind.values().copied().collect();
                        all.sort_unstable();
                        all.into_iter().map(Definition::Data).collect()
                    }
                }
            }
            _ => Vec::new(),
        }
    }

    fn sort(&self, template: &Template, files: &Files, diags: &mut Diagnostics) -> Vec<Definition> {
        let mut graph = GraphBuilder::new();
        let n_locals = template.locals.len();
        let all = (0..n_locals).map(Definition::Local).chain((0..template.data.len()).map(Definition::Data));
        for definition in all {
            graph.add(NodeSpec { node: definition, lane: Lane::Cpu, lease: None, estimate: std::time::Duration::ZERO });
        }
        let node = |definition: Definition| match definition {
            Definition::Local(at) => NodeId::from_index(at),
            Definition::Data(at) => NodeId::from_index(n_locals + at),
        };
        let mut connect = |consumer: Definition, label: &str, references: Vec<Reference>, diags: &mut Diagnostics| {
            for reference in references {
                let targets = self.targets(&reference);
                if targets.is_empty() {
                    self.report_missing(&reference, label, diags);
                }
                for target in targets {
                    if target == consumer {
                        report_self(label, reference.span, diags);
                        continue;
                    }
                    let edge = Edge { from: node(target), to: node(consumer), kind: EdgeKind::Order, label: None };
                    graph.connect(edge).expect("both ends were added and differ");
                }
            }
        };
        for (at, local) in template.locals.iter().enumerate() {
            connect(
                Definition::Local(at),
                &label(template, Definition::Local(at)),
                eval::references(&local.expr),
                diags,
            );
        }
        for (at, data) in template.data.iter().enumerate() {
            connect(Definition::Data(at), &data.reference(), dynamic::references(&data.body), diags);
        }
        match graph.seal() {
            Ok(plan) => plan.topological().iter().map(|id| *plan.node(*id)).collect(),
            Err(GraphError::Cycle(path)) => {
                let members: Vec<Definition> = path
                    .iter()
                    .map(|id| match id.index() {
                        at if at < n_locals => Definition::Local(at),
                        at => Definition::Data(at - n_locals),
                    })
                    .collect();
                report_cycle(template, files, &members, diags);
                Vec::new()
            }
            Err(error) => {
                diags.error(GRAPH_SUMMARY, error.to_string(), None);
                Vec::new()
            }
        }
    }

    fn report_missing(&self, reference: &Reference, consumer: &str, diags: &mut Diagnostics) {
        let steps: Vec<&str> = reference.steps.iter().map_while(|step| step.as_attr()).collect();
        let (wanted, hint) = match (&*reference.root, steps.as_slice()) {
            ("local", [name, ..]) => {
                (format!("local.{name}"), did_you_mean(name, self.locals_by_name.keys().map(|name| &**name)))
            }
            ("data", [kind, name, ..]) => {
                let known = self.data_by_name.get(*kind).into_iter().flat_map(HashMap::keys);
                (format!("data.{kind}.{name}"), did_you_mean(name, known.map(|name| &**name)))
            }
            ("data", [kind]) => {
                (format!("data.{kind}"), did_you_mean(kind, self.data_by_name.keys().map(|kind| &**kind)))
            }
            _ => return,
        };
        let detail =
            format!("could not get dependency {wanted:?} for {consumer:?}, {wanted:?} missing in template.{hint}");
        diags.error(GRAPH_SUMMARY, detail, reference.span);
    }
}

const GRAPH_SUMMARY: &str = "failed to prepare execution graph";

fn definition_of(template: &Template, definition: Definition) -> (String, Span) {
    match definition {
        Definition::Local(at) => {
            let LocalDefinition { name, .. } = &template.locals[at];
            (format!("local.{}", name.name), name.span)
        }
        Definition::Data(at) => {
            let data: &DataBlock = &template.data[at];
            (data.reference(), data.header)
        }
    }
}

fn label(template: &Template, definition: Definition) -> String {
    definition_of(template, definition).0
}

fn report_self(label: &str, span: Span, diags: &mut Diagnostics) {
    diags.error(GRAPH_SUMMARY, format!("Self reference: {label} refers to itself."), span);
}

/// The cycle as the path of names with file and line, first name repeated at the end.
fn report_cycle(template: &Template, files: &Files, members: &[Definition], diags: &mut Diagnostics) {
    let step = |definition: &Definition| {
        let (name, span) = definition_of(template, *definition);
        format!("{name} ({})", files.place(span))
    };
    // An edge runs from what is needed to what needs it; people read "a needs b", beginning with the first in the file.
    let mut members: Vec<Definition> = members.iter().rev().copied().collect();
    let place = |definition: &Definition| definition_of(template, *definition).1;
    let Some(first) = (0..members.len()).min_by_key(|at| place(&members[*at])) else { return };
    members.rotate_left(first);
    let path: Vec<String> = members.iter().chain(&members[..1]).map(step).collect();
    let detail = format!("Cycle: {}. Break it by giving one of them a value of its own.", path.join(" -> "));
    diags.error(GRAPH_SUMMARY, detail, place(&members[0]));
}
