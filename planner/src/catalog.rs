//! What the planner must know of a component without running it: the shape of its configuration. Implemented by the
//! plugins crate, so that planning never needs a component's code.

use std::sync::Arc;

use crate::value::{Type, Value};

/// The four kinds of component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// Makes machines.
    Builder,
    /// Changes machines.
    Provisioner,
    /// Processes artifacts.
    PostProcessor,
    /// Fetches values.
    Datasource,
}

/// One attribute of a component's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeSchema {
    /// Its name.
    pub name: Arc<str>,
    /// The type that values are converted to.
    pub ty: Type,
    /// Whether its absence is an error of the template rather than of the component.
    pub required: bool,
    /// What it is where it is null or not given.
    pub default: Option<Value>,
}

impl AttributeSchema {
    /// An attribute that need not be given.
    pub fn optional(name: impl Into<Arc<str>>, ty: Type) -> Self {
        Self { name: name.into(), ty, required: false, default: None }
    }

    /// An attribute that must be given.
    pub fn required(name: impl Into<Arc<str>>, ty: Type) -> Self {
        Self { required: true, ..Self::optional(name, ty) }
    }
}

/// How often a nested block may stand in a body, and what its values become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one; an object.
    Single,
    /// Any number; a list of objects.
    List,
    /// Any number; a set of objects.
    Set,
    /// One for each combination of labels, at least one, that have these names: maps in maps, of objects.
    Map(Arc<[Arc<str>]>),
    /// The same, of objects in objects, so that those for different labels may be of different types.
    Object(Arc<[Arc<str>]>),
    /// At most one, in which every name is an argument: a map of values of this type. Its schema is empty.
    Attributes(Type),
}

/// A nested block of a component's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSchema {
    /// The block type.
    pub name: Arc<str>,
    /// How it nests.
    pub nesting: BlockNesting,
    /// Fewest allowed.
    pub min: usize,
    /// Most allowed, in lists and sets; no limit where there is none.
    pub max: Option<usize>,
    /// What it holds.
    pub schema: Arc<Schema>,
}

/// The shape of a component's configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Its attributes, sorted by name.
    pub attributes: Vec<AttributeSchema>,
    /// Its nested blocks, sorted by name.
    pub blocks: Vec<BlockSchema>,
    /// For data sources: the type of what they yield.
    pub output: Option<Type>,
}

/// Knows every component that a template may name.
pub trait Catalog: Send + Sync {
    /// The configuration shape of component `name`; `None` when there is no such component.
    fn schema(&self, kind: ComponentKind, name: &str) -> Option<Arc<Schema>>;

    /// Why the configuration shape of component `name`, which there is, cannot be had.
    fn fault(&self, _kind: ComponentKind, _name: &str) -> Option<String> {
        None
    }

    /// All names of one kind, sorted.
    fn names(&self, kind: ComponentKind) -> Vec<String>;
}
