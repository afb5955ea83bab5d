//! The configuration of one use of a component, evaluated with what is known at that moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::ComponentKind;
use crate::diagnostic::Diagnostics;
use crate::eval::Scope;
use crate::lower::pools::without_claims;
use crate::lower::program::Program;
use crate::node::{BuildId, ComponentUse, ProvisionerId};
use crate::schema;
use crate::span::Span;
use crate::syntax::ast::Body;
use crate::value::{Type, Value, convert};
use crate::values::{BuildView, ComponentScope, Dependencies, SourceView};

/// Keys of `build` that exist for every builder. Before the machine is there each is the text `<unknown>`.
pub(crate) const BUILD_KEYS: [&str; 15] = [
    "ID",
    "Host",
    "Port",
    "User",
    "Password",
    "ConnType",
    "SSHPublicKey",
    "SSHPrivateKey",
    "SSHPrivateKeyFile",
    "SSHAgentAuth",
    "WinRMPassword",
    "PackerRunUUID",
    "PackerHTTPAddr",
    "PackerHTTPIP",
    "PackerHTTPPort",
];

impl Program {
    /// `build` before the builder has run; `generated` are the names it promised to add.
    pub fn build_before(&self, id: BuildId, generated: &[String]) -> Value {
        let unknown = || Value::string("<unknown>");
        let keys = BUILD_KEYS.iter().map(|key| (Arc::from(*key), unknown()));
        let promised = generated.iter().map(|key| (Arc::from(key.as_str()), unknown()));
        let name = [(Arc::from("name"), Value::string(self.block(id).name.clone()))];
        Value::object(keys.chain(promised).chain(name))
    }

    /// `build` once the builder has learned `data`.
    pub fn build_after(&self, id: BuildId, generated: &[String], data: &BTreeMap<String, Value>) -> Value {
        let before = self.build_before(id, generated);
        let mut entries = before.entries().cloned().unwrap_or_default();
        entries.extend(data.iter().map(|(key, value)| (Arc::from(key.as_str()), value.clone())));
        entries.insert("name".into(), Value::string(self.block(id).name.clone()));
        Value::object(entries)
    }

    /// The configuration of a component in a build. `build` is what `build.*` is now.
    ///
    /// Values that are still unknown become placeholders that a component can be shown.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration, pointing at it. Warnings go to `diags` in any case.
    pub fn configure(&self, id: BuildId, what: ComponentUse, build: Value, diags: &mut Diagnostics) -> Option<Value> {
        let mut found = Diagnostics::new();
        let config = match what {
            ComponentUse::Builder => self.configure_builder(id, &mut found),
            ComponentUse::Provisioner(at) => self.configure_provisioner(id, at, build, &mut found),
            ComponentUse::PostProcessor(at) => {
                let (block, _) = self.post_processor(id, at)?;
                let kind = (ComponentKind::PostProcessor, &block.kind.name);
                self.decode(id, kind, &[&block.body], BuildView::Known(build), &mut found)
            }
        };
        let failed = found.has_errors();
        diags.append(found);
        if failed { None } else { config.as_ref().map(schema::fill_unknown) }
    }

    /// The configuration of a data source.
    pub fn configure_data(&self, at: usize, diags: &mut Diagnostics) -> Option<Value> {
        let block = &self.template.data[at];
        let mut found = Diagnostics::new();
        let needs = self.values.dependencies().of_data(at);
        self.values.settle(needs, &mut found);
        let schema = self.schemas.get(ComponentKind::Datasource, &block.kind.name)?;
        let inside = ComponentScope::plain(&self.values).seeing(needs);
        let scope = Scope { variables: &inside, functions: &self.values.functions, host: &self.values.host };
        let body = schema::shaped(schema, &block.body, &mut found);
        let config = schema::decode(schema, &[&body], &scope, &mut found);
        let failed = found.has_errors();
        diags.append(found);
        (!failed).then(|| schema::fill_unknown(&config))
    }

    fn configure_builder(&self, id: BuildId, diags: &mut Diagnostics) -> Option<Value> {
        let build = self.build(id);
        let source = &self.template.sources[build.source as usize];
        let kind = (ComponentKind::Builder, &build.kind);
        let schema = self.schemas.get(kind.0, kind.1)?;
        let used = build.use_at.map(|at| &self.block(id).block.source_uses[at as usize].body);
        let own: Vec<_> = [&source.body].into_iter().chain(used).map(|body| without_claims(body, schema)).collect();
        let bodies: Vec<&Body> = own.iter().map(|body| &**body).collect();
        self.decode(id, kind, &bodies, BuildView::Unknown, diags)
    }

    fn configure_provisioner(
        &self,
        id: BuildId,
        at: ProvisionerId,
        build: Value,
        diags: &mut Diagnostics,
    ) -> Option<Value> {
        let (block, meta) = self.provisioner(id, at)?;
        let kind = (ComponentKind::Provisioner, &block.kind.name);
        let config = self.decode(id, kind, &[&block.body], BuildView::Known(build), diags)?;
        let overrides = meta.overrides.as_ref().and_then(|all| all.get(&self.build(id).local_name));
        match overrides {
            None => Some(config),
            Some(overrides) => {
                let at = block.meta.get("override").map_or(block.header, |expr| expr.span);
                Some(self.lay_over(kind, config, overrides, at, diags))
            }
        }
    }

    /// Replaces settings by the overriding ones, converted as if they stood in the block.
    fn lay_over(
        &self,
        kind: (ComponentKind, &Arc<str>),
        config: Value,
        overrides: &Value,
        at: Span,
        diags: &mut Diagnostics,
    ) -> Value {
        let (Some(schema), Some(base), Some(laid)) =
            (self.schemas.get(kind.0, kind.1), config.entries(), overrides.entries())
        else {
            return config;
        };
        let Type::Object(types) = schema::object_type(schema) else { return config };
        let mut entries = base.clone();
        for (name, value) in laid {
            let Some(ty) = types.attributes.get(name) else {
                let detail = format!("An argument named {name:?} is not expected in this override.");
                diags.error("Unsupported argument", detail, at);
                continue;
            };
            match convert(value, ty) {
                Ok(value) => {
                    entries.insert(name.clone(), value);
                }
                Err(error) => {
                    let detail = format!("Inappropriate value for attribute {name:?}: {error}.");
                    diags.error("Incorrect attribute value type", detail, at);
                }
            }
        }
        Value::object(entries)
    }

    fn decode(
        &self,
        id: BuildId,
        (kind, name): (ComponentKind, &Arc<str>),
        bodies: &[&Body],
        build_view: BuildView,
        diags: &mut Diagnostics,
    ) -> Option<Value> {
        let schema = self.schemas.get(kind, name)?;
        let mut needed = Dependencies::default();
        for body in bodies {
            needed.extend(&self.values.dependencies().of_body(body));
        }
        self.values.settle(&needed, diags);
        // How many blocks there are must not depend on the build: `source` and `build` are unknown there.
        let plain = ComponentScope::plain(&self.values).seeing(&needed);
        let scope = Scope { variables: &plain, functions: &self.values.functions, host: &self.values.host };
        let expanded: Vec<_> = bodies.iter().map(|body| schema::expand(schema, body, &scope, diags)).collect();
        let bodies: Vec<&Body> = expanded.iter().map(|body| &**body).collect();
        let build = self.build(id);
        let source = SourceView { kind: build.kind.clone(), name: build.local_name.clone() };
        let lookup = ComponentScope::new(&self.values, Some(source), build_view).seeing(&needed);
        let scope = Scope { variables: &lookup, functions: &self.values.functions, host: &self.values.host };
        Some(schema::decode(schema, &bodies, &scope, diags))
    }
}
