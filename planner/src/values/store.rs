//! All values of one run: variables at once, locals as early as they can be, data as it arrives.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::config::Template;
use crate::diagnostic::Diagnostics;
use crate::eval::{self, Functions, Host, Scope};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value, convert};
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
    sensitive: bool,
    /// The value from what is known while compiling; final when the local needs no data. None when it failed, or was not
    /// reached because another failed.
    compiled: Option<Value>,
    /// The outcome once all data it needs has arrived.
    arrived: OnceLock<Arrived>,
}

/// What a local came to with all data there.
#[derive(Debug)]
struct Arrived {
    /// None when it failed, or something it needs did.
    value: Option<Value>,
    findings: Diagnostics,
}

#[derive(Debug)]
struct DataSlot {
    ty: Type,
    /// Stands in until the data source has run.
    unknown: Value,
    arrived: OnceLock<Value>,
}

/// Whether data sources will run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSupply {
    /// They will: a local that needs them is evaluated for good when they have. Before, it is only checked.
    Later,
    /// They will not: what is known while compiling is all there ever is.
    Never,
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
    /// Whether data sources will run.
    pub data: DataSupply,
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
        let Surroundings { root, version, functions, host, data: supply } = surroundings;
        let cwd = host.working_dir.to_string_lossy().replace('\\', "/");
        let data = outputs.into_iter().map(|ty| DataSlot {
            unknown: Value::Unknown(ty.clone()),
            ty,
            arrived: OnceLock::new(),
        });
        let locals = template.locals.iter().map(|local| LocalSlot {
            name: local.name.name.clone(),
            expr: local.expr.clone(),
            sensitive: local.sensitive,
            compiled: None,
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
        values.compile_locals(supply, diags);
        values
    }

    /// Stops at the first failing local, as the reference does: those behind it would only repeat its error.
    fn compile_locals(&mut self, supply: DataSupply, diags: &mut Diagnostics) {
        let checking = self.functions.for_checks();
        for definition in self.index.order().to_vec() {
            let Definition::Local(at) = definition else { continue };
            let waits = supply == DataSupply::Later && !self.index.of_local(at).data.is_empty();
            let functions = if waits { &checking } else { &self.functions };
            let mut found = Diagnostics::new();
            let value = self.evaluate(at, functions, &mut found);
            let failed = found.has_errors();
            diags.append(found);
            if failed {
                return;
            }
            self.locals[at].compiled = Some(value);
        }
    }

    fn evaluate(&self, at: usize, functions: &Functions, diags: &mut Diagnostics) -> Value {
        let lookup = ComponentScope::plain(self).seeing(self.index.of_local(at));
        let scope = Scope { variables: &lookup, functions, host: &self.host };
        eval::evaluate(&self.locals[at].expr, &scope, diags)
    }

    /// Records what data source number `at` yielded. Only the first call counts.
    pub fn set_data(&self, at: usize, value: Value) {
        let slot = &self.data[at];
        // A plugin's empty parts may lack the types it promised. What is not of the promised type at all is kept as is.
        let value = convert(&value, &slot.ty).unwrap_or(value);
        // A second value for the same source would be a scheduling bug; keeping the first keeps readers consistent.
        let _ = slot.arrived.set(value);
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

    /// The value of local number `at` from what is known now; an unknown when it could not be evaluated.
    pub fn local(&self, at: usize) -> Value {
        self.evaluated_local(at).unwrap_or(Value::Unknown(Type::Dynamic))
    }

    /// The same; none when it, or something it needs, could not be evaluated.
    pub fn evaluated_local(&self, at: usize) -> Option<Value> {
        let slot = &self.locals[at];
        let dependencies = self.index.of_local(at);
        if dependencies.data.is_empty() || !self.has_arrived(dependencies) {
            return slot.compiled.clone();
        }
        slot.arrived.get_or_init(|| self.arrive(at)).value.clone()
    }

    fn arrive(&self, at: usize) -> Arrived {
        let mut findings = Diagnostics::new();
        if self.index.of_local(at).locals.iter().any(|needed| self.evaluated_local(*needed).is_none()) {
            return Arrived { value: None, findings };
        }
        let value = self.evaluate(at, &self.functions, &mut findings);
        Arrived { value: (!findings.has_errors()).then_some(value), findings }
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
            self.evaluated_local(*at);
            if let Some(Arrived { findings, .. }) = self.locals[*at].arrived.get() {
                diags.append(findings.clone());
            }
        }
    }

    /// All locals that could be evaluated, by name. Evaluates them, innermost first.
    pub fn locals(&self) -> BTreeMap<Arc<str>, Value> {
        let order = self.index.order().iter();
        let all = order.filter_map(|definition| if let Definition::Local(at) = definition { Some(*at) } else { None });
        all.filter_map(|at| Some((self.locals[at].name.clone(), self.evaluated_local(at)?))).collect()
    }

    /// `local` as one object: the locals that `needs` names, or all.
    pub(super) fn locals_object(&self, needs: Option<&Dependencies>) -> Value {
        let seen = |at: &usize| needs.is_none_or(|needs| needs.locals.contains(at));
        let all = (0..self.locals.len()).filter(seen);
        Value::object(all.filter_map(|at| Some((self.locals[at].name.clone(), self.evaluated_local(at)?))))
    }

    /// `data.<kind>`: a map, as all of one type yield values of one type. None when there is no such type.
    pub(super) fn data_of_kind(&self, kind: &str, needs: Option<&Dependencies>) -> Option<Value> {
        let seen = |at: usize| needs.is_none_or(|needs| needs.data.contains(&at));
        let of_kind = self.index.data_of_kind(kind)?.iter().filter(|(_, at)| seen(**at));
        let values: BTreeMap<Arc<str>, Value> =
            of_kind.map(|(name, at)| (name.clone(), self.data(*at).clone())).collect();
        let mut types = values.values().map(Value::ty);
        let first = types.next().unwrap_or(Type::Dynamic);
        // The reference crashes on types that differ; nothing is lost in an object.
        if types.all(|ty| ty == first) {
            Some(Value::Map(first, Arc::new(values)))
        } else {
            Some(Value::Object(Arc::new(values)))
        }
    }

    /// `data` as one object.
    pub(super) fn data_object(&self, needs: Option<&Dependencies>) -> Value {
        let kinds = self.index.data_kinds();
        Value::object(kinds.filter_map(|kind| self.data_of_kind(kind, needs).map(|value| (kind.clone(), value))))
    }

    /// Every text in sensitive variables and in the sensitive locals whose values are final.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for value in self.variables.sensitive().iter().filter_map(|name| self.variables.values().get(name)) {
            value.collect_text(&mut secrets);
        }
        let final_locals = (0..self.locals.len())
            .filter(|at| self.locals[*at].sensitive && self.has_arrived(self.index.of_local(*at)));
        self.collect_secrets(final_locals, &mut secrets);
        secrets
    }

    /// Every text in the sensitive locals that waited for data source number `at`, and for no other any more.
    pub fn secrets_of_data(&self, at: usize) -> Vec<String> {
        let mut secrets = Vec::new();
        let waited = (0..self.locals.len()).filter(|local| {
            let needs = self.index.of_local(*local);
            self.locals[*local].sensitive && needs.data.contains(&at) && self.has_arrived(needs)
        });
        self.collect_secrets(waited, &mut secrets);
        secrets
    }

    fn collect_secrets(&self, locals: impl Iterator<Item = usize>, secrets: &mut Vec<String>) {
        for at in locals {
            // Long chains need no deep stack this way; what is wrong with them is said to who refers to them.
            self.settle(self.index.of_local(at), &mut Diagnostics::new());
            if let Some(value) = self.evaluated_local(at) {
                value.collect_text(secrets);
            }
        }
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
