//! The parts of a legacy template.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::duration::GoDuration;
use crate::legacy::raw::Raw;
use crate::span::Span;

/// A legacy template, its strings not rendered yet.
#[derive(Clone, Debug, Default)]
pub struct LegacyTemplate {
    /// The absolute path; none for the template that stands in where none was given.
    pub path: Option<PathBuf>,
    /// Shown by `inspect`.
    pub description: String,
    /// `min_packer_version`; empty when not given.
    pub min_version: String,
    /// The variables by name.
    pub variables: BTreeMap<Arc<str>, Variable>,
    /// The variables among them whose values are masked.
    pub sensitive: Vec<Arc<str>>,
    /// The builders by name as it is written.
    pub builders: BTreeMap<Arc<str>, Builder>,
    /// The provisioners, in order.
    pub provisioners: Vec<Provisioner>,
    /// `error-cleanup-provisioner`.
    pub error_cleanup: Option<Provisioner>,
    /// The post-processors, chain by chain.
    pub chains: Vec<Vec<PostProcessor>>,
}

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// Its value when none is given. Empty for a required one.
    pub default: String,
    /// Whether one must be given.
    pub required: bool,
}

/// A builder.
#[derive(Clone, Debug)]
pub struct Builder {
    /// The component's type.
    pub kind: Arc<str>,
    /// The component's configuration.
    pub config: Raw,
    /// Where it stands.
    pub span: Span,
}

/// A provisioner.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// The component's type.
    pub kind: Arc<str>,
    /// The builders it runs for.
    pub sources: OnlyExcept,
    /// Configuration by builder, laid over its own.
    pub overrides: BTreeMap<Arc<str>, Raw>,
    /// Wait before each attempt.
    pub pause_before: GoDuration,
    /// Longest an attempt may take.
    pub timeout: GoDuration,
    /// Attempts after the first; a template.
    pub max_retries: String,
    /// The component's configuration.
    pub config: Raw,
    /// Where it stands.
    pub span: Span,
}

/// A post-processor.
#[derive(Clone, Debug)]
pub struct PostProcessor {
    /// The component's type.
    pub kind: Arc<str>,
    /// Its name; its type if none was given.
    pub name: Arc<str>,
    /// The builders it runs for.
    pub sources: OnlyExcept,
    /// What the author says about keeping the input artifact.
    pub keep_input_artifact: Option<bool>,
    /// The component's configuration.
    pub config: Raw,
    /// Where it stands.
    pub span: Span,
}

/// Builders that something runs for, by their names as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnlyExcept {
    /// If any, only these.
    pub only: Vec<Arc<str>>,
    /// All but these.
    pub except: Vec<Arc<str>>,
}

impl OnlyExcept {
    /// Whether the builder called `name` is left out.
    pub fn skips(&self, name: &str) -> bool {
        let listed = |names: &[Arc<str>]| names.iter().any(|other| &**other == name);
        if self.only.is_empty() { listed(&self.except) } else { !listed(&self.only) }
    }
}
