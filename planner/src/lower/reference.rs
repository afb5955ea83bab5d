//! `type.name` references to sources, and the components that blocks name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind, Schema};
use crate::config::SourceBlock;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::Span;
use crate::suggest::suggest;
use crate::syntax::is_identifier;

/// Finds sources by `type.name`.
#[derive(Debug)]
pub struct SourceIndex<'a> {
    by_reference: HashMap<(&'a str, &'a str), usize>,
    known: Vec<String>,
}

impl<'a> SourceIndex<'a> {
    /// Indexes `sources`.
    pub fn new(sources: &'a [SourceBlock]) -> Self {
        let by_reference =
            sources.iter().enumerate().map(|(at, source)| ((&*source.kind.name, &*source.name.name), at)).collect();
        let known = sources.iter().map(|source| format!("{}.{}", source.kind.name, source.name.name)).collect();
        Self { by_reference, known }
    }

    /// The position of the source behind `(type, name)`.
    ///
    /// # Errors
    ///
    /// A diagnostic that lists what is known, or what was probably meant.
    pub fn find(&self, kind: &str, name: &str, at: Span) -> Result<usize, Diagnostic> {
        self.by_reference.get(&(kind, name)).copied().ok_or_else(|| {
            let wanted = format!("{kind}.{name}");
            let detail = match suggest(&wanted, self.known.iter().map(String::as_str)) {
                Some(meant) => format!("Did you mean to use {meant:?}?"),
                None => format!("Known: [{}]", self.known.join(" ")),
            };
            Diagnostic::error(format!("Unknown source {wanted}"), detail, at)
        })
    }
}

/// Splits `type.name` or `source.type.name`. With more than two parts the first is dropped and parts after the third
/// are ignored, as in the reference.
///
/// # Errors
///
/// A diagnostic when there are fewer than two parts or one is not a name.
pub fn parse_reference(text: &str, at: Span) -> Result<(&str, &str), Diagnostic> {
    let parts: Vec<&str> = text.split('.').collect();
    let pair = match parts.as_slice() {
        [kind, name] | [_, kind, name, ..] => Some((*kind, *name)),
        _ => None,
    };
    pair.filter(|(kind, name)| is_identifier(kind) && is_identifier(name)).ok_or_else(|| {
        let detail = format!(
            "A source type is made of three parts that are split by a dot `.`; each part must start with a letter and may \
             contain only letters, digits, underscores, and dashes. A valid source reference looks like: \
             `source.type.name`\n\nThis one is {text:?}."
        );
        Diagnostic::error("Invalid source reference", detail, at)
    })
}

/// The schemas of all components a template uses, looked up once each.
#[derive(Debug, Default)]
pub struct Schemas(HashMap<(ComponentKind, Arc<str>), Option<Arc<Schema>>>);

impl Schemas {
    /// The schema of a component, reporting an unknown one at `at`.
    pub fn require(
        &mut self,
        catalog: &dyn Catalog,
        kind: ComponentKind,
        label: &str,
        name: &Arc<str>,
        at: Span,
        diags: &mut Diagnostics,
    ) -> bool {
        let found = self.0.entry((kind, name.clone())).or_insert_with(|| catalog.schema(kind, name));
        if found.is_none() {
            diags.push(unknown_component(catalog, kind, label, name, at));
        }
        found.is_some()
    }

    /// A schema that [`Schemas::require`] found before.
    pub fn get(&self, kind: ComponentKind, name: &Arc<str>) -> Option<&Arc<Schema>> {
        self.0.get(&(kind, name.clone()))?.as_ref()
    }
}

fn unknown_component(catalog: &dyn Catalog, kind: ComponentKind, label: &str, name: &str, at: Span) -> Diagnostic {
    let summary = match kind {
        ComponentKind::Datasource => format!("Unknown data type {name}"),
        ComponentKind::Builder => format!("Unknown {label} {name}"),
        _ => format!("Unknown {label} type {name:?}"),
    };
    if let Some(fault) = catalog.fault(kind, name) {
        return Diagnostic::error(format!("Failed to load {label} {name:?}"), fault, at);
    }
    let known = catalog.names(kind);
    let label = label.trim_end_matches(" type");
    let detail = if kind == ComponentKind::Datasource {
        format!("known data sources: [{}]", known.join(" "))
    } else if let Some(meant) = suggest(name, known.iter().map(String::as_str)) {
        format!("Did you mean to use {meant:?}?")
    } else {
        let filter = name.split('-').next().unwrap_or(name);
        format!(
            "The {label} {name} is unknown by Packer, and is likely part of a plugin that is not installed.\nYou may find \
             the needed plugin along with installation instructions documented on the Packer integrations page.\n\n\
             https://developer.hashicorp.com/packer/integrations?filter={filter}"
        )
    };
    Diagnostic::error(summary, detail, at)
}
