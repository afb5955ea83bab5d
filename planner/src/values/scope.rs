//! The names that a component's configuration can refer to.

use std::sync::Arc;

use crate::eval::{Found, Lookup};
use crate::value::{Type, Value};
use crate::values::store::Values;

/// `source.type` and `source.name`.
#[derive(Clone, Debug)]
pub struct SourceView {
    /// The builder's type.
    pub kind: Arc<str>,
    /// The local name if one was given, else the source's.
    pub name: Arc<str>,
}

/// What `build` is at some moment.
#[derive(Clone, Debug)]
pub enum BuildView {
    /// Not in a build, or not started.
    Unknown,
    /// These entries.
    Known(Value),
}

/// Serves `var`, `local`, `data`, `source`, `build`, `path` and `packer`.
#[derive(Clone, Debug)]
pub struct ComponentScope<'a> {
    values: &'a Values,
    source: Option<SourceView>,
    build: BuildView,
}

const ROOTS: [&str; 7] = ["build", "data", "local", "packer", "path", "source", "var"];

impl<'a> ComponentScope<'a> {
    /// Outside any build: what `source` holds is unknown, and `build` holds nothing yet.
    pub fn plain(values: &'a Values) -> Self {
        Self { values, source: None, build: BuildView::Unknown }
    }

    /// Inside a build.
    pub fn new(values: &'a Values, source: Option<SourceView>, build: BuildView) -> Self {
        Self { values, source, build }
    }

    fn source(&self) -> Value {
        let (kind, name) = match &self.source {
            None => (Value::Unknown(Type::String), Value::Unknown(Type::String)),
            Some(source) => (Value::string(source.kind.clone()), Value::string(source.name.clone())),
        };
        Value::object([("type", kind), ("name", name)])
    }
}

impl Lookup for ComponentScope<'_> {
    fn root(&self, name: &str, attr: Option<&str>) -> Option<Found> {
        let values = self.values;
        let whole = match name {
            "var" => return Some(member(&values.variables_object, attr)),
            "path" => return Some(member(&values.path, attr)),
            "packer" => return Some(member(&values.packer, attr)),
            "local" => match attr.and_then(|attr| values.index.local(attr)) {
                Some(at) => return Some(Found::Member(values.local(at))),
                None => values.locals_object(),
            },
            "data" => match attr.and_then(|kind| values.data_of_kind(kind)) {
                Some(of_kind) => return Some(Found::Member(of_kind)),
                None => values.data_object(),
            },
            "source" => self.source(),
            "build" => match &self.build {
                // Nobody can tell what it will hold, so nothing in it may be asked for.
                BuildView::Unknown => Value::Unknown(Type::Object(Arc::default())),
                BuildView::Known(build) => return Some(member(build, attr)),
            },
            _ => return None,
        };
        Some(Found::Whole(whole))
    }

    fn names(&self) -> Vec<String> {
        ROOTS.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// One attribute where there is one, so that large objects are not cloned to read a single value.
fn member(object: &Value, attr: Option<&str>) -> Found {
    match attr.and_then(|attr| object.get(attr)) {
        Some(value) => Found::Member(value.clone()),
        None => Found::Whole(object.clone()),
    }
}
