//! All values of one run: variables at once, locals as early as they can be, data as it arrives.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::config::Template;
use crate::diagnostic::Diagnostics;
use crate::eval::{self, Functions, Host, Scope};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value};
use crate::values::dependencies::{Definition, Dependencies, DependencyIndex};
use crate::values::scope::ComponentScope;
use crate::values::variables::Variables;

/// The values that expressions of one run see. Shared by all threads; each slot is written once.
#[derive(Debug)]
pub struct Values {
    /// Function table.
    pub functions: Functions,
    /// Files, environment and clock that functions may touch.
    pub host: Host,
    pub(crate) variables: Variables,
    pub(crate) variables_object: Value,
    pub(crate) path: Value,
    pub(crate) packer: Value,
    pub(crate) index: DependencyIndex,
    locals: Vec<LocalSlot>,
    data: Vec<DataSlot>,
}

#[derive(Debug)]
struct LocalSlot {
    name: Arc<str>,
    expr: Arc<Expr>,
    /// The value from what is known while compiling; final when the local needs no data.
    compiled: Value,
    /// The value once all data it needs has arrived.
    arrived: OnceLock<(Value, Diagnostics)>,
}

#[derive(Debug)]
struct DataSlot {
    kind: Arc<str>,
    name: Arc<str>,
    /// Stands in until the data source has run.
    unknown: Value,
    arrived: OnceLock<Value>,
}

/// What [`Values::new`] needs besides the template.
#[derive(Debug)]
pub struct Surroundings {
    /// `path.root` as typed.
    pub root: String,
    /// `packer.version`.
    pub version: String,
    /// Function table.
    pub functions: Functions,
    /// Files, environment and clock.
    pub host: Host,
}

impl Values {
    /// Evaluates every local as far as it can be without data; problems go to `diags`.
    ///
    /// `outputs` gives the type of each data source's value, in template order.
    pub fn new(
        template: &Template,
        variables: Variables,
        index: DependencyIndex,
        outputs: Vec<Type>,
        surroundings: Surroundings,
        diags: &mut Diagnostics,
    ) -> Self {
        let Surroundings { root, version, functions, host } = surroundings;
        let cwd = host.working_dir.to_string_lossy().replace('\\', "/");
        let data = template.data.iter().zip(outputs).map(|(block, ty)| DataSlot {
            kind: block.kind.name.clone(),
            name: block.name.name.clone(),
            unknown: Value::Unknown(ty),
            arrived: OnceLock::new(),
        });
        let locals = template.locals.iter().map(|local| LocalSlot {
            name: local.name.name.clone(),
            expr: local.expr.clone(),
            compiled: Value::Unknown(Type::Dynamic),
            arrived: OnceLock::new(),
        });
        let unknown = Value::Unknown(Type::String);
        let packer =
            [("version", Value::string(version)), ("versionFingerprint", unknown.clone()), ("iterationID", unknown)];
        let mut values = Self {
            functions,
            host,
            variables_object: variables.object(),
            variables,
            path: Value::object([("cwd", Value::string(cwd)), ("root", Value::string(root))]),
            packer: Value::object(packer),
            index,
            locals: locals.collect(),
            data: data.collect(),
        };
        values.compile_locals(diags);
        values
    }

    /// Stops at the first failing local, as the reference does: those behind it would only repeat its error.
    fn compile_locals(&mut self, diags: &mut Diagnostics) {
        for definition in self.index.order().to_vec() {
            let Definition::Local(at) = definition else { continue };
            let mut found = Diagnostics::new();
            let value = self.evaluate(&self.locals[at].expr, &mut found);
            let failed = found.has_errors();
            diags.append(found);
            if failed {
                return;
            }
            self.locals[at].compiled = value;
        }
    }

    fn evaluate(&self, expr: &Expr, diags: &mut Diagnostics) -> Value {
        let lookup = ComponentScope::plain(self);
        let scope = Scope { variables: &lookup, functions: &self.functions, host: &self.host };
        eval::evaluate(expr, &scope, diags)
    }

    /// Records what data source number `at` yielded. Only the first call counts.
    pub fn set_data(&self, at: usize, value: Value) {
        // A second value for the same source would be a scheduling bug; keeping the first keeps readers consistent.
        let _ = self.data[at].arrived.set(value);
    }

    /// The value of a data source: what it yielded, or an unknown of its output type.
    pub fn data(&self, at: usize) -> &Value {
        let slot = &self.data[at];
        slot.arrived.get().unwrap_or(&slot.unknown)
    }

    /// Whether data source number `at` has run.
    pub fn has_data(&self, at: usize) -> bool {
        self.data[at].arrived.get().is_some()
    }

    /// Whether every data source in `dependencies` has arrived.
    fn has_arrived(&self, dependencies: &Dependencies) -> bool {
        dependencies.data.iter().all(|at| self.has_data(*at))
    }

    /// The value of local number `at` from what is known now.
    pub fn local(&self, at: usize) -> Value {
        let slot = &self.locals[at];
        let dependencies = self.index.of_local(at);
        if dependencies.data.is_empty() || !self.has_arrived(dependencies) {
            return slot.compiled.clone();
        }
        let (value, _) = slot.arrived.get_or_init(|| {
            let mut found = Diagnostics::new();
            let value = self.evaluate(&slot.expr, &mut found);
            (value, found)
        });
        value.clone()
    }

    /// Evaluates the locals in `dependencies`, innermost first so that long chains need no deep stack, and reports what
    /// went wrong in them.
    pub fn settle(&self, dependencies: &Dependencies, diags: &mut Diagnostics) {
        if dependencies.data.is_empty() || dependencies.locals.is_empty() {
            return;
        }
        let needed = self.index.closure(dependencies);
        for definition in self.index.order() {
            let Definition::Local(at) = definition else { continue };
            if !needed.contains(at) {
                continue;
            }
            self.local(*at);
            if let Some((_, found)) = self.locals[*at].arrived.get() {
                diags.append(found.clone());
            }
        }
    }

    /// `local` as one object.
    pub fn locals_object(&self) -> Value {
        Value::object(self.locals.iter().enumerate().map(|(at, slot)| (slot.name.clone(), self.local(at))))
    }

    /// `data.<kind>` as one object, when there is such a kind.
    pub fn data_of_kind(&self, kind: &str) -> Option<Value> {
        let of_kind: BTreeMap<Arc<str>, Value> = self
            .data
            .iter()
            .enumerate()
            .filter(|(_, slot)| &*slot.kind == kind)
            .map(|(at, slot)| (slot.name.clone(), self.data(at).clone()))
            .collect();
        (!of_kind.is_empty()).then(|| Value::object(of_kind))
    }

    /// `data` as one object.
    pub fn data_object(&self) -> Value {
        let mut kinds: Vec<Arc<str>> = self.data.iter().map(|slot| slot.kind.clone()).collect();
        kinds.sort();
        kinds.dedup();
        Value::object(kinds.into_iter().filter_map(|kind| self.data_of_kind(&kind).map(|value| (kind, value))))
    }

    /// The input variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// What expressions depend on.
    pub fn dependencies(&self) -> &DependencyIndex {
        &self.index
    }
}
