//! What an expression depends on: which locals and data sources it refers to, directly and through locals.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::config::Template;
use crate::diagnostic::Diagnostics;
use crate::dynamic;
use crate::eval::{self, Reference};
use crate::files::Files;
use crate::syntax::ast::{Body, Expr};
use crate::values::order;

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
    names: Names,
    locals: Vec<Dependencies>,
    data: Vec<Dependencies>,
    order: Vec<Definition>,
}

/// A definition that others may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Definition {
    /// A local, by position.
    Local(usize),
    /// A data source, by position.
    Data(usize),
}

impl Definition {
    /// Everything it refers to.
    pub(super) fn references(self, template: &Template) -> Vec<Reference> {
        match self {
            Self::Local(at) => eval::references(&template.locals[at].expr),
            Self::Data(at) => dynamic::references(&template.data[at].body),
        }
    }
}

impl DependencyIndex {
    /// Indexes all locals and data sources of `template`; reports names that lead nowhere and cycles.
    ///
    /// With errors in `diags` the index lacks what takes part in a cycle; nothing should be evaluated then.
    pub fn new(template: &Template, files: &Files, diags: &mut Diagnostics) -> Self {
        let names = Names::of(template);
        let order = order::sort(template, &names, files, diags);
        let mut index = Self {
            names,
            locals: vec![Dependencies::default(); template.locals.len()],
            data: vec![Dependencies::default(); template.data.len()],
            order: Vec::new(),
        };
        let mut reached = HashSet::new();
        for definition in order {
            let mut found = Dependencies::default();
            for reference in definition.references(template) {
                // What names a whole root sees what stands before it in the order.
                index.add(&reference, |member| reached.contains(&member), &mut found);
            }
            match definition {
                Definition::Local(at) => index.locals[at] = found,
                Definition::Data(at) => index.data[at] = found,
            }
            reached.insert(definition);
            index.order.push(definition);
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
        self.names.locals.get(name).copied()
    }

    /// The types of data sources there are.
    pub fn data_kinds(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.data.keys()
    }

    /// The data sources of one type: names and positions. `None` when there are none.
    pub fn data_of_kind(&self, kind: &str) -> Option<&BTreeMap<Arc<str>, usize>> {
        self.names.data.get(kind)
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
        references.iter().for_each(|reference| self.add(reference, |_| true, &mut found));
        found
    }

    /// Adds what `reference` leads to; of a whole root, the members that `sees` picks.
    fn add(&self, reference: &Reference, sees: impl Fn(Definition) -> bool, found: &mut Dependencies) {
        match self.names.target(reference) {
            Target::One(definition) => self.add_definition(definition, found),
            target => {
                let members = self.names.members(target);
                for member in members.into_iter().filter(|member| sees(*member)) {
                    self.add_definition(member, found);
                }
            }
        }
    }

    fn add_definition(&self, definition: Definition, found: &mut Dependencies) {
        match definition {
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

/// Where the names of locals and data sources lead.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) locals: BTreeMap<Arc<str>, usize>,
    pub(super) data: BTreeMap<Arc<str>, BTreeMap<Arc<str>, usize>>,
}

/// What a reference means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'n> {
    /// One definition.
    One(Definition),
    /// All locals.
    Locals,
    /// All data sources.
    Data,
    /// All data sources of one type.
    DataOfKind(&'n BTreeMap<Arc<str>, usize>),
    /// A local or data source that is not defined.
    Missing,
    /// Neither a local nor a data source.
    Other,
}

impl Names {
    fn of(template: &Template) -> Self {
        let mut names = Self::default();
        for (at, local) in template.locals.iter().enumerate() {
            names.locals.insert(local.name.name.clone(), at);
        }
        for (at, data) in template.data.iter().enumerate() {
            names.data.entry(data.kind.name.clone()).or_default().insert(data.name.name.clone(), at);
        }
        names
    }

    /// What one reference means.
    pub(super) fn target(&self, reference: &Reference) -> Target<'_> {
        let step = |at: usize| reference.steps.get(at).and_then(|step| step.as_attr());
        match (&*reference.root, step(0), step(1)) {
            ("local", None, _) => Target::Locals,
            ("local", Some(name), _) => {
                self.locals.get(name).map_or(Target::Missing, |at| Target::One(Definition::Local(*at)))
            }
            ("data", None, _) => Target::Data,
            ("data", Some(kind), name) => match (self.data.get(kind), name) {
                (None, _) => Target::Missing,
                (Some(of_kind), None) => Target::DataOfKind(of_kind),
                (Some(of_kind), Some(name)) => {
                    of_kind.get(name).map_or(Target::Missing, |at| Target::One(Definition::Data(*at)))
                }
            },
            _ => Target::Other,
        }
    }

    /// All that a reference to a whole root, or to all data sources of a type, stands for.
    fn members(&self, target: Target<'_>) -> Vec<Definition> {
        match target {
            Target::One(definition) => vec![definition],
            Target::Locals => self.locals.values().copied().map(Definition::Local).collect(),
            Target::Data => self.data.values().flat_map(BTreeMap::values).copied().map(Definition::Data).collect(),
            Target::DataOfKind(of_kind) => of_kind.values().copied().map(Definition::Data).collect(),
            Target::Missing | Target::Other => Vec::new(),
        }
    }
}
