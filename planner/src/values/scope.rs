//! The names that expressions can refer to: those in a component's configuration, and those typed at the console.

use std::sync::Arc;

use crate::eval::{Found, Lookup};
use crate::value::{Type, Value};
use crate::values::dependencies::Dependencies;
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
    /// What `local` and `data` hold; everything if none.
    needs: Option<&'a Dependencies>,
    source: Option<SourceView>,
    build: BuildView,
}

const ROOTS: [&str; 7] = ["build", "data", "local", "packer", "path", "source", "var"];

impl<'a> ComponentScope<'a> {
    /// Outside any build: what `source` holds is unknown, and `build` holds nothing yet.
    pub fn plain(values: &'a Values) -> Self {
        Self { values, needs: None, source: None, build: BuildView::Unknown }
    }

    /// The same, with nothing in `local` and `data` but `needs`, what its expressions depend on: what else is there by
    /// now may be another thing in the next run, and takes time to put together.
    pub fn seeing(self, needs: &'a Dependencies) -> Self {
        Self { needs: Some(needs), ..self }
    }

    /// Inside a build.
    pub fn new(values: &'a Values, source: Option<SourceView>, build: BuildView) -> Self {
        Self { values, needs: None, source, build }
    }

    fn source(&self) -> Value {
        match &self.source {
            None => unknown_source(),
            Some(source) => Value::object([
                ("type", Value::string(source.kind.clone())),
                ("name", Value::string(source.name.clone())),
            ]),
        }
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
                None => values.locals_object(self.needs),
            },
            "data" => match attr.and_then(|kind| values.data_of_kind(kind, self.needs)) {
                Some(of_kind) => return Some(Found::Member(of_kind)),
                None => values.data_object(self.needs),
            },
            "source" => self.source(),
            "build" => match &self.build {
                BuildView::Unknown => unknown_build(),
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

/// Serves what a line at the console can refer to: `data` is not among it, and what could not be evaluated is missing.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleScope<'a> {
    values: &'a Values,
}

const CONSOLE_ROOTS: [&str; 6] = ["build", "local", "packer", "path", "source", "var"];

impl<'a> ConsoleScope<'a> {
    /// Over these values.
    pub fn new(values: &'a Values) -> Self {
        Self { values }
    }
}

impl Lookup for ConsoleScope<'_> {
    fn root(&self, name: &str, attr: Option<&str>) -> Option<Found> {
        let values = self.values;
        match name {
            "build" => Some(Found::Whole(unknown_build())),
            "local" => {
                let one = attr.and_then(|attr| values.index.local(attr)).and_then(|at| values.evaluated_local(at));
                Some(one.map_or_else(|| Found::Whole(values.locals_object(None)), Found::Member))
            }
            "packer" => Some(member(&values.packer, attr)),
            "path" => Some(member(&values.path, attr)),
            "source" => Some(Found::Whole(unknown_source())),
            "var" => Some(member(&values.variables_object, attr)),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        CONSOLE_ROOTS.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// `source` where there is none yet.
fn unknown_source() -> Value {
    Value::object([("type", Value::Unknown(Type::String)), ("name", Value::Unknown(Type::String))])
}

/// `build` where there is none yet. Nobody can tell what it will hold, so nothing in it may be asked for.
fn unknown_build() -> Value {
    Value::Unknown(Type::Object(Arc::default()))
}

/// One attribute where there is one, so that large objects are not cloned to read a single value.
fn member(object: &Value, attr: Option<&str>) -> Found {
    match attr.and_then(|attr| object.get(attr)) {
        Some(value) => Found::Member(value.clone()),
        None => Found::Whole(object.clone()),
    }
}
